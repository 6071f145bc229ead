import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { KalshiSandbox, TICKER } from '../kalshi-sandbox.ts'
import { KeyFolder } from '../key-file.ts'
import type { Apis } from './kalshi-client/main.ts'

// The sandbox's Kalshi, judged by the venue's own client, unmodified and over TLS.

type Method<Api extends keyof Apis> = {
  [Name in keyof Apis[Api]]: Apis[Api][Name] extends (...args: never[]) => Promise<{ data: unknown }>
    ? Name
    : never
}[keyof Apis[Api]]

class OfficialClient {
  readonly #child: ChildProcess

  constructor(sandbox: KalshiSandbox, folder: KeyFolder) {
    const key = sandbox.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    this.#child = fork(
      join(import.meta.dirname, 'kalshi-client/main.ts'),
      [sandbox.restUrl, sandbox.keyId, folder.file('key.pem', key)],
      { env: { ...process.env, NODE_EXTRA_CA_CERTS: folder.file('ca.pem', sandbox.ca) } },
    )
  }

  async call<Api extends keyof Apis, Name extends Method<Api>>(
    api: Api,
    method: Name,
    // biome-ignore lint/suspicious/noExplicitAny: infers the arguments of the client's own method
    ...args: Apis[Api][Name] extends (...args: any[]) => unknown ? Parameters<Apis[Api][Name]> : never
  ): Promise<{
    status: number
    // biome-ignore lint/suspicious/noExplicitAny: as above
    data: Apis[Api][Name] extends (...args: any[]) => Promise<{ data: infer Data }> ? Data : never
  }> {
    this.#child.send({ api, method, args })
    const [answer] = await once(this.#child, 'message')
    return answer
  }

  close(): void {
    this.#child.disconnect()
  }
}

const models = join(dirname(createRequire(import.meta.url).resolve('kalshi-typescript')), 'models')

/** What the client's own types demand of a document, and it has not: fields that are missing or of another type. */
function unlike(model: string, document: object): string[] {
  const fields = document as Record<string, unknown>
  const source = readFileSync(join(models, `${model}.d.ts`), 'utf8')
  const wrong: string[] = []
  for (const [, name, optional, type] of source.matchAll(/^ {4}'(\w+)'(\??): (.+);$/gm)) {
    const value = fields[name]
    if (value === undefined) {
      if (optional === '') wrong.push(`${name} is missing`)
    } else if (/^(string|number|boolean)( \| null)?$/.test(type)) {
      const nullable = type.endsWith('| null')
      const wanted = type.split(' ')[0]
      if (typeof value !== wanted && !(nullable && value === null))
        wrong.push(`${name} is ${typeof value}, not ${type}`)
    } else if (type.startsWith('Array<') && !Array.isArray(value) && value !== null)
      wrong.push(`${name} is no array`)
  }
  const known = new Set([...source.matchAll(/^ {4}'(\w+)'\??: /gm)].map(([, name]) => name))
  wrong.push(
    ...Object.keys(fields)
      .filter((name) => !known.has(name))
      .map((name) => `${name} is unknown`),
  )
  return wrong
}

function like(model: string, ...documents: object[]): void {
  assert.ok(documents.length > 0, `there is a ${model} to look at`)
  for (const document of documents) assert.deepEqual(unlike(model, document), [], model)
}

describe('kalshi-typescript against the sandbox', () => {
  let sandbox: KalshiSandbox
  let client: OfficialClient
  const folder = new KeyFolder()
  let orders = 0

  const order = (side: 'bid' | 'ask', price: string, count: string, more: object = {}) => ({
    ticker: TICKER,
    client_order_id: `test-${orders++}`,
    side,
    count,
    price,
    time_in_force: 'good_till_canceled' as const,
    self_trade_prevention_type: 'taker_at_cross' as const,
    exchange_index: 0,
    ...more,
  })

  before(async () => {
    sandbox = await KalshiSandbox.start()
    client = new OfficialClient(sandbox, folder)
    sandbox.quote('bid', 45, 100)
    sandbox.quote('bid', 44, 200)
    sandbox.quote('ask', 52, 100)
    sandbox.quote('ask', 53, 50.5)
  })
  after(async () => {
    client?.close()
    await sandbox?.[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  })

  it('reads the exchange and its limits', async () => {
    const { data: status } = await client.call('exchange', 'getExchangeStatus')
    like('exchange-status', status)
    assert.deepEqual([status.trading_active, status.exchange_index_statuses?.length], [true, 4])
    like('schedule', (await client.call('exchange', 'getExchangeSchedule')).data.schedule)
    like('get-user-data-timestamp-response', (await client.call('exchange', 'getUserDataTimestamp')).data)
    const { data: limits } = await client.call('account', 'getAccountApiLimits')
    like('get-account-api-limits-response', limits)
    like('bucket-limit', limits.read, limits.write)
    const { data: costs } = await client.call('account', 'getAccountEndpointCosts')
    like('endpoint-token-cost', ...costs.endpoint_costs)
  })

  it('reads series, events and markets, page by page', async () => {
    const { data: series } = await client.call('markets', 'getSeriesList')
    like('series', ...series.series)
    const { data: one } = await client.call('markets', 'getSeries', 'KXCOIN')
    assert.deepEqual([one.series.fee_type, one.series.fee_multiplier], ['quadratic_with_maker_fees', 1])
    const { data: events } = await client.call('events', 'getEvents', undefined, undefined, true)
    like('event-data', ...events.events)
    like('market', ...(events.events[0].markets ?? []))
    const { data: event } = await client.call('events', 'getEvent', 'KXTEST-26')
    assert.equal(event.markets.length, 2)

    const { data: first } = await client.call('markets', 'getMarkets', 2)
    const { data: second } = await client.call('markets', 'getMarkets', 2, first.cursor)
    assert.deepEqual([first.markets.length, second.markets.length, second.cursor], [2, 1, ''])
    like('market', ...first.markets, ...second.markets)
    const { data: market } = await client.call('markets', 'getMarket', TICKER)
    assert.deepEqual(
      [market.market.yes_bid_dollars, market.market.yes_ask_dollars, market.market.no_ask_dollars],
      ['0.4500', '0.5200', '0.5500'],
    )
    assert.equal((await client.call('markets', 'getMarket', 'KXNONE')).status, 404)
  })

  it('reads books: both sides as bids, the best last', async () => {
    const { data } = await client.call('markets', 'getMarketOrderbook', TICKER)
    assert.deepEqual(data.orderbook_fp, {
      yes_dollars: [
        ['0.4400', '200.00'],
        ['0.4500', '100.00'],
      ],
      no_dollars: [
        ['0.4700', '50.50'],
        ['0.4800', '100.00'],
      ],
    })
    const { data: best } = await client.call('markets', 'getMarketOrderbook', TICKER, 1)
    assert.deepEqual(best.orderbook_fp, {
      yes_dollars: [['0.4500', '100.00']],
      no_dollars: [['0.4800', '100.00']],
    })
    const { data: both } = await client.call('markets', 'getMarketOrderbooks', [TICKER, 'KXCOIN-26-B90'])
    assert.deepEqual(
      both.orderbooks.map(({ ticker }) => ticker),
      [TICKER, 'KXCOIN-26-B90'],
    )
  })

  it('creates, reads, amends, decreases and cancels an order', async () => {
    const created = await client.call('orders', 'createOrderV2', order('bid', '0.4000', '10.00'))
    assert.equal(created.status, 201)
    like('create-order-v2-response', created.data)
    assert.deepEqual([created.data.fill_count, created.data.remaining_count], ['0.00', '10.00'])
    const id = created.data.order_id

    const { data: read } = await client.call('orders', 'getOrder', id)
    like('order', read.order)
    assert.deepEqual(
      [read.order.status, read.order.book_side, read.order.outcome_side],
      ['resting', 'bid', 'yes'],
    )

    const amended = await client.call('orders', 'amendOrderV2', id, {
      ticker: TICKER,
      side: 'bid',
      price: '0.4100',
      count: '12.00',
      updated_client_order_id: 'test-amended',
    })
    like('amend-order-v2-response', amended.data)
    assert.deepEqual(
      [amended.status, amended.data.client_order_id, amended.data.remaining_count],
      [200, 'test-amended', '12.00'],
    )

    const decreased = await client.call('orders', 'decreaseOrderV2', id, { reduce_to: '5.00' })
    like('decrease-order-v2-response', decreased.data)
    assert.deepEqual([decreased.status, decreased.data.remaining_count], [200, '5.00'])

    const { data: place } = await client.call('orders', 'getOrderQueuePosition', id)
    assert.equal(place.queue_position_fp, '0.00')
    const { data: places } = await client.call('orders', 'getOrderQueuePositions', TICKER)
    like('order-queue-position', ...places.queue_positions)

    const cancelled = await client.call('orders', 'cancelOrderV2', id)
    like('cancel-order-v2-response', cancelled.data)
    assert.deepEqual([cancelled.status, cancelled.data.reduced_by], [200, '5.00'])
    const again = await client.call('orders', 'cancelOrderV2', id)
    assert.deepEqual(
      [again.status, again.data],
      [404, { error: { code: 'not_found', message: 'not found' } }],
    )

    const { data: list } = await client.call(
      'orders',
      'getOrders',
      TICKER,
      undefined,
      undefined,
      undefined,
      'canceled',
    )
    like('order', ...list.orders)
    assert.deepEqual([list.orders.map(({ order_id }) => order_id), list.cursor], [[id], ''])
  })

  it('takes, and reads fills, positions, the balance and the public trade', async () => {
    const taken = await client.call(
      'orders',
      'createOrderV2',
      order('bid', '0.5300', '110.00', { time_in_force: 'immediate_or_cancel' }),
    )
    // 100 at 0.52 and 10 at 0.53. Fees: 1.747200, then 0.174370 rounded up to 0.174400 with the balance.
    assert.deepEqual(
      [taken.status, taken.data.fill_count, taken.data.remaining_count, taken.data.average_fill_price],
      [201, '110.00', '0.00', '0.520909'],
    )
    const { data: fills } = await client.call('portfolio', 'getFills', TICKER)
    like('fill', ...fills.fills)
    assert.deepEqual(
      fills.fills.map(({ count_fp, yes_price_dollars, fee_cost }) => [count_fp, yes_price_dollars, fee_cost]),
      [
        ['10.00', '0.5300', '0.174400'],
        ['100.00', '0.5200', '1.747200'],
      ],
    )
    const { data: positions } = await client.call('portfolio', 'getPositions')
    like('market-position', ...positions.market_positions)
    like('event-position', ...positions.event_positions)
    assert.equal(positions.market_positions[0].position_fp, '110.00')
    const { data: balance } = await client.call('portfolio', 'getBalance')
    like('get-balance-response', balance)
    like('indexed-balance', ...(balance.balance_breakdown ?? []))
    // 200 less 57.30 and 1.9216; cents are cut.
    assert.deepEqual([balance.balance_dollars, balance.balance], ['140.7784', 14_077])
    const { data: trades } = await client.call('markets', 'getTrades', 10, undefined, TICKER)
    like('trade', ...trades.trades)
    assert.equal(trades.trades.length, 2)
  })

  it('creates and cancels in batches, with an error for each that fails', async () => {
    const created = await client.call('orders', 'batchCreateOrdersV2', {
      orders: [
        order('bid', '0.3000', '1.00'),
        order('bid', '0.3050', '1.00'),
        order('ask', '0.7000', '2.00'),
      ],
    })
    assert.equal(created.status, 201)
    like('batch-create-orders-v2-response-orders-inner', ...created.data.orders)
    assert.deepEqual(
      created.data.orders.map(({ error }) => error?.code),
      [undefined, 'invalid_price', undefined],
    )
    const ids = created.data.orders.flatMap(({ order_id }) => order_id ?? [])
    const cancelled = await client.call('orders', 'batchCancelOrdersV2', {
      orders: [...ids, 'nobody-knows'].map((order_id) => ({ order_id })),
    })
    like('batch-cancel-orders-v2-response-orders-inner', ...cancelled.data.orders)
    assert.deepEqual(
      cancelled.data.orders.map(({ reduced_by, error }) => [reduced_by, error?.code]),
      [
        ['1.00', undefined],
        ['2.00', undefined],
        ['0.00', 'not_found'],
      ],
    )
    await client.call('orders', 'createOrderV2', order('bid', '0.2000', '1.00'))
    assert.equal((await client.call('orders', 'cancelAllOrders')).status, 204)
    const { data: left } = await client.call(
      'orders',
      'getOrders',
      undefined,
      undefined,
      undefined,
      undefined,
      'resting',
    )
    assert.deepEqual(left.orders, [])
  })

  it('keeps order groups to their limit', async () => {
    const created = await client.call('groups', 'createOrderGroup', { contracts_limit: 5 })
    assert.equal(created.status, 201)
    like('create-order-group-response', created.data)
    const { order_group_id } = created.data
    const resting = await client.call(
      'orders',
      'createOrderV2',
      order('bid', '0.4000', '1.00', { order_group_id }),
    )
    const { data: group } = await client.call('groups', 'getOrderGroup', order_group_id)
    like('get-order-group-response', group)
    assert.deepEqual([group.orders, group.contracts_limit_fp], [[resting.data.order_id], '5.00'])
    like('order-group', ...((await client.call('groups', 'getOrderGroups')).data.order_groups ?? []))

    // Its limit is matched: what rests in the group goes, and nothing new gets in.
    const matched = order('ask', '0.4500', '5.00', { order_group_id })
    await client.call('orders', 'createOrderV2', matched)
    assert.equal(
      (await client.call('orders', 'getOrder', resting.data.order_id)).data.order.status,
      'canceled',
    )
    const refused = await client.call(
      'orders',
      'createOrderV2',
      order('bid', '0.4000', '1.00', { order_group_id }),
    )
    assert.equal(refused.status, 409)
    assert.equal((await client.call('groups', 'resetOrderGroup', order_group_id)).status, 200)
    const accepted = await client.call(
      'orders',
      'createOrderV2',
      order('bid', '0.4000', '1.00', { order_group_id }),
    )
    assert.equal(accepted.status, 201)
    assert.equal((await client.call('groups', 'triggerOrderGroup', order_group_id)).status, 200)
    await client.call('groups', 'updateOrderGroupLimit', order_group_id, { contracts_limit: 7 })
    assert.equal((await client.call('groups', 'deleteOrderGroup', order_group_id)).status, 200)
    assert.equal((await client.call('groups', 'getOrderGroup', order_group_id)).status, 404)
  })

  it('moves money between shards and settles', async () => {
    const moved = await client.call('portfolio', 'intraExchangeInstanceTransfer', {
      source: 'event_contract',
      destination: 'event_contract',
      amount: 10_000,
      source_exchange_shard: 0,
      destination_exchange_shard: 2,
    })
    like('intra-exchange-instance-transfer-response', moved.data)
    const { data: balance } = await client.call('portfolio', 'getBalance', undefined, 2)
    assert.equal(balance.balance_dollars, '101.0000')

    const market = sandbox.venue.markets.get(TICKER)!
    sandbox.venue.setCloseTime(market, Date.now() - 1)
    sandbox.venue.tick(Date.now())
    sandbox.venue.determine(market, 'yes')
    sandbox.venue.tick(Date.now() + 2_000)
    const { data: settled } = await client.call('portfolio', 'getSettlements')
    like('settlement', ...settled.settlements)
    // 110 bought and 5 sold: 105 pay a dollar each.
    assert.deepEqual(
      settled.settlements.map(({ yes_count_fp, revenue, market_result }) => [
        yes_count_fp,
        revenue,
        market_result,
      ]),
      [['105.00', 10_500, 'yes']],
    )
    const { data: positions } = await client.call('portfolio', 'getPositions')
    assert.deepEqual(positions.market_positions, [])
  })
})
