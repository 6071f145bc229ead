import { assert } from '@tandem/shared/assert.ts'
import { scaledFromDecimal } from '@tandem/shared/decimal.ts'
import { MICRO_SHARES_PER_LOT, MICRO_USD_PER_USD } from '@tandem/shared/units.ts'
import { fieldsOf, textOf } from '../answer.ts'
import type { Looked, ToldTrade } from '../leg.ts'
import { type Asker, ask, PAGES_MAX, rowsOf, unreadableAnswer } from '../rest.ts'
import { CLOCKS_APART_MS_MAX } from '../skew.ts'
import { microSharesOf } from '../told.ts'
import { type AskingAccount, type Seal, sealedHeaders } from './auth.ts'
import { explainPolymarket } from './error.ts'
import { polymarketOrderOf, polymarketTradeOf } from './private.ts'
import { marketPath, orderPath, PolymarketPath } from './urls.ts'

// Polymarket fact sheet, sections 5, 6.4 and 7.

export interface PolymarketRestParts {
  readonly dispatcher: Asker
  readonly account: AskingAccount
  readonly signatureType: number
  readonly seal: Seal
  readonly wallMs: () => number
}

export interface PolymarketTaker {
  /** The order's hash. */
  readonly name: string
  readonly token: string
  readonly sells: boolean
}

/** Tokens of one question: more are refused as a whole. */
const BOOKS_MAX = 500
const FIRST_PAGE = 'MA=='
const LAST_PAGE = 'LTE='

export class PolymarketRest {
  readonly #parts: PolymarketRestParts

  constructor(parts: PolymarketRestParts) {
    this.#parts = parts
  }

  /** Books as the venue wrote them, for the codec; unknown tokens are left out and the order is not kept. */
  async books(tokens: readonly string[]): Promise<Buffer> {
    assert(tokens.length <= BOOKS_MAX, 'POLYMARKET_BOOKS_OF_ONE_QUESTION')
    const body = JSON.stringify(tokens.map((token) => ({ token_id: token })))
    const question = { method: 'POST', path: PolymarketPath.Books, body } as const
    return Buffer.from(await ask(this.#parts.dispatcher, question, explainPolymarket))
  }

  /** The venue's clock, in whole seconds. */
  async timeS(): Promise<number> {
    const question = { method: 'GET', path: PolymarketPath.Time } as const
    const seconds = Number(await ask(this.#parts.dispatcher, question, explainPolymarket))
    if (!Number.isSafeInteger(seconds)) throw unreadableAnswer(PolymarketPath.Time, 'the time is no number')
    return seconds
  }

  /**
   * What became of one order, an immediate one: it rests nowhere, so what is not matched is gone.
   *
   * @param hash its id
   * @param sentMs when it was sent, by the venue's clock as far as that is known
   * @param heldMicroShares of its token, as our books of account have it without the order
   */
  async lookUp(token: string, hash: string, sentMs: number, heldMicroShares: number): Promise<Looked> {
    const order = polymarketOrderOf(fieldsOf(await this.#askSealed(orderPath(hash), {})))
    const after = String(Math.floor((sentMs - CLOCKS_APART_MS_MAX) / 1_000))
    const rows = await this.#list(PolymarketPath.Trades, { asset_id: token, after })
    const trades = rows.map(polymarketTradeOf).filter((told) => told?.orderId === hash) as ToldTrade[]
    if (order?.ended === true) return { trades, order, isGone: false }
    const filled = trades.reduce((sum, { fills, failed }) => sum + (failed ? 0 : microSharesOf(fills)), 0)
    const held = await this.heldMicroShares(token)
    const isHeldAsTold = Math.abs(held - heldMicroShares - filled) < MICRO_SHARES_PER_LOT
    return { trades, order: undefined, isGone: order === undefined && isHeldAsTold }
  }

  /** What our orders took since a moment, as the private channel would tell it. */
  async tradesSince(sinceMs: number): Promise<ToldTrade[]> {
    const after = String(Math.floor((sinceMs - CLOCKS_APART_MS_MAX) / 1_000))
    const rows = await this.#list(PolymarketPath.Trades, { after })
    return rows.map(polymarketTradeOf).filter((told) => told !== undefined)
  }

  /** Our orders that took something since a moment: for those whose sending was not written down. */
  async takersSince(sinceMs: number): Promise<PolymarketTaker[]> {
    const rows = await this.#list(PolymarketPath.Trades, { after: String(Math.floor(sinceMs / 1_000)) })
    return rows
      .filter(({ trader_side }) => trader_side !== 'MAKER')
      .map(({ taker_order_id, asset_id, side }) => ({
        name: textOf(taker_order_id).toLowerCase(),
        token: textOf(asset_id),
        sells: side === 'SELL',
      }))
  }

  /**
   * What a share of a token pays, in micro-dollars, once its market has a winner (fact sheet, section 5). Undefined before
   * that, and for a market that is settled at a price in between: where the venue would say so is not known.
   */
  async resolution(conditionId: string, token: string): Promise<number | undefined> {
    const question = { method: 'GET', path: marketPath(conditionId) } as const
    const { closed, tokens } = fieldsOf(await ask(this.#parts.dispatcher, question, explainPolymarket))
    if (closed !== true || !Array.isArray(tokens)) return undefined
    const [winner, ...others] = tokens.filter((each) => each?.winner === true)
    if (winner === undefined || others.length > 0) return undefined
    return textOf(winner.token_id) === token ? MICRO_USD_PER_USD : 0
  }

  openOrders(): Promise<Record<string, unknown>[]> {
    return this.#list(PolymarketPath.OpenOrders, {})
  }

  /** Free dollars, in micro-dollars. The venue remembers what it saw on the chain: it may be a while old. */
  balanceMicroUsd(): Promise<number> {
    return this.#balance({ asset_type: 'COLLATERAL' })
  }

  /** Shares of one token. */
  heldMicroShares(token: string): Promise<number> {
    return this.#balance({ asset_type: 'CONDITIONAL', token_id: token })
  }

  async #balance(asset: Record<string, string>): Promise<number> {
    const query = { ...asset, signature_type: String(this.#parts.signatureType) }
    const { balance } = fieldsOf(await this.#askSealed(PolymarketPath.BalanceAllowance, query))
    const held = scaledFromDecimal(textOf(balance), 0)
    if (held === undefined) throw unreadableAnswer(PolymarketPath.BalanceAllowance, 'there is no balance')
    return held
  }

  async #list(path: string, query: Record<string, string>): Promise<Record<string, unknown>[]> {
    const rows: Record<string, unknown>[] = []
    let cursor = FIRST_PAGE
    for (let page = 0; page < PAGES_MAX; page++) {
      const body = await this.#askSealed(path, { ...query, next_cursor: cursor })
      rows.push(...rowsOf(body, 'data'))
      cursor = textOf(fieldsOf(body).next_cursor)
      if (cursor === LAST_PAGE || cursor === '') return rows
    }
    throw unreadableAnswer(path, `the list has more than ${PAGES_MAX} pages`)
  }

  #askSealed(path: string, query: Record<string, string>): Promise<string> {
    const { dispatcher, account, seal, wallMs } = this.#parts
    const headers = sealedHeaders(account, seal, 'GET', path, wallMs())
    return ask(dispatcher, { method: 'GET', path, query, headers }, explainPolymarket)
  }
}
