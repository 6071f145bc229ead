import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { WebSocket } from 'ws'
import { CRYPTO_TICKER, KalshiSandbox, TAPERED_TICKER, TICKER } from '../kalshi-sandbox.ts'

// The sandbox's Kalshi WebSocket, frame by frame: Kalshi fact sheet, section 3.

interface Frame {
  id?: number
  type: string
  sid?: number
  seq?: number
  msg: Record<string, unknown>
}

const ORDERS = '/portfolio/events/orders'
const PATIENCE_MS = 3_000

class Client implements Disposable {
  readonly socket: WebSocket
  readonly texts: string[] = []
  readonly pings: string[] = []
  #wake: () => void = () => {}
  #read = 0
  #id = 0

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data) => {
      this.texts.push(data.toString())
      this.#wake()
    })
    socket.on('ping', (data) => this.pings.push(data.toString()))
    socket.on('error', () => {})
  }

  static async open(sandbox: KalshiSandbox): Promise<Client> {
    const headers = sandbox.headers('GET', '/trade-api/ws/v2')
    const client = new Client(new WebSocket(sandbox.socketUrl, { ca: sandbox.ca, headers }))
    await new Promise((resolve) => client.socket.once('open', resolve))
    return client
  }

  /** Sends a command; returns its id. */
  command(cmd: string, params?: object): number {
    this.#id += 1
    this.socket.send(JSON.stringify({ id: this.#id, cmd, params }))
    return this.#id
  }

  /** The next frames, in order. */
  async next(count: number): Promise<Frame[]> {
    const deadline = AbortSignal.timeout(PATIENCE_MS)
    while (this.texts.length < this.#read + count) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      deadline.addEventListener('abort', () => resolve())
      await promise
      if (deadline.aborted) throw new Error(`waited for ${count} frames, got ${this.texts.slice(this.#read)}`)
    }
    this.#read += count
    return this.texts.slice(this.#read - count, this.#read).map((text) => JSON.parse(text))
  }

  async nextOne(): Promise<Frame> {
    return (await this.next(1))[0]
  }

  [Symbol.dispose](): void {
    this.socket.terminate()
  }
}

describe('Kalshi’s WebSocket', () => {
  let sandbox: KalshiSandbox

  before(async () => {
    sandbox = await KalshiSandbox.start()
    sandbox.quote('bid', 45, 100)
    sandbox.quote('bid', 44, 20)
    sandbox.quote('ask', 55, 100)
    sandbox.quote('bid', 30, 7, CRYPTO_TICKER)
  })
  after(() => sandbox[Symbol.asyncDispose]())

  const subscribe = (client: Client, tickers: string[], more: object = {}): number =>
    client.command('subscribe', { channels: ['orderbook_delta'], market_tickers: tickers, ...more })

  it('wants a signature at the handshake, even for public channels', async () => {
    const refused = async (headers: Record<string, string>): Promise<number> => {
      const socket = new WebSocket(sandbox.socketUrl, { ca: sandbox.ca, headers })
      socket.on('error', () => {})
      const [, response] = await new Promise<[unknown, { statusCode: number }]>((resolve) =>
        socket.once('unexpected-response', (...args) => resolve(args as never)),
      )
      return response.statusCode
    }
    assert.equal(await refused({}), 401)
    assert.equal(await refused(sandbox.headers('GET', '/trade-api/v2/exchange/status')), 401)
    assert.equal(await refused(sandbox.headers('GET', '/trade-api/ws/v2', { saltLength: 222 })), 401)
    assert.equal(await refused(sandbox.headers('GET', '/trade-api/ws/v2', { skewMs: -60_000 })), 401)
  })

  it('sends a snapshot per ticker, both sides as bids, and leaves out the key of an empty side', async () => {
    using client = await Client.open(sandbox)
    const id = subscribe(client, [TICKER, CRYPTO_TICKER, TAPERED_TICKER])
    const [subscribed, first, second, third] = await client.next(4)
    assert.deepEqual(subscribed, { id, type: 'subscribed', msg: { channel: 'orderbook_delta', sid: 1 } })
    const market = sandbox.venue.markets.get(TICKER)!
    assert.deepEqual(first, {
      type: 'orderbook_snapshot',
      sid: 1,
      seq: 1,
      msg: {
        market_ticker: TICKER,
        market_id: market.id,
        yes_dollars_fp: [
          ['0.4400', '20.00'],
          ['0.4500', '100.00'],
        ],
        no_dollars_fp: [['0.4500', '100.00']],
      },
    })
    assert.deepEqual(
      [second.seq, Object.keys(second.msg)],
      [2, ['market_ticker', 'market_id', 'yes_dollars_fp']],
    )
    assert.deepEqual([third.seq, Object.keys(third.msg)], [3, ['market_ticker', 'market_id']])
  })

  it('numbers deltas and acknowledgements of one sid without a gap, and merges a second subscription', async () => {
    using client = await Client.open(sandbox)
    subscribe(client, [TICKER])
    await client.next(2)
    const merged = subscribe(client, [TICKER, CRYPTO_TICKER])
    const [ok, snapshot] = await client.next(2)
    assert.deepEqual(ok, {
      type: 'ok',
      id: merged,
      sid: 1,
      seq: 2,
      msg: { market_tickers: [CRYPTO_TICKER, TICKER] },
    })
    // Only what was added is told anew.
    assert.deepEqual(
      [snapshot.type, snapshot.seq, snapshot.msg.market_ticker],
      ['orderbook_snapshot', 3, CRYPTO_TICKER],
    )

    sandbox.quote('bid', 40, 12.5)
    const delta = await client.nextOne()
    const { ts, ts_ms, ...msg } = delta.msg
    assert.deepEqual([typeof ts, typeof ts_ms], ['string', 'number'])
    assert.deepEqual([delta.type, delta.sid, delta.seq], ['orderbook_delta', 1, 4])
    assert.deepEqual(msg, {
      market_ticker: TICKER,
      market_id: sandbox.venue.markets.get(TICKER)!.id,
      price_dollars: '0.4000',
      delta_fp: '12.50',
      side: 'yes',
    })

    const update = (action: string, tickers: string[]): number =>
      client.command('update_subscription', { sids: [1], market_tickers: tickers, action })
    update('delete_markets', [TICKER])
    const removed = await client.nextOne()
    assert.deepEqual([removed.seq, removed.msg], [5, { market_tickers: [CRYPTO_TICKER] }])
    sandbox.quote('bid', 40, 1)
    update('add_markets', [CRYPTO_TICKER])
    const harmless = await client.nextOne()
    assert.deepEqual([harmless.type, harmless.seq], ['ok', 6])
    const asked = update('get_snapshot', [TICKER, CRYPTO_TICKER])
    const replies = await client.next(2)
    assert.deepEqual(
      replies.map(({ type, id, seq, msg: { market_ticker } }) => [type, id, seq, market_ticker]),
      [
        ['orderbook_snapshot', asked, 7, TICKER],
        ['orderbook_snapshot', asked, 8, CRYPTO_TICKER],
      ],
    )
    const unsubscribed = client.command('unsubscribe', { sids: [1] })
    assert.deepEqual(await client.nextOne(), { id: unsubscribed, sid: 1, seq: 9, type: 'unsubscribed' })
  })

  it('tells NO levels in either leg’s price', async () => {
    using client = await Client.open(sandbox)
    using other = await Client.open(sandbox)
    subscribe(client, [TICKER], { use_yes_price: false })
    subscribe(other, [TICKER], { use_yes_price: true })
    const [[, noPrices], [, yesPrices]] = await Promise.all([client.next(2), other.next(2)])
    assert.deepEqual(noPrices.msg.no_dollars_fp, [['0.4500', '100.00']])
    assert.deepEqual(yesPrices.msg.no_dollars_fp, [['0.5500', '100.00']])
    sandbox.quote('ask', 58, 3)
    const [no, yes] = await Promise.all([client.nextOne(), other.nextOne()])
    assert.deepEqual([no.msg.price_dollars, yes.msg.price_dollars], ['0.4200', '0.5800'])
    assert.deepEqual([no.msg.side, yes.msg.side], ['no', 'no'])
  })

  it('has one sid per channel; fills, orders, positions and tickers carry no seq', async () => {
    using client = await Client.open(sandbox)
    client.command('subscribe', { channels: ['fill', 'user_orders', 'market_positions'] })
    assert.deepEqual(
      (await client.next(3)).map(({ msg }) => [msg.channel, msg.sid]),
      [
        ['fill', 1],
        ['user_orders', 2],
        ['market_positions', 3],
      ],
    )
    client.command('subscribe', {
      channels: ['ticker'],
      market_tickers: [TICKER],
      send_initial_snapshot: true,
    })
    const [, ticker] = await client.next(2)
    assert.deepEqual(
      [ticker.type, ticker.sid, ticker.seq, ticker.msg.yes_ask_dollars],
      ['ticker', 4, undefined, '0.5500'],
    )
    const listed = client.command('list_subscriptions')
    const list = await client.nextOne()
    assert.deepEqual([list.id, (list.msg as unknown as unknown[]).length], [listed, 4])
    client.command('unsubscribe', { sids: [4] })
    const gone = await client.nextOne()
    assert.deepEqual([gone.type, gone.seq], ['unsubscribed', undefined])

    const { body } = await sandbox.ask('POST', ORDERS, {
      ticker: TICKER,
      client_order_id: 'taker-1',
      side: 'bid',
      count: '2.00',
      price: '0.5500',
      time_in_force: 'immediate_or_cancel',
      self_trade_prevention_type: 'taker_at_cross',
    })
    const frames = await client.next(3)
    const fill = frames.find(({ type }) => type === 'fill')
    assert.deepEqual(
      [fill?.sid, fill?.seq, fill?.msg.client_order_id, fill?.msg.order_id],
      [1, undefined, 'taker-1', (body as { order_id: string }).order_id],
    )
    // 2 x 0.07 x 0.55 x 0.45 is 0.034650, the balance is kept to 0.0001.
    assert.deepEqual(
      [fill?.msg.fee_cost, fill?.msg.post_position_fp, fill?.msg.is_taker, fill?.msg.purchased_side],
      ['0.034700', '2.00', true, 'yes'],
    )
    const user = frames.find(({ type }) => type === 'user_order')
    assert.deepEqual(
      [user?.sid, user?.seq, user?.msg.ticker, user?.msg.status],
      [2, undefined, TICKER, 'executed'],
    )
    const position = frames.find(({ type }) => type === 'market_position')
    assert.deepEqual([position?.sid, position?.seq, position?.msg.position_fp], [3, undefined, '2.00'])
  })

  it('tags deltas with the client_order_id of who caused them, for him alone', async () => {
    using client = await Client.open(sandbox)
    subscribe(client, [TICKER])
    await client.next(2)
    const { body } = await sandbox.ask('POST', ORDERS, {
      ticker: TICKER,
      client_order_id: 'maker-1',
      side: 'bid',
      count: '2.00',
      price: '0.4100',
      time_in_force: 'good_till_canceled',
      self_trade_prevention_type: 'taker_at_cross',
    })
    const placed = await client.nextOne()
    assert.deepEqual(
      [placed.msg.client_order_id, placed.msg.subaccount, placed.msg.delta_fp],
      ['maker-1', 0, '2.00'],
    )
    await sandbox.ask('DELETE', `${ORDERS}/${(body as { order_id: string }).order_id}`)
    const cancelled = await client.nextOne()
    assert.deepEqual([cancelled.msg.client_order_id, cancelled.msg.delta_fp], ['maker-1', '-2.00'])
    sandbox.quote('bid', 41, 1)
    assert.equal((await client.nextOne()).msg.client_order_id, undefined)
  })

  it('refuses commands with the venue’s numbers', async () => {
    using client = await Client.open(sandbox)
    const code = async (): Promise<unknown> => {
      const { type, msg } = await client.nextOne()
      assert.equal(type, 'error')
      return msg.code
    }
    client.socket.send('{"id":1,')
    assert.equal(await code(), 1)
    for (const [cmd, params, expected] of [
      ['subscribe', undefined, 2],
      ['subscribe', {}, 3],
      ['unsubscribe', {}, 4],
      ['dance', {}, 5],
      ['unsubscribe', { sids: [99] }, 7],
      ['subscribe', { channels: ['ticker_v2'] }, 8],
      ['subscribe', { channels: ['orderbook_delta'], market_ids: ['x'] }, 11],
      ['subscribe', { channels: ['orderbook_delta'], market_ticker: TICKER, market_tickers: [TICKER] }, 11],
      ['subscribe', { channels: ['orderbook_delta'] }, 14],
      ['update_subscription', { action: 'add_markets', market_tickers: [TICKER] }, 12],
      ['update_subscription', { sids: [1, 2], action: 'add_markets', market_tickers: [TICKER] }, 12],
      ['update_subscription', { sid: 7, action: 'add_markets', market_tickers: [TICKER] }, 7],
    ] as const) {
      const id = client.command(cmd, params)
      const { msg, ...frame } = await client.nextOne()
      assert.deepEqual(
        [frame, msg.code],
        [{ id, type: 'error' }, expected],
        `${cmd} ${JSON.stringify(params)}`,
      )
    }
    // On a subscription that is numbered, its errors are too.
    subscribe(client, [TICKER])
    await client.next(2)
    for (const [params, expected, seq] of [
      [{}, 15, 2],
      [{ action: 'dance' }, 13, 3],
      [{ action: 'add_markets' }, 14, 4],
      [{ action: 'get_snapshot', market_ticker: TICKER }, 14, 5],
    ] as const) {
      client.command('update_subscription', { sid: 1, ...params })
      const frame = await client.nextOne()
      assert.deepEqual([frame.msg.code, frame.sid, frame.seq], [expected, 1, seq])
    }
  })

  it('tells what happens to markets and to order groups, numbered', async () => {
    using client = await Client.open(sandbox)
    client.command('subscribe', { channels: ['market_lifecycle_v2', 'order_group_updates', 'trade'] })
    await client.next(3)
    const market = sandbox.venue.markets.get(TAPERED_TICKER)!
    sandbox.venue.setMarketActive(market, false)
    sandbox.venue.setMarketActive(market, true)
    const ranges = [{ start: '0.0000', end: '1.0000', step: '0.0010' }]
    sandbox.venue.setPriceRanges(market, 'deci_cent', ranges)
    const changes = await client.next(3)
    assert.deepEqual(
      changes.map(({ type, seq, msg }) => [type, seq, msg.event_type]),
      [
        ['market_lifecycle_v2', 1, 'deactivated'],
        ['market_lifecycle_v2', 2, 'activated'],
        ['market_lifecycle_v2', 3, 'price_level_structure_updated'],
      ],
    )
    assert.deepEqual(changes[2].msg.price_ranges, ranges)
    await sandbox.ask('POST', '/portfolio/order_groups/create', { contracts_limit_fp: '2.50' })
    const group = await client.nextOne()
    assert.deepEqual(
      [group.type, group.seq, group.msg.contracts_limit_fp],
      ['order_group_updates', 1, '2.50'],
    )
    sandbox.quote('bid', 55, 1)
    const trade = await client.nextOne()
    assert.deepEqual(
      [trade.type, trade.seq, trade.msg.yes_price_dollars, trade.msg.taker_book_side],
      ['trade', 1, '0.5500', 'bid'],
    )
  })

  it('ends a subscription with error 25 when its reader is too slow; it starts anew', async () => {
    using client = await Client.open(sandbox)
    subscribe(client, [TICKER])
    await client.next(2)
    sandbox.faults.set('overflow', true)
    const error = await client.nextOne()
    sandbox.faults.set('overflow', false)
    assert.deepEqual([error.type, error.sid, error.seq, error.msg.code], ['error', 1, 2, 25])
    sandbox.quote('bid', 39, 1)
    subscribe(client, [TICKER])
    const [again, snapshot] = await client.next(2)
    assert.deepEqual([again.type, again.msg.sid, snapshot.seq], ['subscribed', 2, 1])
  })

  it(
    'sends a ping with the body "heartbeat", and ends some frames with a newline',
    { timeout: 15_000 },
    async () => {
      using client = await Client.open(sandbox)
      subscribe(client, [TICKER])
      await client.next(2)
      for (let i = 0; i < 40; i++) sandbox.quote('bid', 20, 1)
      await client.next(40)
      const ended = client.texts.filter((text) => text.endsWith('\n')).length
      assert.ok(ended > 0 && ended < client.texts.length, `${ended} of ${client.texts.length}`)
      await new Promise((resolve) => client.socket.once('ping', resolve))
      assert.deepEqual(client.pings, ['heartbeat'])
    },
  )

  it('swallows, repeats, breaks and resets when it is told to', async () => {
    using client = await Client.open(sandbox)
    subscribe(client, [TICKER])
    await client.next(2)
    const strike = async (fault: 'gap' | 'duplicate' | 'garbage', frames: number): Promise<string[]> => {
      sandbox.faults.set(fault, true)
      const from = client.texts.length
      sandbox.quote('bid', 10, 1)
      sandbox.faults.set(fault, false)
      sandbox.quote('bid', 10, 1)
      while (client.texts.length < from + frames) await new Promise((resolve) => setTimeout(resolve, 5))
      return client.texts.slice(from).map((text) => /"seq":\d+/.exec(text)?.[0] ?? text)
    }
    assert.deepEqual(await strike('gap', 1), ['"seq":3'])
    assert.deepEqual(await strike('duplicate', 3), ['"seq":4', '"seq":4', '"seq":5'])
    const [broken, whole] = await strike('garbage', 2)
    assert.deepEqual([broken, whole], ['"seq":6', '"seq":7'])
    assert.throws(() => JSON.parse(client.texts.at(-2)!))
    const closed = new Promise((resolve) => client.socket.once('close', resolve))
    sandbox.faults.set('reset', true)
    assert.equal(await closed, 1006)
    sandbox.faults.set('reset', false)
  })
})
