import { assert } from '@tandem/shared/assert.ts'
import type { Venue } from '../venue/venue.ts'
import { isUnderWay, ORDER_LIFE, type OrderEvent, OrderState } from './order.ts'
import { TRADES_MAX } from './trades.ts'

// Orders as columns. An order has a number, given out once and rising; its place is the number's low bits, so that what a
// venue tells of an order minutes later still finds it, and what has been overwritten since is known to be so:
//
//   number   0 1 2 ... 8191 8192 ...
//   place    0 1 2 ... 8191    0 ...      8192 takes the place of 0, unless 0 is still under way

/** Orders that are remembered: at the most orders a second that both venues let through, some minutes of them. */
export const ORDERS_MAX = 8_192
assert(Number.isInteger(Math.log2(ORDERS_MAX)), 'ORDERS_PLACE_BY_LOW_BITS')

/** Orders of one trade that may be under way at once: its two legs. */
const ORDERS_PER_TRADE = 2
assert(TRADES_MAX * ORDERS_PER_TRADE < ORDERS_MAX / 2, 'ORDERS_UNDER_WAY_LEAVE_PLACES')

export const DIGEST_BYTES = 32

/** What an order is for. */
export const OrderKind = {
  /** A leg of a bundle that is being bought. */
  Entry: 0,
  /** Buys what the short leg lacks. */
  Complete: 1,
  /** Sells what the long leg has too much. */
  SellBack: 2,
} as const
export type OrderKind = (typeof OrderKind)[keyof typeof OrderKind]

export class Orders {
  readonly #number = new Float64Array(ORDERS_MAX).fill(-1)
  /** To be read; moved by `move`. */
  readonly state = new Uint8Array(ORDERS_MAX)
  /** The trade's place, of as long as the trade is open. */
  readonly trade = new Int32Array(ORDERS_MAX)
  readonly bundle = new Int32Array(ORDERS_MAX)
  readonly direction = new Uint8Array(ORDERS_MAX)
  readonly venue = new Uint8Array(ORDERS_MAX)
  readonly kind = new Uint8Array(ORDERS_MAX)
  /** What it may cost at most, reserved from its venue's balance until its end is known. */
  readonly reservedMicroUsd = new Float64Array(ORDERS_MAX)
  /** What risk counts until all that it filled is settled. */
  readonly unsettledMicroUsd = new Float64Array(ORDERS_MAX)
  /** When its bytes left, by the venue's clock as far as that is known: where it is looked for. */
  readonly sentMs = new Float64Array(ORDERS_MAX)
  /** Kalshi: the counter of its client order id. */
  readonly counter = new Float64Array(ORDERS_MAX)
  /** Polymarket: its hash, which is its id. */
  readonly digests = new Uint8Array(ORDERS_MAX * DIGEST_BYTES)
  #next = 0

  /** A new order, Planned. @returns its number */
  plan(trade: number, bundle: number, direction: number, venue: Venue, kind: OrderKind): number {
    let number = this.#next
    for (let tried = 0; this.#isKept(number % ORDERS_MAX); tried++) {
      assert(tried < ORDERS_MAX, 'ORDERS_FULL')
      number++
    }
    this.#next = number + 1
    const place = number % ORDERS_MAX
    this.#number[place] = number
    this.state[place] = OrderState.Planned
    this.trade[place] = trade
    this.bundle[place] = bundle
    this.direction[place] = direction
    this.venue[place] = venue
    this.kind[place] = kind
    this.reservedMicroUsd[place] = 0
    this.unsettledMicroUsd[place] = 0
    this.sentMs[place] = 0
    this.counter[place] = -1
    return number
  }

  /** Where a number's columns are; -1 when a later order has its place. */
  place(number: number): number {
    const place = number % ORDERS_MAX
    return this.#number[place] === number ? place : -1
  }

  /** Numbers of the orders whose end is not known. Off the path. */
  underWay(): number[] {
    const places = [...this.#number.keys()].filter((place) => this.#isKept(place))
    return places.map((place) => this.#number[place]).sort((a, b) => a - b)
  }

  /** @throws Failure when the table of order.ts has no such step */
  move(place: number, event: OrderEvent): void {
    this.state[place] = ORDER_LIFE.next(this.state[place], event)
  }

  /** Copies the hash out of the pool's slab: 32 bytes, and no view of them. */
  setDigest(place: number, digests: Uint8Array, at: number): void {
    const start = place * DIGEST_BYTES
    for (let i = 0; i < DIGEST_BYTES; i++) this.digests[start + i] = digests[at + i]
  }

  /** Where an order's hash begins in `digests`. */
  digestStart(place: number): number {
    return place * DIGEST_BYTES
  }

  /** A view of the hash. Off the path. */
  digest(place: number): Uint8Array {
    return this.digests.subarray(place * DIGEST_BYTES, (place + 1) * DIGEST_BYTES)
  }

  /** The trade's place will be another's: what is told of its orders later is of no open trade. */
  tradeEnded(trade: number): void {
    for (let place = 0; place < ORDERS_MAX; place++) if (this.trade[place] === trade) this.trade[place] = -1
  }

  #isKept(place: number): boolean {
    return this.#number[place] !== -1 && isUnderWay(this.state[place] as OrderState)
  }
}
