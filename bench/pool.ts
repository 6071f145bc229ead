import { setTimeout } from 'node:timers/promises'
import { BASE_LEVELS, MARKETS_MAX, SIZES, TOKENS_PER_MARKET } from '@tandem/colo/pool/capacity.ts'
import { OrderGrid } from '@tandem/colo/pool/grid.ts'
import { OrderPool, ROWS, SALT_MIN } from '@tandem/colo/pool/pool.ts'
import { OrderStock } from '@tandem/colo/pool/stock.ts'
import { OrderStore, SlotState } from '@tandem/colo/pool/store.ts'
import { lineMarket } from '@tandem/colo/pool/targets.ts'
import type { SignerClient } from '@tandem/colo/signer/client.ts'
import { spawnSigner } from '@tandem/colo/signer/spawn.ts'
import { OrderBody } from '@tandem/colo/venue/polymarket/encode.ts'
import { assert } from '@tandem/shared/assert.ts'
import { kalshiFeeSchedule } from '@tandem/shared/fees/kalshi.ts'
import { polymarketFeeSchedule } from '@tandem/shared/fees/polymarket.ts'
import { KALSHI_TICKS, POLYMARKET_TICKS } from '@tandem/shared/ticks.ts'
import type { Lots, Price } from '@tandem/shared/units.ts'
import { HashGrid } from './alternatives/hash-grid.ts'

// The pool at the design's capacity, with the real signer process and real bodies. Hashes count as durable at once: the
// journal has its own bench.
//
//   fill    everything that 500 markets want, none near crossing; refills may use a whole core, so that the figure is
//           what one worker can do. In service they use half of one.
//   miss    an urgent order asked for at odd moments while such a fill goes on at its normal rate: until its body is
//           there.

const LINES = MARKETS_MAX * TOKENS_PER_MARKET
const ORDERS = LINES * BASE_LEVELS * SIZES
const SIZES_CENTS = [500, 2_000, 8_000, 32_000]
const POLYMARKET_TOUCH = 4_000 as Price
const KALSHI_TOUCH = 9_000 as Price
/** As the executor does it. */
const TICK_MS = 2
const MISSES = 1_000
/** The first ones are compiled on the way: not counted. */
const MISSES_WARM = 200
const MISS_EVERY_MS = 3
const FILL_MAX_S = 60
/** As many as one range of limits holds of one size, in every line. */
const TAKES = 5 * LINES
const PLANS = 20_000
const FIND_PASSES = 200

/** A pool on the real clock, ticked as the executor ticks it. */
class Stand {
  readonly pool: OrderPool
  readonly #client: SignerClient
  readonly #startMs = performance.now()
  #journalled = 0
  urgentReady: () => void = () => {}

  constructor(client: SignerClient) {
    this.#client = client
    this.pool = new OrderPool({
      lines: LINES,
      sizesCents: SIZES_CENTS,
      bands: { hotBand: 300 as Price, kalshiTicks: 3, baseLevels: BASE_LEVELS },
      lifeMs: 120_000,
      saltStart: SALT_MIN,
      signer: client,
      body: new OrderBody({ ...client.facts, owner: '00000000-0000-0000-0000-000000000000' }),
      owner: {
        journalHash: () => this.#journalled++,
        urgentReady: () => this.urgentReady(),
        urgentFailed: () => assert(false, 'BENCH_POOL_URGENT_FAILED'),
      },
    })
    client.listener = {
      orderSigned: (ticket, digest, signature) => {
        this.pool.orderSigned(ticket, digest, signature)
        this.pool.onDurable(this.#journalled, this.nowNs)
      },
      headerSigned: () => {},
      refused: () => assert(false, 'BENCH_POOL_REFUSED'),
      closed: () => {},
    }
  }

  get nowNs(): number {
    return Math.round((performance.now() - this.#startMs) * 1e6)
  }

  open(): void {
    const market = lineMarket(
      {
        id: 'bench',
        books: [0, 0],
        inverse: false,
        ticks: [POLYMARKET_TICKS.get(100)!, KALSHI_TICKS.get('linear_cent')!],
        polymarketFees: polymarketFeeSchedule({ rate: 0.04, exponent: 1 }, 'bench'),
        kalshiFees: kalshiFeeSchedule({ feeType: 'quadratic', feeMultiplier: 1 }, 'bench'),
        polymarketMinLots: 500 as Lots,
      },
      0,
      5_000,
    )
    for (let line = 0; line < LINES; line++) {
      const tokenId = `7132104567925221259462638553270691275033272857194253228963137931${1e12 + line}`
      const token = this.#client.registerToken(tokenId, '2', false, 100)
      this.pool.openLine(line, token, Buffer.from(tokenId), market)
      this.pool.touch(line, POLYMARKET_TOUCH, KALSHI_TOUCH, this.nowNs)
    }
  }

  tick(): void {
    this.pool.tick(this.nowNs, Date.now())
  }

  /** Ticks until `isDone`; how many seconds it took. */
  async runUntil(isDone: () => boolean): Promise<number> {
    const startMs = performance.now()
    for (;;) {
      this.tick()
      if (isDone()) return (performance.now() - startMs) / 1_000
      assert(performance.now() - startMs < FILL_MAX_S * 1_000, 'BENCH_POOL_TOO_SLOW')
      await setTimeout(TICK_MS)
    }
  }
}

/** Seconds until everything is signed and usable, and what the process grew by. */
async function fill(): Promise<{ stand: Stand; seconds: number; grownBytes: number }> {
  const before = process.memoryUsage().rss
  const signer = await spawnSigner({ ephemeral: 'ed25519', limits: { refillPercent: 100 } })
  const stand = new Stand(signer.client)
  stand.open()
  const seconds = await stand.runUntil(() => stand.pool.counters.signed === ORDERS)
  await signer.stop()
  return { stand, seconds, grownBytes: process.memoryUsage().rss - before }
}

/** Microseconds from each urgent request to its body, and how fast refills went on meanwhile. */
async function misses(): Promise<{ us: Float64Array; refillPerS: number }> {
  const signer = await spawnSigner({ ephemeral: 'ed25519' })
  const stand = new Stand(signer.client)
  stand.open()
  const us = new Float64Array(MISSES)
  let done = 0
  let askedMs = 0
  let isReady = () => {}
  stand.urgentReady = () => {
    us[done++] = (performance.now() - askedMs) * 1_000
    isReady()
  }
  // Not in step with the ticks: at every part of a refill's signature.
  const asking = (async () => {
    while (done < MISSES) {
      const ready = new Promise<void>((resolve) => {
        isReady = resolve
      })
      askedMs = performance.now()
      const line = (done * 7) % LINES
      const ticket = stand.pool.requestNow(line, POLYMARKET_TOUCH, 1_234, stand.nowNs, Date.now())
      assert(ticket >= 0, 'BENCH_POOL_URGENT_NOT_ASKED')
      await ready
      await setTimeout(MISS_EVERY_MS)
    }
  })()
  const seconds = await stand.runUntil(() => done === MISSES)
  await asking
  const refillPerS = (stand.pool.counters.signed - MISSES) / seconds
  await signer.stop()
  return { us, refillPerS }
}

/** Nanoseconds of each of many takes from a full pool, lines all over it, ranges of five cents. */
function takes({ pool }: Stand, nowNs: number): Float64Array {
  const ns = new Float64Array(TAKES)
  for (let i = 0; i < TAKES; i++) {
    const startMs = performance.now()
    const slot = pool.take((i * 617) % LINES, 3_900 as Price, 4_400 as Price, SIZES_CENTS[i % SIZES], nowNs)
    ns[i] = (performance.now() - startMs) * 1e6
    assert(slot >= 0, 'BENCH_POOL_TAKE_MISSED')
    pool.release(slot)
  }
  return ns
}

/**
 * Nanoseconds to find an order, in our rows and in a hash of exact keys, with the same orders: lines with ten limits a tick
 * apart, and ranges of which only the last tick is held, so that both look at all of it. The hash is let off looking at
 * the order's state and age.
 */
function findNs(tick: number, rangeTicks: number): { rows: number; hash: number } {
  const grid = new OrderGrid(LINES, ROWS, SIZES)
  const stock = new OrderStock(new OrderStore(ORDERS, 1), grid, 0)
  const hash = new HashGrid(2 ** 17, SIZES)
  for (let line = 0; line < LINES; line++) {
    for (let level = 0; level < BASE_LEVELS; level++) {
      const limit = POLYMARKET_TOUCH + level * tick
      const row = grid.spareRow(line, limit)
      grid.limit[row] = limit
      for (let size = 0; size < SIZES; size++) {
        const slot = stock.store.allocate()
        stock.store.move(slot, SlotState.Signed)
        stock.store.move(slot, SlotState.Usable)
        stock.store.expiryNs[slot] = 1
        stock.put(grid.cellOf(row, size), slot)
        hash.put(line, limit, size, slot)
      }
    }
  }
  const atLeast = POLYMARKET_TOUCH - (rangeTicks - 1) * tick
  return {
    rows: bestNs((line) => stock.find(line, atLeast, POLYMARKET_TOUCH, 1, 0)),
    hash: bestNs((line) => hash.lowest(line, atLeast, POLYMARKET_TOUCH, tick, 1)),
  }
}

function bestNs(find: (line: number) => number): number {
  let ns = Number.POSITIVE_INFINITY
  for (let pass = 0; pass < FIND_PASSES; pass++) {
    const startMs = performance.now()
    for (let line = 0; line < LINES; line++) assert(find((line * 617) % LINES) >= 0, 'BENCH_POOL_FOUND')
    ns = Math.min(ns, ((performance.now() - startMs) * 1e6) / LINES)
  }
  return ns
}

/** One hot line planned anew, as after a touch move: fees, break-even limits, rows. */
function planUs(stand: Stand): number {
  const { pool } = stand
  let spentMs = 0
  for (let i = 0; i < PLANS; i++) {
    const kalshi = (5_200 + 100 * (i % 7)) as Price
    pool.touch(i % 16, 4_600 as Price, kalshi, stand.nowNs)
    if (i % 16 !== 15) continue
    const startMs = performance.now()
    pool.tick(stand.nowNs, Date.now())
    spentMs += performance.now() - startMs
  }
  return (spentMs * 1_000) / PLANS
}

function percentiles(values: Float64Array): { p50: number; p99: number } {
  const sorted = values.toSorted()
  const at = (part: number) => sorted[Math.ceil(sorted.length * part) - 1]
  return { p50: at(0.5), p99: at(0.99) }
}

export async function run(_options: { json: boolean }): Promise<object> {
  const full = await fill()
  const takeNs = takes(full.stand, full.stand.nowNs)
  const missed = await misses()
  const { store } = full.stand.pool
  return {
    orders: ORDERS,
    seconds: full.seconds,
    orders_per_s: ORDERS / full.seconds,
    miss_us: percentiles(missed.us.subarray(MISSES_WARM)),
    refill_per_s_meanwhile: missed.refillPerS,
    take_ns: percentiles(takeNs),
    plan_us: planUs(full.stand),
    find_ns: { of_5_ticks: findNs(100, 5), of_100_ticks: findNs(1, 100) },
    slots: store.slots,
    store_mb: store.bytes / 1e6,
    grown_mb: full.grownBytes / 1e6,
  }
}
