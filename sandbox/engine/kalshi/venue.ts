import { assert } from '@tandem/shared/assert.ts'
import {
  KALSHI_PRECISION_DIRECT_MICRO_USD,
  KalshiOrderFees,
  kalshiTradeFeeCeilMicroUsd,
  ROLE_MAKER,
  ROLE_TAKER,
} from '@tandem/shared/fees/kalshi.ts'
import { isLegalPrice, ticksFromPriceRanges } from '@tandem/shared/ticks.ts'
import {
  LOTS_ORDER_MAX,
  type Lots,
  PRICE_ONE,
  type Price,
  SIDE_BID,
  type Side,
} from '@tandem/shared/units.ts'
import { Admission, Orderbook, opposite } from '../orderbook.ts'
import type { Random } from '../random.ts'
import { Account, payPerLot } from './account.ts'
import { OrderGroup } from './group.ts'
import {
  type EventListing,
  type EventTerms,
  lotsOf,
  Market,
  type MarketTerms,
  microSharesOf,
  type PriceRange,
  type Series,
} from './listing.ts'
import type { LifecycleChange, Occurrence } from './occurrence.ts'
import type { Order, OrderTerms, Trade, UpdateReason } from './order.ts'

/** Why the venue does not do what it was asked. The wire gives each its status and its body. */
export type Refusal =
  | 'order_not_found'
  | 'market_not_found'
  | 'wrong_shard'
  | 'user_not_found'
  | 'order_already_exists'
  | 'trading_is_paused'
  | 'market_inactive'
  | 'invalid_price'
  | 'invalid_count'
  | 'insufficient_balance'
  | 'fill_or_kill'
  | 'post_only_cross'
  | 'reduce_only_without_ioc'
  | 'expiration_without_gtc'
  | 'expiration_in_past'
  | 'side_differs'
  | 'group_not_found'
  | 'group_triggered'

export type Outcome<Value> = { readonly value: Value } | { readonly refusal: Refusal }

export function isRefused<Value>(outcome: Outcome<Value>): outcome is { readonly refusal: Refusal } {
  return 'refusal' in outcome
}

export interface KalshiVenueOptions {
  nowMs(): number
  readonly random: Random
  /** Hears everything that happens, while it happens. */
  emit(occurrence: Occurrence): void
}

export interface Amendment {
  readonly ticker: string
  readonly side: Side
  readonly price: number
  /** What has been filled and what shall rest, together. */
  readonly lots: number
  readonly clientOrderId: string | undefined
}

/** A trading pause stops orders; an exchange pause stops cancels too. */
export type Pause = 'none' | 'trading' | 'exchange'

/** Resting orders of a market that closed are cancelled shortly after. */
const CLOSE_CANCEL_MS = 1_000
const MS_PER_S = 1_000

/** The exchange: what is listed, who has what, and the orders. The Kalshi fact sheet's sections 4 to 8. */
export class KalshiVenue {
  readonly markets = new Map<string, Market>()
  readonly events = new Map<string, EventListing>()
  readonly series = new Map<string, Series>()
  readonly accounts = new Map<string, Account>()
  /** Fees taken from all accounts. */
  feesMicroUsd = 0
  /** Answers a post-only order that would cross by accepting and cancelling it: the venue has done either. */
  postOnlyCancels = false

  readonly #options: KalshiVenueOptions
  /** Orders that rest, and the one that is being matched. */
  readonly #live = new Map<string, Order>()
  /** Those of them that end by themselves. */
  readonly #expiring = new Set<Order>()
  #pause: Pause = 'none'
  /** Whose doing the changes of the book are. */
  #cause: Order | undefined
  #stopped: UpdateReason | undefined
  readonly #triggered = new Set<OrderGroup>()

  constructor(options: KalshiVenueOptions) {
    this.#options = options
  }

  // ---- listings ------------------------------------------------------------------------------------------------

  addSeries(series: Series): void {
    this.series.set(series.ticker, series)
  }

  addEvent(terms: EventTerms, seriesTicker: string): void {
    const series = this.series.get(seriesTicker)
    assert(series !== undefined, 'KALSHI_SERIES_OF_EVENT')
    this.events.set(terms.ticker, { ...terms, series, markets: [] })
  }

  addMarket(
    eventTicker: string,
    terms: MarketTerms,
    listed: { closeMs: number; priceLevelStructure: string; priceRanges: readonly PriceRange[] },
  ): Market {
    const event = this.events.get(eventTicker)
    assert(event !== undefined, 'KALSHI_EVENT_OF_MARKET')
    const ticks = ticksFromPriceRanges(listed.priceRanges)
    assert(ticks !== undefined, 'KALSHI_PRICE_RANGES_COVER_A_DOLLAR')
    const nowMs = this.#options.nowMs()
    const market: Market = new Market(terms, event, {
      id: this.#options.random.uuid(),
      book: new Orderbook({
        levelChanged: (side, price, delta) => this.#levelChanged(market, side, price, delta),
        filled: (makerId, takerId, price, microShares) =>
          this.#filled(market, makerId, takerId, price, lotsOf(microShares)),
        admit: (maker, takerId) => this.#admit(maker.id, takerId),
      }),
      nowMs,
      ...listed,
      ticks,
    })
    event.markets.push(market)
    this.markets.set(terms.ticker, market)
    this.#lifecycle(market, 'created')
    if (terms.openMs <= nowMs) market.status = 'active'
    return market
  }

  /** Stops and starts trading in one market. What rests in it is cancelled when it starts again. */
  setMarketActive(market: Market, active: boolean): void {
    assert(market.status === (active ? 'inactive' : 'active'), 'KALSHI_MARKET_TURNS')
    if (active) this.#cancelAllOf(market, undefined)
    market.status = active ? 'active' : 'inactive'
    this.#lifecycle(market, active ? 'activated' : 'deactivated')
  }

  /** Other prices are legal from now on; what rests stays. */
  setPriceRanges(market: Market, structure: string, ranges: readonly PriceRange[]): void {
    const ticks = ticksFromPriceRanges(ranges)
    assert(ticks !== undefined, 'KALSHI_PRICE_RANGES_COVER_A_DOLLAR')
    market.priceLevelStructure = structure
    market.priceRanges = ranges
    market.ticks = ticks
    this.#lifecycle(market, 'price_level_structure_updated')
  }

  setCloseTime(market: Market, closeMs: number): void {
    market.closeMs = closeMs
    this.#lifecycle(market, 'close_date_updated')
  }

  /** Says how a closed market ended. It is settled when its timer has run out. */
  determine(market: Market, result: 'yes' | 'no'): void {
    assert(market.status === 'closed', 'KALSHI_DETERMINES_CLOSED')
    market.status = 'determined'
    market.result = result
    market.determinedMs = this.#options.nowMs()
    this.#lifecycle(market, 'determined')
  }

  // ---- accounts ------------------------------------------------------------------------------------------------

  openAccount(id: string, house = false): Account {
    const account = new Account(id, house)
    this.accounts.set(id, account)
    return account
  }

  fund(account: Account, exchangeIndex: number, microUsd: number): void {
    account.add(exchangeIndex, microUsd)
    this.#tellBalance(account)
  }

  transfer(account: Account, from: number, to: number, microUsd: number): Outcome<string> {
    if (!account.cashMicroUsd.has(from)) return { refusal: 'user_not_found' }
    if (account.availableMicroUsd(from) < microUsd) return { refusal: 'insufficient_balance' }
    account.add(from, -microUsd)
    account.add(to, microUsd)
    this.#tellBalance(account)
    return { value: this.#options.random.uuid() }
  }

  // ---- orders --------------------------------------------------------------------------------------------------

  /** Takes an order through to the end of its matching: what comes back rests, is executed or cancelled. */
  placeOrder(account: Account, terms: OrderTerms): Outcome<Order> {
    const market = this.markets.get(terms.ticker)
    if (market === undefined) return { refusal: 'market_not_found' }
    if (terms.exchangeIndex !== undefined && terms.exchangeIndex !== market.exchangeIndex)
      return { refusal: 'wrong_shard' }
    const refusal = this.#refusesPlacing(account, market, terms)
    if (refusal !== undefined) return { refusal }
    const group = terms.orderGroupId === undefined ? undefined : account.groups.get(terms.orderGroupId)
    let lots = terms.lots
    if (terms.reduceOnly) lots = Math.min(lots, account.holding(market).unclaimedLots(terms.side))
    if (!this.#affords(account, market, terms.side, terms.price, lots))
      return { refusal: 'insufficient_balance' }
    // A killed order has used its id up.
    if (terms.clientOrderId !== '') account.clientOrderIds.add(terms.clientOrderId)
    if (terms.timeInForce === 'fill_or_kill' && this.#takeableLots(account, market, terms) < lots)
      return { refusal: 'fill_or_kill' }
    const crosses = terms.postOnly && market.book.crosses(terms.side, terms.price)
    if (crosses && !this.postOnlyCancels) return { refusal: 'post_only_cross' }

    const order = this.#newOrder(account, market, terms, lots, group)
    if (crosses) this.#die(order, 'PostOnlyCrossCancel')
    else if (lots === 0) this.#die(order, 'ReduceOnlyCancel')
    else this.#match(order, terms.timeInForce === 'good_till_canceled')
    this.#tellOrder(order)
    this.#tellBalance(account)
    this.#endTriggered()
    return { value: order }
  }

  /**
   * Cancels what is left of an order. Returns the lots that were.
   *
   * @param exchangeIndex where to look for it; undefined for where `ticker` is traded, and shard 0 without either
   */
  cancelOrder(
    account: Account,
    orderId: string,
    exchangeIndex: number | undefined,
    ticker: string | undefined,
  ): Outcome<{ order: Order; lots: number }> {
    const found = this.#findResting(account, orderId, exchangeIndex, ticker)
    if (isRefused(found)) return found
    const order = found.value
    const lots = order.remainingLots
    this.#cancel(order, undefined)
    this.#tellBalance(account)
    return { value: { order, lots } }
  }

  /** Cancels everything, on all shards. */
  cancelAll(account: Account): Outcome<number> {
    if (this.#pause === 'exchange') return { refusal: 'trading_is_paused' }
    const orders = [...this.#live.values()].filter((order) => order.account === account)
    for (const order of orders) this.#cancel(order, undefined)
    this.#tellBalance(account)
    return { value: orders.length }
  }

  /** Takes lots off an order, which keeps its place. At nothing left it is cancelled. */
  decreaseOrder(
    account: Account,
    orderId: string,
    by: { readonly reduceBy: number } | { readonly reduceTo: number },
    exchangeIndex: number | undefined,
    ticker: string | undefined,
  ): Outcome<Order> {
    const found = this.#findResting(account, orderId, exchangeIndex, ticker)
    if (isRefused(found)) return found
    const order = found.value
    const less = 'reduceBy' in by ? by.reduceBy : order.remainingLots - by.reduceTo
    if (less <= 0 || less > order.remainingLots) return { refusal: 'invalid_count' }
    if (less === order.remainingLots) this.#cancel(order, 'Decrease')
    else {
      order.remainingLots -= less
      order.initialLots -= less
      order.reason = 'Decrease'
      order.updatedMs = this.#options.nowMs()
      this.#caused(order, () => order.market.book.decrease(order.id, microSharesOf(less)))
      this.#reserve(order)
      this.#tellOrder(order)
    }
    this.#tellBalance(account)
    return { value: order }
  }

  /** Another price or size for a resting order, which may trade at once by it. */
  amendOrder(
    account: Account,
    orderId: string,
    to: Amendment,
    exchangeIndex: number | undefined,
  ): Outcome<Order> {
    const found = this.#findResting(account, orderId, exchangeIndex, to.ticker)
    if (isRefused(found)) return found
    const order = found.value
    const { market } = order
    if (this.#pause !== 'none') return { refusal: 'trading_is_paused' }
    if (market.status !== 'active') return { refusal: 'market_inactive' }
    if (to.side !== order.side) return { refusal: 'side_differs' }
    if (!isLegalPrice(market.ticks, to.price as Price)) return { refusal: 'invalid_price' }
    const rest = to.lots - order.filledLots
    if (rest < 1 || to.lots > LOTS_ORDER_MAX) return { refusal: 'invalid_count' }
    const renamed = to.clientOrderId !== undefined && to.clientOrderId !== order.clientOrderId
    if (renamed && account.clientOrderIds.has(to.clientOrderId!)) return { refusal: 'order_already_exists' }
    if (order.postOnly && market.book.crosses(order.side, to.price)) return { refusal: 'post_only_cross' }
    // Compared with what would be free without it.
    const holding = account.holding(market)
    holding.resting.delete(order.id)
    holding.reserve()
    if (!this.#affords(account, market, order.side, to.price, rest)) {
      holding.resting.set(order.id, order)
      holding.reserve()
      return { refusal: 'insufficient_balance' }
    }
    if (renamed) {
      order.clientOrderId = to.clientOrderId!
      account.clientOrderIds.add(order.clientOrderId)
    }
    const keepsPlace = to.price === order.price && rest <= order.remainingLots
    order.price = to.price
    order.initialLots = to.lots
    order.remainingLots = rest
    order.reason = 'Amend'
    order.updatedMs = this.#options.nowMs()
    if (keepsPlace) {
      holding.resting.set(order.id, order)
      this.#caused(order, () => market.book.amend(order.id, to.price, microSharesOf(rest)))
      this.#reserve(order)
    } else {
      this.#caused(order, () => market.book.cancel(order.id))
      this.#match(order, true)
    }
    this.#tellOrder(order)
    this.#tellBalance(account)
    this.#endTriggered()
    return { value: order }
  }

  /** Contracts that would be filled before this order's first. */
  queuePositionLots(order: Order): number {
    let ahead = 0
    for (const other of order.market.book.orders(order.side)) {
      if (other.id === order.id) break
      if (other.price === order.price) ahead += other.microShares
    }
    return lotsOf(ahead)
  }

  // ---- order groups --------------------------------------------------------------------------------------------

  createGroup(account: Account, exchangeIndex: number, limitLots: number): OrderGroup {
    const group = new OrderGroup(this.#options.random.uuid(), exchangeIndex, limitLots)
    account.groups.set(group.id, group)
    this.#tellGroup(account, group, 'created')
    return group
  }

  limitGroup(account: Account, group: OrderGroup, limitLots: number): void {
    group.limitLots = limitLots
    this.#tellGroup(account, group, 'limit_updated')
  }

  resetGroup(account: Account, group: OrderGroup): void {
    group.reset()
    this.#tellGroup(account, group, 'reset')
  }

  /** Cancels the group's orders; it takes no new ones until it is reset. */
  triggerGroup(account: Account, group: OrderGroup): void {
    group.triggered = true
    this.#cancelGroup(group)
    this.#tellGroup(account, group, 'triggered')
    this.#tellBalance(account)
  }

  deleteGroup(account: Account, group: OrderGroup): void {
    this.#cancelGroup(group)
    account.groups.delete(group.id)
    this.#tellGroup(account, group, 'deleted')
    this.#tellBalance(account)
  }

  // ---- time and pauses -----------------------------------------------------------------------------------------

  get pause(): Pause {
    return this.#pause
  }

  set pause(pause: Pause) {
    this.#pause = pause
    if (pause === 'none') return
    for (const order of [...this.#live.values()]) if (order.cancelOnPause) this.#cancel(order, 'HaltCancel')
  }

  /** Lets time pass: orders expire, markets open, close and are settled. */
  tick(nowMs: number): void {
    for (const order of this.#expiring) {
      if (order.expirationMs !== undefined && order.expirationMs <= nowMs) {
        this.#cancel(order, 'ExpiryCancel')
        this.#tellBalance(order.account)
      }
    }
    for (const market of this.markets.values()) {
      if (market.status === 'initialized' && market.terms.openMs <= nowMs) market.status = 'active'
      if ((market.status === 'active' || market.status === 'inactive') && market.closeMs <= nowMs)
        market.status = 'closed'
      if (market.status === 'closed' && market.closeMs + CLOSE_CANCEL_MS <= nowMs)
        this.#cancelAllOf(market, 'CloseCancel')
      const settlesMs = market.determinedMs + market.terms.settlementTimerSeconds * MS_PER_S
      if (market.status === 'determined' && settlesMs <= nowMs) this.#settle(market, nowMs)
    }
  }

  // ---- matching ------------------------------------------------------------------------------------------------

  #refusesPlacing(account: Account, market: Market, terms: OrderTerms): Refusal | undefined {
    if (!account.house && !account.cashMicroUsd.has(market.exchangeIndex)) return 'user_not_found'
    // Before all else that may be wrong with it: who sends an order again wants to know that it is there.
    if (terms.clientOrderId !== '' && account.clientOrderIds.has(terms.clientOrderId))
      return 'order_already_exists'
    if (this.#pause !== 'none') return 'trading_is_paused'
    if (market.status !== 'active') return 'market_inactive'
    if (!isLegalPrice(market.ticks, terms.price as Price)) return 'invalid_price'
    if (terms.lots < 1 || terms.lots > LOTS_ORDER_MAX) return 'invalid_count'
    if (terms.reduceOnly && terms.timeInForce !== 'immediate_or_cancel') return 'reduce_only_without_ioc'
    if (terms.expirationMs !== undefined) {
      if (terms.timeInForce !== 'good_till_canceled') return 'expiration_without_gtc'
      if (terms.expirationMs <= this.#options.nowMs()) return 'expiration_in_past'
    }
    if (terms.orderGroupId !== undefined) {
      const group = account.groups.get(terms.orderGroupId)
      if (group === undefined || group.exchangeIndex !== market.exchangeIndex) return 'group_not_found'
      if (group.triggered) return 'group_triggered'
    }
    return undefined
  }

  /** Whether there is money for what an order opens at its limit, with the dearer of its fees. */
  #affords(account: Account, market: Market, side: Side, price: number, lots: number): boolean {
    const opening = lots - Math.min(lots, account.holding(market).unclaimedLots(side))
    if (account.house || opening === 0) return true
    const fee = Math.max(
      kalshiTradeFeeCeilMicroUsd(market.fees, ROLE_TAKER, price as Price, lots as Lots),
      kalshiTradeFeeCeilMicroUsd(market.fees, ROLE_MAKER, price as Price, lots as Lots),
    )
    return opening * payPerLot(side, price) + fee <= account.availableMicroUsd(market.exchangeIndex)
  }

  /** What an order could take at once, its own account's orders aside. */
  #takeableLots(account: Account, market: Market, terms: OrderTerms): number {
    let microShares = 0
    for (const maker of market.book.orders(opposite(terms.side))) {
      if (terms.side === SIDE_BID ? maker.price > terms.price : maker.price < terms.price) break
      const own = !account.house && this.#live.get(maker.id)?.account === account
      if (own && terms.selfTradePrevention === 'taker_at_cross') break
      if (!own) microShares += maker.microShares
    }
    return lotsOf(microShares)
  }

  #newOrder(
    account: Account,
    market: Market,
    terms: OrderTerms,
    lots: number,
    group: OrderGroup | undefined,
  ): Order {
    const nowMs = this.#options.nowMs()
    const order: Order = {
      id: this.#options.random.uuid(),
      account,
      market,
      side: terms.side,
      clientOrderId: terms.clientOrderId,
      price: terms.price,
      initialLots: lots,
      filledLots: 0,
      remainingLots: lots,
      status: 'resting',
      reason: undefined,
      selfTradePrevention: terms.selfTradePrevention,
      expirationMs: terms.expirationMs,
      postOnly: terms.postOnly,
      cancelOnPause: terms.cancelOnPause,
      group,
      createdMs: nowMs,
      updatedMs: nowMs,
      filledMicroUsd: 0,
      takerCostMicroUsd: 0,
      makerCostMicroUsd: 0,
      takerFeesMicroUsd: 0,
      makerFeesMicroUsd: 0,
      fees: undefined,
    }
    if (!account.house) account.orders.set(order.id, order)
    group?.orderIds.add(order.id)
    return order
  }

  /** Takes what the order reaches, and lets the rest rest or ends it. The order is in no book. */
  #match(order: Order, rests: boolean): void {
    const { market, side, price } = order
    this.#live.set(order.id, order)
    if (order.expirationMs !== undefined) this.#expiring.add(order)
    this.#stopped = undefined
    this.#caused(order, () => {
      market.book.take(order.id, side, price, () =>
        order.group?.triggered === true ? 0 : microSharesOf(order.remainingLots),
      )
      if (order.remainingLots === 0) this.#finish(order, 'executed')
      else if (this.#stopped !== undefined) this.#die(order, this.#stopped)
      else if (!rests || order.group?.triggered === true) this.#die(order, order.reason)
      else {
        market.book.rest(order.id, side, price, microSharesOf(order.remainingLots))
        order.account.holding(market).resting.set(order.id, order)
        this.#reserve(order)
      }
    })
  }

  #admit(makerId: string, takerId: string): Admission {
    const maker = this.#liveOrder(makerId)
    const taker = this.#liveOrder(takerId)
    if (maker.account !== taker.account || maker.account.house) return Admission.Fill
    if (taker.selfTradePrevention === 'taker_at_cross') {
      this.#stopped = 'SelfTradeCancel'
      return Admission.StopTaker
    }
    this.#cancel(maker, 'SelfTradeCancel')
    return Admission.RemoveMaker
  }

  #filled(market: Market, makerId: string, takerId: string, price: number, lots: number): void {
    const { nowMs, random, emit } = this.#options
    const maker = this.#liveOrder(makerId)
    const taker = this.#liveOrder(takerId)
    const trade: Trade = { id: random.uuid(), market, price, lots, takerSide: taker.side, ms: nowMs() }
    market.traded(trade)
    const openBefore = yesHeld(maker) + yesHeld(taker)
    // Private fills and the public trade leave the venue in either order.
    const tradeFirst = random.chance(0.5)
    if (tradeFirst) emit({ type: 'trade', trade })
    this.#apply(maker, trade, false)
    this.#apply(taker, trade, true)
    market.openInterestLots += yesHeld(maker) + yesHeld(taker) - openBefore
    if (!tradeFirst) emit({ type: 'trade', trade })
    if (maker.remainingLots === 0) this.#finish(maker, 'executed')
    this.#reserve(maker)
    this.#tellOrder(maker)
    this.#tellBalance(maker.account)
  }

  /** Books one side of a trade: position, money, fees. */
  #apply(order: Order, trade: Trade, taker: boolean): void {
    const { account, market, side } = order
    const { price, lots, ms } = trade
    const holding = account.holding(market)
    const pay = payPerLot(side, price)
    const closing = holding.closingLots(side, lots)
    const opening = lots - closing
    // A contract against one that is held makes a dollar.
    const revenue = closing * (PRICE_ONE - pay) - opening * pay
    order.fees ??= new KalshiOrderFees(market.fees, KALSHI_PRECISION_DIRECT_MICRO_USD)
    order.fees.fill(taker ? ROLE_TAKER : ROLE_MAKER, price as Price, lots as Lots, revenue)
    const fee = order.fees.netFeeMicroUsd
    account.add(market.exchangeIndex, revenue - fee)
    this.feesMicroUsd += fee

    const closedCost =
      closing === 0 ? 0 : Math.round((holding.costMicroUsd * closing) / Math.abs(holding.lots))
    holding.realizedMicroUsd += closing * (PRICE_ONE - pay) - closedCost
    holding.costMicroUsd += opening * pay - closedCost
    holding.lots += side === SIDE_BID ? lots : -lots
    holding.feesMicroUsd += fee
    holding.tradedMicroUsd += lots * pay
    holding.volumeLots += lots
    holding.updatedMs = ms

    order.filledLots += lots
    order.remainingLots -= lots
    order.filledMicroUsd += lots * price
    order[taker ? 'takerCostMicroUsd' : 'makerCostMicroUsd'] += lots * pay
    order[taker ? 'takerFeesMicroUsd' : 'makerFeesMicroUsd'] += fee
    order.reason = 'Trade'
    order.updatedMs = ms
    if (order.group?.matched(lots, ms) === true && !order.group.triggered) {
      order.group.triggered = true
      this.#triggered.add(order.group)
    }
    const fill = { trade, order: { ...order }, taker, feeMicroUsd: fee, positionLots: holding.lots }
    this.#options.emit({ type: 'fill', account, fill })
    if (!account.house) this.#options.emit({ type: 'position', account, position: { ...holding, ms } })
  }

  // ---- ends ----------------------------------------------------------------------------------------------------

  #findResting(
    account: Account,
    orderId: string,
    exchangeIndex: number | undefined,
    ticker: string | undefined,
  ): Outcome<Order> {
    if (this.#pause === 'exchange') return { refusal: 'trading_is_paused' }
    const order = this.#live.get(orderId)
    const shard = exchangeIndex ?? (ticker === undefined ? 0 : (this.markets.get(ticker)?.exchangeIndex ?? 0))
    if (order?.account !== account || order.market.exchangeIndex !== shard)
      return { refusal: 'order_not_found' }
    if (order.market.status !== 'active' && order.market.status !== 'inactive')
      return { refusal: 'market_inactive' }
    return { value: order }
  }

  #cancel(order: Order, reason: UpdateReason | undefined): void {
    this.#caused(order, () => order.market.book.cancel(order.id))
    this.#die(order, reason)
    this.#reserve(order)
    this.#tellOrder(order)
  }

  #cancelAllOf(market: Market, reason: UpdateReason | undefined): void {
    for (const order of [...this.#live.values()]) {
      if (order.market !== market) continue
      this.#cancel(order, reason)
      this.#tellBalance(order.account)
    }
  }

  #cancelGroup(group: OrderGroup): void {
    for (const id of group.orderIds) {
      const order = this.#live.get(id)
      if (order !== undefined) this.#cancel(order, undefined)
    }
  }

  /** Groups whose limit was reached while orders matched lose their orders after it. */
  #endTriggered(): void {
    for (const group of this.#triggered) {
      const account = [...this.accounts.values()].find(({ groups }) => groups.has(group.id))
      if (account !== undefined) this.triggerGroup(account, group)
    }
    this.#triggered.clear()
  }

  #die(order: Order, reason: UpdateReason | undefined): void {
    order.reason = reason
    order.remainingLots = 0
    this.#finish(order, 'canceled')
  }

  #finish(order: Order, status: 'canceled' | 'executed'): void {
    order.status = status
    order.updatedMs = this.#options.nowMs()
    this.#live.delete(order.id)
    this.#expiring.delete(order)
    order.account.holding(order.market).resting.delete(order.id)
    order.group?.orderIds.delete(order.id)
  }

  #settle(market: Market, nowMs: number): void {
    market.status = 'finalized'
    market.settledMs = nowMs
    for (const account of this.accounts.values()) {
      const holding = account.holdings.get(market)
      if (holding === undefined || holding.lots === 0) continue
      const won = holding.lots > 0 === (market.result === 'yes')
      const revenue = won ? Math.abs(holding.lots) * PRICE_ONE : 0
      account.add(market.exchangeIndex, revenue)
      const settlement = {
        market,
        yesLots: Math.max(holding.lots, 0),
        noLots: Math.max(-holding.lots, 0),
        costMicroUsd: holding.costMicroUsd,
        revenueMicroUsd: revenue,
        ms: nowMs,
      }
      holding.realizedMicroUsd += revenue - holding.costMicroUsd
      holding.costMicroUsd = 0
      holding.lots = 0
      if (account.house) continue
      this.#options.emit({ type: 'settlement', account, settlement })
      this.#options.emit({ type: 'position', account, position: { ...holding, ms: nowMs } })
      this.#tellBalance(account)
    }
    market.openInterestLots = 0
    this.#lifecycle(market, 'settled')
  }

  // ---- telling -------------------------------------------------------------------------------------------------

  #levelChanged(market: Market, side: Side, price: number, delta: number): void {
    this.#options.emit({
      type: 'level',
      market,
      side,
      price,
      deltaLots: lotsOf(delta),
      by: this.#cause,
      ms: this.#options.nowMs(),
    })
  }

  #caused(order: Order, change: () => void): void {
    const before = this.#cause
    this.#cause = order
    change()
    this.#cause = before
  }

  #reserve(order: Order): void {
    if (!order.account.house) order.account.holding(order.market).reserve()
  }

  #liveOrder(id: string): Order {
    const order = this.#live.get(id)
    assert(order !== undefined, 'KALSHI_ORDER_IN_BOOK_IS_LIVE')
    return order
  }

  #tellOrder(order: Order): void {
    const { account } = order
    if (!account.house)
      this.#options.emit({ type: 'order', account, order: { ...order }, ms: order.updatedMs })
  }

  #tellBalance(account: Account): void {
    if (account.house) return
    const shards = [...account.cashMicroUsd.keys()].sort((a, b) => a - b)
    const balances = shards.map((shard) => [shard, account.availableMicroUsd(shard)] as const)
    this.#options.emit({ type: 'balance', account, balances, ms: this.#options.nowMs() })
  }

  #tellGroup(
    account: Account,
    group: OrderGroup,
    change: 'created' | 'triggered' | 'reset' | 'deleted' | 'limit_updated',
  ): void {
    this.#options.emit({ type: 'group', account, group, change, ms: this.#options.nowMs() })
  }

  #lifecycle(market: Market, change: LifecycleChange): void {
    const ms = this.#options.nowMs()
    market.updatedMs = ms
    this.#options.emit({ type: 'lifecycle', market, change, ms })
  }
}

function yesHeld(order: Order): number {
  return Math.max(order.account.holding(order.market).lots, 0)
}
