import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { SignedRequest } from '@tandem/colo/venue/kalshi/auth.ts'
import { KalshiRest } from '@tandem/colo/venue/kalshi/rest.ts'
import { Seal } from '@tandem/colo/venue/polymarket/auth.ts'
import { PolymarketRest } from '@tandem/colo/venue/polymarket/rest.ts'
import { Failure } from '@tandem/shared/failure.ts'
import { dispatcherTo } from '../dispatcher.ts'
import { httpAnswer, TlsVenue, type VenueRequest } from '../tls-venue.ts'

// Questions over real TLS, to a venue that answers as each test says.

const SECRET_HEADER = 'signature-of-ours'
const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function scene(answers: (request: VenueRequest) => unknown) {
  const venue = await TlsVenue.open()
  venue.onRequest = (request) => {
    const answer = answers(request)
    request.socket.write(typeof answer === 'string' ? answer : httpAnswer(200, answer))
  }
  const dispatcher = dispatcherTo(venue.url, venue.ca)
  closers.push(async () => {
    await dispatcher.destroy()
    await venue.close()
  })
  const signed: (number | string)[] = []
  const kalshi = new KalshiRest({
    dispatcher,
    headers: async (request, id) => {
      signed.push(request, ...(id === undefined ? [] : [id]))
      return { 'KALSHI-ACCESS-SIGNATURE': SECRET_HEADER }
    },
  })
  const polymarket = new PolymarketRest({
    dispatcher,
    account: { address: '0xaa', apiKey: 'key', passphrase: SECRET_HEADER },
    signatureType: 0,
    seal: new Seal('A'.repeat(43)),
    wallMs: () => 1_000_000_999,
  })
  return { venue, kalshi, polymarket, signed }
}

test('reads a list to its last page', async () => {
  const { kalshi, venue, signed } = await scene(({ line }) => {
    const isFirst = !line.includes('cursor=')
    return {
      market_positions: [{ ticker: isFirst ? 'A' : 'B', position_fp: isFirst ? '3.50' : '-1.00' }],
      cursor: isFirst ? 'next' : '',
    }
  })
  assert.deepEqual(await kalshi.positions(), [
    { ticker: 'A', microShares: 3_500_000 },
    { ticker: 'B', microShares: -1_000_000 },
  ])
  assert.deepEqual(signed, [SignedRequest.Positions, SignedRequest.Positions])
  assert.match(venue.requests[1].line, /^GET \/trade-api\/v2\/portfolio\/positions\?.*cursor=next/)
})

test('asks Kalshi for fills, balances by shard, limits, and how fresh they are', async () => {
  const fill = {
    trade_id: 't1',
    order_id: 'o1',
    yes_price_dollars: '0.5500',
    count_fp: '2.00',
    fee_cost: '0.034700',
    outcome_side: 'no',
  }
  const { kalshi, venue } = await scene(({ line }) => {
    if (line.includes('/fills')) return { fills: [fill, { trade_id: 'broken' }], cursor: '' }
    if (line.includes('/balance'))
      return {
        balance: 9_801,
        balance_breakdown: [
          { exchange_index: 0, balance: '98.0186' },
          { exchange_index: 2, balance: '0.50' },
        ],
      }
    if (line.includes('/limits')) return { write: { refill_rate: 300, bucket_capacity: 900 } }
    return { as_of_time: '2026-11-22T12:00:00.250Z' }
  })
  assert.deepEqual(
    (await kalshi.fillsOf('o1')).map(({ tradeId, fills }) => [tradeId, ...fills]),
    [['t1', { price: 4_500, microShares: 2_000_000, feeMicroUsd: 34_700 }]],
  )
  assert.match(venue.requests[0].line, /order_id=o1/)
  assert.deepEqual(
    [...(await kalshi.balancesMicroUsd())],
    [
      [0, 98_018_600],
      [2, 500_000],
    ],
  )
  assert.deepEqual(await kalshi.writeLimit(), { tokensPerS: 300, capacity: 900 })
  assert.equal(await kalshi.userDataMs(), Date.UTC(2026, 10, 22, 12, 0, 0, 250))
})

test('asks Kalshi for books of several markets, whichever sides they have', async () => {
  const { kalshi, venue, signed } = await scene(() => ({
    orderbooks: [
      { ticker: 'A', orderbook_fp: { yes_dollars: [['0.4500', '3.00']], no_dollars: [['0.5250', '0.50']] } },
      { ticker: 'B', orderbook_fp: { no_dollars: null } },
    ],
  }))
  assert.deepEqual(await kalshi.orderBooks(['A', 'B', 'C']), [
    { ticker: 'A', yes: [[4_500, 300]], no: [[5_250, 50]] },
    { ticker: 'B', yes: [], no: [] },
  ])
  assert.match(
    venue.requests[0].line,
    /^GET \/trade-api\/v2\/markets\/orderbooks\?tickers=A&tickers=B&tickers=C$/,
  )
  assert.deepEqual(signed, [SignedRequest.OrderBooks])
})

test('takes no book of Kalshi with a level that it cannot read', async () => {
  const { kalshi } = await scene(() => ({
    orderbooks: [{ ticker: 'A', orderbook_fp: { yes_dollars: [['0.4500', 'many']] } }],
  }))
  await assert.rejects(kalshi.orderBooks(['A']), { code: 'REST_UNREADABLE' })
})

test('knows what a token pays once its market has one winner, and not before', async () => {
  const listed = { closed: true, wins: [true, false] }
  const { polymarket, venue } = await scene(() => ({
    closed: listed.closed,
    tokens: ['1', '2'].map((token_id, at) => ({ token_id, winner: listed.wins[at] })),
  }))
  assert.deepEqual(
    [await polymarket.resolution('0xc0', '1'), await polymarket.resolution('0xc0', '2')],
    [1_000_000, 0],
  )
  assert.match(venue.requests[0].line, /^GET \/markets\/0xc0$/)
  listed.wins = [false, false]
  assert.equal(await polymarket.resolution('0xc0', '1'), undefined)
  listed.wins = [true, true]
  assert.equal(await polymarket.resolution('0xc0', '1'), undefined)
  listed.wins = [true, false]
  listed.closed = false
  assert.equal(await polymarket.resolution('0xc0', '1'), undefined)
})

test('asks Polymarket for books, time, trades and balances, sealed over the path without its query', async () => {
  const trade = {
    id: 't1',
    taker_order_id: '0x01',
    asset_id: '1',
    size: '2',
    price: '0.5',
    status: 'TRADE_STATUS_CONFIRMED',
    maker_orders: [],
  }
  const { polymarket, venue } = await scene(({ line }) => {
    if (line === 'GET /time') return httpAnswer(200, '1790000000')
    if (line === 'POST /books') return []
    if (line.includes('/balance-allowance')) return { balance: '1000000', allowances: {} }
    if (line.includes('/data/order/')) return httpAnswer(200, 'null')
    return { data: [trade], next_cursor: 'LTE=' }
  })
  assert.equal(await polymarket.timeS(), 1_790_000_000)
  assert.equal((await polymarket.books(['1', '2'])).toString(), '[]')
  assert.equal(venue.requests[1].body, '[{"token_id":"1"},{"token_id":"2"}]')
  assert.equal(await polymarket.balanceMicroUsd(), 1_000_000)
  // A match that is told, of an order that is not: gone, if what is held is what we had and what it brought.
  for (const [held, isGone] of [
    [0, false],
    [-1_000_000, true],
  ] as const) {
    const looked = await polymarket.lookUp('1', '0x01', 1_000_000_000, held)
    assert.deepEqual([looked.trades.length, looked.order, looked.isGone], [1, undefined, isGone])
  }
  const other = await polymarket.lookUp('1', '0x02', 1_000_000_000, 1_000_000)
  assert.deepEqual(other, { trades: [], order: undefined, isGone: true })
  const asked = venue.requests.find(({ line }) => line.startsWith('GET /data/trades'))
  assert.match(asked?.line ?? '', /asset_id=1&after=999995&/)
  const expected = Buffer.alloc(44)
  new Seal('A'.repeat(43)).write(expected, 0, 1_000_000, Buffer.from('GET/data/trades'), expected, 0, 0)
  assert.match(asked?.text ?? '', new RegExp(`POLY_SIGNATURE: ${expected.toString()}\r\n`, 'i'))
})

test('triggers an order group on whichever shard it is, and takes one that is on none for gone', async () => {
  let shard = '2'
  const { kalshi, venue, signed } = await scene(({ line, body }) => {
    if (line.endsWith('/exchange/status'))
      return { exchange_index_statuses: [0, 1, 2].map((exchange_index) => ({ exchange_index })) }
    if (shard === 'broken') return httpAnswer(503, {})
    assert.equal(body, '{}')
    return line.includes(`exchange_index=${shard}`) ? {} : httpAnswer(404, { error: { code: 'not_found' } })
  })
  const asked = () =>
    venue.requests
      .splice(0)
      .slice(1)
      .map(({ line }) => line)
  const path = 'PUT /trade-api/v2/portfolio/order_groups/og_1/trigger?exchange_index='
  await kalshi.triggerOrderGroup('og_1')
  assert.deepEqual(asked(), [`${path}0`, `${path}1`, `${path}2`])
  assert.deepEqual(signed.slice(-2), [SignedRequest.TriggerOrderGroup, 'og_1'])
  shard = '1'
  await kalshi.triggerOrderGroup('og_1')
  assert.deepEqual(asked(), [`${path}0`, `${path}1`])
  shard = 'none'
  await kalshi.triggerOrderGroup('og_1')
  assert.equal(asked().length, 3)
  shard = 'broken'
  await assert.rejects(kalshi.triggerOrderGroup('og_1'), { code: 'REST_REFUSED', retry: true })
})

test('says what the venue said, whether to ask again, and nothing of the question but its path', async () => {
  for (const [answer, code, retry] of [
    [httpAnswer(429, { error: 'too many requests' }), 'REST_REFUSED', true],
    [httpAnswer(401, { error: { code: 'header_timestamp_expired' } }), 'REST_REFUSED', false],
    [httpAnswer(200, { balance_breakdown: [{ exchange_index: '0' }] }), 'REST_UNREADABLE', false],
    ['nonsense\r\n\r\n', 'REST_UNREACHABLE', true],
  ] as const) {
    const { kalshi } = await scene(() => answer)
    await assert.rejects(kalshi.balancesMicroUsd(), (error: Failure) => {
      assert.ok(error instanceof Failure)
      assert.deepEqual([error.code, error.retry], [code, retry])
      assert.match(error.message, /\/trade-api\/v2\/portfolio\/balance/)
      assert.equal(error.cause, undefined)
      assert.doesNotMatch(error.message, new RegExp(SECRET_HEADER))
      return true
    })
  }
})

test('gives up a list without end', async () => {
  const { kalshi, venue } = await scene(() => ({ orders: [], cursor: 'again' }))
  await assert.rejects(kalshi.orders('T', 1_790_000_000_999), { code: 'REST_UNREADABLE' })
  assert.equal(venue.requests.length, 50)
  assert.match(venue.requests[0].line, /min_ts=1790000000(&|$)/)
})
