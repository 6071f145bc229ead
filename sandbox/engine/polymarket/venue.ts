import { assert } from '@tandem/shared/assert.ts'
import { decimalFromScaled } from '@tandem/shared/decimal.ts'
import { MICRO_USD_PER_USD, SIDE_ASK, SIDE_BID, type Side } from '@tandem/shared/units.ts'
import { Ledger } from '../ledger.ts'
import type { Random } from '../random.ts'
import { readAmounts } from './amounts.ts'
import type { PolymarketEvent, Print } from './event.ts'
import { takerFee } from './fee.ts'
import { COLLATERAL, fits, preview, unfunded } from './funds.ts'
import { Heartbeats } from './heartbeats.ts'
import { bookSideOf, Market, type MarketTerms, type OrderSide, type Outcome, priceOf } from './market.ts'
import { goalOf, isImmediate, type Order, type OrderStatus, type OrderTerms } from './order.ts'
import type { Refusal } from './refusal.ts'
import { SETTLEMENT, Settlement, type SettlementTimes } from './settlement.ts'
import { Tally } from './tally.ts'
import type { MakerLeg, Trade } from './trade.ts'

// International Polymarket's exchange, without its wire: Polymarket fact sheet, sections 6, 8, 10, 11, 12.
//
//   place -> read -> (held through the taker delay) -> sweep the book -> rest what is left
//
// Everything that one call does is one burst: it is told when it is over, with the book as it is then.

export interface PolymarketOptions {
  nowMs(): number
  random: Random
  emit(event: PolymarketEvent): void
  /** Default: SETTLEMENT. */
  settlement?: SettlementTimes
  /** How long every order that takes is held, beside its market's own delay. */
  extraDelayMs?(): number
  /** Asked once per trade of an account: whether it will end FAILED. */
  tradeFails?(): boolean
}

/** Who an outsider is: all who trade here beside the accounts. Its balance may be anything. */
export const OUTSIDER = '0x00000000000000000000000000000000000051de'
const OUTSIDER_KEY = '00000000-0000-4000-8000-0000000051de'
/** Where fees go, and the dollars that back what was minted. */
const FEES = 'fees'
export const BACKING = 'backing'

/** GTD must live three minutes at least, and dies one minute before it says. */
const GTD_LEAST_MS = 180_000
const GTD_EARLY_MS = 60_000
/** A marketable order to buy is for a dollar at least. */
const MARKETABLE_LEAST_MICRO_USD = MICRO_USD_PER_USD
/** Orders and trades of accounts that are remembered, the youngest; days of one trader. */
const REMEMBERED = 100_000

export type Mode = 'open' | 'restarting' | 'post-only' | 'cancel-only' | 'disabled'

export interface Placed {
  readonly order: Order
  readonly status: 'live' | 'matched' | 'delayed' | 'unmatched'
  /** What the order's account gave and got, gross of fees: millionths of a dollar or of a share. */
  readonly making: number
  readonly taking: number
  readonly trades: readonly Trade[]
}
export type Answer = { readonly placed: Placed } | { readonly refused: Refusal }
type Done = (answer: Answer) => void

/** Why a cancel did nothing. */
export type NotCanceled = 'unknown' | 'gone' | 'held'

interface Sweep {
  readonly taker: Order
  readonly tally: Tally
  /** By bucket of the tally. */
  readonly legs: MakerLeg[][]
}

interface Held {
  readonly order: Order
  readonly dueMs: number
  readonly done: Done | undefined
}

export class PolymarketVenue {
  readonly ledger = new Ledger()
  /** By condition id. */
  readonly markets = new Map<string, Market>()
  mode: Mode = 'open'
  /** What a refusal in post-only mode tells. */
  retryAfterSeconds = 120

  readonly #options: PolymarketOptions
  readonly #random: Random
  readonly #heartbeats: Heartbeats
  readonly #settlement: Settlement
  readonly #byToken = new Map<string, readonly [Market, Outcome]>()
  /** Of accounts, oldest first: open ones, and closed ones that are remembered. */
  readonly #orders = new Map<string, Order>()
  readonly #open = new Map<string, Map<string, Order>>()
  readonly #outsiders = new Map<string, Order>()
  readonly #trades = new Map<string, Trade>()
  readonly #held: Held[] = []
  #sweep: Sweep | undefined
  #depth = 0
  /** Of the burst so far: what accounts are told, and what every touched market printed. */
  #told: PolymarketEvent[] = []
  readonly #burst = new Map<Market, Print[]>()

  constructor(options: PolymarketOptions) {
    this.#options = options
    this.#random = options.random
    this.#heartbeats = new Heartbeats(options.random)
    this.#settlement = new Settlement(options.settlement ?? SETTLEMENT, options.random)
  }

  addMarket(terms: MarketTerms): Market {
    const market: Market = new Market(terms, {
      filled: (maker, _taker, price, microShares) => this.#filled(maker, price, microShares),
    })
    this.markets.set(terms.conditionId, market)
    for (const outcome of [0, 1] as const) this.#byToken.set(terms.tokens[outcome], [market, outcome])
    this.#options.emit({ kind: 'created', market })
    return market
  }

  /** The market of a token, and which of its outcomes the token is. */
  find(tokenId: string): readonly [Market, Outcome] | undefined {
    return this.#byToken.get(tokenId)
  }

  /** Several calls as one: their events come together, with the books as they are at the end. */
  burst<Result>(work: () => Result): Result {
    this.#depth++
    try {
      return work()
    } finally {
      this.#depth--
      if (this.#depth === 0) this.#tell()
    }
  }

  // Orders of accounts.

  /** Reads an order by its own terms, without book or balance; a refusal here would come whatever the market does. */
  read(terms: OrderTerms): Order | Refusal {
    const found = this.find(terms.tokenId)
    if (found === undefined) return { kind: 'market-not-found' }
    const [market, outcome] = found
    if (market.closed) return { kind: 'market-not-ready' }
    if (terms.postOnly && isImmediate(terms)) return { kind: 'post-only-type' }
    const amounts = readAmounts(terms.side, terms.type, terms.makerAmount, terms.takerAmount, market.tick)
    if ('kind' in amounts) return amounts
    const { price, microShares, microUsd } = amounts
    const { minimumShares } = market.terms
    if (microShares < minimumShares * 1_000_000) {
      return {
        kind: 'below-minimum',
        size: decimalFromScaled(microShares, 6),
        minimum: String(minimumShares),
      }
    }
    const nowMs = this.#options.nowMs()
    const expires = terms.type === 'GTD'
    if (expires ? terms.expiration * 1_000 < nowMs + GTD_LEAST_MS : terms.expiration !== 0) {
      return { kind: 'expiration' }
    }
    return {
      id: terms.id,
      account: terms.account,
      owner: terms.owner,
      market,
      outcome,
      side: terms.side,
      type: terms.type,
      postOnly: terms.postOnly,
      expiration: terms.expiration,
      createdMs: nowMs,
      price,
      bookPrice: priceOf(outcome, price),
      bookSide: bookSideOf(outcome, terms.side),
      goal: goalOf(terms.type, terms.side, microShares, microUsd),
      status: 'LIVE',
      filledMicroShares: 0,
      trades: [],
    }
  }

  /** Places an order. `done` is called once: at once, or when the taker delay is over. */
  place(terms: OrderTerms, done: Done): void {
    const order = this.#admitted(terms)
    if ('kind' in order) {
      done({ refused: order })
      return
    }
    const { takerDelayMs, secondsDelay } = order.market.terms
    const delayMs = takerDelayMs + secondsDelay * 1_000 + (this.#options.extraDelayMs?.() ?? 0)
    if (!isMarketable(order) || order.postOnly || delayMs === 0) {
      this.#execute(order, done, 'live')
      return
    }
    order.status = 'DELAYED'
    this.#remember(order)
    const dueMs = this.#options.nowMs() + delayMs
    // Where the delay is of whole seconds the answer does not wait for it.
    this.#held.push({ order, dueMs, done: secondsDelay > 0 ? undefined : done })
    if (secondsDelay > 0) done({ placed: { order, status: 'delayed', making: 0, taking: 0, trades: [] } })
  }

  #admitted(terms: OrderTerms): Order | Refusal {
    if (this.mode === 'restarting' || this.mode === 'disabled' || this.mode === 'cancel-only') {
      return { kind: this.mode }
    }
    if (this.mode === 'post-only' && !terms.postOnly) {
      return { kind: 'post-only-mode', retryAfterSeconds: this.retryAfterSeconds }
    }
    const order = this.read(terms)
    if ('kind' in order) return order
    if (this.#orders.has(order.id)) return { kind: 'duplicate' }
    const dollars = microUsdOf(order)
    if (order.side === 'BUY' && dollars < MARKETABLE_LEAST_MICRO_USD && isMarketable(order)) {
      return { kind: 'below-dollar', dollars: decimalFromScaled(dollars, 6) }
    }
    return fits(this.ledger, this.openOrders(order.account), order, preview(order))
      ? order
      : { kind: 'no-funds' }
  }

  /** Cancels an order of one of these accounts. Returns why it did not. */
  cancel(accounts: ReadonlySet<string>, id: string): NotCanceled | undefined {
    const order = this.order(accounts, id)
    if (order === undefined) return 'unknown'
    if (order.status === 'DELAYED') return 'held'
    if (order.status !== 'LIVE') return 'gone'
    this.burst(() => this.#end(order, 'CANCELED'))
    return undefined
  }

  /** An order of one of these accounts, open or remembered. */
  order(accounts: ReadonlySet<string>, id: string): Order | undefined {
    const order = this.#orders.get(id)
    return order !== undefined && accounts.has(order.account) ? order : undefined
  }

  /** Orders of an account that rest, oldest first. */
  openOrders(account: string): Order[] {
    return [...(this.#open.get(account)?.values() ?? [])]
  }

  /** Orders of these accounts that rest. */
  ordersOf(accounts: ReadonlySet<string>): Order[] {
    return [...accounts].flatMap((account) => this.openOrders(account))
  }

  /** Trades that these accounts took or made part of, youngest first. */
  tradesOf(accounts: ReadonlySet<string>): Trade[] {
    const isOf = ({ taker, makers }: Trade): boolean =>
      accounts.has(taker.account) || makers.some(({ order }) => accounts.has(order.account))
    return [...this.#trades.values()].filter(isOf).reverse()
  }

  /** One heartbeat of an API key; without `echoed`, in the older way. See Heartbeats. */
  heartbeat(owner: string, echoed?: string): { ok: boolean; id: string } {
    const nowMs = this.#options.nowMs()
    if (echoed !== undefined) return this.#heartbeats.beat(owner, echoed, nowMs)
    return { ok: true, id: this.#heartbeats.renew(owner, nowMs) }
  }

  // Outsiders: those whose orders come by no wire. They trade in prices of the first outcome.

  /** Takes what crosses, and rests the remainder. Returns the order's id. */
  quote(market: Market, side: Side, price: number, microShares: number): string {
    const order = this.#outsider(market, side, price, microShares)
    this.burst(() => {
      const tally = this.#take(order)
      if (!tally.complete) {
        this.#outsiders.set(order.id, order)
        market.book.rest(order.id, order.bookSide, order.bookPrice, microShares - tally.microShares)
      }
    })
    return order.id
  }

  /** Takes what is there up to a price. Returns how many micro-shares it got. */
  hit(market: Market, side: Side, limit: number, microShares: number): number {
    return this.burst(() => this.#take(this.#outsider(market, side, limit, microShares)).microShares)
  }

  /** Takes back a quote. Returns the micro-shares that were left of it. */
  pull(id: string): number {
    const order = this.#outsiders.get(id)
    if (order === undefined) return 0
    this.#outsiders.delete(id)
    return this.burst(() => {
      this.#touch(order.market)
      return order.market.book.cancel(id)
    })
  }

  // The venue's own doing.

  /** Gives a market another tick. Orders off the new one stay. */
  changeTick(market: Market, tick: number): void {
    const oldTick = market.tick
    market.tick = tick
    this.#options.emit({ kind: 'tick', market, oldTick, newTick: tick })
  }

  /** Ends a market: its orders are cancelled, and no more are taken. */
  resolve(market: Market, winner: Outcome): void {
    market.closed = true
    market.winner = winner
    this.burst(() => {
      this.#touch(market)
      for (const order of [...this.#orders.values()]) {
        if (order.market === market && order.status === 'LIVE') this.#end(order, 'CANCELED_MARKET_RESOLVED')
      }
      for (const order of [...this.#outsiders.values()]) if (order.market === market) this.pull(order.id)
    })
    this.#options.emit({ kind: 'resolved', market, winner })
  }

  /** Time goes on: delays end, trades settle, orders expire, hearts stop. */
  tick(nowMs: number): void {
    this.burst(() => {
      while (this.#held.length > 0) {
        const next = this.#held.findIndex(({ dueMs }) => dueMs <= nowMs)
        if (next === -1) break
        const [{ order, done }] = this.#held.splice(next, 1)
        order.status = 'LIVE'
        this.#orders.delete(order.id)
        this.#execute(order, done, 'unmatched')
      }
      this.#settlement.advance(
        nowMs,
        ({ taker }) => taker.side === 'BUY' || taker.account === OUTSIDER || this.#hasWhatItSells(taker),
        (trade) => {
          if (trade.status === 'FAILED') this.#revert(trade)
          this.#told.push({ kind: 'trade', trade: { ...trade } })
        },
      )
      const stopped = this.#heartbeats.lapsed(nowMs)
      for (const open of [...this.#open.values()]) {
        for (const order of [...open.values()]) {
          const expired = order.type === 'GTD' && order.expiration * 1_000 - GTD_EARLY_MS <= nowMs
          if (expired || stopped.includes(order.owner)) this.#end(order, 'CANCELED')
        }
      }
    })
  }

  /** Matches an order against the book as it is now, and rests what may rest. */
  #execute(order: Order, done: Done | undefined, unfilled: 'live' | 'unmatched'): void {
    this.burst(() => {
      const refused = this.#refusedNow(order)
      if (refused !== undefined) {
        if (refused.kind === 'fok-killed' || refused.kind === 'fak-killed' || done === undefined) {
          // A killed order was seen: it is no use to send it again.
          order.status = 'CANCELED'
          this.#remember(order)
          this.#tellOrder(order, 'CANCELLATION', refused)
        }
        done?.({ refused })
        return
      }
      this.#remember(order)
      const trades: Trade[] = []
      const tally = this.#take(order, trades)
      if (tally.complete) order.status = 'MATCHED'
      else if (isImmediate(order)) order.status = tally.microShares > 0 ? 'MATCHED' : 'CANCELED'
      else this.#rest(order)
      if (isImmediate(order) && order.side === 'BUY') this.#tellOrder(order, 'UPDATE')
      this.#cancelUnfunded([order, ...trades.flatMap(({ makers }) => makers.map((leg) => leg.order))])
      const [making, taking] =
        order.side === 'BUY'
          ? [tally.costMicroUsd, tally.microShares]
          : [tally.microShares, tally.costMicroUsd]
      const status = tally.microShares > 0 ? 'matched' : unfilled
      const answer: Answer = { placed: { order, status, making, taking, trades } }
      // Which of the answer and its events comes first is not promised.
      if (this.#random.chance(0.5)) this.#tell()
      done?.(answer)
    })
  }

  #refusedNow(order: Order): Refusal | undefined {
    const now = preview(order)
    if (order.market.closed) return { kind: 'market-not-ready' }
    if (order.postOnly && now.microShares > 0) return { kind: 'crosses-book' }
    if (order.type === 'FOK' && !now.complete) return { kind: 'fok-killed' }
    if (order.type === 'FAK' && now.microShares === 0) return { kind: 'fak-killed' }
    if (!fits(this.ledger, this.openOrders(order.account), order, now)) return { kind: 'no-funds' }
    return undefined
  }

  /** Lets an order take all that it can now. Trades that an account has part in go to `trades`. */
  #take(taker: Order, trades: Trade[] = []): Tally {
    const { market } = taker
    this.#touch(market)
    assert(this.#sweep === undefined, 'POLYMARKET_ONE_TAKER_AT_A_TIME')
    const sweep: Sweep = { taker, tally: new Tally(taker.goal), legs: [] }
    this.#sweep = sweep
    const want = (price: number): number => sweep.tally.want(priceOf(taker.outcome, price))
    market.book.take(taker.id, taker.bookSide, taker.bookPrice, want)
    this.#sweep = undefined
    const prints = this.#burst.get(market)
    for (const [bucket, { price, microShares }] of sweep.tally.buckets.entries()) {
      prints?.push({ outcome: taker.outcome, side: taker.side, price, microShares })
      market.lastTradePrice = priceOf(taker.outcome, price)
      const trade = this.#settle(sweep, bucket)
      if (trade !== undefined) trades.push(trade)
    }
    return sweep.tally
  }

  /** The book matched the current taker with a maker. */
  #filled(makerId: string, bookPrice: number, microShares: number): void {
    const sweep = this.#sweep
    assert(sweep !== undefined, 'POLYMARKET_FILL_HAS_TAKER')
    const { taker, tally } = sweep
    const maker = this.#orders.get(makerId) ?? this.#outsiders.get(makerId)
    assert(maker !== undefined, 'POLYMARKET_MAKER_IS_KNOWN')
    const cost = tally.add(priceOf(taker.outcome, bookPrice), microShares)
    const makerCost = maker.outcome === taker.outcome ? cost : microShares - cost
    this.#exchange(taker, microShares, cost, 1)
    this.#exchange(maker, microShares, makerCost, 1)
    taker.filledMicroShares += microShares
    maker.filledMicroShares += microShares
    const { length } = tally.buckets
    if (sweep.legs.length < length) sweep.legs.push([])
    sweep.legs[length - 1].push({ order: maker, microShares, costMicroUsd: makerCost })
    if (maker.market.book.find(makerId) === undefined) {
      maker.status = 'MATCHED'
      this.#outsiders.delete(makerId)
      this.#open.get(maker.account)?.delete(makerId)
    }
  }

  /** Moves what an order's account pays and gets; `sign` -1 takes it back. Dollars of minted sets stay as backing. */
  #exchange(
    { account, side, market, outcome }: Order,
    microShares: number,
    cost: number,
    sign: 1 | -1,
  ): void {
    const direction = side === 'BUY' ? sign : -sign
    this.ledger.add(account, market.terms.tokens[outcome], direction * microShares)
    this.ledger.move(account, BACKING, COLLATERAL, direction * cost)
  }

  /** Makes a trade of one bucket of a sweep, unless only outsiders met. */
  #settle({ taker, tally, legs }: Sweep, bucket: number): Trade | undefined {
    const { price, microShares, costMicroUsd } = tally.buckets[bucket]
    const makers = legs[bucket]
    const isOutsider = taker.account === OUTSIDER
    if (isOutsider && makers.every(({ order }) => order.account === OUTSIDER)) return undefined
    const feeMicroUsd = isOutsider ? 0 : takerFee(taker.market.terms.fee, price, microShares)
    this.ledger.move(taker.account, FEES, COLLATERAL, feeMicroUsd)
    const nowMs = this.#options.nowMs()
    const trade: Trade = {
      id: this.#random.uuid(),
      taker,
      price,
      microShares,
      costMicroUsd,
      feeMicroUsd,
      makers,
      bucket,
      matchedMs: nowMs,
      fails: this.#options.tradeFails?.() ?? false,
      status: 'MATCHED',
      updatedMs: nowMs,
      transactionHash: '',
    }
    remember(this.#trades, trade)
    this.#settlement.add(trade)
    taker.trades.push(trade.id)
    this.#told.push({ kind: 'trade', trade: { ...trade } })
    for (const { order } of makers) {
      order.trades.push(trade.id)
      if (order.account !== OUTSIDER) this.#tellOrder(order, 'UPDATE')
    }
    if (isOutsider) this.#cancelUnfunded(makers.map(({ order }) => order))
    return trade
  }

  /** The book lets an account sell what a match brought; the chain does not, where that match failed there. */
  #hasWhatItSells(taker: Order): boolean {
    const token = taker.market.terms.tokens[taker.outcome]
    return this.ledger.balance(taker.account, token) >= this.#settlement.failing(taker)
  }

  /** A trade failed on the chain: nobody has what it gave him. */
  #revert({ taker, makers, microShares, costMicroUsd, feeMicroUsd }: Trade): void {
    this.#exchange(taker, microShares, costMicroUsd, -1)
    this.ledger.move(FEES, taker.account, COLLATERAL, feeMicroUsd)
    for (const leg of makers) this.#exchange(leg.order, leg.microShares, leg.costMicroUsd, -1)
    this.#cancelUnfunded([taker, ...makers.map(({ order }) => order)])
  }

  #rest(order: Order): void {
    assert('microShares' in order.goal, 'POLYMARKET_SHARES_REST')
    const { market, account, bookSide, bookPrice } = order
    this.#touch(market)
    market.book.rest(order.id, bookSide, bookPrice, order.goal.microShares - order.filledMicroShares)
    let open = this.#open.get(account)
    if (open === undefined) {
      open = new Map()
      this.#open.set(account, open)
    }
    open.set(order.id, order)
    this.#tellOrder(order, 'PLACEMENT')
  }

  /** Takes an open order off the book. */
  #end(order: Order, status: OrderStatus): void {
    this.#touch(order.market)
    order.market.book.cancel(order.id)
    order.status = status
    this.#open.get(order.account)?.delete(order.id)
    this.#tellOrder(order, 'CANCELLATION')
  }

  #cancelUnfunded(orders: readonly Order[]): void {
    for (const account of new Set(orders.map((order) => order.account))) {
      if (account === OUTSIDER) continue
      for (const order of unfunded(this.ledger, this.openOrders(account))) this.#end(order, 'INVALID')
    }
  }

  #outsider(market: Market, bookSide: Side, bookPrice: number, microShares: number): Order {
    // Half of those who would sell the first outcome buy the other instead: then sets are minted.
    const mints = bookSide === SIDE_ASK && this.#random.chance(0.5)
    const outcome: Outcome = mints ? 1 : 0
    const side: OrderSide = bookSide === SIDE_BID || mints ? 'BUY' : 'SELL'
    return {
      id: `0x${this.#random.hex(64)}`,
      account: OUTSIDER,
      owner: OUTSIDER_KEY,
      market,
      outcome,
      side,
      type: 'GTC',
      postOnly: false,
      expiration: 0,
      createdMs: this.#options.nowMs(),
      price: priceOf(outcome, bookPrice),
      bookPrice,
      bookSide,
      goal: { microShares },
      status: 'LIVE',
      filledMicroShares: 0,
      trades: [],
    }
  }

  #remember(order: Order): void {
    remember(this.#orders, order, ({ status }) => status === 'LIVE' || status === 'DELAYED')
  }

  #touch(market: Market): void {
    assert(this.#depth > 0, 'POLYMARKET_IN_A_BURST')
    if (!this.#burst.has(market)) this.#burst.set(market, [])
  }

  /** Events are told at the end of a burst, of the order as it is now. */
  #tellOrder(order: Order, type: 'PLACEMENT' | 'UPDATE' | 'CANCELLATION', why?: Refusal): void {
    const told = { ...order, trades: [...order.trades] }
    this.#told.push({ kind: 'order', order: told, type, ...(why === undefined ? {} : { why }) })
  }

  #tell(): void {
    const told = this.#told
    this.#told = []
    for (const event of told) this.#options.emit(event)
    if (this.#depth > 0) return
    const burst = [...this.#burst]
    this.#burst.clear()
    for (const [market, prints] of burst) {
      const changes = market.takeChanges()
      if (changes.length + prints.length > 0) this.#options.emit({ kind: 'market', market, changes, prints })
    }
  }
}

/** Whether an order would take at once, or not at all. */
function isMarketable(order: Order): boolean {
  return isImmediate(order) || order.market.book.crosses(order.bookSide, order.bookPrice)
}

/** The dollars of an order at its limit. */
function microUsdOf(order: Order): number {
  return 'microUsd' in order.goal
    ? order.goal.microUsd
    : Math.floor((order.goal.microShares * order.price) / 10_000)
}

/** Adds to a map of the youngest, and lets go of the oldest that may go. */
function remember<Item extends { readonly id: string }>(
  items: Map<string, Item>,
  item: Item,
  mustStay: (item: Item) => boolean = () => false,
): void {
  items.set(item.id, item)
  if (items.size <= REMEMBERED) return
  for (const old of items.values()) {
    if (mustStay(old)) continue
    items.delete(old.id)
    return
  }
}
