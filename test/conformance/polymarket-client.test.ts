import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  type ApiKeyCreds,
  AssetType,
  ClobClient,
  OrderType,
  Side,
  SignatureTypeV2,
  type SignedOrder,
} from '@polymarket/clob-client-v2'
import type { Market } from '@tandem/sandbox/engine/polymarket/market.ts'
import { SIDE_ASK, SIDE_BID } from '@tandem/shared/units.ts'
import { createWalletClient, http } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { polygon } from 'viem/chains'
import { type LoopbackVenue, startVenue } from './polymarket-venue.ts'

// The venue's own client, unmodified, against the sandbox over TLS: what it does must work, and what the venue refuses
// must be refused with the fact sheet's status and text. The client answers a refusal as `{ error, status }`.

const SHARE = 1_000_000
const tick = { tickSize: '0.01' } as const

let loopback: LoopbackVenue

before(async () => {
  loopback = await startVenue()
})
after(() => loopback.close())

/** What a refusal looks like through the client, whose types know only of success. */
interface Refusal {
  error: string
  status: number
  code?: string
  retry_after_seconds?: number
}
const refusal = (answer: unknown): Refusal => answer as Refusal

/** A wallet with an API key and dollars of its own. */
async function makeClient(
  dollars = 1_000,
  more: Partial<ConstructorParameters<typeof ClobClient>[0]> = {},
): Promise<{ client: ClobClient; creds: ApiKeyCreds; withKey(creds: ApiKeyCreds): ClobClient }> {
  const account = privateKeyToAccount(generatePrivateKey())
  const signer = createWalletClient({ account, chain: polygon, transport: http() })
  const parts = { host: loopback.restUrl, chain: 137, signer, ...more }
  const creds = await new ClobClient(parts).createOrDeriveApiKey()
  loopback.grant(more.funderAddress ?? account.address, dollars)
  const withKey = (key: ApiKeyCreds): ClobClient => new ClobClient({ ...parts, creds: key })
  return { client: withKey(creds), creds, withKey }
}

/** A market with 100@.45, 50@.46 bid and 120@.47, 500@.48 asked, in shares of its first token. */
function makeMarket(terms: Parameters<LoopbackVenue['addMarket']>[0] = {}): {
  market: Market
  token: string
  other: string
} {
  const market = loopback.addMarket(terms)
  for (const [side, price, shares] of [
    [SIDE_BID, 4_500, 100],
    [SIDE_BID, 4_600, 50],
    [SIDE_ASK, 4_700, 120],
    [SIDE_ASK, 4_800, 500],
  ] as const) {
    loopback.venue.quote(market, side, price, shares * SHARE)
  }
  return { market, token: market.terms.tokens[0], other: market.terms.tokens[1] }
}

const buy = (tokenID: string, price: number, size: number) => ({ tokenID, price, size, side: Side.BUY })

describe('the official client reads', () => {
  it('derives the same key for the same wallet, and lists it', async () => {
    const { client, creds } = await makeClient()
    assert.deepEqual(await client.deriveApiKey(), creds)
    assert.equal((await client.deriveApiKey(1)).key, undefined)
    const other = await client.createApiKey(1)
    assert.notEqual(other.key, creds.key)
    assert.equal((await client.createApiKey(1)).key, undefined)
    assert.deepEqual(await client.deriveApiKey(1), other)
    assert.equal((await client.getApiKeys()).apiKeys.length, 2)
  })

  it('reads time, version and market', async () => {
    const { market, token } = makeMarket()
    const { client } = await makeClient()
    assert.equal(await client.getOk(), 'OK')
    assert.ok(Math.abs((await client.getServerTime()) - Date.now() / 1_000) < 5)
    assert.equal(await client.getVersion(), 2)
    const info = await client.getClobMarketInfo(market.terms.conditionId)
    assert.deepEqual([info.mts, info.mos, info.fd], [0.01, 5, { r: 0.04, e: 1, to: true }])
    assert.equal(await client.getTickSize(token), '0.01')
    assert.equal(await client.getNegRisk(token), false)
    assert.equal((await client.getMarket(market.terms.conditionId)).condition_id, market.terms.conditionId)
    assert.ok((await client.getMarkets()).data.length > 0)
  })

  it('reads a book with the best price last, its mirror, and a hash that it can recompute', async () => {
    const { token, other } = makeMarket()
    const { client } = await makeClient()
    const book = await client.getOrderBook(token)
    assert.deepEqual(book.bids, [
      { price: '0.45', size: '100' },
      { price: '0.46', size: '50' },
    ])
    assert.deepEqual(book.asks, [
      { price: '0.48', size: '500' },
      { price: '0.47', size: '120' },
    ])
    const { hash } = book
    assert.equal(await client.getOrderBookHash(book), hash)
    const mirror = await client.getOrderBook(other)
    assert.deepEqual(mirror.bids, [
      { price: '0.52', size: '500' },
      { price: '0.53', size: '120' },
    ])
    assert.deepEqual(mirror.asks, [
      { price: '0.55', size: '100' },
      { price: '0.54', size: '50' },
    ])
    assert.deepEqual(await client.getMidpoint(token), { mid: '0.465' })
    assert.equal(await client.calculateMarketPrice(token, Side.BUY, 153.6, OrderType.FAK), 0.48)
    assert.deepEqual(await client.getOrderBook('1'), {
      error: 'No orderbook exists for the requested token id',
      status: 404,
    })
  })
})

describe('the official client trades', () => {
  it('spends 153.60 dollars on 120@.47 and 500@.48: 322.5 shares', async () => {
    const { token } = makeMarket()
    const { client } = await makeClient()
    const order = { tokenID: token, amount: 153.6, price: 0.48, side: Side.BUY }
    const answer = await client.createAndPostMarketOrder(order, tick, OrderType.FAK)
    const { success, status, makingAmount, takingAmount, tradeIDs = [], transactionsHashes = [] } = answer
    assert.deepEqual([success, status, makingAmount, takingAmount], [true, 'matched', '153.6', '322.5'])
    // The client polled GET /data/trades for them: the answer itself has trade ids only.
    assert.equal(tradeIDs.length, 2)
    assert.equal(transactionsHashes.length, 2)
    const held = await client.getBalanceAllowance({ asset_type: AssetType.CONDITIONAL, token_id: token })
    assert.equal(held.balance, '322500000')
    // 120 x .04 x .47 x .53 = 1.19568; 202.5 x .04 x .48 x .52 = 2.02176.
    const left = await client.getBalanceAllowance({ asset_type: AssetType.COLLATERAL })
    assert.equal(left.balance, String(1_000_000_000 - 153_600_000 - 1_195_680 - 2_021_760))
    const trades = await client.getTrades({ id: tradeIDs[0] })
    assert.deepEqual(
      trades.map(({ price, size, side, trader_side }) => [price, size, side, trader_side]),
      [['0.47', '120', 'BUY', 'TAKER']],
    )
  })

  it('rests GTC and GTD, sees them in book and open orders, and cancels them', async () => {
    const { market, token, other } = makeMarket()
    const { client } = await makeClient()
    const gtc = await client.createAndPostOrder(buy(token, 0.44, 20), tick, OrderType.GTC)
    assert.deepEqual([gtc.success, gtc.status, gtc.takingAmount], [true, 'live', ''])
    const expiration = Math.floor(Date.now() / 1_000) + 600
    const gtd = await client.createAndPostOrder({ ...buy(other, 0.5, 30), expiration }, tick, OrderType.GTD)
    assert.equal(gtd.status, 'live')
    const book = await client.getOrderBook(token)
    assert.deepEqual(book.bids[0], { price: '0.44', size: '20' })
    assert.deepEqual(book.asks[0], { price: '0.50', size: '30' })
    const open = await client.getOpenOrders({ market: market.terms.conditionId })
    assert.deepEqual(
      open.map(({ id, order_type, expiration }) => [id, order_type, expiration]),
      [
        [gtc.orderID, 'GTC', '0'],
        [gtd.orderID, 'GTD', String(expiration)],
      ],
    )
    assert.equal((await client.getOrder(gtc.orderID)).status, 'LIVE')
    assert.deepEqual(await client.cancelOrder({ orderID: gtc.orderID }), {
      canceled: [gtc.orderID],
      not_canceled: {},
    })
    const again = await client.cancelOrders([gtc.orderID, gtd.orderID, '0x12'])
    assert.deepEqual(again, {
      canceled: [gtd.orderID],
      not_canceled: {
        [gtc.orderID]: 'already canceled or matched',
        '0x12': "order can't be found - already canceled or matched",
      },
    })
    assert.deepEqual(await client.getOpenOrders(), [])
  })

  it('fills what crosses of a GTC and rests the remainder', async () => {
    const { token } = makeMarket()
    const { client } = await makeClient()
    const answer = await client.createAndPostOrder(buy(token, 0.47, 150), tick)
    assert.deepEqual([answer.status, answer.makingAmount, answer.takingAmount], ['matched', '56.4', '120'])
    const [open] = await client.getOpenOrders()
    assert.deepEqual([open.original_size, open.size_matched], ['150', '120'])
  })

  it('sells what it holds, FOK whole or not at all, FAK what is there', async () => {
    const { token } = makeMarket()
    const { client } = await makeClient()
    await client.createAndPostMarketOrder({ tokenID: token, amount: 56.4, price: 0.47, side: Side.BUY }, tick)
    const sell = (amount: number) => ({ tokenID: token, amount, price: 0.46, side: Side.SELL })
    const tooMuch = await client.createAndPostMarketOrder(sell(60), tick, OrderType.FOK)
    assert.equal(tooMuch.status, 400)
    assert.equal(
      refusal(tooMuch).error,
      "order couldn't be fully filled. FOK orders are fully filled or killed.",
    )
    const some = await client.createAndPostMarketOrder(sell(20), tick, OrderType.FOK)
    assert.deepEqual([some.status, some.makingAmount, some.takingAmount], ['matched', '20', '9.2'])
    const rest = await client.createAndPostMarketOrder(sell(40), tick, OrderType.FAK)
    assert.deepEqual([rest.status, rest.makingAmount, rest.takingAmount], ['matched', '30', '13.8'])
    const none = await client.createAndPostMarketOrder(sell(40), tick, OrderType.FAK)
    assert.equal(
      refusal(none).error,
      'no orders found to match with FAK order. FAK orders are partially filled or killed if no match is found.',
    )
  })

  it('trades with another account: mint, maker’s view, and both balances', async () => {
    const { market, token, other } = makeMarket()
    const [maker, taker] = [await makeClient(), await makeClient()]
    const resting = await maker.client.createAndPostOrder(buy(other, 0.53, 40), tick)
    assert.equal(resting.status, 'live')
    const bid = await maker.client.createAndPostOrder(buy(token, 0.46, 10), tick)
    assert.equal(bid.status, 'live')
    // Who bids .53 for NO asks .47 for YES, behind the 120: 4.80 dollars are left for him, and a set is minted.
    const { takingAmount } = await taker.client.createAndPostMarketOrder(
      { tokenID: token, amount: 61.2, price: 0.48, side: Side.BUY },
      tick,
      OrderType.FOK,
    )
    assert.equal(takingAmount, '130.212765')
    const [trade, ...others] = await maker.client.getTrades({ market: market.terms.conditionId })
    assert.equal(others.length, 0)
    assert.deepEqual([trade.trader_side, trade.side, trade.price], ['MAKER', 'BUY', '0.47'])
    const leg = trade.maker_orders.find(({ order_id }) => order_id === resting.orderID)
    assert.deepEqual(
      [leg?.asset_id, leg?.side, leg?.price, leg?.matched_amount],
      [other, 'BUY', '0.53', '10.212765'],
    )
    const paid = await maker.client.getBalanceAllowance({ asset_type: AssetType.COLLATERAL })
    assert.equal(paid.balance, String(1_000_000_000 - (10_212_765 - 4_799_999)))
    await maker.client.cancelMarketOrders({ market: market.terms.conditionId, asset_id: token })
    const left = await maker.client.getOpenOrders({ market: market.terms.conditionId })
    assert.deepEqual(
      left.map(({ asset_id }) => asset_id),
      [other],
    )
    assert.equal((await maker.client.cancelAll()).canceled.length, 1)
  })

  it('posts a batch: each leg answers for itself, in order', async () => {
    const { token } = makeMarket()
    const { client } = await makeClient()
    const orders: SignedOrder[] = []
    for (const size of [10, 4, 20]) orders.push(await client.createOrder(buy(token, 0.4, size), tick))
    const answers = await client.postOrders(orders.map((order) => ({ order, orderType: OrderType.GTC })))
    assert.deepEqual(
      answers.map(({ status }: { status: string }) => status),
      ['live', '', 'live'],
    )
    assert.match(
      answers[1].errorMsg,
      /^order 0x[0-9a-f]{64} is invalid. Size \(4\) lower than the minimum: 5$/,
    )
    const many = await client.postOrders(Array(16).fill({ order: orders[0], orderType: OrderType.GTC }))
    assert.deepEqual(many, { error: 'Too many orders in payload: 16, max allowed: 15', status: 400 })
  })

  it('keeps its heart beating, and loses its orders when it stops', async () => {
    const { token } = makeMarket()
    const { client } = await makeClient()
    const first = await client.postHeartbeat()
    const second = await client.postHeartbeat(first.heartbeat_id)
    assert.notEqual(second.heartbeat_id, first.heartbeat_id)
    const stale = await client.postHeartbeat(first.heartbeat_id)
    assert.deepEqual(stale, {
      error: { error_msg: 'Invalid Heartbeat ID', heartbeat_id: second.heartbeat_id },
      status: 400,
    })
    await client.createAndPostOrder(buy(token, 0.4, 20), tick)
    loopback.venue.tick(Date.now() + 16_000)
    assert.deepEqual(await client.getOpenOrders(), [])
  })

  it('signs for other wallets and other exchanges: Safe, neg-risk, version 3', async () => {
    const funderAddress = privateKeyToAccount(generatePrivateKey()).address
    const safe = { funderAddress, signatureType: SignatureTypeV2.POLY_GNOSIS_SAFE }
    const { client } = await makeClient(100, safe)
    const plain = makeMarket()
    assert.equal((await client.createAndPostOrder(buy(plain.token, 0.4, 20), tick)).status, 'live')
    const negRisk = makeMarket({ negRisk: true })
    assert.equal((await client.createAndPostOrder(buy(negRisk.token, 0.4, 20), tick)).status, 'live')
    const v3 = makeMarket({ version: 'v2' })
    const order = await client.createOrder(buy(v3.token, 0.4, 20), { ...tick, version: 3 })
    assert.equal((await client.postOrder(order)).status, 'live')
    assert.equal(
      (await client.getBalanceAllowance({ asset_type: AssetType.COLLATERAL })).balance,
      '100000000',
    )
  })

  it('signs for a deposit wallet', async () => {
    const funderAddress = privateKeyToAccount(generatePrivateKey()).address
    const { client } = await makeClient(100, { funderAddress, signatureType: SignatureTypeV2.POLY_1271 })
    const { token } = makeMarket()
    const order = await client.createOrder(buy(token, 0.4, 20), tick)
    assert.equal((await client.postOrder(order)).status, 'live')
    const forged = { ...order, salt: '5' } as SignedOrder
    assert.equal(refusal(await client.postOrder(forged)).error, 'Invalid order payload')
  })
})

describe('the venue refuses', () => {
  it('a signature that is another wallet’s, or of another order', async () => {
    const { token } = makeMarket()
    const [{ client }, stranger] = [await makeClient(), await makeClient()]
    const order = await client.createOrder(buy(token, 0.4, 20), tick)
    const forged = { ...order, makerAmount: '9000000' } as SignedOrder
    assert.deepEqual(await client.postOrder(forged), { error: 'Invalid order payload', status: 400 })
    assert.deepEqual(await stranger.client.postOrder(order), {
      error: 'the order signer address has to be the address of the API KEY',
      status: 400,
    })
  })

  it('a request whose HMAC, key or time is wrong', async () => {
    const { client, creds, withKey } = await makeClient()
    const unauthorized = { error: 'Unauthorized/Invalid api key', status: 401 }
    const other = await makeClient()
    for (const wrong of [
      { ...creds, secret: other.creds.secret },
      { ...creds, passphrase: other.creds.passphrase },
      { ...creds, key: other.creds.key },
    ]) {
      assert.deepEqual(await withKey(wrong).postHeartbeat(), unauthorized)
    }
    for (const skewMs of [120_000, -120_000]) {
      loopback.skewMs = skewMs
      assert.deepEqual(await client.postHeartbeat(), unauthorized)
      assert.equal((await client.deriveApiKey()).key, undefined)
    }
    loopback.skewMs = 0
    assert.ok((await client.postHeartbeat()).heartbeat_id)
  })

  it('a price off the tick, in a batch with all its legs', async () => {
    const { market, token } = makeMarket({ tick: 10 })
    const { client } = await makeClient()
    const fine = await client.createOrder(buy(token, 0.405, 20), { tickSize: '0.001' })
    const coarse = await client.createOrder(buy(token, 0.41, 20), { tickSize: '0.001' })
    loopback.venue.changeTick(market, 100)
    const off = refusal(await client.postOrder(fine))
    assert.equal(off.status, 400)
    assert.match(
      off.error,
      /^order 0x[0-9a-f]{64} is invalid. Price \(0.405\) breaks minimum tick size rule: 0.01$/,
    )
    const legs = [coarse, fine].map((order) => ({ order, orderType: OrderType.GTC }))
    const batch = refusal(await client.postOrders(legs))
    assert.equal(batch.status, 400)
    assert.deepEqual(await client.getOpenOrders(), [])
    assert.equal((await client.postOrder(coarse)).status, 'live')
  })

  it('dollars finer than a cent of an order that buys at once', async () => {
    const { token } = makeMarket()
    const { client } = await makeClient()
    const order = await client.createOrder(buy(token, 0.47, 21.04), tick)
    assert.deepEqual(await client.postOrder(order, OrderType.FAK), {
      error:
        'invalid amounts, the market buy orders maker amount supports a max accuracy of 2 decimals, taker amount a max of 4 decimals',
      status: 400,
    })
    assert.equal((await client.postOrder(order, OrderType.GTC)).takingAmount, '21.04')
  })

  it('less than five shares, and less than a dollar that takes', async () => {
    const { market, token } = makeMarket()
    const { client } = await makeClient()
    const small = refusal(await client.createAndPostOrder(buy(token, 0.4, 4.99), tick))
    assert.equal(small.status, 400)
    assert.match(small.error, /is invalid. Size \(4.99\) lower than the minimum: 5$/)
    const cheap = loopback.addMarket()
    loopback.venue.quote(cheap, SIDE_ASK, 500, 100 * SHARE)
    const [cheapToken] = cheap.terms.tokens
    const taking = await client.createAndPostOrder(buy(cheapToken, 0.05, 10), tick)
    assert.deepEqual(taking, {
      error: 'invalid amount for a marketable BUY order ($0.5), min size: $1',
      status: 400,
    })
    assert.equal((await client.createAndPostOrder(buy(cheapToken, 0.04, 10), tick)).status, 'live')
    assert.equal(market.book.sizeAt(SIDE_BID, 4_000), 0)
  })

  it('an order that it has seen, even if it was killed', async () => {
    const { token } = makeMarket()
    const { client } = await makeClient()
    for (const [price, type] of [
      [0.4, OrderType.GTC],
      [0.4, OrderType.FAK],
    ] as const) {
      const order = await client.createOrder(buy(token, price, 20), tick)
      await client.postOrder(order, type)
      const again = refusal(await client.postOrder(order, type))
      assert.equal(again.status, 400)
      assert.match(again.error, /^order 0x[0-9a-f]{64} is invalid. Duplicated.$/)
    }
  })

  it('an order for another version of the exchange, or of a market whose version nobody knows', async () => {
    const { client } = await makeClient()
    const v1 = makeMarket()
    const mismatch = { error: 'order_version_mismatch', status: 400 }
    const newer = await client.createOrder(buy(v1.token, 0.4, 20), { ...tick, version: 3 })
    assert.deepEqual(await client.postOrder(newer), mismatch)
    const older = await client.createOrder(buy(v1.token, 0.4, 20), { ...tick, version: 1 })
    assert.deepEqual(await client.postOrder(older), {
      error: 'invalid order version, please use the latest clob-client',
      status: 400,
    })
    const unknown = makeMarket({ version: 'v9' })
    const order = await client.createOrder(buy(unknown.token, 0.4, 20), tick)
    assert.deepEqual(await client.postOrder(order), mismatch)
  })

  it('what the account cannot pay, what would cross post-only, and what expires too soon', async () => {
    const { token } = makeMarket()
    const { client } = await makeClient(10)
    const poor = await client.createAndPostOrder(buy(token, 0.4, 30), tick)
    assert.deepEqual(poor, { error: 'not enough balance / allowance', status: 400 })
    const crossing = await client.createAndPostOrder(buy(token, 0.47, 10), tick, OrderType.GTC, true)
    assert.equal(refusal(crossing).error, 'invalid post-only order: order crosses book')
    const expiration = Math.floor(Date.now() / 1_000) + 120
    const soon = await client.createAndPostOrder({ ...buy(token, 0.4, 10), expiration }, tick, OrderType.GTD)
    assert.deepEqual(soon, { error: 'invalid expiration', status: 400 })
  })

  it('everything while it restarts, and what may take after it', async () => {
    const { token } = makeMarket()
    const { client } = await makeClient()
    const order = await client.createOrder(buy(token, 0.4, 20), tick)
    const { venue } = loopback
    try {
      venue.mode = 'restarting'
      assert.equal((await client.postOrder(order)).status, 425)
      assert.equal((await client.cancelAll()).status, 425)
      venue.mode = 'post-only'
      const refused = refusal(await client.postOrder(order))
      assert.deepEqual(
        [refused.status, refused.code, refused.retry_after_seconds],
        [503, 'post_only_mode', 120],
      )
      assert.equal((await client.postOrder(order, OrderType.GTC, true)).status, 'live')
      venue.mode = 'cancel-only'
      const closed = await client.createAndPostOrder(buy(token, 0.4, 20), tick)
      assert.deepEqual(closed, {
        error: 'Trading is currently cancel-only. New orders are not accepted, but cancels are allowed.',
        status: 503,
      })
      assert.equal((await client.cancelAll()).canceled.length, 1)
    } finally {
      venue.mode = 'open'
    }
  })
})
