import { scaledFromDecimal } from '@tandem/shared/decimal.ts'
import { PRICE_ONE, SIDE_ASK, SIDE_BID } from '@tandem/shared/units.ts'
import type { Account } from '../engine/kalshi/account.ts'
import type { OrderGroup } from '../engine/kalshi/group.ts'
import type { Market } from '../engine/kalshi/listing.ts'
import type { Order, OrderTerms } from '../engine/kalshi/order.ts'
import { isRefused, type KalshiVenue, type Outcome } from '../engine/kalshi/venue.ts'
import { type ApiKeys, type Headers, isSigned } from './auth.ts'
import { Body, NotAsTyped, Query } from './body.ts'
import {
  cents,
  contracts,
  eventDocument,
  eventPositionDocument,
  fillDocument,
  marketDocument,
  money,
  orderAnswer,
  orderbookDocument,
  orderDocument,
  positionDocument,
  seconds,
  seriesDocument,
  settlementDocument,
  time,
  tradeDocument,
} from './documents.ts'
import {
  type Answer,
  badParameter,
  badRequest,
  FORBIDDEN,
  NO_SIGNATURE,
  NOT_FOUND,
  nested,
  refused,
  TOO_MANY_REQUESTS,
} from './errors.ts'
import { Cost, Limits, TIERS, type Tier, UNSCOPED } from './limits.ts'
import type { Portfolios } from './portfolio.ts'

export interface RestRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: Headers
  readonly body: string
}

export interface RestParts {
  readonly venue: KalshiVenue
  readonly keys: ApiKeys
  readonly portfolios: Portfolios
  readonly tier: Tier
  nowMs(): number
}

/** What a route works with. */
interface Call {
  readonly query: Query
  readonly body: Body
  /** The `:name` of the path. */
  readonly name: string
  readonly account: Account
  readonly limits: Limits
}

interface Route {
  readonly method: string
  readonly path: RegExp
  /** `open` routes may be asked without a signature, for no tokens. */
  readonly access: 'open' | 'read' | 'write'
  /** Tokens; for writes that depend on their body the route bills itself, and this is 0. */
  readonly cost: number
  answer(call: Call): Answer
}

export const ROOT = '/trade-api/v2'
const PAGE = 100
const PAGE_MAX = 1_000
const EVENTS_PAGE = 200
const ORDERBOOKS_MAX = 100
const MS_PER_S = 1_000
/** Kalshi's own unit of transfers: a ten-thousandth of a dollar. */
const MICRO_USD_PER_CENTICENT = 100
const SHARD_NAMES = ['default', 'combos', 'crypto', 'tennis and baseball']
/** What `status` filters by, and what markets call themselves. */
const STATUS_FILTER: Readonly<Record<string, readonly string[]>> = {
  unopened: ['initialized'],
  open: ['active'],
  paused: ['inactive'],
  closed: ['closed', 'determined'],
  settled: ['finalized'],
}

/** The REST side of the venue: a request's text in, status and body out, at once. */
export class Rest {
  readonly #parts: RestParts
  readonly #limits = new Map<Account, Limits>()
  readonly #routes: readonly Route[]
  /** Of requests that nobody signed. */
  readonly #nobody: Account

  constructor(parts: RestParts) {
    this.#parts = parts
    this.#nobody = parts.venue.openAccount('nobody')
    this.#routes = [
      ...this.#publicRoutes(),
      ...this.#accountRoutes(),
      ...this.#orderRoutes(),
      ...this.#groupRoutes(),
    ]
  }

  handle(request: RestRequest): Answer {
    const [path, search = ''] = request.url.split('?', 2)
    if (!path.startsWith(ROOT)) return NOT_FOUND
    const below = path.slice(ROOT.length)
    for (const route of this.#routes) {
      const match = route.method === request.method ? route.path.exec(below) : null
      if (match === null) continue
      const admitted = this.#admit(route, request, path)
      if ('refusal' in admitted) return admitted.refusal
      try {
        return route.answer({
          ...admitted,
          query: new Query(search),
          body: new Body(request.method === 'GET' ? '{}' : request.body, request.headers['content-type']),
          name: decodeURIComponent(match[1] ?? ''),
        })
      } catch (error) {
        if (error instanceof NotAsTyped) return error.answer
        throw error
      }
    }
    return NOT_FOUND
  }

  #admit(
    route: Route,
    request: RestRequest,
    path: string,
  ): { account: Account; limits: Limits } | { refusal: Answer } {
    const { keys, nowMs, tier } = this.#parts
    const signed = isSigned(request.headers)
    if (!signed && route.access !== 'open') return { refusal: NO_SIGNATURE }
    if (!signed) return { account: this.#nobody, limits: new Limits(tier, nowMs()) }
    const key = keys.check(request.headers, request.method, path, nowMs())
    if ('refusal' in key) return key
    if (!key.scopes.includes(route.access === 'write' ? 'write' : 'read')) return { refusal: FORBIDDEN }
    let limits = this.#limits.get(key.account)
    if (limits === undefined) {
      limits = new Limits(tier, nowMs())
      this.#limits.set(key.account, limits)
    }
    const paid =
      route.access === 'write'
        ? limits.write(route.cost, UNSCOPED, nowMs())
        : limits.read(route.cost, nowMs())
    return paid ? { account: key.account, limits } : { refusal: TOO_MANY_REQUESTS }
  }

  // ---- what everybody may see ----------------------------------------------------------------------------------

  #publicRoutes(): Route[] {
    const { venue, nowMs, portfolios } = this.#parts
    const open = (path: RegExp, answer: (call: Call) => Answer): Route => ({
      method: 'GET',
      path,
      access: 'open',
      cost: Cost.Default,
      answer,
    })
    const markets = (): Market[] => [...venue.markets.values()]
    return [
      open(/^\/exchange\/status$/, () => ok(this.#status())),
      open(/^\/exchange\/schedule$/, () => ok({ schedule: SCHEDULE })),
      open(/^\/exchange\/user_data_timestamp$/, () => ok({ as_of_time: time(portfolios.asOfMs(nowMs())) })),
      open(/^\/series\/fee_changes$/, () => ok({ series_fee_change_arr: [] })),
      open(/^\/events\/fee_changes$/, () => ok({ event_fee_changes: [], cursor: '' })),
      open(/^\/series$/, () => ok({ series: [...venue.series.values()].map(seriesDocument) })),
      open(/^\/series\/([^/]+)$/, ({ name }) =>
        found(venue.series.get(name), (series) => ({ series: seriesDocument(series) })),
      ),
      open(/^\/events$/, ({ query }) => {
        const nested = query.flag('with_nested_markets')
        const statuses = statusesOf(query)
        const events = [...venue.events.values()].filter(
          (event) =>
            query.allows('series_ticker', event.series.ticker) &&
            query.allows('tickers', event.ticker) &&
            (statuses === undefined || event.markets.some(({ status }) => statuses.includes(status))),
        )
        const page = query.page(events, EVENTS_PAGE, EVENTS_PAGE)
        return ok({ events: page.items.map((event) => eventDocument(event, nested)), cursor: page.cursor })
      }),
      open(/^\/events\/([^/]+)$/, ({ name, query }) =>
        found(venue.events.get(name), (event) => ({
          event: eventDocument(event, query.flag('with_nested_markets')),
          ...(query.flag('with_nested_markets') ? {} : { markets: event.markets.map(marketDocument) }),
        })),
      ),
      open(/^\/markets$/, ({ query }) => {
        const statuses = statusesOf(query)
        const page = query.page(
          markets().filter(
            (market) =>
              query.allows('event_ticker', market.event.ticker) &&
              query.allows('series_ticker', market.event.series.ticker) &&
              query.allows('tickers', market.ticker) &&
              (statuses === undefined || statuses.includes(market.status)),
          ),
          PAGE,
          PAGE_MAX,
        )
        return ok({ markets: page.items.map(marketDocument), cursor: page.cursor })
      }),
      open(/^\/markets\/trades$/, ({ query }) => {
        const ticker = query.text('ticker')
        const trades = markets()
          .filter((market) => ticker === undefined || market.ticker === ticker)
          .flatMap((market) => market.trades)
          .filter((trade) => query.within(trade.ms))
          .sort((a, b) => b.ms - a.ms)
        const page = query.page(trades, PAGE, PAGE_MAX)
        return ok({ trades: page.items.map(tradeDocument), cursor: page.cursor })
      }),
      {
        ...open(/^\/markets\/orderbooks$/, ({ query }) => {
          const tickers = query.all('tickers')
          if (tickers.length < 1 || tickers.length > ORDERBOOKS_MAX)
            return badParameter(`tickers must have 1 to ${ORDERBOOKS_MAX} items`)
          const known = tickers.flatMap((ticker) => venue.markets.get(ticker) ?? [])
          return ok({
            orderbooks: known.map((market) => ({
              ticker: market.ticker,
              orderbook_fp: orderbookDocument(market, 0),
            })),
          })
        }),
        access: 'read',
      },
      open(/^\/markets\/([^/]+)$/, ({ name }) =>
        found(venue.markets.get(name), (market) => ({ market: marketDocument(market) })),
      ),
      open(/^\/markets\/([^/]+)\/orderbook$/, ({ name, query }) => {
        const depth = query.integer('depth', Number.MIN_SAFE_INTEGER, 100) ?? 0
        return found(venue.markets.get(name), (market) => ({
          orderbook_fp: orderbookDocument(market, Math.max(depth, 0)),
        }))
      }),
    ]
  }

  #status(): object {
    const { venue } = this.#parts
    const state = {
      exchange_active: venue.pause !== 'exchange',
      trading_active: venue.pause === 'none',
      intra_exchange_transfers_active: true,
    }
    return {
      ...state,
      exchange_estimated_resume_time: null,
      exchange_index_statuses: SHARD_NAMES.map((description, exchange_index) => ({
        exchange_index,
        description,
        ...state,
      })),
    }
  }

  // ---- the account ---------------------------------------------------------------------------------------------

  #accountRoutes(): Route[] {
    const { venue, portfolios, nowMs } = this.#parts
    const read = (path: RegExp, answer: (call: Call) => Answer, cost: number = Cost.Default): Route => ({
      method: 'GET',
      path,
      access: 'read',
      cost,
      answer,
    })
    return [
      read(/^\/account\/limits$/, ({ limits }) => ok(limitsDocument(limits.tier))),
      read(/^\/account\/endpoint_costs$/, () =>
        ok({ default_cost: Cost.Default, endpoint_costs: ENDPOINT_COSTS }),
      ),
      read(/^\/portfolio\/balance$/, ({ account, query }) => {
        const shard = query.integer('exchange_index', 0, 63)
        const portfolio = portfolios.of(account, nowMs())
        const balances = portfolio.balances.filter(([at]) => shard === undefined || at === shard)
        const sum = balances.reduce((total, [, microUsd]) => total + microUsd, 0)
        let valueMicroUsd = 0
        for (const { market, lots } of portfolio.positions.values()) {
          if (shard !== undefined && market.exchangeIndex !== shard) continue
          valueMicroUsd += lots > 0 ? lots * market.lastPrice : -lots * (PRICE_ONE - market.lastPrice)
        }
        return ok({
          balance: cents(sum),
          balance_dollars: money(sum),
          portfolio_value: cents(valueMicroUsd),
          updated_ts: seconds(portfolio.balancesMs),
          balance_breakdown: balances.map(([exchange_index, microUsd]) => ({
            exchange_index,
            balance: money(microUsd),
          })),
        })
      }),
      read(/^\/portfolio\/positions$/, ({ account, query }) => {
        const filters = query.list('count_filter')
        const positions = [...portfolios.of(account, nowMs()).positions.values()].filter(
          ({ market, lots, tradedMicroUsd }) =>
            market.status !== 'finalized' &&
            query.allows('ticker', market.ticker) &&
            query.allows('event_ticker', market.event.ticker) &&
            query.allowsShard(market.exchangeIndex) &&
            filters.every((filter) => (filter === 'position' ? lots !== 0 : tradedMicroUsd !== 0)),
        )
        const page = query.page(positions, PAGE, PAGE_MAX)
        const events = new Set(page.items.map(({ market }) => market.event))
        return ok({
          market_positions: page.items.map(positionDocument),
          event_positions: [...events].map((event) =>
            eventPositionDocument(
              event,
              page.items.filter(({ market }) => market.event === event),
            ),
          ),
          cursor: page.cursor,
        })
      }),
      read(/^\/portfolio\/fills$/, ({ account, query }) => {
        const fills = portfolios
          .of(account, nowMs())
          .fills.filter(
            ({ trade, order }) =>
              query.allows('ticker', trade.market.ticker) &&
              query.allows('order_id', order.id) &&
              query.allowsShard(trade.market.exchangeIndex) &&
              query.within(trade.ms),
          )
          .reverse()
        const page = query.page(fills, PAGE, PAGE_MAX)
        return ok({ fills: page.items.map(fillDocument), cursor: page.cursor })
      }),
      read(/^\/portfolio\/settlements$/, ({ account, query }) => {
        const settlements = portfolios
          .of(account, nowMs())
          .settlements.filter(
            ({ market, ms }) =>
              query.allows('ticker', market.ticker) &&
              query.allows('event_ticker', market.event.ticker) &&
              query.allowsShard(market.exchangeIndex) &&
              query.within(ms),
          )
          .reverse()
        const page = query.page(settlements, PAGE, PAGE_MAX)
        return ok({ settlements: page.items.map(settlementDocument), cursor: page.cursor })
      }),
      read(/^\/portfolio\/orders$/, ({ account, query }) => {
        const orders = [...portfolios.of(account, nowMs()).orders.values()]
          .filter(
            (order) =>
              query.allows('ticker', order.market.ticker) &&
              query.allows('event_ticker', order.market.event.ticker) &&
              query.allows('status', order.status) &&
              query.allowsShard(order.market.exchangeIndex) &&
              query.within(order.createdMs),
          )
          .reverse()
        const page = query.page(orders, PAGE, PAGE_MAX)
        return ok({ orders: page.items.map(orderDocument), cursor: page.cursor })
      }),
      read(/^\/portfolio\/orders\/queue_positions$/, ({ account, query }) => {
        const resting = [...account.orders.values()].filter(
          (order) =>
            order.status === 'resting' &&
            query.allows('market_tickers', order.market.ticker) &&
            query.allows('event_ticker', order.market.event.ticker),
        )
        return ok({
          queue_positions: resting.map((order) => ({
            order_id: order.id,
            market_ticker: order.market.ticker,
            queue_position_fp: contracts(venue.queuePositionLots(order)),
          })),
        })
      }),
      read(/^\/portfolio\/orders\/([^/]+)\/queue_position$/, ({ account, name }) => {
        const order = account.orders.get(name)
        return found(order?.status === 'resting' ? order : undefined, (resting) => ({
          queue_position_fp: contracts(venue.queuePositionLots(resting)),
        }))
      }),
      read(
        /^\/portfolio\/orders\/([^/]+)$/,
        ({ account, name }) =>
          found(portfolios.of(account, nowMs()).orders.get(name), (order) => ({
            order: orderDocument(order),
          })),
        Cost.OneOrder,
      ),
      {
        method: 'POST',
        path: /^\/portfolio\/intra_exchange_instance_transfer$/,
        access: 'write',
        cost: Cost.Default,
        answer: ({ account, body }) => {
          const outcome = venue.transfer(
            account,
            body.integer('source_exchange_shard') ?? 0,
            body.integer('destination_exchange_shard') ?? 0,
            (body.integer('amount') ?? 0) * MICRO_USD_PER_CENTICENT,
          )
          return isRefused(outcome) ? refused(outcome.refusal) : ok({ transfer_id: outcome.value })
        },
      },
    ]
  }

  // ---- orders --------------------------------------------------------------------------------------------------

  #orderRoutes(): Route[] {
    const { venue } = this.#parts
    const write = (
      method: string,
      path: RegExp,
      answer: (call: Call) => Answer,
      cost: number = 0,
    ): Route => ({ method, path, access: 'write', cost, answer })
    return [
      write('POST', /^\/portfolio\/events\/orders$/, ({ account, body, limits }) => {
        const terms = orderTerms(body)
        if (!this.#paid(limits, Cost.Default, terms.exchangeIndex)) return TOO_MANY_REQUESTS
        return answerOrder(201, venue.placeOrder(account, terms))
      }),
      write('POST', /^\/portfolio\/events\/orders\/batched$/, ({ account, body, limits }) => {
        const orders = body.items('orders')
        if (!this.#paid(limits, Cost.Default * orders.length, UNSCOPED)) return TOO_MANY_REQUESTS
        return {
          status: 201,
          body: {
            orders: orders.map((item) =>
              inBatch({ client_order_id: item.string('client_order_id') ?? null }, () =>
                answerOrder(201, venue.placeOrder(account, orderTerms(item))),
              ),
            ),
          },
        }
      }),
      write('DELETE', /^\/portfolio\/events\/orders\/batched$/, ({ account, body, limits }) => {
        const orders = body.items('orders')
        if (!this.#paid(limits, Cost.Cancel * orders.length, UNSCOPED)) return TOO_MANY_REQUESTS
        return ok({
          orders: orders.map((item) => {
            const order_id = item.required('order_id')
            return inBatch({ order_id, reduced_by: contracts(0) }, () =>
              this.#cancel(
                account,
                order_id,
                shardOf(item.integer('exchange_index')),
                item.string('market_ticker'),
              ),
            )
          }),
        })
      }),
      write(
        'DELETE',
        /^\/portfolio\/events\/orders$/,
        ({ account }) => {
          const outcome = venue.cancelAll(account)
          return isRefused(outcome) ? refused(outcome.refusal) : { status: 204 }
        },
        Cost.CancelAll,
      ),
      write('DELETE', /^\/portfolio\/events\/orders\/([^/]+)$/, ({ account, name, query, limits }) => {
        const shard = shardOf(query.integer('exchange_index', -1, 63))
        if (!this.#paid(limits, Cost.Cancel, shard)) return TOO_MANY_REQUESTS
        return this.#cancel(account, name, shard, query.text('market_ticker'))
      }),
      write('POST', /^\/portfolio\/events\/orders\/([^/]+)\/amend$/, ({ account, name, body, limits }) => {
        const shard = shardOf(body.integer('exchange_index'))
        if (!this.#paid(limits, Cost.Default, shard)) return TOO_MANY_REQUESTS
        const to = {
          ticker: body.required('ticker'),
          side: sideOf(body),
          price: priceOf(body),
          lots: lotsOf(body, 'count'),
          clientOrderId: body.string('updated_client_order_id'),
        }
        return answerOrder(200, venue.amendOrder(account, name, to, shard))
      }),
      write('POST', /^\/portfolio\/events\/orders\/([^/]+)\/decrease$/, ({ account, name, body, limits }) => {
        const shard = shardOf(body.integer('exchange_index'))
        if (!this.#paid(limits, Cost.Default, shard)) return TOO_MANY_REQUESTS
        const by = body.string('reduce_by')
        const to = body.string('reduce_to')
        if ((by === undefined) === (to === undefined))
          return badRequest('exactly one of reduce_by and reduce_to')
        const less =
          by === undefined ? { reduceTo: lotsOf(body, 'reduce_to') } : { reduceBy: lotsOf(body, 'reduce_by') }
        const outcome = venue.decreaseOrder(account, name, less, shard, body.string('market_ticker'))
        if (isRefused(outcome)) return refused(outcome.refusal)
        const order = outcome.value
        return ok({
          order_id: order.id,
          ...(order.clientOrderId === '' ? {} : { client_order_id: order.clientOrderId }),
          remaining_count: contracts(order.remainingLots),
          ts_ms: order.updatedMs,
        })
      }),
      // Old mutations are gone since June 2026; Kalshi fact sheet, section 0.
      ...(['POST', 'DELETE'] as const).map((method) =>
        write(method, /^\/portfolio\/orders(?:\/.*)?$/, () => nested(410, 'deprecated_v1_order_endpoint')),
      ),
    ]
  }

  #cancel(account: Account, id: string, shard: number | undefined, ticker: string | undefined): Answer {
    const outcome = this.#parts.venue.cancelOrder(account, id, shard, ticker)
    if (isRefused(outcome)) return refused(outcome.refusal)
    const { order, lots } = outcome.value
    return ok({
      order_id: order.id,
      ...(order.clientOrderId === '' ? {} : { client_order_id: order.clientOrderId }),
      reduced_by: contracts(lots),
      ts_ms: order.updatedMs,
    })
  }

  #paid(limits: Limits, cost: number, exchangeIndex: number | undefined): boolean {
    return limits.write(cost, exchangeIndex, this.#parts.nowMs())
  }

  // ---- order groups --------------------------------------------------------------------------------------------

  #groupRoutes(): Route[] {
    const { venue } = this.#parts
    const route = (
      method: string,
      path: RegExp,
      answer: (call: Call, group: OrderGroup) => Answer,
    ): Route => ({
      method,
      path,
      access: method === 'GET' ? 'read' : 'write',
      cost: Cost.Default,
      answer(call) {
        const group = call.account.groups.get(call.name)
        // Where no shard is named it is 0.
        const shard = call.query.integer('exchange_index', 0, SHARD_NAMES.length - 1) ?? 0
        return group?.exchangeIndex === shard ? answer(call, group) : NOT_FOUND
      },
    })
    const done = (act: (account: Account, group: OrderGroup) => void) => (call: Call, group: OrderGroup) => {
      act(call.account, group)
      return ok({})
    }
    return [
      {
        method: 'POST',
        path: /^\/portfolio\/order_groups\/create$/,
        access: 'write',
        cost: Cost.Default,
        answer: ({ account, body }) => {
          const group = venue.createGroup(
            account,
            shardOf(body.integer('exchange_index')) ?? 0,
            groupLimit(body),
          )
          return {
            status: 201,
            body: { order_group_id: group.id, subaccount: 0, exchange_index: group.exchangeIndex },
          }
        },
      },
      {
        method: 'GET',
        path: /^\/portfolio\/order_groups$/,
        access: 'read',
        cost: Cost.Default,
        answer: ({ account }) =>
          ok({
            order_groups: [...account.groups.values()].map((group) => ({
              id: group.id,
              ...groupDocument(group),
            })),
          }),
      },
      route('GET', /^\/portfolio\/order_groups\/([^/]+)$/, (_, group) =>
        ok({ ...groupDocument(group), orders: [...group.orderIds] }),
      ),
      route(
        'DELETE',
        /^\/portfolio\/order_groups\/([^/]+)$/,
        done((account, group) => venue.deleteGroup(account, group)),
      ),
      route(
        'PUT',
        /^\/portfolio\/order_groups\/([^/]+)\/reset$/,
        done((account, group) => venue.resetGroup(account, group)),
      ),
      route(
        'PUT',
        /^\/portfolio\/order_groups\/([^/]+)\/trigger$/,
        done((account, group) => venue.triggerGroup(account, group)),
      ),
      route('PUT', /^\/portfolio\/order_groups\/([^/]+)\/limit$/, (call, group) => {
        venue.limitGroup(call.account, group, groupLimit(call.body))
        return ok({})
      }),
    ]
  }
}

function ok(body: unknown): Answer {
  return { status: 200, body }
}

function found<Value>(value: Value | undefined, document: (value: Value) => object): Answer {
  return value === undefined ? NOT_FOUND : ok(document(value))
}

function statusesOf(query: Query): readonly string[] | undefined {
  const status = query.text('status')
  if (status === undefined) return undefined
  const statuses = STATUS_FILTER[status]
  if (statuses === undefined)
    throw new NotAsTyped(badParameter(`status ${status} is not one of the enum values`))
  return statuses
}

function answerOrder(status: number, outcome: Outcome<Order>): Answer {
  return isRefused(outcome) ? refused(outcome.refusal) : { status, body: orderAnswer(outcome.value) }
}

/** One of a batch: what it answers, or its error beside what names it. */
function inBatch(name: object, act: () => Answer): object {
  let answer: Answer
  try {
    answer = act()
  } catch (error) {
    if (!(error instanceof NotAsTyped)) throw error
    answer = error.answer
  }
  if (answer.status < 300) return answer.body as object
  const { error = answer.body } = answer.body as { error?: unknown }
  return { ...name, error }
}

function orderTerms(body: Body): OrderTerms {
  const expiration = body.integer('expiration_time')
  return {
    ticker: body.required('ticker'),
    side: sideOf(body),
    price: priceOf(body),
    lots: lotsOf(body, 'count'),
    timeInForce: body.oneOf('time_in_force', ['fill_or_kill', 'good_till_canceled', 'immediate_or_cancel']),
    selfTradePrevention: body.oneOf('self_trade_prevention_type', ['taker_at_cross', 'maker']),
    clientOrderId: body.string('client_order_id') ?? '',
    expirationMs: expiration === undefined ? undefined : expiration * MS_PER_S,
    postOnly: body.flag('post_only'),
    reduceOnly: body.flag('reduce_only'),
    cancelOnPause: body.flag('cancel_order_on_pause'),
    orderGroupId: body.string('order_group_id'),
    exchangeIndex: shardOf(body.integer('exchange_index')),
  }
}

function sideOf(body: Body): typeof SIDE_BID | typeof SIDE_ASK {
  return body.oneOf('side', ['bid', 'ask']) === 'bid' ? SIDE_BID : SIDE_ASK
}

/** -1 and nothing both mean: find it by the ticker. */
function shardOf(exchangeIndex: number | undefined): number | undefined {
  return exchangeIndex === undefined || exchangeIndex < 0 ? undefined : exchangeIndex
}

function priceOf(body: Body): number {
  const price = scaledFromDecimal(body.required('price'), 4)
  // Finer than any grid.
  if (price === undefined) throw new NotAsTyped(refused('invalid_price'))
  return price
}

function lotsOf(body: Body, field: string): number {
  const lots = scaledFromDecimal(body.required(field), 2)
  if (lots === undefined || lots < 0) throw new NotAsTyped(refused('invalid_count'))
  return lots
}

function groupLimit(body: Body): number {
  const whole = body.integer('contracts_limit')
  const lots = whole === undefined ? lotsOf(body, 'contracts_limit_fp') : whole * 100
  if (lots < 1) throw new NotAsTyped(badRequest('contracts_limit must be above 0'))
  return lots
}

function groupDocument(group: OrderGroup): object {
  return {
    contracts_limit_fp: contracts(group.limitLots),
    is_auto_cancel_enabled: group.triggered,
    exchange_index: group.exchangeIndex,
  }
}

function limitsDocument(tier: Tier): object {
  const { read, write } = TIERS[tier]
  const bucket = ({ perSecond, capacity }: { perSecond: number; capacity: number }): object => ({
    refill_rate: perSecond,
    bucket_capacity: capacity,
  })
  return { usage_tier: tier, read: bucket(read), write: bucket(write), grants: [] }
}

const ENDPOINT_COSTS = [
  { method: 'DELETE', path: `${ROOT}/portfolio/events/orders/:order_id`, cost: Cost.Cancel },
  { method: 'DELETE', path: `${ROOT}/portfolio/events/orders`, cost: Cost.CancelAll },
  { method: 'GET', path: `${ROOT}/portfolio/orders/:order_id`, cost: Cost.OneOrder },
]

const ALL_DAY = [{ open_time: '00:00', close_time: '00:00' }]
/** Every Thursday from 3 to 5 New York time trading pauses. */
const SCHEDULE = {
  standard_hours: [
    {
      start_time: '2024-12-01T00:00:00Z',
      end_time: '2200-12-01T00:00:00Z',
      monday: ALL_DAY,
      tuesday: ALL_DAY,
      wednesday: ALL_DAY,
      thursday: [
        { open_time: '00:00', close_time: '03:00' },
        { open_time: '05:00', close_time: '00:00' },
      ],
      friday: ALL_DAY,
      saturday: ALL_DAY,
      sunday: ALL_DAY,
    },
  ],
  maintenance_windows: [],
}
