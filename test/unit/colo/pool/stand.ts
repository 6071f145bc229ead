import type { Bundle } from '@tandem/colo/detector/bundle.ts'
import { OrderPool, SALT_MIN, type UrgentFailure } from '@tandem/colo/pool/pool.ts'
import { SlotState } from '@tandem/colo/pool/store.ts'
import { type LineMarket, lineMarket, type TargetBands } from '@tandem/colo/pool/targets.ts'
import { ascii } from '@tandem/colo/venue/ascii.ts'
import { OrderBody } from '@tandem/colo/venue/polymarket/encode.ts'
import { kalshiFeeSchedule } from '@tandem/shared/fees/kalshi.ts'
import { polymarketFeeSchedule } from '@tandem/shared/fees/polymarket.ts'
import { KALSHI_TICKS, POLYMARKET_TICKS } from '@tandem/shared/ticks.ts'
import type { Lots, Price } from '@tandem/shared/units.ts'
import { type AskedOrder, digestOfSalt, HeldSigner } from './held-signer.ts'

export const TOKEN_ID = ascii('71321045679252212594626385532706912750332728571942532289631379312455583992563')
export const BANDS: TargetBands = { hotBand: 300 as Price, kalshiTicks: 3, baseLevels: 10 }
const ACCOUNT = '0x1111111111111111111111111111111111111111'
export const SIZES = [500, 2_000, 8_000, 32_000]
export const LIFE_MS = 120_000
export const WALL_AT_ZERO_MS = 1_790_000_000_000

const NO_FEES_MARKET: LineMarket = market({})

interface MarketSpec {
  polymarketTick?: number
  kalshi?: string
  polymarketRate?: number
  kalshiMultiplier?: number
  minEdgeMicroUsd?: number
}

/** A line's market; without fees and with whole cents unless said. */
export function market(spec: MarketSpec): LineMarket {
  const bundle: Bundle = {
    id: 'x',
    books: [0, 0],
    inverse: false,
    ticks: [
      POLYMARKET_TICKS.get(spec.polymarketTick ?? 100)!,
      KALSHI_TICKS.get(spec.kalshi ?? 'linear_cent')!,
    ],
    polymarketFees: polymarketFeeSchedule({ rate: spec.polymarketRate ?? 0, exponent: 1 }, 'test'),
    kalshiFees: kalshiFeeSchedule(
      { feeType: 'quadratic', feeMultiplier: spec.kalshiMultiplier ?? 0 },
      'test',
    ),
    polymarketMinLots: 500 as Lots,
  }
  return lineMarket(bundle, 0, spec.minEdgeMicroUsd ?? 0)
}

/** A pool with a signer and a journal that do what the test says, on a clock that the test moves. */
export class Stand {
  readonly signer = new HeldSigner()
  readonly pool: OrderPool
  nowNs = 0
  /** What the journal has taken, and how much of it is durable. */
  journal: Uint8Array[] = []
  isJournalFull = false
  readonly ready: { ticket: number; slot: number }[] = []
  readonly failed: { ticket: number; failure: UrgentFailure }[] = []
  /** Set to take urgent orders when they are ready. */
  takesUrgent = false

  constructor(
    lines = 2,
    sizesCents: readonly number[] = SIZES,
    bands = BANDS,
    lifeMs = LIFE_MS,
    saltStart = SALT_MIN,
  ) {
    this.pool = new OrderPool({
      lines,
      sizesCents,
      bands,
      lifeMs,
      saltStart,
      signer: this.signer,
      body: new OrderBody({ maker: ACCOUNT, signer: ACCOUNT, signatureType: 0, owner: 'x' }),
      owner: {
        journalHash: (digest) => (this.isJournalFull ? -1 : this.journal.push(Uint8Array.from(digest)) - 1),
        urgentReady: (ticket, slot) => {
          this.ready.push({ ticket, slot })
          if (this.takesUrgent) this.pool.takeUrgent(slot)
        },
        urgentFailed: (ticket, failure) => this.failed.push({ ticket, failure }),
      },
    })
  }

  get wallMs(): number {
    return WALL_AT_ZERO_MS + Math.floor(this.nowNs / 1e6)
  }

  open(line: number, spec: LineMarket = NO_FEES_MARKET): void {
    this.pool.openLine(line, 7 + line, TOKEN_ID, spec)
  }

  touch(line: number, polymarketCost: number, kalshiCost: number): void {
    this.pool.touch(line, polymarketCost as Price, kalshiCost as Price, this.nowNs)
  }

  tick(): void {
    this.pool.tick(this.nowNs, this.wallMs)
  }

  /** Answers one request. */
  sign(order: AskedOrder, signature = new Uint8Array(65).fill(0xab)): void {
    this.pool.orderSigned(order.ticket, digestOfSalt(order.salt), signature)
  }

  /** Answers all that was asked so far. */
  signAll(): void {
    for (const order of this.signer.orders.splice(0)) this.sign(order)
  }

  durable(count = this.journal.length): void {
    this.pool.onDurable(count, this.nowNs)
  }

  /** Ticks and answers until nothing more is wanted. */
  settle(): void {
    do {
      this.tick()
      this.signAll()
      this.durable()
      this.tick()
    } while (this.signer.orders.length > 0)
  }

  /** Time passes in steps as a live process takes them, everything being answered at once. */
  pass(ms: number, stepMs = 250): void {
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.nowNs += Math.min(stepMs, ms - passed) * 1e6
      this.settle()
    }
  }

  take(line: number, atLeast: number, atMost: number, cents: number): number {
    return this.pool.take(line, atLeast as Price, atMost as Price, cents, this.nowNs)
  }

  /** Whether an order of exactly this could be taken, without taking it. */
  isUsable(limit: number, cents: number): boolean {
    const { store } = this.pool
    for (let slot = 0; slot < store.slots; slot++) {
      const isIt = store.limit[slot] === limit && store.cents[slot] === cents
      if (isIt && store.state[slot] === SlotState.Usable && this.nowNs < store.expiryNs[slot]) return true
    }
    return false
  }

  bodyText(slot: number): string {
    const { store } = this.pool
    const start = store.bodyStart(slot)
    return Buffer.from(store.bodies.subarray(start, start + store.bodyLength[slot])).toString('latin1')
  }
}
