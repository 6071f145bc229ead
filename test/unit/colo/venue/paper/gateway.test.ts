import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Book } from '@tandem/colo/book/book.ts'
import { SimulatedClock } from '@tandem/colo/clock.ts'
import type { Approved } from '@tandem/colo/risk/intent.ts'
import { tokenValue } from '@tandem/colo/token.ts'
import { type PaperMarket, PaperVenues } from '@tandem/colo/venue/paper/gateway.ts'
import { KALSHI, POLYMARKET, type Venue } from '@tandem/colo/venue/venue.ts'
import type { Lots, Price } from '@tandem/shared/units.ts'

const APPROVED = {} as unknown as Approved
const LATENCY_NS = [80_000_000, 15_000_000] as const

interface Leg {
  venue: number
  shares: number
  costMicroUsd: number
  feeMicroUsd: number
  atNs: number
}

function scene({ othersLeave = 1, takerDelayNs = 0 } = {}) {
  const clock = new SimulatedClock(0)
  const book = new Book(100 as Price)
  const fees = { orderFees: () => (_price: Price, microShares: number) => microShares / 1_000_000 }
  const market = (complement: boolean): PaperMarket => ({ book, complement, takerDelayNs, ...fees })
  const venues = new PaperVenues(
    [
      new Map([
        ['1', market(false)],
        ['2', market(true)],
      ]),
      new Map([['TICKER', market(false)]]),
    ],
    { latencyNs: LATENCY_NS, othersLeave, remembers: true },
    clock,
  )
  const legs: Leg[] = []
  venues.listener = {
    legSettled() {},
    legDone: (_trade, venue, filled, costMicroUsd, feeMicroUsd, atNs) =>
      legs.push({ venue, shares: filled / 1_000_000, costMicroUsd, feeMicroUsd, atNs }),
  }
  const send = (venue: Venue, body: object): Leg => {
    const request = Buffer.from(`POST / HTTP/1.1\r\nHost: x\r\n\r\n${JSON.stringify(body)}`)
    venues.gateway(venue).send(APPROVED, 0, Buffer.concat([request, Buffer.from('garbage')]), request.length)
    venues.due(tokenValue(clock.step(clock.nowNs() + 1e9)))
    return legs.at(-1) as Leg
  }
  const buy = (tokenId: string, dollars: number, limit: number, orderType = 'FAK') =>
    send(POLYMARKET, {
      order: {
        tokenId,
        side: 'BUY',
        makerAmount: String(dollars * 1e6),
        takerAmount: String(Math.floor((dollars / limit) * 1e4) * 100),
      },
      orderType,
    })
  const kalshi = (side: 'bid' | 'ask', price: string, count: string, tif = 'immediate_or_cancel') =>
    send(KALSHI, { ticker: 'TICKER', side, price, count, time_in_force: tif })
  const ask = (price: number, lots: number) => book.asks.set(price as Price, lots as Lots)
  const bid = (price: number, lots: number) => book.bids.set(price as Price, lots as Lots)
  return { clock, legs, buy, kalshi, ask, bid }
}

test('dollars buy the levels as they come: 153.60 over 120@.47 and 500@.48 are 322.5 shares', () => {
  const { buy, ask } = scene()
  ask(4700, 12_000)
  ask(4800, 50_000)
  assert.deepEqual(buy('1', 153.6, 0.48), {
    venue: POLYMARKET,
    shares: 322.5,
    costMicroUsd: 153_600_000,
    feeMicroUsd: 322.5,
    atNs: LATENCY_NS[POLYMARKET],
  })
})

test('a buy stops at its limit and keeps the rest of its dollars', () => {
  const { buy, ask } = scene()
  ask(4700, 12_000)
  ask(4800, 50_000)
  const leg = buy('1', 153.6, 0.47)
  assert.equal(leg.shares, 120)
  assert.equal(leg.costMicroUsd, 56_400_000)
})

test('the complement is bought from the bids at one dollar less their price', () => {
  const { buy, kalshi, bid } = scene()
  bid(5300, 10_000)
  const token = buy('2', 23.5, 0.47)
  assert.equal(token.shares, 50)
  assert.equal(token.costMicroUsd, 23_500_000)
  const no = kalshi('ask', '0.5300', '20.00')
  assert.equal(no.shares, 20)
  assert.equal(no.costMicroUsd, 20 * 470_000)
})

test('what was taken stays taken until the market changes that level', () => {
  const { kalshi, ask } = scene()
  ask(4700, 1_000)
  assert.equal(kalshi('bid', '0.4700', '6.00').shares, 6)
  assert.equal(kalshi('bid', '0.4700', '6.00').shares, 4)
  assert.equal(kalshi('bid', '0.4700', '6.00').shares, 0)
  ask(4700, 900)
  assert.equal(kalshi('bid', '0.4700', '60.00').shares, 9)
})

test('all or nothing takes nothing where there is not all', () => {
  const { buy, kalshi, ask } = scene()
  ask(4700, 1_000)
  assert.equal(kalshi('bid', '0.4700', '10.01', 'fill_or_kill').shares, 0)
  assert.equal(buy('1', 4.71, 0.47, 'FOK').shares, 0)
  assert.equal(kalshi('bid', '0.4700', '10.00', 'fill_or_kill').shares, 10)
})

test('a level of dust holds nothing to buy', () => {
  const { buy, ask } = scene()
  ask(4600, -1)
  ask(4700, 1_000)
  assert.equal(buy('1', 4.7, 0.47).shares, 10)
})

test('of what stands there others take their part first', () => {
  const { buy, ask } = scene({ othersLeave: 0.25 })
  ask(4700, 12_000)
  ask(4800, 4_000)
  assert.equal(buy('1', 100, 0.48).shares, 40)
})

test('where takers are held back, the book is looked at that much later', () => {
  const { buy, kalshi, ask } = scene({ takerDelayNs: 150_000_000 })
  ask(4700, 12_000)
  assert.equal(buy('1', 4.7, 0.47).atNs, LATENCY_NS[POLYMARKET] + 150_000_000)
  assert.ok(kalshi('bid', '0.4700', '1.00').shares > 0)
})

test('bytes that are no order are refused with what is wrong', () => {
  const { legs } = scene()
  const model = { latencyNs: LATENCY_NS, othersLeave: 1, remembers: true }
  const venues = new PaperVenues([new Map(), new Map()], model, new SimulatedClock(0))
  const request = Buffer.from('POST / HTTP/1.1\r\n\r\n{"side":"bid","price":"0.47001","count":"1.00"}')
  assert.throws(() => venues.gateway(KALSHI).send(APPROVED, 0, request, request.length), {
    code: 'PAPER_ORDER_BROKEN',
  })
  assert.equal(legs.length, 0)
})
