import { assert } from '@tandem/shared/assert.ts'
import { scaledFromDecimal } from '@tandem/shared/decimal.ts'
import { MICRO_SHARES_PER_LOT, MICRO_USD_PER_CENT } from '@tandem/shared/units.ts'
import { fieldsOf, Retry, textOf } from '../answer.ts'
import type { Looked, ToldTrade } from '../leg.ts'
import {
  type Asker,
  ask,
  askIfThere,
  type Explain,
  PAGES_MAX,
  type Question,
  rowsOf,
  unreadableAnswer,
} from '../rest.ts'
import { CLOCKS_APART_MS_MAX } from '../skew.ts'
import { ORDER_GROUP_ID, SignedRequest } from './auth.ts'
import { KALSHI_MEANINGS, kalshiErrorOf } from './error.ts'
import { kalshiFillOf, kalshiOrderOf } from './private.ts'
import { KalshiPath, kalshiTriggerPath } from './urls.ts'

// Kalshi fact sheet, sections 4, 4.1 and 4.5. What the portfolio answers lags behind the engine by up to half a second.

export interface KalshiRestParts {
  readonly dispatcher: Asker
  /** The three headers of one of the listed requests, signed for now. */
  readonly headers: (request: SignedRequest, id?: string) => Promise<Record<string, string>>
}

/** What an account may write: it differs by tier. */
export interface KalshiWriteLimit {
  readonly tokensPerS: number
  readonly capacity: number
}

/** How a market of ours ended: what one YES paid, from nothing to a dollar. */
export interface KalshiSettlement {
  readonly ticker: string
  readonly yesMicroUsd: number
}

/** A book as REST tells it: both sides are bids, each in its own outcome's prices; `[price, lots]`. */
export interface KalshiOrderBook {
  readonly ticker: string
  readonly yes: readonly (readonly [price: number, lots: number])[]
  readonly no: readonly (readonly [price: number, lots: number])[]
}

export interface KalshiOrder {
  readonly ticker: string
  /** The client order id. */
  readonly name: string
  readonly buysYes: boolean
}

/** What is held of a market: positive is YES, negative NO. */
export interface KalshiPosition {
  readonly ticker: string
  readonly microShares: number
}

const PAGE = '200'
const ORDER_BOOKS_MAX = 100
/** An order is absent once the account is shown as of two seconds after the sending, and what our clock is off. */
const FRESH_MS = 2_000 + CLOCKS_APART_MS_MAX
/** Where the answers of a path are, and the request that its signature covers. */
const LISTS = {
  fills: [KalshiPath.Fills, SignedRequest.Fills, 'fills'],
  positions: [KalshiPath.Positions, SignedRequest.Positions, 'market_positions'],
  settlements: [KalshiPath.Settlements, SignedRequest.Settlements, 'settlements'],
  orders: [KalshiPath.OrderHistory, SignedRequest.Orders, 'orders'],
} as const

const explain: Explain = (status, body) => {
  const { sentence, retry } = KALSHI_MEANINGS[kalshiErrorOf(status, body)]
  return { sentence, retry: retry !== Retry.Never }
}

export class KalshiRest {
  readonly #parts: KalshiRestParts

  constructor(parts: KalshiRestParts) {
    this.#parts = parts
  }

  /** Every fill of an order, as the private channel would tell it. Rows that are none are left out. */
  async fillsOf(orderId: string): Promise<ToldTrade[]> {
    const rows = await this.#list('fills', { order_id: orderId })
    return rows.map(kalshiFillOf).filter((told) => told !== undefined)
  }

  /** What our orders of a market filled since a moment, as the private channel would tell it. */
  async filledSince(ticker: string, sinceMs: number): Promise<ToldTrade[]> {
    const told: ToldTrade[] = []
    for (const row of await this.orders(ticker, sinceMs)) {
      const order = kalshiOrderOf(row)
      if (order === undefined || order.filledMicroShares === 0) continue
      const { clientOrderId } = order
      // Fills do not name us.
      told.push(...(await this.fillsOf(order.orderId)).map((fill) => ({ ...fill, clientOrderId })))
    }
    return told
  }

  /** Orders of a market since a moment. */
  orders(ticker: string, sinceMs: number): Promise<Record<string, unknown>[]> {
    return this.#list('orders', { ticker, min_ts: String(Math.floor(sinceMs / 1_000)) })
  }

  /**
   * What became of one order.
   *
   * @param name our own id of it
   * @param orderId the venue's, or empty where no answer told it
   * @param sentMs when it was sent, by the venue's clock as far as that is known
   */
  async lookUp(ticker: string, name: string, orderId: string, sentMs: number): Promise<Looked> {
    if (orderId !== '') return { trades: await this.fillsOf(orderId), order: undefined, isGone: false }
    // Asked first: what is read after it is at least as fresh.
    const asOfMs = await this.userDataMs()
    const rows = await this.orders(ticker, sentMs - CLOCKS_APART_MS_MAX)
    const row = rows.find(({ client_order_id }) => client_order_id === name)
    if (row === undefined) return { trades: [], order: undefined, isGone: asOfMs >= sentMs + FRESH_MS }
    const order = kalshiOrderOf(row)
    return { trades: order === undefined ? [] : await this.fillsOf(order.orderId), order, isGone: false }
  }

  /**
   * Our orders of all markets since a moment, by their client order ids, and how fresh that is: for orders whose sending
   * was not written down.
   */
  async ordersSince(sinceMs: number): Promise<{ readonly asOfMs: number; readonly orders: KalshiOrder[] }> {
    const asOfMs = await this.userDataMs()
    const rows = await this.#list('orders', { min_ts: String(Math.floor(sinceMs / 1_000)) })
    return {
      asOfMs,
      orders: rows.map(({ ticker, client_order_id, outcome_side }) => ({
        ticker: textOf(ticker),
        name: textOf(client_order_id),
        buysYes: outcome_side === 'yes',
      })),
    }
  }

  async positions(): Promise<KalshiPosition[]> {
    const rows = await this.#list('positions', {})
    return rows.map((row) => {
      const lots = scaledFromDecimal(textOf(row.position_fp), 2)
      const ticker = textOf(row.ticker)
      if (lots === undefined || ticker === '')
        throw unreadableAnswer(KalshiPath.Positions, 'a position has no ticker or no count')
      return { ticker, microShares: lots * MICRO_SHARES_PER_LOT }
    })
  }

  /** Markets of ours that were settled. A result that is none of those that we know is left out. */
  async settlements(): Promise<KalshiSettlement[]> {
    const rows = await this.#list('settlements', {})
    return rows.flatMap(({ ticker, market_result, value }) => {
      const cents = market_result === 'yes' ? 100 : market_result === 'no' ? 0 : value
      const isPaid = typeof cents === 'number' && Number.isInteger(cents) && cents >= 0 && cents <= 100
      return isPaid ? [{ ticker: textOf(ticker), yesMicroUsd: cents * MICRO_USD_PER_CENT }] : []
    })
  }

  /** Free money in micro-dollars by shard: each has its own, and an order takes from its market's alone. */
  async balancesMicroUsd(): Promise<Map<number, number>> {
    const body = await this.#askSigned(SignedRequest.Balance, { method: 'GET', path: KalshiPath.Balance })
    const balances = rowsOf(body, 'balance_breakdown').map(({ exchange_index, balance }) => {
      const microUsd = scaledFromDecimal(textOf(balance), 6)
      if (typeof exchange_index !== 'number' || microUsd === undefined)
        throw unreadableAnswer(KalshiPath.Balance, 'a shard has no number or no balance')
      return [exchange_index, microUsd] as const
    })
    // Every account has a shard; an answer without one is of a portfolio that does not show it yet.
    if (balances.length === 0) throw unreadableAnswer(KalshiPath.Balance, 'there is no shard')
    return new Map(balances)
  }

  /** How fresh orders, fills, positions and balances are, in milliseconds since the epoch. */
  async userDataMs(): Promise<number> {
    const question = { method: 'GET', path: KalshiPath.UserDataTimestamp } as const
    const { as_of_time } = fieldsOf(await ask(this.#parts.dispatcher, question, explain))
    const atMs = Date.parse(textOf(as_of_time))
    if (Number.isNaN(atMs)) throw unreadableAnswer(KalshiPath.UserDataTimestamp, 'as_of_time is no time')
    return atMs
  }

  /** Books of some markets, 100 at most; without a time. */
  async orderBooks(tickers: readonly string[]): Promise<KalshiOrderBook[]> {
    assert(tickers.length > 0 && tickers.length <= ORDER_BOOKS_MAX, 'KALSHI_BOOKS_OF_ONE_QUESTION')
    const body = await this.#askSigned(SignedRequest.OrderBooks, {
      method: 'GET',
      path: KalshiPath.OrderBooks,
      query: { tickers: [...tickers] },
    })
    return rowsOf(body, 'orderbooks').map(({ ticker, orderbook_fp }) => {
      const sides = (orderbook_fp ?? {}) as Record<string, unknown>
      return {
        ticker: textOf(ticker),
        yes: levelsOf(sides.yes_dollars),
        no: levelsOf(sides.no_dollars),
      }
    })
  }

  /** For the bucket of the gateway. */
  async writeLimit(): Promise<KalshiWriteLimit> {
    const path = KalshiPath.AccountLimits
    const body = await this.#askSigned(SignedRequest.AccountLimits, { method: 'GET', path })
    const { refill_rate, bucket_capacity } = (fieldsOf(body).write ?? {}) as Record<string, unknown>
    if (!isCount(refill_rate) || !isCount(bucket_capacity))
      throw unreadableAnswer(path, 'there are no write tokens')
    return { tokensPerS: refill_rate, capacity: bucket_capacity }
  }

  /**
   * A group whose orders match at most so many contracts within 15 seconds (section 4.4).
   *
   * @returns its id
   */
  async createOrderGroup(shard: number, contracts: number): Promise<string> {
    const path = KalshiPath.NewOrderGroup
    const body = JSON.stringify({ contracts_limit: contracts, exchange_index: shard })
    const answer = await this.#askSigned(SignedRequest.CreateOrderGroup, { method: 'POST', path, body })
    const id = textOf(fieldsOf(answer).order_group_id)
    if (!ORDER_GROUP_ID.test(id)) throw unreadableAnswer(path, 'the group has no id that an order could name')
    return id
  }

  /**
   * Stops whatever names a group, for good; fulfilled also when there is no such group.
   *
   * A group is on one shard, and one that is asked for on another looks as if it were gone; without a shard the venue takes
   * 0 (section 4.4, and the venue's own client). So it is asked for on every shard until it was there.
   */
  async triggerOrderGroup(id: string): Promise<void> {
    const path = kalshiTriggerPath(id)
    for (const shard of await this.#shards()) {
      const headers = await this.#parts.headers(SignedRequest.TriggerOrderGroup, id)
      const question = {
        method: 'PUT',
        path,
        query: { exchange_index: String(shard) },
        headers,
        body: '{}',
      } as const
      const answer = await askIfThere(this.#parts.dispatcher, question, explain, (status) => status === 404)
      if (answer !== undefined) return
    }
  }

  /** All that the exchange has. */
  async #shards(): Promise<number[]> {
    const path = KalshiPath.ExchangeStatus
    const body = await ask(this.#parts.dispatcher, { method: 'GET', path }, explain)
    const shards = rowsOf(body, 'exchange_index_statuses').map(({ exchange_index }) => exchange_index)
    if (shards.length === 0 || !shards.every(Number.isSafeInteger))
      throw unreadableAnswer(path, 'the exchange has no shards')
    return shards as number[]
  }

  async #list(name: keyof typeof LISTS, query: Record<string, string>): Promise<Record<string, unknown>[]> {
    const [path, request, key] = LISTS[name]
    const rows: Record<string, unknown>[] = []
    let cursor = ''
    for (let page = 0; page < PAGES_MAX; page++) {
      const onward = cursor === '' ? {} : { cursor }
      const body = await this.#askSigned(request, {
        method: 'GET',
        path,
        query: { limit: PAGE, ...query, ...onward },
      })
      rows.push(...rowsOf(body, key))
      cursor = textOf(fieldsOf(body).cursor)
      if (cursor === '') return rows
    }
    throw unreadableAnswer(path, `the list has more than ${PAGES_MAX} pages`)
  }

  async #askSigned(request: SignedRequest, question: Question): Promise<string> {
    const headers = await this.#parts.headers(request)
    return ask(this.#parts.dispatcher, { ...question, headers }, explain)
  }
}

/** An empty side may be left out. */
function levelsOf(side: unknown): [price: number, lots: number][] {
  return ((side ?? []) as unknown[][]).map((level) => {
    const [price, lots] = [scaledFromDecimal(textOf(level[0]), 4), scaledFromDecimal(textOf(level[1]), 2)]
    if (price === undefined || lots === undefined)
      throw unreadableAnswer(KalshiPath.OrderBooks, 'a level has no price or no size')
    return [price, lots]
  })
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0
}
