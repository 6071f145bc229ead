import type { FrameName } from './heard.ts'
import { histogram, type Percentiles, percentilesUs } from './percentiles.ts'

/** A decision that was sent: the frame that it answers, and its orders as each venue knows them. */
export interface Sent {
  readonly frame: FrameName
  /** The order's hash, the client order id. */
  readonly orders: { readonly polymarket: string; readonly kalshi: string }
}

/** The sandbox's own times, by one clock (sandbox/timings.ts): a frame is handed to its socket, an order is read. */
export interface VenueTimes {
  readonly nowNs: number
  readonly frames: readonly (FrameName & { readonly writtenNs: number })[]
  readonly orders: readonly { readonly venue: string; readonly order: string; readonly readNs: number }[]
}

/** An order that was not read within this time never will be. */
const KEPT_NS = 10_000_000_000
/**
 * Each copy of a feed is sent a frame of its own, and they share a name: on Kalshi while both sockets were told as much.
 * Two that are further apart are different frames; whatever is nearer cannot be off by more than this.
 */
const COPIES_APART_NS_MAX = 1_000_000
/** Polymarket notes an order when its signature is checked, with the time at which it was read. */
const LATE_NS = 1_000_000_000

/**
 * From the venue's write of a frame to its having read both orders that answer it. What cannot be told for sure is not
 * counted: a decision that no frame brought about, a frame that shares its name with one of another time, an order that
 * was refused unread.
 */
export class WireTimes {
  readonly #wireNs = histogram()
  readonly #frames = new Map<string, { writtenNs: number; isAlone: boolean }>()
  readonly #orders = new Map<string, number>()
  #sent: { sent: Sent; sinceNs: number }[] = []
  #takenNs = 0

  /** From when on the venues' times are to be taken next. */
  get afterNs(): number {
    return this.#takenNs - LATE_NS
  }

  sent(sent: Sent): void {
    this.#sent.push({ sent, sinceNs: this.#takenNs })
  }

  /** What the venues have noted since `afterNs`, part of it perhaps for the second time. */
  take({ nowNs, frames, orders }: VenueTimes): void {
    this.#takenNs = nowNs
    for (const frame of frames) {
      const name = keyOf(frame)
      const known = this.#frames.get(name)
      if (known === undefined) this.#frames.set(name, { writtenNs: frame.writtenNs, isAlone: true })
      else if (Math.abs(known.writtenNs - frame.writtenNs) >= COPIES_APART_NS_MAX) known.isAlone = false
      else known.writtenNs = Math.min(known.writtenNs, frame.writtenNs)
    }
    for (const { venue, order, readNs } of orders) this.#orders.set(`${venue} ${order}`, readNs)
    this.#sent = this.#sent.filter((entry) => !this.#measure(entry.sent) && nowNs - entry.sinceNs < KEPT_NS)
    for (const [name, { writtenNs }] of this.#frames)
      if (nowNs - writtenNs >= KEPT_NS) this.#frames.delete(name)
    for (const [name, readNs] of this.#orders) if (nowNs - readNs >= KEPT_NS) this.#orders.delete(name)
  }

  percentiles(): Percentiles {
    return percentilesUs(this.#wireNs)
  }

  /** @returns whether all that there is to know of it is known. */
  #measure({ frame, orders }: Sent): boolean {
    const written = this.#frames.get(keyOf(frame))
    const polymarketNs = this.#orders.get(`polymarket ${orders.polymarket}`)
    const kalshiNs = this.#orders.get(`kalshi ${orders.kalshi}`)
    if (written === undefined || polymarketNs === undefined || kalshiNs === undefined) return false
    if (written.isAlone) this.#wireNs.recordValue(Math.max(polymarketNs, kalshiNs) - written.writtenNs)
    return true
  }
}

function keyOf({ venue, market, frame }: FrameName): string {
  return `${venue} ${market} ${frame}`
}
