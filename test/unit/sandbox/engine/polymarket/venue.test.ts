import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PolymarketEvent } from '@tandem/sandbox/engine/polymarket/event.ts'
import { COLLATERAL } from '@tandem/sandbox/engine/polymarket/funds.ts'
import type { Market } from '@tandem/sandbox/engine/polymarket/market.ts'
import type { OrderTerms } from '@tandem/sandbox/engine/polymarket/order.ts'
import { type Answer, BACKING, OUTSIDER, PolymarketVenue } from '@tandem/sandbox/engine/polymarket/venue.ts'
import { Random } from '@tandem/sandbox/engine/random.ts'
import { SIDE_ASK, SIDE_BID } from '@tandem/shared/units.ts'
import fc from 'fast-check'

const SHARE = 1_000_000
const [ANN, BOB] = ['0xann', '0xbob']

/** A venue with one market, whose clock stands until it is moved. */
function makeVenue(given: { takerDelayMs?: number; fails?: () => boolean } = {}) {
  let nowMs = 1_790_000_000_000
  let orders = 0
  const events: PolymarketEvent[] = []
  const venue = new PolymarketVenue({
    nowMs: () => nowMs,
    random: new Random(1),
    emit: (event) => events.push(event),
    ...(given.fails === undefined ? {} : { tradeFails: given.fails }),
  })
  const market: Market = venue.addMarket({
    conditionId: '0x1',
    tokens: ['11', '12'],
    outcomes: ['Yes', 'No'],
    question: 'Will it?',
    slug: 'will-it',
    tick: 100,
    minimumShares: 5,
    fee: { rate: 0.04, exponent: 1 },
    negRisk: false,
    version: 'v1',
    takerDelayMs: given.takerDelayMs ?? 0,
    secondsDelay: 0,
  })
  /** Places an order of a price in cents and a size in shares, or in dollars for what buys at once. */
  const place = (
    account: string,
    order: Partial<OrderTerms>,
    cents: number,
    size: number,
  ): Answer | undefined => {
    const { side = 'BUY', type = 'GTC' } = order
    const dollars = side === 'BUY' && (type === 'FAK' || type === 'FOK')
    const microShares = dollars ? Math.floor((size * 10_000) / cents) * 10_000 : size * SHARE
    const microUsd = dollars ? size * SHARE : Math.round((microShares * cents) / 100)
    const [makerAmount, takerAmount] = side === 'BUY' ? [microUsd, microShares] : [microShares, microUsd]
    const terms: OrderTerms = {
      id: `0x${++orders}`,
      account,
      owner: `key of ${account}`,
      tokenId: '11',
      side,
      makerAmount,
      takerAmount,
      type,
      expiration: 0,
      postOnly: false,
      ...order,
    }
    let answer: Answer | undefined
    venue.place(terms, (given) => {
      answer = given
    })
    return answer
  }
  const pass = (ms: number): void => {
    nowMs += ms
    venue.tick(nowMs)
  }
  return { venue, market, events, place, pass, nowMs: () => nowMs }
}

const refusalOf = (answer: Answer | undefined) =>
  answer !== undefined && 'refused' in answer ? answer.refused.kind : undefined

test('whatever is traded, no dollar and no token comes from nowhere', () => {
  const step = fc.record({
    who: fc.constantFrom(ANN, BOB, OUTSIDER),
    side: fc.constantFrom('BUY' as const, 'SELL' as const),
    token: fc.constantFrom('11', '12'),
    type: fc.constantFrom('GTC' as const, 'FAK' as const, 'FOK' as const),
    cents: fc.integer({ min: 30, max: 70 }),
    size: fc.integer({ min: 5, max: 200 }),
    ms: fc.integer({ min: 0, max: 3_000 }),
    pull: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), fc.boolean(), (steps, failing) => {
      const { venue, market, place, pass } = makeVenue({ fails: () => failing })
      const { ledger } = venue
      for (const account of [ANN, BOB]) ledger.add(account, COLLATERAL, 300 * SHARE)
      const quotes: string[] = []
      for (const { who, side, token, type, cents, size, ms, pull } of steps) {
        if (who !== OUTSIDER) place(who, { side, tokenId: token, type }, cents, size)
        else if (pull && quotes.length > 0) venue.pull(quotes.shift() ?? '')
        else
          quotes.push(
            venue.quote(market, side === 'BUY' ? SIDE_BID : SIDE_ASK, cents * 100, size * SHARE + ms),
          )
        pass(ms)
        assert.equal(ledger.total(COLLATERAL), 600 * SHARE)
        // Every set has one of each token, and a dollar behind it.
        assert.equal(ledger.total('11'), ledger.total('12'))
        assert.equal(ledger.balance(BACKING, COLLATERAL), ledger.total('11'))
        const { book } = market
        assert.ok(book.best(SIDE_ASK) === -1 || book.best(SIDE_BID) < book.best(SIDE_ASK))
        for (const account of [ANN, BOB]) {
          // A maker of a minted set pays what its taker's rounding leaves: a micro-dollar beyond its reserve.
          if (!failing) for (const [, amount] of ledger.assets(account)) assert.ok(amount >= -1)
        }
      }
    }),
    { seed: 1, numRuns: 200 },
  )
})

test('what a failed match brought cannot be sold: the sale fails too, and what was there before can', () => {
  for (const [before, end] of [
    [0, 'FAILED'],
    [10, 'CONFIRMED'],
  ] as const) {
    let trades = 0
    const { venue, market, place, pass, events } = makeVenue({ fails: () => trades++ === 0 })
    venue.ledger.add(ANN, COLLATERAL, 100 * SHARE)
    venue.ledger.add(ANN, '11', before * SHARE)
    venue.quote(market, SIDE_ASK, 5_000, 10 * SHARE)
    venue.quote(market, SIDE_BID, 4_900, 10 * SHARE)
    place(ANN, { type: 'FAK' }, 50, 5)
    pass(1_000)
    place(ANN, { type: 'FAK', side: 'SELL' }, 49, 10)
    pass(10_000)
    const ends = events.flatMap((event) =>
      event.kind === 'trade' && ['FAILED', 'CONFIRMED'].includes(event.trade.status)
        ? [`${event.trade.taker.side} ${event.trade.status}`]
        : [],
    )
    assert.deepEqual(ends, ['BUY FAILED', `SELL ${end}`])
    assert.equal(venue.ledger.balance(ANN, '11'), 0)
  }
})

test('the same seed tells the same story', () => {
  const story = (): string => {
    const { venue, market, place, pass, events } = makeVenue()
    venue.ledger.add(ANN, COLLATERAL, 1_000 * SHARE)
    for (const cents of [47, 48]) venue.quote(market, SIDE_ASK, cents * 100, 100 * SHARE)
    place(ANN, { type: 'FAK' }, 48, 60)
    pass(5_000)
    return JSON.stringify(events, (key, value) => (key === 'book' || key === 'market' ? undefined : value))
  }
  assert.equal(story(), story())
})

test('a burst is told once, with what is different at its end', () => {
  const { venue, market, events } = makeVenue()
  events.length = 0
  venue.burst(() => {
    const id = venue.quote(market, SIDE_BID, 4_000, SHARE)
    venue.quote(market, SIDE_BID, 4_100, SHARE)
    venue.pull(id)
  })
  assert.equal(events.length, 1)
  const [event] = events
  assert.deepEqual(event.kind === 'market' && event.changes, [
    { side: SIDE_BID, price: 4_100, microShares: SHARE },
  ])
})

test('orders of one market share a balance, of two markets outbid each other later', () => {
  const { venue, market, place, events } = makeVenue()
  const other = venue.addMarket({ ...market.terms, conditionId: '0x2', tokens: ['21', '22'] })
  venue.ledger.add(ANN, COLLATERAL, 50 * SHARE)
  place(ANN, {}, 40, 100)
  assert.equal(refusalOf(place(ANN, { tokenId: '12' }, 40, 30)), 'no-funds')
  place(ANN, { tokenId: '21' }, 40, 100)
  assert.equal(venue.openOrders(ANN).length, 2)
  venue.hit(other, SIDE_ASK, 4_000, 60 * SHARE)
  // 26 dollars are left: the older order needs 40, the younger 16.
  assert.deepEqual(
    venue.openOrders(ANN).map(({ id }) => id),
    ['0x3'],
  )
  // What it buys itself costs it the last one.
  venue.quote(market, SIDE_ASK, 4_000, 50 * SHARE)
  assert.equal(refusalOf(place(ANN, { type: 'FOK' }, 40, 10)), undefined)
  assert.equal(venue.openOrders(ANN).length, 0)
  const lost = events.filter((event) => event.kind === 'order' && event.order.status === 'INVALID')
  assert.deepEqual(
    lost.map((event) => event.kind === 'order' && [event.order.id, event.type]),
    [
      ['0x1', 'CANCELLATION'],
      ['0x3', 'CANCELLATION'],
    ],
  )
})

test('a buy needs its fee too', () => {
  const { venue, market, place } = makeVenue()
  venue.quote(market, SIDE_ASK, 5_000, 100 * SHARE)
  venue.ledger.add(ANN, COLLATERAL, 50 * SHARE)
  for (const type of ['FOK', 'GTC'] as const) {
    assert.equal(refusalOf(place(ANN, { type }, 50, type === 'FOK' ? 50 : 100)), 'no-funds')
  }
  venue.ledger.add(ANN, COLLATERAL, SHARE)
  assert.equal(refusalOf(place(ANN, { type: 'FOK' }, 50, 50)), undefined)
  assert.equal(venue.ledger.balance(ANN, COLLATERAL), 0)
})

test('GTD needs three minutes and ends one minute early', () => {
  const { venue, place, pass, nowMs } = makeVenue()
  venue.ledger.add(ANN, COLLATERAL, 50 * SHARE)
  const expiration = nowMs() / 1_000 + 180
  assert.equal(refusalOf(place(ANN, { type: 'GTD', expiration: expiration - 1 }, 40, 10)), 'expiration')
  assert.equal(refusalOf(place(ANN, { expiration }, 40, 10)), 'expiration')
  place(ANN, { type: 'GTD', expiration }, 40, 10)
  pass(119_999)
  assert.equal(venue.openOrders(ANN).length, 1)
  pass(1)
  assert.equal(venue.openOrders(ANN).length, 0)
})

test('a held order meets the book, the balance and the market as they are when its delay ends', () => {
  const { venue, market, place, pass, events } = makeVenue({ takerDelayMs: 150 })
  venue.ledger.add(ANN, COLLATERAL, 50 * SHARE)
  venue.quote(market, SIDE_ASK, 4_000, 10 * SHARE)
  assert.equal(place(ANN, { type: 'FOK' }, 40, 4), undefined)
  venue.hit(market, SIDE_BID, 4_000, SHARE)
  pass(150)
  const killed = events.find((event) => event.kind === 'order' && event.why !== undefined)
  assert.ok(killed?.kind === 'order' && killed.why?.kind === 'fok-killed')
  assert.equal(venue.ledger.balance(ANN, COLLATERAL), 50 * SHARE)
})

test('a market that ends cancels what rests and takes no more', () => {
  const { venue, market, place, events } = makeVenue()
  venue.ledger.add(ANN, COLLATERAL, 50 * SHARE)
  place(ANN, {}, 40, 10)
  venue.quote(market, SIDE_ASK, 6_000, SHARE)
  venue.resolve(market, 1)
  assert.deepEqual([market.book.best(SIDE_BID), market.book.best(SIDE_ASK)], [-1, -1])
  assert.equal(refusalOf(place(ANN, {}, 40, 10)), 'market-not-ready')
  const last = events.at(-1)
  assert.ok(last?.kind === 'resolved' && last.winner === 1)
  assert.equal(venue.order(new Set(['0xann']), '0x1')?.status, 'CANCELED_MARKET_RESOLVED')
})
