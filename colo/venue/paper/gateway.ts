import { assert } from '@tandem/shared/assert.ts'
import {
  MICRO_SHARES_PER_LOT,
  type MicroShares,
  type Ns,
  PRICE_ONE,
  type Price,
} from '@tandem/shared/units.ts'
import type { Book } from '../../book/book.ts'
import type { Clock } from '../../clock.ts'
import type { Approved } from '../../risk/intent.ts'
import { TokenKind, tokenOf } from '../../token.ts'
import type { Gateway, LegListener } from '../gateway.ts'
import { LegEnd } from '../leg.ts'
import type { Venue } from '../venue.ts'
import { PaperDepth } from './depth.ts'
import { type PaperOrder, readOrder } from './order.ts'

/** A market as the paper venue knows it: by token or ticker. */
export interface PaperMarket {
  book: Book
  /** The token's own prices are the complement of the book's. */
  complement: boolean
  /** How long the venue holds a taker's order back before it meets the book. */
  takerDelayNs: number
  /** The fees of a new order: called with each of its fills, in order, it answers that fill's fee. */
  orderFees(): (price: Price, microShares: MicroShares, costMicroUsd: number) => number
}

/** How a paper venue differs from one that fills at once whatever is shown. */
export interface PaperModel {
  /** By venue. */
  readonly latencyNs: readonly [number, number]
  /** How much of each level is still there when our turn comes, 0 to 1. */
  readonly othersLeave: number
  /** Whether what was taken stays taken; false only where the market is not what is measured. */
  readonly remembers: boolean
}

/** Orders under way at once, both venues together; more means that a tape sends faster than it is answered. */
const ORDERS_MAX = 1024

interface Waiting {
  venue: Venue
  number: number
  order: PaperOrder
}

/**
 * Both venues on paper. An order is looked at a stated latency and the market's taker delay after it was sent, against
 * our own books as they stand then, price by price, of each the part that others leave us; it is final at once. What
 * that cannot show is in docs/SIMULATION.md.
 */
export class PaperVenues {
  readonly #markets: ReadonlyMap<string, PaperMarket>[]
  readonly #depths = new Map<Book, PaperDepth>()
  readonly #model: PaperModel
  readonly #clock: Clock
  readonly #onRequest: () => void
  readonly #waiting: (Waiting | undefined)[] = []
  /** Set by the composition root before the first order. */
  listener: LegListener | undefined

  /**
   * @param markets by venue: token id or ticker -> market
   * @param onRequest called with every request, before it is looked at
   */
  constructor(
    markets: [ReadonlyMap<string, PaperMarket>, ReadonlyMap<string, PaperMarket>],
    model: PaperModel,
    clock: Clock,
    onRequest: () => void = () => {},
  ) {
    this.#markets = markets
    this.#model = model
    this.#clock = clock
    this.#onRequest = onRequest
  }

  gateway(venue: Venue): Gateway {
    return {
      free: () => true,
      freeForExit: () => true,
      send: (_approved: Approved, number, request, length) => {
        this.#onRequest()
        this.#accept({ venue, number, order: readOrder(venue, request.subarray(0, length)) })
      },
      venueMs: (wallMs) => wallMs,
      // The latency is the way there.
      rttNs: () => 2 * this.#model.latencyNs[venue],
    }
  }

  /** An order's time has come (the value of a Paper token): it meets the book. */
  due(place: number): void {
    const waiting = this.#waiting[place]
    assert(waiting !== undefined, 'PAPER_ORDER_WAITS')
    this.#waiting[place] = undefined
    const { venue, number, order } = waiting
    const fill = this.#fill(order, this.#marketOf(waiting))
    this.listener?.legDone(
      number,
      venue,
      order.sells ? -fill.microShares : fill.microShares,
      order.sells ? fill.costMicroUsd - fill.microShares : fill.costMicroUsd,
      fill.feeMicroUsd,
      this.#clock.nowNs(),
      LegEnd.Fills,
      0,
    )
    if (fill.microShares > 0) this.listener?.legSettled(number)
  }

  #accept(waiting: Waiting): void {
    let place = this.#waiting.indexOf(undefined)
    if (place === -1) place = this.#waiting.length
    assert(place < ORDERS_MAX, 'PAPER_ORDERS_FULL')
    this.#waiting[place] = waiting
    const delayNs = this.#model.latencyNs[waiting.venue] + this.#marketOf(waiting).takerDelayNs
    const dueNs = (this.#clock.nowNs() + delayNs) as Ns
    this.#clock.at(dueNs, tokenOf(TokenKind.Paper, place))
  }

  #marketOf({ venue, order }: Waiting): PaperMarket {
    const market = this.#markets[venue].get(order.market)
    assert(market !== undefined, 'PAPER_MARKET_KNOWN')
    return market
  }

  #fill(order: PaperOrder, market: PaperMarket) {
    const depth = this.#depthOf(market.book)
    const takes: { key: number; price: number; microShares: number; costMicroUsd: number }[] = []
    let spendLeft = order.spendMicroUsd ?? Number.POSITIVE_INFINITY
    let sharesLeft = order.lots === undefined ? Number.POSITIVE_INFINITY : order.lots * MICRO_SHARES_PER_LOT
    depth.walk(market.complement !== order.complement, (price, shown, key) => {
      const available = Math.floor(shown * this.#model.othersLeave)
      if (price > order.limit || spendLeft === 0 || sharesLeft === 0) return false
      // A share costs price x 100 micro-dollars, so a micro-share costs price / 10^4 of one.
      const affordable = Math.floor((spendLeft * PRICE_ONE) / price)
      const microShares = Math.min(available, sharesLeft, affordable)
      // The last dollars are all spent: the venue rounds the shares, not the dollars.
      const costMicroUsd =
        microShares === affordable ? spendLeft : Math.round((microShares * price) / PRICE_ONE)
      if (microShares > 0) takes.push({ key, price, microShares, costMicroUsd })
      spendLeft -= costMicroUsd
      sharesLeft -= microShares
      return true
    })
    const full = order.lots === undefined ? spendLeft === 0 : sharesLeft === 0
    if (order.killUnlessFull && !full) takes.length = 0
    const feeOf = market.orderFees()
    const total = { microShares: 0, costMicroUsd: 0, feeMicroUsd: 0 }
    for (const { key, price, microShares, costMicroUsd } of takes) {
      if (this.#model.remembers) depth.take(key, microShares)
      total.microShares += microShares
      total.costMicroUsd += costMicroUsd
      total.feeMicroUsd += feeOf(price as Price, microShares as MicroShares, costMicroUsd)
    }
    return total
  }

  #depthOf(book: Book): PaperDepth {
    let depth = this.#depths.get(book)
    if (depth === undefined) {
      depth = new PaperDepth(book)
      this.#depths.set(book, depth)
    }
    return depth
  }
}
