import { assert } from '@tandem/shared/assert.ts'
import type { Signer } from '../signer/signer.ts'
import { TICKET_SLOTS, TicketOwner, ticketIndex, ticketOf } from './ticket.ts'

// Kalshi's signature covers timestamp, method and path, so headers for the one path of new orders are signed before the
// order exists. Each has a timestamp of its own and is used once: whether Kalshi would take one twice is not known.
//
//         now - 4 s            now                       now + 5 s
//   - - - - |--- usable, nearest to now first ----------------| being signed
//   too old                                                   newest
//
// Kalshi fact sheet, section 2: a stamp within 5 s of the venue's clock has always been taken.

/** How far ahead of now a header is stamped. */
export const HEADER_AHEAD_MS = 5_000
/** No header is sent that is older: what is left to 5 s is for the way there and our clock's error. */
export const HEADER_AGE_MAX_MS = 4_000

const HEADERS = 256
/**
 * Asked of the signer and not answered yet. An RSA signature takes 0.7 ms, and an urgent order that arrives waits for
 * the one that is being made: so few that no row of them is in its way.
 */
const OUTSTANDING_MAX = 4
/** An answer that takes longer never comes. */
const ANSWER_LOST_MS = 2_000

assert(HEADERS <= TICKET_SLOTS, 'HEADERS_FIT_TICKETS')

/** Why there is no header to give; below every index. */
export const HeaderMiss = {
  /** None was ever signed, or all of them are used: the refill rate is too low. */
  Empty: -1,
  /** The next ones are with the signer. */
  NotYetSigned: -2,
  /** All are older than HEADER_AGE_MAX_MS: the signer stands still. */
  TooOld: -3,
  /** All lie further ahead than HEADER_AHEAD_MS: the wall clock was set back. */
  TooFarAhead: -4,
} as const
export type HeaderMiss = (typeof HeaderMiss)[keyof typeof HeaderMiss]

const HeaderState = { Free: 0, Requested: 1, Ready: 2 } as const

export interface HeaderOptions {
  readonly signer: Pick<Signer, 'header'>
  /** Index of method and path in the signer's list. */
  readonly request: number
  /** Characters of a signature: 344 for RSA-2048, 88 for Ed25519. */
  readonly signatureLength: number
  /** The distance of two stamps while nothing is sent: what is signed for nothing. 50 ms of RSA is 1.4 % of a core. */
  readonly spacingMs: number
  /** With fewer usable than this, stamps are a millisecond apart until there are enough again. */
  readonly low: number
}

/** A rolling set of signed Kalshi headers. Times are wall-clock milliseconds. */
export class HeaderRing {
  /** Signatures in base64, `signatureLength` bytes from `signatureStart(index)`. */
  readonly signatures: Uint8Array
  readonly misses = { empty: 0, notYetSigned: 0, tooOld: 0, tooFarAhead: 0 }
  taken = 0
  readonly #options: HeaderOptions
  readonly #state = new Uint8Array(HEADERS)
  readonly #generation = new Uint16Array(HEADERS)
  readonly #timestampMs = new Float64Array(HEADERS)
  readonly #requestedMs = new Float64Array(HEADERS)
  #next = 0
  #outstanding = 0
  /** The greatest stamp that was asked for: all others lie below, so the next above it is new. */
  #newestMs = 0

  constructor(options: HeaderOptions) {
    assert(options.spacingMs >= 1 && Number.isInteger(options.spacingMs), 'HEADERS_SPACING')
    assert(
      options.low * options.spacingMs <= HEADER_AHEAD_MS + HEADER_AGE_MAX_MS,
      'HEADERS_LOW_WITHIN_WINDOW',
    )
    assert((HEADER_AHEAD_MS + HEADER_AGE_MAX_MS) / options.spacingMs <= HEADERS, 'HEADERS_WINDOW_WITHIN_RING')
    assert(options.low <= HEADERS / 2, 'HEADERS_LOW_WITHIN_RING')
    this.#options = options
    this.signatures = new Uint8Array(HEADERS * options.signatureLength)
  }

  signatureStart(index: number): number {
    return index * this.#options.signatureLength
  }

  /** What the header was signed for. */
  timestampMs(index: number): number {
    return this.#timestampMs[index]
  }

  /**
   * Hands out the usable header stamped nearest to `nowMs`, once. Its bytes stay until the next `tick`: copy them now.
   *
   * @returns an index (0 or more) or a HeaderMiss
   */
  take(nowMs: number): number {
    const index = this.#nearest(nowMs)
    if (index < 0) {
      this.#countMiss(index)
      return index
    }
    this.#state[index] = HeaderState.Free
    this.taken++
    return index
  }

  /** How many headers could be taken now. */
  usable(nowMs: number): number {
    let usable = 0
    for (let index = 0; index < HEADERS; index++) {
      if (this.#state[index] === HeaderState.Ready && isFresh(this.#timestampMs[index], nowMs)) usable++
    }
    return usable
  }

  /** Asks the signer for what is missing. Often, between frames. */
  tick(nowMs: number): void {
    const { signer, request, spacingMs, low } = this.#options
    this.#dropOld(nowMs)
    if (this.#newestMs > nowMs + HEADER_AHEAD_MS && this.usable(nowMs) === 0) this.#beginAnew()
    const step = this.usable(nowMs) + this.#outstanding < low ? 1 : spacingMs
    while (this.#outstanding < OUTSTANDING_MAX) {
      // The first stamp of all, and the first after the process stood still, is now.
      const timestampMs = Math.max(this.#newestMs + step, nowMs)
      if (timestampMs > nowMs + HEADER_AHEAD_MS) return
      const index = this.#freeIndex()
      if (
        index < 0 ||
        !signer.header(ticketOf(TicketOwner.Header, index, this.#generation[index]), request, timestampMs)
      )
        return
      this.#newestMs = timestampMs
      this.#timestampMs[index] = timestampMs
      this.#requestedMs[index] = nowMs
      this.#state[index] = HeaderState.Requested
      this.#outstanding++
    }
  }

  /** Of the signer's listener. */
  headerSigned(ticket: number, signature: Uint8Array): void {
    const index = this.#answered(ticket)
    if (index < 0) return
    assert(signature.length === this.#options.signatureLength, 'HEADERS_SIGNATURE_LENGTH')
    this.signatures.set(signature, this.signatureStart(index))
    this.#state[index] = HeaderState.Ready
  }

  /** Of the signer's listener, for tickets of headers. */
  refused(ticket: number): void {
    const index = this.#answered(ticket)
    if (index >= 0) this.#state[index] = HeaderState.Free
  }

  /** Of the signer's listener: nothing that was asked will be answered. */
  closed(): void {
    for (let index = 0; index < HEADERS; index++) {
      if (this.#state[index] === HeaderState.Requested) this.#lose(index)
    }
  }

  #nearest(nowMs: number): number {
    let found: number = HeaderMiss.Empty
    let nearestMs = Number.POSITIVE_INFINITY
    for (let index = 0; index < HEADERS; index++) {
      const state = this.#state[index]
      if (state === HeaderState.Free) continue
      const aheadMs = this.#timestampMs[index] - nowMs
      if (aheadMs < -HEADER_AGE_MAX_MS) {
        if (found === HeaderMiss.Empty) found = HeaderMiss.TooOld
      } else if (aheadMs > HEADER_AHEAD_MS) {
        if (found < 0 && found !== HeaderMiss.NotYetSigned) found = HeaderMiss.TooFarAhead
      } else if (state === HeaderState.Requested) {
        if (found < 0) found = HeaderMiss.NotYetSigned
      } else if (Math.abs(aheadMs) < nearestMs) {
        found = index
        nearestMs = Math.abs(aheadMs)
      }
    }
    return found
  }

  #countMiss(miss: number): void {
    if (miss === HeaderMiss.Empty) this.misses.empty++
    else if (miss === HeaderMiss.NotYetSigned) this.misses.notYetSigned++
    else if (miss === HeaderMiss.TooOld) this.misses.tooOld++
    else this.misses.tooFarAhead++
  }

  #dropOld(nowMs: number): void {
    for (let index = 0; index < HEADERS; index++) {
      const isReady = this.#state[index] === HeaderState.Ready
      if (isReady && this.#timestampMs[index] < nowMs - HEADER_AGE_MAX_MS)
        this.#state[index] = HeaderState.Free
      const isAwaited = this.#state[index] === HeaderState.Requested
      if (isAwaited && nowMs - this.#requestedMs[index] > ANSWER_LOST_MS) this.#lose(index)
    }
  }

  /**
   * The clock was set back so far that every stamp lies too far ahead, and nothing could be sent until it has caught up. A
   * stamp from now on may have been used before, by a clock that was wrong then or is wrong now: what a venue refuses for
   * that is sent again with the next.
   */
  #beginAnew(): void {
    for (let index = 0; index < HEADERS; index++) {
      if (this.#state[index] === HeaderState.Requested) this.#lose(index)
      this.#state[index] = HeaderState.Free
    }
    this.#newestMs = 0
  }

  #lose(index: number): void {
    this.#generation[index]++
    this.#state[index] = HeaderState.Free
    this.#outstanding--
  }

  /** Round and round, so that a place is used again as late as can be. */
  #freeIndex(): number {
    for (let tried = 0; tried < HEADERS; tried++) {
      const index = this.#next
      this.#next = (this.#next + 1) % HEADERS
      if (this.#state[index] === HeaderState.Free) return index
    }
    return -1
  }

  /** The place that waited for this answer, or -1. */
  #answered(ticket: number): number {
    const index = ticketIndex(ticket)
    const isAwaited =
      index < HEADERS &&
      this.#state[index] === HeaderState.Requested &&
      ticketOf(TicketOwner.Header, index, this.#generation[index]) === ticket
    if (!isAwaited) return -1
    this.#generation[index]++
    this.#outstanding--
    return index
  }
}

function isFresh(timestampMs: number, nowMs: number): boolean {
  return timestampMs >= nowMs - HEADER_AGE_MAX_MS && timestampMs <= nowMs + HEADER_AHEAD_MS
}
