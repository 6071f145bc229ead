import { MARKETS_MAX, TOKENS_PER_MARKET } from '@tandem/colo/pool/capacity.ts'
import type { HitCounts } from '@tandem/colo/pool/miss.ts'
import { OrderPool, SALT_MIN } from '@tandem/colo/pool/pool.ts'
import { type LineMarket, lineMarket } from '@tandem/colo/pool/targets.ts'
import { LANE_REFILL, type Signer } from '@tandem/colo/signer/signer.ts'
import { OrderBody } from '@tandem/colo/venue/polymarket/encode.ts'
import { assert } from '@tandem/shared/assert.ts'
import { kalshiFeeSchedule } from '@tandem/shared/fees/kalshi.ts'
import { polymarketFeeSchedule } from '@tandem/shared/fees/polymarket.ts'
import { finestStep, KALSHI_TICKS, legalPriceFloor, POLYMARKET_TICKS } from '@tandem/shared/ticks.ts'
import { type Lots, NS_PER_MS, NS_PER_S, PRICE_ONE, type Price } from '@tandem/shared/units.ts'

// How often the pool has the order while the touches of 500 markets move: in simulated time, so that the same seed gives
// the same figure on any machine. The signer is a model of half a core, the journal one of a disk that syncs in 5 ms.
//
// Each line's touches walk by ticks, now and then jump, and are drawn back to some distance from crossing. A line that
// crosses after its move is decided on at once, at a depth of up to two more ticks on either venue and with any size,
// then rests for a second as a pair does after a trade.

const LINES = MARKETS_MAX * TOKENS_PER_MARKET
const SIZES_CENTS = [500, 2_000, 8_000, 32_000]
const SECONDS = 60
/** Time to fill at half a core, before anything is counted. */
const FILL_SECONDS = 15
const MOVES_PER_S = 2_000
/** Half a core, and the way there and back. */
const SIGNATURE_NS = 2 * 91_000
const DURABLE_NS = 5 * NS_PER_MS
const STEP_NS = 0.5 * NS_PER_MS
/** The executor's stock-keeping: every other millisecond. */
const STEPS_PER_TICK = 4
const REST_NS = NS_PER_S
const JUMP_CHANCE = 0.1
const JUMP_TICKS = 3
const SHOCK_CHANCE = 0.005
const SHOCK_TICKS = 15
/** Where lines stand on the whole: some cents from crossing, at most this far. */
const DISTANCE_MAX = 800
const WALL_MS = 1_790_000_000_000

interface Line {
  readonly market: LineMarket
  /** Distance from crossing that it is drawn back to. */
  readonly home: number
  readonly kalshiUnit: number
  polymarket: number
  kalshi: number
  restsUntilNs: number
}

class Simulation {
  readonly pool: OrderPool
  nowNs = 0
  readonly #random = randomFrom(7)
  readonly #lines: Line[]
  readonly #asked: { ticket: number; dueNs: number }[] = []
  /** When each journalled hash is durable. */
  readonly #durableNs: number[] = []
  #durable = 0
  #signerFreeNs = 0

  constructor() {
    const signer: Pick<Signer, 'order'> = {
      order: (lane, ticket) => {
        assert(lane === LANE_REFILL, 'BENCH_HITS_REFILL_ONLY')
        this.#signerFreeNs = Math.max(this.#signerFreeNs, this.nowNs) + SIGNATURE_NS
        this.#asked.push({ ticket, dueNs: this.#signerFreeNs })
        return true
      },
    }
    this.pool = new OrderPool({
      lines: LINES,
      sizesCents: SIZES_CENTS,
      bands: { hotBand: 300 as Price, kalshiTicks: 3, baseLevels: 10 },
      lifeMs: 120_000,
      saltStart: SALT_MIN,
      signer,
      body: new OrderBody({ maker: '0x1', signer: '0x1', signatureType: 0, owner: 'bench' }),
      owner: {
        journalHash: () => this.#durableNs.push(this.nowNs + DURABLE_NS) - 1,
        urgentReady: () => {},
        urgentFailed: () => {},
      },
    })
    this.#lines = Array.from({ length: LINES }, (_, line) => this.#open(line))
  }

  /** Moves, decides and stocks up for a while. @returns moves made */
  run(seconds: number, decides: boolean): number {
    const endNs = this.nowNs + seconds * NS_PER_S
    let moves = 0
    let due = 0
    for (let step = 0; this.nowNs < endNs; step++) {
      this.nowNs += STEP_NS
      this.#answer()
      for (due += (MOVES_PER_S * STEP_NS) / NS_PER_S; due >= 1; due--) {
        const line = Math.floor(this.#random() * LINES)
        this.#move(line)
        if (decides) this.#decide(line)
        moves++
      }
      if (step % STEPS_PER_TICK === 0) this.#stockUp()
    }
    return moves
  }

  #open(line: number): Line {
    const polymarketTicks = POLYMARKET_TICKS.get(line % 3 === 0 ? 10 : 100)!
    const kalshiTicks = KALSHI_TICKS.get(line % 5 === 0 ? 'tapered_deci_cent' : 'linear_cent')!
    const market = lineMarket(
      {
        id: 'bench',
        books: [0, 0],
        inverse: false,
        ticks: [polymarketTicks, kalshiTicks],
        polymarketFees: polymarketFeeSchedule({ rate: 0.04, exponent: 1 }, 'bench'),
        kalshiFees: kalshiFeeSchedule({ feeType: 'quadratic', feeMultiplier: 1 }, 'bench'),
        polymarketMinLots: 500 as Lots,
      },
      0,
      5_000,
    )
    this.pool.openLine(line, line, Buffer.from('1'.repeat(77)), market)
    const kalshi = legalPriceFloor(kalshiTicks, Math.floor(1_500 + 7_000 * this.#random()) as Price)
    const home = DISTANCE_MAX * this.#random()
    const touch = market.breakEven(kalshi) + home
    const polymarket = Math.round(touch / market.polymarketTick) * market.polymarketTick
    const opened = { market, home, kalshiUnit: finestStep(kalshiTicks), polymarket, kalshi, restsUntilNs: 0 }
    this.pool.touch(line, polymarket as Price, kalshi, 0)
    return opened
  }

  #move(index: number): void {
    const line = this.#lines[index]
    const { market } = line
    if (this.#random() < 0.3) {
      const to = inside(line.kalshi + this.#ticks(this.#random() - 0.5) * line.kalshiUnit)
      line.kalshi = legalPriceFloor(market.kalshiCostTicks, to as Price)
    } else {
      const distance = line.polymarket - market.breakEven(line.kalshi as Price)
      const pull = (line.home - distance) / DISTANCE_MAX
      const tick = market.polymarketTick
      const to = line.polymarket + this.#ticks(this.#random() - 0.5 + pull) * tick
      line.polymarket = Math.ceil(inside(to) / tick) * tick
    }
    this.pool.touch(index, line.polymarket as Price, line.kalshi as Price, this.nowNs)
  }

  /** How many ticks a move goes, in the direction of `sign`. */
  #ticks(sign: number): number {
    const kind = this.#random()
    const most = kind < SHOCK_CHANCE ? SHOCK_TICKS : kind < JUMP_CHANCE ? JUMP_TICKS : 1
    return Math.sign(sign) * Math.ceil(this.#random() * most)
  }

  #decide(index: number): void {
    const line = this.#lines[index]
    if (this.nowNs < line.restsUntilNs) return
    const tick = line.market.polymarketTick
    const worst = line.polymarket + Math.floor(this.#random() * 3) * tick
    const kalshiWorst = inside(line.kalshi + Math.floor(this.#random() * 3) * line.kalshiUnit)
    const atMost = line.market.breakEven(legalPriceFloor(line.market.kalshiCostTicks, kalshiWorst as Price))
    if (worst > atMost) return
    line.restsUntilNs = this.nowNs + REST_NS
    const cents = SIZES_CENTS[Math.floor(this.#random() * SIZES_CENTS.length)]
    const slot = this.pool.take(index, worst as Price, atMost, cents, this.nowNs)
    if (slot >= 0) this.pool.release(slot)
  }

  #answer(): void {
    let count = 0
    while (count < this.#asked.length && this.#asked[count].dueNs <= this.nowNs) count++
    for (const { ticket } of this.#asked.splice(0, count)) {
      this.pool.orderSigned(ticket, DIGEST, SIGNATURE)
    }
  }

  #stockUp(): void {
    while (this.#durable < this.#durableNs.length && this.#durableNs[this.#durable] <= this.nowNs) {
      this.#durable++
    }
    this.pool.onDurable(this.#durable, this.nowNs)
    this.pool.tick(this.nowNs, WALL_MS + Math.floor(this.nowNs / NS_PER_MS))
  }
}

const DIGEST = new Uint8Array(32)
const SIGNATURE = new Uint8Array(65)

function inside(price: number): number {
  return Math.min(Math.max(price, 100), PRICE_ONE - 100)
}

/** A small generator of its own, so that every run and machine gets the same walk. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

function figures({ approved, hitRate, misses }: HitCounts): object {
  return { approved, hit_rate: hitRate, misses }
}

export async function run(_options: { json: boolean }): Promise<object> {
  const simulation = new Simulation()
  simulation.run(FILL_SECONDS, false)
  const before = simulation.pool.counters.signed
  const moves = simulation.run(SECONDS, true)
  const { pool } = simulation
  return {
    moves_per_s: moves / SECONDS,
    signed_per_s: (pool.counters.signed - before) / SECONDS,
    all: figures(pool.hitRate.all()),
    within_100ms_of_a_move: figures(pool.hitRate.afterMove()),
    thinned_plans: pool.thinnedPlans,
  }
}
