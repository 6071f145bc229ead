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
  /** The fees of a new order: called with each of its fills, in order, it answers that fill's fee. */
  orderFees(): (price: Price, microShares: MicroShares, costMicroUsd: number) => number
}

/** Orders under way at once, both venues together; more means that a tape sends faster than it is answered. */
const ORDERS_MAX = 1024

interface Waiting {
  venue: Venue
  number: number
  order: PaperOrder
}

/**
 * Both venues on paper. An order is looked at a stated latency after it was sent, against our own books as they
 * stand then, price by price, and is final at once.
 *
 * What this cannot show: our place against others who saw the same edge; a book that moved at the venue and has not
 * reached us; a match that reverts; an answer that is lost. It is kinder than the market in the first two.
 */
export class PaperVenues {
  readonly #markets: ReadonlyMap<string, PaperMarket>[]
  readonly #depths = new Map<Book, PaperDepth>()
  readonly #latencyNs: readonly [number, number]
  readonly #remembers: boolean
  readonly #clock: Clock
  readonly #onRequest: () => void
  readonly #waiting: (Waiting | undefined)[] = []
  /** Set by the composition root before the first order. */
  listener: LegListener | undefined

  /**
   * @param markets by venue: token id or ticker -> market
   * @param onRequest called with every request, before it is looked at
   * @param remembers whether what was taken stays taken; false only where the market is not what is measured
   */
  constructor(
    markets: [ReadonlyMap<string, PaperMarket>, ReadonlyMap<string, PaperMarket>],
    latencyNs: readonly [number, number],
    remembers: boolean,
    clock: Clock,
    onRequest: () => void = () => {},
  ) {
    this.#markets = markets
    this.#latencyNs = latencyNs
    this.#remembers = remembers
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
    }
  }

  /** An order's time has come (the value of a Paper token): it meets the book. */
  due(place: number): void {
    const waiting = this.#waiting[place]
    assert(waiting !== undefined, 'PAPER_ORDER_WAITS')
    this.#waiting[place] = undefined
    const { venue, number, order } = waiting
    const market = this.#markets[venue].get(order.market)
    assert(market !== undefined, 'PAPER_MARKET_KNOWN')
    const fill = this.#fill(order, market)
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
    const dueNs = (this.#clock.nowNs() + this.#latencyNs[waiting.venue]) as Ns
    this.#clock.at(dueNs, tokenOf(TokenKind.Paper, place))
  }

  #fill(order: PaperOrder, market: PaperMarket) {
    const depth = this.#depthOf(market.book)
    const takes: { key: number; price: number; microShares: number; costMicroUsd: number }[] = []
    let spendLeft = order.spendMicroUsd ?? Number.POSITIVE_INFINITY
    let sharesLeft = order.lots === undefined ? Number.POSITIVE_INFINITY : order.lots * MICRO_SHARES_PER_LOT
    depth.walk(market.complement !== order.complement, (price, available, key) => {
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
      if (this.#remembers) depth.take(key, microShares)
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
