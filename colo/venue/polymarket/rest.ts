import { assert } from '@tandem/shared/assert.ts'
import { scaledFromDecimal } from '@tandem/shared/decimal.ts'
import { fieldsOf, Retry, textOf } from '../answer.ts'
import { ascii } from '../ascii.ts'
import type { ToldTrade } from '../leg.ts'
import { type Asker, ask, type Explain, PAGES_MAX, rowsOf, unreadableAnswer } from '../rest.ts'
import { SEAL_LENGTH, type Seal } from './auth.ts'
import type { OrderRequestParts } from './encode.ts'
import { POLYMARKET_MEANINGS, polymarketErrorOf } from './error.ts'
import { polymarketTradeOf } from './private.ts'
import { PolymarketPath } from './urls.ts'

// Polymarket fact sheet, sections 5, 6.4 and 7.

export interface PolymarketRestParts {
  readonly dispatcher: Asker
  readonly account: Pick<OrderRequestParts, 'address' | 'apiKey' | 'passphrase'>
  readonly signatureType: number
  readonly seal: Seal
  readonly wallMs: () => number
}

/** Tokens of one question: more are refused as a whole. */
const BOOKS_MAX = 500
const FIRST_PAGE = 'MA=='
const LAST_PAGE = 'LTE='

const explain: Explain = (status, body) => {
  const { sentence, retry } = POLYMARKET_MEANINGS[polymarketErrorOf(status, body)]
  return { sentence, retry: retry !== Retry.Never }
}

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
    return Buffer.from(await ask(this.#parts.dispatcher, question, explain))
  }

  /** The venue's clock, in whole seconds. */
  async timeS(): Promise<number> {
    const question = { method: 'GET', path: PolymarketPath.Time } as const
    const seconds = Number(await ask(this.#parts.dispatcher, question, explain))
    if (!Number.isSafeInteger(seconds)) throw unreadableAnswer(PolymarketPath.Time, 'the time is no number')
    return seconds
  }

  /** One trade as the private channel would tell it; undefined while the venue does not show it. */
  async trade(tradeId: string): Promise<ToldTrade | undefined> {
    const rows = await this.#list(PolymarketPath.Trades, { id: tradeId })
    return rows.map(polymarketTradeOf).find((told) => told?.tradeId === tradeId)
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
    const timestampS = Math.floor(wallMs() / 1_000)
    const signature = Buffer.alloc(SEAL_LENGTH)
    seal.write(signature, 0, timestampS, ascii(`GET${path}`), signature, 0, 0)
    const headers = {
      POLY_ADDRESS: account.address,
      POLY_SIGNATURE: signature.toString('latin1'),
      POLY_TIMESTAMP: String(timestampS),
      POLY_API_KEY: account.apiKey,
      POLY_PASSPHRASE: account.passphrase,
    }
    return ask(dispatcher, { method: 'GET', path, query, headers }, explain)
  }
}
