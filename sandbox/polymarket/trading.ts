import { COLLATERAL } from '../engine/polymarket/funds.ts'
import type { Market } from '../engine/polymarket/market.ts'
import type { OrderTerms } from '../engine/polymarket/order.ts'
import type { NotCanceled, Answer as Outcome, Placed, PolymarketVenue } from '../engine/polymarket/venue.ts'
import type { Faults } from '../faults.ts'
import type { Timings } from '../timings.ts'
import { matchedText, orderOf, tradeOf } from './documents.ts'
import {
  type Answer,
  failed,
  INVALID_API_KEY,
  INVALID_L1_HEADERS,
  INVALID_PAYLOAD,
  KEY_NOT_CREATED,
  KEY_NOT_DERIVED,
  MARKET_NOT_FOUND,
  NO_ORDERBOOK,
  NOT_THE_OWNER,
  NOT_THE_SIGNER,
  OLD_VERSION,
  RATE_LIMITED,
  RESTARTING,
  refused,
  textOf,
  tooMany,
  UNAVAILABLE,
  VERSION_MISMATCH,
} from './errors.ts'
import type { ApiKeys, Credentials } from './keys.ts'
import type { Limits } from './limits.ts'
import { fields, parseJson, readPosted } from './payload.ts'
import { lastPart, ok, pageOf, type Request, type Routes } from './request.ts'
import { exchangeOf, isForOtherVersion, type OrderSignatures, SignatureType, spenders } from './signature.ts'

// What is asked by an account: Polymarket fact sheet, sections 6 and 7.

const ORDERS_A_BATCH = 15
const CANCELS_A_BATCH = 1_000
const DOCUMENTS_A_PAGE = 100
const ALLOWANCE = String(2n ** 256n - 1n)

const NOT_CANCELED: Readonly<Record<NotCanceled, string>> = {
  unknown: "order can't be found - already canceled or matched",
  gone: 'already canceled or matched',
  held: 'order match delayed due to market conditions',
}

export interface TradingParts {
  readonly venue: PolymarketVenue
  readonly keys: ApiKeys
  readonly limits: Limits
  readonly faults: Faults
  readonly timings: Timings
  readonly signatures: OrderSignatures
  readonly chainId: number
  nowMs(): number
}

/** Who asks: an API key and its wallet. */
interface Asker {
  readonly apiKey: string
  readonly address: string
}

/** An order that is signed by whom it should be, or why it is not taken. */
type Checked = { readonly terms: OrderTerms; readonly market: Market } | { readonly answer: Answer }

export class Trading {
  readonly routes: Routes
  readonly #parts: TradingParts
  /** Proxy, Safe and deposit wallets: which wallet signed for each first, and it alone since. */
  readonly #signers = new Map<string, string>()
  /** By wallet that signs and signature type: the wallet whose money it is. */
  readonly #funders = new Map<string, string>()

  constructor(parts: TradingParts) {
    this.#parts = parts
    const { venue, keys } = parts
    this.routes = {
      'POST /auth/api-key': this.#l1((...of) => keys.create(...of), KEY_NOT_CREATED),
      'GET /auth/derive-api-key': this.#l1((...of) => keys.derive(...of), KEY_NOT_DERIVED),
      'GET /auth/api-keys': this.#l2((_, { address }) => ok({ apiKeys: keys.keysOf(address) })),
      'DELETE /auth/api-key': this.#l2((_, { apiKey }) => {
        keys.forget(apiKey)
        return ok('OK')
      }),
      'GET /auth/ban-status/closed-only': this.#l2(() => ok({ closed_only: false })),
      'POST /order': this.#trade('orders', (request, asker) => this.#postOne(request, asker)),
      'POST /orders': this.#trade('orders', (request, asker) => this.#postMany(request, asker)),
      'DELETE /order': this.#trade('cancels', ({ body }, { address }) => {
        const id = fields(parseJson(body))?.orderID
        return typeof id === 'string' ? this.#cancel(address, [id]) : INVALID_PAYLOAD
      }),
      'DELETE /orders': this.#trade('cancels', ({ body }, { address }) => {
        const ids = parseJson(body)
        if (!Array.isArray(ids) || !ids.every((id) => typeof id === 'string')) return INVALID_PAYLOAD
        return ids.length > CANCELS_A_BATCH
          ? tooMany(ids.length, CANCELS_A_BATCH)
          : this.#cancel(address, ids)
      }),
      'DELETE /cancel-all': this.#trade('cancels', (_, { address }) => this.#cancelOf(address, {})),
      'DELETE /cancel-market-orders': this.#trade('cancels', ({ body }, { address }) => {
        const filter = fields(parseJson(body))
        return filter === undefined ? INVALID_PAYLOAD : this.#cancelOf(address, filter)
      }),
      'GET /data/order/': this.#l2(({ path }, { address }) => {
        const order = venue.order(this.#accountsOf(address), lastPart(path))
        return ok(order === undefined ? null : orderOf(order))
      }),
      'GET /data/orders': this.#l2(({ query }, { address }) => {
        const orders = venue
          .ordersOf(this.#accountsOf(address))
          .filter(({ id, market, outcome }) =>
            matches(query, { id, market: market.terms.conditionId, asset_id: market.terms.tokens[outcome] }),
          )
        return pageOf(orders.map(orderOf), query, DOCUMENTS_A_PAGE)
      }),
      'GET /data/trades': this.#l2((request, { address }) => this.#trades(request, address)),
      'GET /balance-allowance': this.#l2((request, asker) => this.#balance(request, asker)),
      // The venue would read the chain anew. Ours is never behind.
      'GET /balance-allowance/update': this.#l2(() => ok('')),
      'POST /v1/heartbeats': this.#l2(({ body }, { apiKey }) => {
        const id = fields(parseJson(body))?.heartbeat_id
        if (typeof id !== 'string') return INVALID_PAYLOAD
        const beat = venue.heartbeat(apiKey, id)
        return beat.ok
          ? ok({ heartbeat_id: beat.id })
          : { status: 400, body: { error_msg: 'Invalid Heartbeat ID', heartbeat_id: beat.id } }
      }),
      'POST /heartbeats': this.#l2((_, { apiKey }) => {
        venue.heartbeat(apiKey)
        return ok({ status: 'ok' })
      }),
    }
  }

  #l1(keyOf: (address: string, nonce: number) => Credentials | undefined, without: Answer) {
    return async ({ headers }: Request): Promise<Answer> => {
      const wallet = await this.#parts.keys.wallet(headers, this.#parts.nowMs())
      if (wallet === undefined) return INVALID_L1_HEADERS
      const key = keyOf(wallet.address, wallet.nonce)
      return key === undefined ? without : ok(key)
    }
  }

  /** The accounts that a wallet signs for. Orders and trades are theirs, whatever key they were sent under. */
  #accountsOf(address: string): ReadonlySet<string> {
    return new Set([...this.#signers].filter(([, wallet]) => wallet === address).map(([account]) => account))
  }

  #l2(answer: (request: Request, asker: Asker) => Answer | Promise<Answer>) {
    return (request: Request): Answer | Promise<Answer> => {
      const { headers, method, path, body } = request
      const key = this.#parts.keys.check(headers, method, path, body, this.#parts.nowMs())
      return key === undefined ? INVALID_API_KEY : answer(request, key)
    }
  }

  /** An L2 request to the engine, which may be away, and which counts what a signer sends. */
  #trade(kind: 'orders' | 'cancels', answer: (request: Request, asker: Asker) => Answer | Promise<Answer>) {
    return this.#l2(async (request, asker) => {
      const { venue, limits, faults, nowMs } = this.#parts
      if (venue.mode === 'restarting') return RESTARTING
      if (venue.mode === 'disabled') return UNAVAILABLE
      if (kind === 'orders') {
        if (faults.strikes('server-error', 'polymarket')) return UNAVAILABLE
        if (faults.strikes('rate-limit', 'polymarket')) return RATE_LIMITED
        if (faults.has('pause', 'polymarket')) return refused({ kind: 'cancel-only' }, '')
      }
      const body = parseJson(request.body)
      const headers = limits.signer(asker.apiKey, kind, Array.isArray(body) ? body.length : 1, nowMs())
      const given = await answer(request, asker)
      return { ...given, headers: { ...headers, ...given.headers } }
    })
  }

  async #postOne(request: Request, asker: Asker): Promise<Answer> {
    const checked = await this.#check(parseJson(request.body), asker, request.readNs)
    if ('answer' in checked) return checked.answer
    const outcome = await this.#place(checked.terms)
    return 'refused' in outcome
      ? refused(outcome.refused, checked.terms.id)
      : ok(placedDocument(outcome.placed))
  }

  async #postMany(request: Request, asker: Asker): Promise<Answer> {
    const { venue } = this.#parts
    const list = parseJson(request.body)
    if (!Array.isArray(list) || list.length === 0) return INVALID_PAYLOAD
    if (list.length > ORDERS_A_BATCH) return tooMany(list.length, ORDERS_A_BATCH)
    const checked = await Promise.all(list.map((item) => this.#check(item, asker, request.readNs)))
    // One order off the tick refuses all of them; other faults only themselves.
    for (const leg of checked) {
      const order = 'terms' in leg ? venue.read(leg.terms) : undefined
      if (order !== undefined && 'kind' in order && order.kind === 'off-tick') {
        return refused(order, 'terms' in leg ? leg.terms.id : '')
      }
    }
    const legs = checked.map(async (leg) => {
      if ('answer' in leg) return refusedDocument(String(fields(leg.answer.body)?.error))
      const outcome = await this.#place(leg.terms)
      return 'refused' in outcome
        ? refusedDocument(textOf(outcome.refused, leg.terms.id))
        : placedDocument(outcome.placed)
    })
    return ok(await Promise.all(legs))
  }

  #place(terms: OrderTerms): Promise<Outcome> {
    return new Promise((resolve) => this.#parts.venue.place(terms, resolve))
  }

  /** Whether a body is an order of who posts it, signed for its market's exchange. */
  async #check(body: unknown, { apiKey, address }: Asker, readNs: number): Promise<Checked> {
    const { venue, keys, chainId, timings, signatures } = this.#parts
    const posted = readPosted(body)
    if (posted === 'old-version') return { answer: OLD_VERSION }
    if (posted === 'invalid') return { answer: INVALID_PAYLOAD }
    const { signed } = posted
    if (posted.owner !== apiKey) return { answer: NOT_THE_OWNER }
    const [maker, signer] = [signed.maker.toLowerCase(), signed.signer.toLowerCase()]
    const isWallet = signed.signatureType === SignatureType.Wallet
    if (!isWallet && signer !== address) return { answer: NOT_THE_SIGNER }
    const own = isWallet || signed.signatureType === SignatureType.Eoa
    if (own && maker !== signer) return { answer: INVALID_PAYLOAD }
    if ((this.#signers.get(maker) ?? address) !== address) return { answer: NOT_THE_SIGNER }
    const market = venue.find(signed.tokenId)?.[0]
    if (market === undefined) return { answer: MARKET_NOT_FOUND }
    const exchange = exchangeOf(chainId, market.terms)
    if (exchange === undefined) return { answer: VERSION_MISMATCH }
    if ((await signatures.signerOf(signed, exchange, chainId)) !== address) {
      const other = await isForOtherVersion(signed, exchange, chainId, address)
      return { answer: other ? VERSION_MISMATCH : INVALID_PAYLOAD }
    }
    // Deleted while the signature was looked at.
    if (!keys.has(apiKey)) return { answer: INVALID_API_KEY }
    this.#signers.set(maker, address)
    this.#funders.set(`${address} ${signed.signatureType}`, maker)
    const id = signatures.digestOf(signed, exchange, chainId)
    timings.orderRead('polymarket', market.terms.conditionId, id, readNs)
    const { tokenId, side, makerAmount, takerAmount, expiration } = signed
    const { type, postOnly } = posted
    const terms = {
      id,
      account: maker,
      owner: apiKey,
      tokenId,
      side,
      makerAmount,
      takerAmount,
      type,
      expiration,
      postOnly,
    }
    return { terms, market }
  }

  #cancel(address: string, ids: readonly string[]): Answer {
    const canceled: string[] = []
    const not_canceled: Record<string, string> = {}
    for (const id of ids) {
      const why = this.#parts.venue.cancel(this.#accountsOf(address), id)
      if (why === undefined) canceled.push(id)
      else not_canceled[id] = NOT_CANCELED[why]
    }
    return ok({ canceled, not_canceled })
  }

  #cancelOf(address: string, filter: Readonly<Record<string, unknown>>): Answer {
    const wanted = this.#parts.venue.ordersOf(this.#accountsOf(address)).filter(({ market, outcome }) => {
      const { conditionId, tokens } = market.terms
      return (
        (!filter.market || filter.market === conditionId) &&
        (!filter.asset_id || filter.asset_id === tokens[outcome])
      )
    })
    return this.#cancel(
      address,
      wanted.map(({ id }) => id),
    )
  }

  #trades({ query }: Request, address: string): Answer {
    const accounts = this.#accountsOf(address)
    const [after, before] = [Number(query.get('after') ?? 0), Number(query.get('before') ?? Number.MAX_VALUE)]
    const trades = this.#parts.venue.tradesOf(accounts).filter(({ id, taker, makers, matchedMs }) => {
      const { conditionId, tokens } = taker.market.terms
      const makerAddress = query.get('maker_address')?.toLowerCase()
      return (
        matches(query, { id, market: conditionId, asset_id: tokens[taker.outcome] }) &&
        (!makerAddress ||
          [taker, ...makers.map(({ order }) => order)].some(({ account }) => account === makerAddress)) &&
        matchedMs / 1_000 >= after &&
        matchedMs / 1_000 <= before
      )
    })
    return pageOf(
      trades.map((trade) => tradeOf(trade, accounts.has(trade.taker.account))),
      query,
      DOCUMENTS_A_PAGE,
    )
  }

  #balance({ query }: Request, { address }: Asker): Answer {
    const { venue, chainId } = this.#parts
    const type = Number(query.get('signature_type') ?? SignatureType.Eoa)
    const account = type === SignatureType.Eoa ? address : this.#funders.get(`${address} ${type}`)
    const token = query.get('token_id') ?? ''
    const ofToken = query.get('asset_type') !== 'COLLATERAL'
    if (ofToken && venue.find(token) === undefined) return NO_ORDERBOOK
    const balance = account === undefined ? 0 : venue.ledger.balance(account, ofToken ? token : COLLATERAL)
    if (!['COLLATERAL', 'CONDITIONAL', 'CONDITIONAL-V2'].includes(query.get('asset_type') ?? '')) {
      return failed(400, 'invalid asset type')
    }
    const allowances = Object.fromEntries(spenders(chainId).map((spender) => [spender, ALLOWANCE]))
    return ok({ balance: String(Math.max(0, balance)), allowances })
  }
}

/** Whether a document fits a query's filters; those that it does not name fit all. */
function matches(query: URLSearchParams, own: Readonly<Record<string, string>>): boolean {
  return Object.entries(own).every(([name, value]) => !query.get(name) || query.get(name) === value)
}

/** Since 2026-07-24 no hashes of transactions: only the trades to ask for. */
function placedDocument({ order, status, making, taking, trades }: Placed): object {
  return {
    success: true,
    errorMsg: '',
    orderID: order.id,
    status,
    makingAmount: matchedText(making),
    takingAmount: matchedText(taking),
    ...(trades.length === 0 ? {} : { tradeIDs: trades.map(({ id }) => id) }),
  }
}

/** One order of a batch that was refused. `success` says nothing. */
function refusedDocument(errorMsg: string): object {
  return { success: true, errorMsg, orderID: '', status: '', makingAmount: '', takingAmount: '' }
}
