import { assert } from '@tandem/shared/assert.ts'
import { LANE_URGENT, type OrderSide, type Signer } from '../signer/signer.ts'
import type { OrderBody } from '../venue/polymarket/encode.ts'
import { PendingHashes } from './pending.ts'
import { DIGEST_BYTES } from './store.ts'
import { TICKET_SLOTS, TicketOwner, ticketIndex, ticketOf } from './ticket.ts'

// Polymarket orders that nobody could sign ahead: how much a trade must buy or sell to get out is known only when its
// legs have ended unequal. Each is signed in the signer's priority lane, and leaves only once its hash is durable, as
// those of the pool do.
//
//   Free -> Asked -> Signed -> Usable -> Free
//             '--------'---------'-------> Free   refused, lost, too old, not wanted any more

const State = { Free: 0, Asked: 1, Signed: 2, Usable: 3 } as const

/** An answer of the signer, or the disk's, that takes longer never comes: the trade tries again in another way. */
const ANSWER_NS_MAX = 1_000_000_000
/** Dated back, as the pool's orders are and for its reason. */
const BACKDATE_MS = 1_000
/** Hashes on their way to the disk: while it stands still, those that were given up stay among them. */
const PENDING_PER_PLACE = 4

export interface ExitOrdersOwner {
  /** Appends an order's hash to the journal: its position, rising, or a negative number when there is no room. */
  journalHash(digest: Uint8Array): number
  /** The place's order may be sent now, from within this call, or never. */
  exitReady(place: number, nowNs: number): void
  /** It will not come. */
  exitFailed(place: number, nowNs: number): void
}

export interface ExitOrdersOptions {
  /** Orders at once: one a trade. */
  readonly places: number
  readonly signer: Pick<Signer, 'order'>
  readonly body: OrderBody
  /** Salts count up from it: no other order of the run may have them. */
  readonly saltStart: number
  readonly owner: ExitOrdersOwner
}

export class ExitOrders {
  /** Bodies by place, `bodyStart(place)` on. A signed order is a bearer instrument: wiped when it is done with. */
  readonly bodies: Uint8Array
  readonly bodyLength: Uint16Array
  readonly digests: Uint8Array
  readonly #options: ExitOrdersOptions
  readonly #state: Uint8Array
  readonly #generation: Uint16Array
  readonly #askedNs: Float64Array
  readonly #side: Uint8Array
  readonly #makerAmount: Float64Array
  readonly #takerAmount: Float64Array
  readonly #salt: Float64Array
  readonly #timestampMs: Float64Array
  readonly #tokenIds: Uint8Array[]
  readonly #pending: PendingHashes
  #nextSalt: number

  constructor(options: ExitOrdersOptions) {
    const { places, body, saltStart } = options
    assert(places <= TICKET_SLOTS, 'EXIT_PLACES_FIT_TICKETS')
    this.#options = options
    this.#nextSalt = saltStart
    this.bodies = new Uint8Array(places * body.bytesMax)
    this.bodyLength = new Uint16Array(places)
    this.digests = new Uint8Array(places * DIGEST_BYTES)
    this.#state = new Uint8Array(places)
    this.#generation = new Uint16Array(places)
    this.#askedNs = new Float64Array(places)
    this.#side = new Uint8Array(places)
    this.#makerAmount = new Float64Array(places)
    this.#takerAmount = new Float64Array(places)
    this.#salt = new Float64Array(places)
    this.#timestampMs = new Float64Array(places)
    this.#tokenIds = new Array(places)
    this.#pending = new PendingHashes(places * PENDING_PER_PLACE)
  }

  bodyStart(place: number): number {
    return place * this.#options.body.bytesMax
  }

  digestStart(place: number): number {
    return place * DIGEST_BYTES
  }

  /**
   * Has one order signed for a place that has none. `exitReady` or `exitFailed` tells of it, later.
   *
   * @param token its index with the signer
   * @param tokenId decimal, in ASCII
   * @returns false when the signer takes no more, or the disk stands still: nothing was asked
   */
  request(
    place: number,
    token: number,
    tokenId: Uint8Array,
    side: OrderSide,
    makerAmount: number,
    takerAmount: number,
    nowNs: number,
    wallMs: number,
  ): boolean {
    assert(this.#state[place] === State.Free, 'EXIT_ONE_ORDER_A_PLACE')
    if (this.#pending.count + this.#state.length > PENDING_PER_PLACE * this.#state.length) return false
    const salt = this.#nextSalt++
    const timestampMs = wallMs - BACKDATE_MS
    const ticket = ticketOf(TicketOwner.Exit, place, this.#generation[place])
    const { signer } = this.#options
    if (!signer.order(LANE_URGENT, ticket, token, side, makerAmount, takerAmount, salt, timestampMs))
      return false
    this.#state[place] = State.Asked
    this.#askedNs[place] = nowNs
    this.#side[place] = side
    this.#makerAmount[place] = makerAmount
    this.#takerAmount[place] = takerAmount
    this.#salt[place] = salt
    this.#timestampMs[place] = timestampMs
    this.#tokenIds[place] = tokenId
    return true
  }

  /** Of the signer's listener, for tickets of exits. */
  orderSigned(ticket: number, digest: Uint8Array, signature: Uint8Array, nowNs: number): void {
    const place = this.#placeOf(ticket, State.Asked)
    if (place < 0) return
    const { body, owner } = this.#options
    const start = this.bodyStart(place)
    const end = body.write(
      this.bodies,
      start,
      this.#tokenIds[place],
      this.#side[place] as OrderSide,
      this.#makerAmount[place],
      this.#takerAmount[place],
      this.#salt[place],
      this.#timestampMs[place],
      signature,
    )
    this.bodyLength[place] = end - start
    this.digests.set(digest, this.digestStart(place))
    this.#state[place] = State.Signed
    const position = owner.journalHash(digest)
    if (position >= 0) this.#pending.add(position, ticket)
    else this.#fail(place, nowNs)
  }

  /** Of the signer's listener, for tickets of exits. */
  refused(ticket: number, nowNs: number): void {
    const place = this.#placeOf(ticket, State.Asked)
    if (place >= 0) this.#fail(place, nowNs)
  }

  /** @param durable how many records of the journal are durable: every position below it */
  onDurable(durable: number, nowNs: number): void {
    for (
      let ticket = this.#pending.takeBelow(durable);
      ticket >= 0;
      ticket = this.#pending.takeBelow(durable)
    ) {
      const place = this.#placeOf(ticket, State.Signed)
      if (place < 0) continue
      this.#state[place] = State.Usable
      this.#options.owner.exitReady(place, nowNs)
      this.#wipe(place)
    }
  }

  /** Gives up what takes too long. */
  tick(nowNs: number): void {
    for (let place = 0; place < this.#state.length; place++) {
      const isAwaited = this.#state[place] !== State.Free
      if (isAwaited && nowNs - this.#askedNs[place] > ANSWER_NS_MAX) this.#fail(place, nowNs)
    }
  }

  #fail(place: number, nowNs: number): void {
    this.#wipe(place)
    this.#options.owner.exitFailed(place, nowNs)
  }

  #wipe(place: number): void {
    const start = this.bodyStart(place)
    this.bodies.fill(0, start, start + this.bodyLength[place])
    this.bodyLength[place] = 0
    this.#generation[place]++
    this.#state[place] = State.Free
  }

  #placeOf(ticket: number, state: number): number {
    const place = ticketIndex(ticket)
    const isAwaited =
      this.#state[place] === state && ticketOf(TicketOwner.Exit, place, this.#generation[place]) === ticket
    return isAwaited ? place : -1
  }
}
