import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, afterEach, before, describe, it } from 'node:test'
import { ClobClient, OrderType, Side } from '@polymarket/clob-client-v2'
import type { Market } from '@tandem/sandbox/engine/polymarket/market.ts'
import type { FaultName } from '@tandem/sandbox/faults.ts'
import { SIDE_ASK, SIDE_BID } from '@tandem/shared/units.ts'
import { createWalletClient, http } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { polygon } from 'viem/chains'
import { type LoopbackVenue, startVenue, TAKER_DELAY_MS } from './polymarket-venue.ts'

// Market and user channel of the sandbox over TLS, read with node's own WebSocket: Polymarket fact sheet, sections 3, 4,
// 11 and 12. What the official client does by REST stands in polymarket-client.test.ts.

type Message = Record<string, unknown>

const SHARE = 1_000_000
const tick = { tickSize: '0.01' } as const
let loopback: LoopbackVenue
const sockets: WebSocket[] = []

before(async () => {
  loopback = await startVenue()
})
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close()
})
after(() => loopback.close())

/** A socket, the texts that came, and a wait for the first message that fits. */
async function open(path: string, first: object) {
  const socket = new WebSocket(loopback.socketUrl + path)
  sockets.push(socket)
  const texts: string[] = []
  socket.addEventListener('message', ({ data }) => texts.push(String(data)))
  await once(socket, 'open')
  socket.send(JSON.stringify(first))
  const messages = (): Message[] =>
    texts.flatMap((text): Message[] => (text === 'PONG' ? [] : [JSON.parse(text)].flat()))
  const until = async (fits: (message: Message) => boolean): Promise<Message> => {
    for (let waited = 0; waited < 3_000; waited += 5) {
      const found = messages().find(fits)
      if (found !== undefined) return found
      await sleep(5)
    }
    assert.fail(`no such message among ${texts.join('\n')}`)
  }
  return { socket, texts, messages, until }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const marketSocket = (market: Market, more: object = {}) =>
  open('/ws/market', { assets_ids: market.terms.tokens, type: 'market', ...more })

function makeMarket(terms: Parameters<LoopbackVenue['addMarket']>[0] = {}): Market {
  const market = loopback.addMarket(terms)
  loopback.venue.quote(market, SIDE_BID, 4_600, 50 * SHARE)
  for (const price of [4_700, 4_800, 4_900]) loopback.venue.quote(market, SIDE_ASK, price, 100 * SHARE)
  return market
}

async function makeClient() {
  const account = privateKeyToAccount(generatePrivateKey())
  const signer = createWalletClient({ account, chain: polygon, transport: http() })
  const parts = { host: loopback.restUrl, chain: 137, signer }
  const creds = await new ClobClient(parts).createOrDeriveApiKey()
  loopback.grant(account.address, 1_000)
  const auth = { apiKey: creds.key, secret: creds.secret, passphrase: creds.passphrase }
  const accounts = new Set([account.address.toLowerCase()])
  return { client: new ClobClient({ ...parts, creds }), auth, accounts }
}

async function withFault<Result>(name: FaultName, work: () => Promise<Result>): Promise<Result> {
  loopback.faults.set(name, true, 'polymarket')
  try {
    return await work()
  } finally {
    loopback.faults.set(name, false, 'polymarket')
  }
}

describe('the market channel', () => {
  it('dumps the books in one array, best price last, and answers PING', async () => {
    const market = makeMarket()
    const { socket, texts, until } = await marketSocket(market)
    const book = await until(({ asset_id }) => asset_id === market.terms.tokens[1])
    const dump = JSON.parse(texts[0])
    assert.equal(dump.length, 2)
    assert.deepEqual(book.bids, [
      { price: '0.51', size: '100' },
      { price: '0.52', size: '100' },
      { price: '0.53', size: '100' },
    ])
    assert.equal(book.tick_size, '0.01')
    socket.send('PING')
    for (let waited = 0; !texts.includes('PONG') && waited < 1_000; waited += 5) await sleep(5)
    assert.ok(texts.includes('PONG'))
  })

  it('tells each level twice, mirrored, with the tops of both tokens', async () => {
    const market = makeMarket()
    const { until } = await marketSocket(market, { initial_dump: false })
    await sleep(20)
    loopback.venue.quote(market, SIDE_BID, 4_650, 30_250_000)
    const change = await until(({ event_type }) => event_type === 'price_change')
    const [yes, no] = (change.price_changes as Message[]).map(({ hash, ...rest }) => {
      assert.match(String(hash), /^[0-9a-f]{40}$/)
      return rest
    })
    const [yesId, noId] = market.terms.tokens
    assert.deepEqual(yes, {
      asset_id: yesId,
      price: '0.465',
      size: '30.25',
      side: 'BUY',
      best_bid: '0.465',
      best_ask: '0.47',
    })
    assert.deepEqual(no, {
      asset_id: noId,
      price: '0.535',
      size: '30.25',
      side: 'SELL',
      best_bid: '0.53',
      best_ask: '0.535',
    })
  })

  it('runs ahead with the tops inside a burst, and tells trade, levels and books', async () => {
    const market = makeMarket()
    const { messages, until } = await marketSocket(market, { initial_dump: false })
    await sleep(20)
    loopback.venue.hit(market, SIDE_BID, 4_800, 150 * SHARE)
    await until(({ event_type, asset_id }) => event_type === 'book' && asset_id === market.terms.tokens[1])
    const trades = messages().filter(({ event_type }) => event_type === 'last_trade_price')
    assert.deepEqual(
      trades.map(({ price, size, side }) => [price, size, side]),
      [
        ['0.47', '100', 'BUY'],
        ['0.48', '50', 'BUY'],
      ],
    )
    const [first, second] = messages().filter(({ event_type }) => event_type === 'price_change')
    const [gone, left] = [first, second].map(({ price_changes }) => (price_changes as Message[])[0])
    assert.deepEqual([gone.price, gone.size, gone.best_ask], ['0.47', '0', '0.48'])
    assert.deepEqual([left.price, left.size, left.best_ask], ['0.48', '50', '0.48'])
  })

  it('sends several messages of a burst as objects or as an array', async () => {
    const market = makeMarket()
    const { texts, messages } = await marketSocket(market, { initial_dump: false })
    await sleep(20)
    for (let round = 0; round < 30; round++) {
      loopback.venue.burst(() => {
        loopback.venue.quote(market, SIDE_BID, 4_000 + round * 10, SHARE)
        loopback.venue.quote(market, SIDE_ASK, 6_000 - round * 10, SHARE)
      })
    }
    for (let waited = 0; messages().length < 60 && waited < 1_000; waited += 5) await sleep(5)
    assert.equal(messages().length, 60)
    assert.ok(texts.some((text) => text.startsWith('[')))
    assert.ok(texts.some((text) => text.startsWith('{')))
  })

  it('tells best_bid_ask, new and resolved markets only to who asks, and follows subscriptions', async () => {
    const [market, later] = [makeMarket(), makeMarket()]
    const plain = await marketSocket(market)
    const custom = await marketSocket(market, { custom_feature_enabled: true })
    await sleep(20)
    const send = (operation: string, assets_ids: readonly string[]) =>
      custom.socket.send(JSON.stringify({ operation, assets_ids }))
    send('subscribe', later.terms.tokens)
    await custom.until(({ asset_id }) => asset_id === later.terms.tokens[0])
    loopback.venue.quote(later, SIDE_BID, 4_620, SHARE)
    const top = await custom.until(({ event_type }) => event_type === 'best_bid_ask')
    assert.deepEqual([top.best_bid, top.best_ask, top.spread], ['0.462', '0.47', '0.008'])
    const made = makeMarket()
    const told = await custom.until(({ event_type }) => event_type === 'new_market')
    assert.equal(told.market, made.terms.conditionId)
    send('unsubscribe', later.terms.tokens)
    await sleep(20)
    loopback.venue.quote(later, SIDE_BID, 4_630, SHARE)
    loopback.venue.changeTick(market, 10)
    await plain.until(
      ({ event_type, new_tick_size }) => event_type === 'tick_size_change' && new_tick_size === '0.001',
    )
    loopback.venue.resolve(market, 0)
    const resolved = await custom.until(({ event_type }) => event_type === 'market_resolved')
    assert.equal(resolved.winning_asset_id, market.terms.tokens[0])
    assert.ok(!JSON.stringify(custom.messages()).includes('0.463'))
    assert.ok(!plain.messages().some(({ event_type }) => /best_bid_ask|market/.test(String(event_type))))
  })

  it('has its faults: a ghost of a book, silence with PONGs, a top ahead of the rest', async () => {
    const market = makeMarket()
    await withFault('ghost-book', async () => {
      const { until } = await marketSocket(market)
      const book = await until(({ event_type }) => event_type === 'book')
      assert.deepEqual(book.asks, [{ price: '0.99', size: '100' }])
    })
    const { socket, texts, messages, until } = await marketSocket(market)
    await until(({ event_type }) => event_type === 'book')
    await withFault('freeze', async () => {
      loopback.venue.quote(market, SIDE_BID, 4_610, SHARE)
      socket.send('PING')
      for (let waited = 0; !texts.includes('PONG') && waited < 1_000; waited += 5) await sleep(5)
      assert.ok(texts.includes('PONG'))
      assert.ok(messages().every(({ event_type }) => event_type === 'book'))
    })
    await withFault('top-ahead', async () => {
      const pairs = () => messages().filter(({ event_type }) => event_type === 'price_change')
      // A burst that goes out as an array cannot run ahead of itself.
      while (pairs().length !== 1) {
        loopback.faults.set('top-ahead', true, 'polymarket')
        texts.length = 0
        loopback.venue.burst(() => {
          loopback.venue.quote(market, SIDE_BID, 4_500, SHARE)
          loopback.venue.quote(market, SIDE_BID, 4_610, SHARE)
        })
        await sleep(30)
      }
      assert.equal((pairs()[0].price_changes as Message[])[0].best_bid, '0.461')
      for (let waited = 0; pairs().length < 2 && waited < 1_000; waited += 5) await sleep(5)
      assert.equal(pairs()[0].timestamp, pairs()[1].timestamp)
    })
  })
})

describe('the user channel', () => {
  it('tells the life of an order and of its trades', async () => {
    const market = makeMarket()
    const [token] = market.terms.tokens
    const { client, auth } = await makeClient()
    const { messages, until } = await open('/ws/user', { auth, type: 'user' })
    await sleep(20)
    const answer = await client.createAndPostOrder(
      { tokenID: token, price: 0.47, size: 120, side: Side.BUY },
      tick,
    )
    const placed = await until(({ type }) => type === 'PLACEMENT')
    assert.deepEqual(
      [placed.id, placed.status, placed.original_size, placed.size_matched, placed.order_type],
      [answer.orderID, 'LIVE', '120', '100', 'GTC'],
    )
    loopback.venue.hit(market, SIDE_ASK, 4_700, 8 * SHARE)
    const update = await until(({ type, size_matched }) => type === 'UPDATE' && size_matched === '108')
    assert.equal((update.associate_trades as string[]).length, 2)
    await until(({ status, trader_side }) => trader_side === 'MAKER' && status === 'CONFIRMED')
    for (const side of ['TAKER', 'MAKER']) {
      const statuses = messages().filter(({ trader_side }) => trader_side === side)
      assert.deepEqual(
        statuses.map(({ status }) => status),
        ['MATCHED', 'MINED', 'CONFIRMED'],
      )
    }
    await client.cancelAll()
    const gone = await until(({ type }) => type === 'CANCELLATION')
    assert.equal(gone.status, 'CANCELED')
  })

  it('gives back what a trade moved that fails', async () => {
    const market = makeMarket()
    const [token] = market.terms.tokens
    const { client, auth } = await makeClient()
    const { until } = await open('/ws/user', { auth, type: 'user', markets: [market.terms.conditionId] })
    await sleep(20)
    await withFault('failed-trade', async () => {
      const order = { tokenID: token, amount: 47, price: 0.47, side: Side.BUY }
      const answer = await client.createAndPostMarketOrder(order, tick, OrderType.FOK)
      assert.equal(answer.transactionsHashes, undefined)
    })
    await until(({ event_type, status }) => event_type === 'trade' && status === 'FAILED')
    const { balance } = await client.getBalanceAllowance({ asset_type: 'COLLATERAL' as never })
    assert.equal(balance, '1000000000')
  })

  it('tells why an order was killed behind its status', async () => {
    const market = makeMarket()
    const [token] = market.terms.tokens
    const { client, auth } = await makeClient()
    const { until } = await open('/ws/user', { auth, type: 'user' })
    await sleep(20)
    const order = { tokenID: token, amount: 100, price: 0.47, side: Side.BUY }
    await client.createAndPostMarketOrder(order, tick, OrderType.FOK)
    const killed = await until(({ type }) => type === 'CANCELLATION')
    assert.deepEqual(
      [killed.status, killed.size_matched, killed.outcome, killed.original_size],
      ["CANCELED_order couldn't be fully filled. FOK orders are fully filled or killed.", '', '', '100'],
    )
  })

  it('ends a socket whose credentials are wrong', async () => {
    const { auth } = await makeClient()
    const { socket } = await open('/ws/user', { auth: { ...auth, secret: 'AAAA' }, type: 'user' })
    const [{ code }] = await once(socket, 'close')
    assert.equal(code, 1008)
  })
})

describe('orders that take', () => {
  const take = (market: Market) => ({
    tokenID: market.terms.tokens[0],
    price: 0.47,
    size: 20,
    side: Side.BUY,
  })

  it('are held with their answer, and matched against the book as it is then', async () => {
    const market = makeMarket({ takerDelayMs: TAKER_DELAY_MS })
    const { client } = await makeClient()
    const order = await client.createOrder(take(market), tick)
    const sentMs = Date.now()
    const answer = client.postOrder(order)
    await sleep(TAKER_DELAY_MS / 2)
    // Somebody is quicker: the order is not delayed by what is not there yet.
    assert.deepEqual((await client.getOpenOrders()).length, 0)
    loopback.venue.hit(market, SIDE_BID, 4_700, 100 * SHARE)
    assert.equal((await answer).status, 'unmatched')
    assert.ok(Date.now() - sentMs >= TAKER_DELAY_MS)
  })

  it('cannot be cancelled while they are held', async () => {
    const market = makeMarket()
    const { client, accounts } = await makeClient()
    await withFault('taker-delay', async () => {
      const order = await client.createOrder(take(market), tick)
      const answer = client.postOrder(order, OrderType.GTC, false, true)
      await sleep(TAKER_DELAY_MS / 2)
      const [held] = [...loopback.timings.document().orders].slice(-1)
      assert.deepEqual(await client.cancelOrder({ orderID: held.order }), {
        canceled: [],
        not_canceled: { [held.order]: 'order match delayed due to market conditions' },
      })
      assert.equal(loopback.venue.order(accounts, held.order)?.status, 'DELAYED')
      assert.equal((await answer).status, 'matched')
    })
  })

  it('are answered at once where the delay is of seconds', async () => {
    const market = makeMarket({ secondsDelay: 1 })
    const { client, auth } = await makeClient()
    const { until } = await open('/ws/user', { auth, type: 'user' })
    const answer = await client.postOrder(await client.createOrder(take(market), tick))
    assert.deepEqual([answer.status, answer.tradeIDs], ['delayed', undefined])
    const trade = await until(({ event_type }) => event_type === 'trade')
    assert.equal(trade.taker_order_id, answer.orderID)
  })

  it('may be taken without an answer, refused for the venue’s own reasons, or answered late', async () => {
    const market = makeMarket()
    const { client, accounts } = await makeClient()
    const post = async () =>
      client.postOrder(await client.createOrder(take(market), tick), OrderType.GTC, false, true)
    const statusOf = async () => (await post()).status as unknown
    assert.equal(await withFault('server-error', statusOf), 503)
    assert.equal(await withFault('rate-limit', statusOf), 429)
    assert.equal(await withFault('pause', statusOf), 503)
    assert.equal(loopback.venue.tradesOf(accounts).length, 0)
    const lost = (await withFault('lost-answer', post)) as unknown as { error: string; status?: number }
    assert.equal(lost.status, undefined)
    assert.equal(loopback.venue.tradesOf(accounts).length, 1)
    const sentMs = Date.now()
    assert.equal(await withFault('late-answer', statusOf), 'matched')
    assert.ok(Date.now() - sentMs >= 2_000)
  })
})
