import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  BASE_LEVELS,
  MARKETS_MAX,
  OUTSTANDING_MAX,
  RESERVED_FOR_URGENT,
  reservedForHot,
  SIZES as SIZE_COUNT,
  slotsFor,
  TOKENS_PER_MARKET,
} from '@tandem/colo/pool/capacity.ts'
import { PoolMiss } from '@tandem/colo/pool/miss.ts'
import { SALT_MAX, SALT_MIN, UrgentFailure, UrgentRefusal } from '@tandem/colo/pool/pool.ts'
import { LANE_REFILL, LANE_URGENT, ORDER_BUY } from '@tandem/colo/signer/signer.ts'
import { PRICE_NONE, type Price } from '@tandem/shared/units.ts'
import { saltOfDigest } from './held-signer.ts'
import { BANDS, LIFE_MS, market, SIZES, Stand, TOKEN_ID, WALL_AT_ZERO_MS } from './stand.ts'

const YES = 0
const NO = 1
/** Crosses: .46 on Polymarket against .52 on Kalshi. Wants .43 to .51. */
const CROSSED = [4_600, 5_200] as const

function filled(lines = 2): Stand {
  const stand = new Stand(lines)
  for (let line = 0; line < lines; line++) {
    stand.open(line)
    stand.touch(line, ...CROSSED)
  }
  stand.settle()
  return stand
}

test('an order is signed for exactly the dollars and the limit that it is held under', () => {
  const stand = filled()
  const slot = stand.take(YES, 4_700, 4_700, 2_000)
  assert.ok(slot >= 0)
  const body = JSON.parse(stand.bodyText(slot))
  assert.equal(body.order.tokenId, Buffer.from(TOKEN_ID).toString())
  assert.equal(body.order.makerAmount, '20000000')
  // 20 dollars at .47, down to four decimals: 42.5531 shares.
  assert.equal(body.order.takerAmount, '42553100')
  assert.equal(body.order.side, 'BUY')
  assert.equal(body.order.salt, stand.pool.store.salt[slot])
  assert.equal(body.order.salt, saltOfDigest(stand.pool.store.digests, slot))
  assert.equal(body.order.signature, `0x${'ab'.repeat(65)}`)
  assert.ok(Number(body.order.timestamp) <= stand.wallMs)
})

test('take gives the lowest limit within the range', () => {
  const stand = filled()
  const limits: number[] = []
  for (let i = 0; i < 4; i++) limits.push(stand.pool.store.limit[stand.take(YES, 4_510, 4_700, 500)])
  // Two of each: a line that crosses holds a second order of everything.
  assert.deepEqual(limits, [4_600, 4_600, 4_700, 4_700])
  assert.equal(stand.take(YES, 4_510, 4_700, 500), PoolMiss.NotYetSigned)
  assert.equal(stand.pool.store.limit[stand.take(YES, 4_750, 9_999, 500)], 4_800)
})

test('the same signed order is never handed out twice', () => {
  const stand = filled()
  const seen = new Set<number>()
  for (let round = 0; round < 20; round++) {
    for (let slot = stand.take(YES, 1, 9_999, 8_000); slot >= 0; slot = stand.take(YES, 1, 9_999, 8_000)) {
      const { salt } = JSON.parse(stand.bodyText(slot)).order
      assert.ok(!seen.has(salt))
      seen.add(salt)
      stand.pool.release(slot)
      assert.throws(() => stand.pool.release(slot), { code: 'POOL_RELEASED_NOT_TAKEN' })
    }
    stand.settle()
  }
  assert.equal(seen.size, 20 * 18)
})

test('a taken order stays as it is until it is released, whatever is signed meanwhile', () => {
  const stand = filled()
  const slot = stand.take(YES, 4_700, 4_700, 2_000)
  const before = stand.bodyText(slot)
  stand.pass(2 * LIFE_MS)
  assert.equal(stand.bodyText(slot), before)
})

test('each miss is named by what was nearest to a hit', () => {
  const stand = new Stand()
  assert.equal(stand.take(9, 1, 9_999, 500), PoolMiss.UnknownLine)
  assert.equal(stand.take(-1, 1, 9_999, 500), PoolMiss.UnknownLine)
  assert.equal(stand.take(NO, 1, 9_999, 500), PoolMiss.UnknownLine)
  stand.open(YES)
  assert.equal(stand.take(YES, 1, 9_999, 501), PoolMiss.NoSize)
  assert.equal(stand.take(YES, 1, 9_999, 500), PoolMiss.NoLevel)
  stand.touch(YES, ...CROSSED)
  stand.tick()
  assert.equal(stand.take(YES, 4_700, 4_700, 500), PoolMiss.NotYetSigned)
  assert.equal(stand.take(YES, 4_710, 4_790, 500), PoolMiss.NoLevel)
  assert.equal(stand.take(YES, 2_000, 3_000, 500), PoolMiss.NoLevel)
  stand.signAll()
  assert.equal(stand.take(YES, 4_700, 4_700, 500), PoolMiss.NotDurable)
  stand.durable()
  stand.settle()
  stand.nowNs += LIFE_MS * 1e6
  assert.equal(stand.take(YES, 4_700, 4_700, 500), PoolMiss.Expired)
  stand.pool.closeLine(YES)
  assert.equal(stand.take(YES, 4_700, 4_700, 500), PoolMiss.Disabled)
  const { approved, hits, misses } = stand.pool.hitRate.all()
  assert.equal(approved, 11)
  assert.equal(hits, 0)
  assert.deepEqual(misses, {
    UnknownLine: 3,
    Disabled: 1,
    NoSize: 1,
    NoLevel: 3,
    NotYetSigned: 1,
    NotDurable: 1,
    Expired: 1,
  })
})

test('the hit rate counts decisions within 100 ms of a touch move separately', () => {
  const stand = filled()
  stand.nowNs += 101e6
  assert.ok(stand.take(YES, 4_700, 4_700, 500) >= 0)
  stand.touch(YES, 4_610, 5_200)
  stand.nowNs += 100e6
  assert.ok(stand.take(YES, 4_700, 4_700, 500) >= 0)
  assert.equal(stand.take(YES, 4_700, 4_700, 501), PoolMiss.NoSize)
  assert.equal(stand.pool.hitRate.all().hitRate, 2 / 3)
  assert.equal(stand.pool.hitRate.afterMove().approved, 2)
  assert.equal(stand.pool.hitRate.afterMove().hitRate, 1 / 2)
})

test('an order is usable only once its hash is durable, and hashes become durable in order', () => {
  const stand = new Stand()
  stand.open(YES)
  stand.touch(YES, ...CROSSED)
  stand.tick()
  stand.signAll()
  const asked = stand.journal.length
  assert.ok(asked >= 10)
  stand.durable(3)
  let held = 0
  for (const cents of SIZES) while (stand.take(YES, 1, 9_999, cents) >= 0) held++
  assert.equal(held, 3)
  stand.durable(asked)
  for (const cents of SIZES) while (stand.take(YES, 1, 9_999, cents) >= 0) held++
  assert.equal(held, asked)
})

test('requests go out nearest to crossing first, hot lines before all others', () => {
  const stand = new Stand(4)
  const touches: [number, number][] = [
    [4_600, 6_000],
    [4_900, 5_200],
    [4_600, PRICE_NONE],
    [4_500, 5_200],
  ]
  touches.forEach((touch, line) => {
    stand.open(line)
    stand.touch(line, ...touch)
  })
  const lines: number[] = []
  for (stand.tick(); stand.signer.orders.length > 0; stand.tick()) {
    lines.push(...stand.signer.orders.map(({ token }) => token - 7))
    stand.signAll()
    stand.durable()
  }
  const order = lines.filter((line, at) => line !== lines[at - 1])
  assert.deepEqual(order, [3, 1, 0, 2])
})

test('no more is asked than may be outstanding, and a wish that vanished meanwhile is not sent', () => {
  const stand = new Stand()
  stand.open(YES)
  stand.touch(YES, ...CROSSED)
  stand.tick()
  stand.tick()
  assert.equal(stand.signer.orders.length, OUTSTANDING_MAX)
  assert.ok(stand.signer.orders.every(({ lane, side }) => lane === LANE_REFILL && side === ORDER_BUY))
  stand.touch(YES, 2_000, 9_500)
  stand.signAll()
  stand.tick()
  const limits = stand.signer.orders.map(({ makerAmount, takerAmount }) => makerAmount / takerAmount)
  assert.ok(limits.length > 0)
  assert.ok(
    limits.every((limit) => limit > 0.149 && limit < 0.26),
    String(limits),
  )
})

test('of many lines that moved at once none is asked for where it stood before', () => {
  const lines = 60
  const stand = new Stand(lines)
  for (let line = 0; line < lines; line++) {
    stand.open(line)
    stand.touch(line, 2_000, 9_000)
  }
  stand.tick()
  stand.signer.orders = []
  stand.pool.closed()
  stand.nowNs += 2e9
  // More than are planned in one tick, and swept in the same: each comes up with its old place in the queue.
  for (let line = 0; line < lines; line++) stand.touch(line, 7_000, 9_000)
  stand.tick()
  assert.ok(stand.signer.orders.length > 0)
  for (const { makerAmount, takerAmount } of stand.signer.orders) assert.ok(makerAmount / takerAmount > 0.6)
})

test('a touch that comes back finds its orders still there', () => {
  const stand = filled()
  const asked = () => stand.pool.counters.requested
  stand.touch(YES, 4_600, 5_300)
  stand.settle()
  const before = asked()
  for (let i = 0; i < 10; i++) {
    stand.touch(YES, 4_600, i % 2 === 0 ? 5_200 : 5_300)
    stand.settle()
  }
  assert.equal(asked(), before)
})

test('every wanted order stays usable while time passes: its successor is there before it expires', () => {
  const stand = new Stand(2)
  stand.open(YES)
  stand.touch(YES, ...CROSSED)
  stand.open(NO)
  stand.touch(NO, 2_000, 9_000)
  for (let i = 0; i < 1_000; i++) {
    stand.pass(500)
    for (const limit of [...ticks(4_300, 5_100), ...ticks(1_500, 2_400)]) {
      for (const cents of SIZES) {
        assert.ok(stand.isUsable(limit, cents), `${limit} ${cents} after ${i / 2} s`)
      }
    }
  }
  // Each of 36 keys twice and of 40 once, about every 100 s: and not more often.
  const { signed } = stand.pool.counters
  assert.ok(signed >= 112 * 5 && signed <= 112 * 7, String(signed))
})

test('orders of limits that the touch has left are not made anew', () => {
  const stand = filled(1)
  stand.touch(YES, 4_600, 9_000)
  stand.pass(2 * LIFE_MS)
  assert.equal(stand.take(YES, 5_100, 9_900, 500), PoolMiss.NoLevel)
  assert.ok(stand.take(YES, 4_600, 4_600, 500) >= 0)
})

test('a size that buys less than the market takes is not held', () => {
  const stand = new Stand(1, [100, 500])
  stand.open(YES)
  stand.touch(YES, 8_000, 9_000)
  stand.settle()
  assert.equal(stand.take(YES, 8_000, 8_000, 100), PoolMiss.NoSize)
  assert.ok(!stand.isUsable(8_000, 100))
  assert.ok(stand.take(YES, 8_000, 8_000, 500) >= 0)
  stand.touch(YES, 1_000, 9_900)
  stand.settle()
  assert.ok(stand.take(YES, 1_000, 1_000, 100) >= 0)
})

test('opening a line anew, with another tick, throws away what was signed for the old one', () => {
  const stand = filled()
  stand.touch(YES, 4_600, 5_300)
  stand.tick()
  const stale = stand.signer.orders.splice(0)
  stand.open(YES, market({ polymarketTick: 10 }))
  for (const order of stale) stand.sign(order)
  stand.durable()
  assert.equal(stand.take(YES, 1, 9_999, 500), PoolMiss.NoLevel)
  assert.ok(stand.take(NO, 1, 9_999, 500) >= 0)
  stand.settle()
  assert.ok(stand.take(YES, 4_600, 4_700, 500) >= 0)
})

test('a closed line gives nothing and asks for nothing', () => {
  const stand = filled()
  stand.pool.closeLine(YES)
  stand.touch(YES, 4_000, 5_000)
  stand.pass(LIFE_MS)
  assert.equal(stand.take(YES, 1, 9_999, 500), PoolMiss.Disabled)
  assert.ok(stand.signer.orders.every(({ token }) => token === 7 + NO))
  assert.equal(
    stand.pool.requestNow(YES, 4_600 as Price, 500, stand.nowNs, stand.wallMs),
    UrgentRefusal.Disabled,
  )
})

test('an urgent order goes by the urgent lane, for any dollars, and to whoever asked', () => {
  const stand = filled()
  stand.takesUrgent = true
  const ticket = stand.pool.requestNow(YES, 4_700 as Price, 12_345, stand.nowNs, stand.wallMs)
  assert.ok(ticket >= 0)
  const [order] = stand.signer.orders
  assert.equal(order.lane, LANE_URGENT)
  assert.equal(order.makerAmount, 123_450_000)
  stand.signAll()
  assert.equal(stand.ready.length, 0)
  stand.durable()
  assert.equal(stand.ready.length, 1)
  assert.equal(stand.ready[0].ticket, ticket)
  assert.equal(JSON.parse(stand.bodyText(stand.ready[0].slot)).order.makerAmount, '123450000')
  stand.pool.release(stand.ready[0].slot)
})

test('an urgent order that nobody wants any more joins the others if it has a place, else it is wiped', () => {
  const stand = new Stand(1)
  stand.open(YES)
  stand.touch(YES, ...CROSSED)
  stand.signer.room = 0
  stand.tick()
  stand.signer.room = 9
  const { store } = stand.pool
  const free = store.freeCount
  assert.ok(stand.pool.requestNow(YES, 4_700 as Price, 500, stand.nowNs, stand.wallMs) >= 0)
  assert.ok(stand.pool.requestNow(YES, 4_700 as Price, 501, stand.nowNs, stand.wallMs) >= 0)
  stand.signAll()
  stand.durable()
  assert.equal(stand.ready.length, 2)
  assert.equal(store.freeCount, free - 1)
  assert.ok(stand.take(YES, 4_700, 4_700, 500) >= 0)
})

test('whoever waits for an urgent order hears of it also when it does not come', () => {
  const stand = filled()
  const ask = () => {
    const ticket = stand.pool.requestNow(YES, 4_700 as Price, 500, stand.nowNs, stand.wallMs)
    assert.ok(ticket >= 0)
    return { ticket, order: stand.signer.orders.splice(0)[0] }
  }
  const refused = ask()
  stand.pool.refused(refused.order.ticket, 5)
  const lost = ask()
  stand.nowNs += 6e9
  stand.tick()
  stand.signer.orders = []
  const gone = ask()
  stand.pool.closed()
  stand.isJournalFull = true
  const full = ask()
  stand.sign(full.order)
  stand.isJournalFull = false
  const early = ask()
  stand.open(YES)
  stand.sign(early.order)
  const late = ask()
  stand.sign(late.order)
  stand.pool.closeLine(YES)
  stand.durable()
  assert.deepEqual(stand.failed, [
    { ticket: refused.ticket, failure: UrgentFailure.Refused },
    { ticket: lost.ticket, failure: UrgentFailure.Lost },
    { ticket: gone.ticket, failure: UrgentFailure.Lost },
    { ticket: full.ticket, failure: UrgentFailure.JournalFull },
    { ticket: early.ticket, failure: UrgentFailure.Closed },
    { ticket: late.ticket, failure: UrgentFailure.Closed },
  ])
  assert.deepEqual(stand.ready, [])
  // An answer that comes after all is for nobody.
  stand.sign(lost.order)
  stand.sign(refused.order)
  assert.equal(stand.pool.counters.late, 2)
})

test('only so many decisions may wait, and a signer that takes no more is a refusal', () => {
  const stand = filled()
  const ask = () => stand.pool.requestNow(YES, 4_700 as Price, 500, stand.nowNs, stand.wallMs)
  stand.signer.room = 0
  assert.equal(ask(), UrgentRefusal.SignerBusy)
  stand.signer.room = 99
  for (let i = 0; i < 16; i++) assert.ok(ask() >= 0)
  assert.equal(ask(), UrgentRefusal.Full)
  assert.equal(stand.pool.requestNow(7, 4_700 as Price, 500, 0, 0), UrgentRefusal.UnknownLine)
  stand.signAll()
  stand.durable()
  assert.ok(ask() >= 0)
})

test('a refused line is left alone until it is swept, and the others go on', () => {
  const stand = new Stand(2)
  stand.open(YES)
  stand.open(NO)
  stand.touch(YES, ...CROSSED)
  stand.touch(NO, 4_700, 5_200)
  stand.tick()
  for (const order of stand.signer.orders.splice(0)) stand.pool.refused(order.ticket, 4)
  stand.touch(YES, 4_600, 5_100)
  stand.tick()
  assert.ok(stand.signer.orders.every(({ token }) => token === 7 + NO))
  stand.signAll()
  for (let i = 0; i < 20; i++) stand.tick()
  stand.signer.orders = []
  stand.nowNs += 2e9
  stand.tick()
  assert.ok(stand.signer.orders.some(({ token }) => token === 7 + YES))
})

test('a signer that does not answer holds nothing up for ever', () => {
  const stand = filled()
  stand.touch(YES, 4_000, 5_200)
  stand.tick()
  assert.ok(stand.pool.outstanding > 0)
  stand.signer.orders = []
  stand.nowNs += 6e9
  stand.tick()
  assert.equal(stand.pool.counters.lost > 0, true)
  stand.pass(3_000)
  assert.ok(stand.take(YES, 3_900, 3_900, 500) >= 0)
})

test('when slots run short the lines farthest from crossing go without, and decisions still get theirs', () => {
  const lines = 40
  const stand = new Stand(lines, SIZES, { hotBand: 300 as Price, kalshiTicks: 3, baseLevels: 2 })
  // All hot, which the capacity of a pool with two levels a line is not made for.
  for (let line = 0; line < lines; line++) {
    stand.open(line, market({ polymarketTick: 10, kalshi: 'deci_cent' }))
    stand.touch(line, 4_600 + line, 5_200)
  }
  stand.settle()
  stand.pass(3_000)
  assert.ok(stand.pool.counters.full > 0)
  assert.equal(stand.pool.store.freeCount, RESERVED_FOR_URGENT)
  assert.ok(stand.take(0, 4_600, 4_800, 500) >= 0)
  assert.ok(stand.take(lines - 1, 4_600, 4_800, 32_000) < 0)
  assert.ok(stand.pool.requestNow(lines - 1, 4_700 as Price, 500, stand.nowNs, stand.wallMs) >= 0)
})

test('what touches left behind never takes the room of lines about to cross', () => {
  const lines = 16
  const stand = new Stand(lines)
  for (let line = 0; line < lines; line++) stand.open(line)
  for (let polymarketCost = 1_000; polymarketCost <= 8_000; polymarketCost += 1_000) {
    for (let line = 0; line < lines; line++) stand.touch(line, polymarketCost, PRICE_NONE)
    stand.settle()
  }
  assert.ok(stand.pool.counters.full > 0)
  assert.equal(stand.pool.store.freeCount, reservedForHot(lines, SIZES.length) + RESERVED_FOR_URGENT)
  stand.touch(3, ...CROSSED)
  stand.settle()
  assert.ok(stand.isUsable(4_300, 32_000))
  // The leftovers make room at the next sweep, and the others get theirs too.
  stand.pass(3_000)
  assert.ok(stand.take(lines - 1, 8_000, 8_000, 32_000) >= 0)
})

test('the design’s capacity has its slots', () => {
  const base = MARKETS_MAX * TOKENS_PER_MARKET * BASE_LEVELS * SIZE_COUNT
  assert.equal(base, 40_000)
  assert.ok(slotsFor(MARKETS_MAX * TOKENS_PER_MARKET, BASE_LEVELS, SIZE_COUNT) > base)
})

test('salts start where they have 16 digits and stay exact', () => {
  const options = (saltStart: number) => new Stand(1, SIZES, BANDS, LIFE_MS, saltStart)
  for (const good of [SALT_MIN, SALT_MAX]) assert.ok(options(good))
  for (const bad of [SALT_MIN - 1, SALT_MAX + 1])
    assert.throws(() => options(bad), { code: 'POOL_SALT_RANGE' })
  assert.equal(String(SALT_MIN).length, String(Number.MAX_SAFE_INTEGER).length)
  assert.ok(SALT_MAX + 1e12 < Number.MAX_SAFE_INTEGER)
})

test('timestamps are never ahead of the wall clock, and salts never repeat', () => {
  const stand = filled()
  const salts = new Set<number>()
  for (let i = 0; i < 400; i++) {
    stand.nowNs += 0.9e9
    stand.tick()
    for (const { timestampMs, salt } of stand.signer.orders) {
      assert.ok(timestampMs <= WALL_AT_ZERO_MS + stand.nowNs / 1e6)
      assert.ok(!salts.has(salt))
      salts.add(salt)
    }
    stand.signAll()
    stand.durable()
  }
  assert.ok(salts.size > 300)
})

/** Whole cents, both ends included. */
function ticks(from: number, to: number): number[] {
  return Array.from({ length: (to - from) / 100 + 1 }, (_, at) => from + at * 100)
}
