import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BookState } from '@tandem/colo/book/integrity.ts'
import { LiveClock } from '@tandem/colo/clock.ts'
import type { ExecutorObserver } from '@tandem/colo/executor.ts'
import type { BookListener } from '@tandem/colo/feed/intake.ts'
import { Journal } from '@tandem/colo/journal/journal.ts'
import { Listing } from '@tandem/colo/listing.ts'
import { Live } from '@tandem/colo/live.ts'
import { tlsNetwork } from '@tandem/colo/network.ts'
import { SALT_MIN } from '@tandem/colo/pool/pool.ts'
import { recover } from '@tandem/colo/recovery.ts'
import { spawnSigner } from '@tandem/colo/signer/spawn.ts'
import { TurnCell, TurnOutcome } from '@tandem/colo/turn.ts'
import { readMapping } from '@tandem/shared/mapping.ts'
import { readSettings } from '@tandem/shared/settings.ts'
import WebSocket from 'ws'
import { mapping as pairsFile } from './market.ts'
import type { Doors } from './venue.ts'

// The executor as it trades live, on the bench's venues: signer, journal, feeds, gateways, dry turns, all of it. Only its
// limits are out of the way, of risk and of rate: a pair would rest for a second after each trade.

export interface ExecutorOrder {
  readonly ca: string
  readonly doors: Doors
}

export interface ExecutorTurns {
  /** Microseconds, of each decision that was sent. */
  readonly decideUs: readonly number[]
  readonly writeUs: readonly number[]
  /** Orders that the signer signed ahead, a second. */
  readonly refillPerS: number
  /** Decisions by outcome. */
  readonly outcomes: Readonly<Record<string, number>>
}

const PLENTY_MICRO_USD = 1_000_000_000_000_000
const ORDERS_PER_S = 10_000
/**
 * The shortest there is. An order is replaced after five sixths of its life (colo/pool/pool.ts), so the stock of these
 * sizes and levels comes to some 500 signatures a second, those for what was traded among them.
 */
const LIFE_SECONDS = 5
const SETTINGS = {
  cooldownMs: 0,
  closeEarlyMicroUsd: 1_000_000,
  pool: { sizesCents: [800, 3_200], lifeSeconds: LIFE_SECONDS },
  limits: {
    orderMicroUsd: PLENTY_MICRO_USD,
    marketMicroUsd: PLENTY_MICRO_USD,
    eventMicroUsd: PLENTY_MICRO_USD,
    venueMicroUsd: PLENTY_MICRO_USD,
    totalMicroUsd: PLENTY_MICRO_USD,
    dayMicroUsd: PLENTY_MICRO_USD,
    nakedMicroUsd: PLENTY_MICRO_USD,
  },
}
const SIGNER_LIMITS = {
  ordersPerSecondMax: 100_000,
  outstandingMicroUsdMax: PLENTY_MICRO_USD,
  orderMicroUsdMax: 100_000_000_000,
}
const NS_PER_US = 1_000
const LOOK_MS = 50

class Turns implements ExecutorObserver, BookListener {
  decideUs: number[] = []
  writeUs: number[] = []
  outcomes: Record<string, number> = {}
  #signed = 0
  #takenMs = 0

  turn(cells: Float64Array): void {
    const outcome = cells[TurnCell.outcome]
    const name = Object.entries(TurnOutcome).find(([, value]) => value === outcome)?.[0] ?? 'Unknown'
    const key = outcome === TurnOutcome.Sent ? name : `${name}/${cells[TurnCell.reason]}`
    this.outcomes[key] = (this.outcomes[key] ?? 0) + 1
    if (outcome !== TurnOutcome.Sent) return
    this.decideUs.push((cells[TurnCell.t1Ns] - cells[TurnCell.t0Ns]) / NS_PER_US)
    this.writeUs.push((cells[TurnCell.t2Ns] - cells[TurnCell.t1Ns]) / NS_PER_US)
  }

  /** What came since the last time. @param signed orders, ever */
  take(signed: number): ExecutorTurns {
    const { decideUs, writeUs, outcomes } = this
    const nowMs = performance.now()
    const refillPerS = ((signed - this.#signed) * 1_000) / (nowMs - this.#takenMs)
    this.#signed = signed
    this.#takenMs = nowMs
    this.decideUs = []
    this.writeUs = []
    this.outcomes = {}
    return { decideUs, writeUs, refillPerS, outcomes }
  }

  signal(): void {}
  fair(): void {}
  badFrame(): void {}
  halted(): void {}
  leg(): void {}
  tradeEnded(): void {}
  legUnknown(): void {}
  tradeParked(): void {}
  legCorrected(): void {}
  mismatch(): void {}
  moneyMoved(): void {}
  resolved(): void {}
  diverged(): void {}
  bookMoved(): void {}
  tickTold(): void {}
}

async function start({ ca, doors }: ExecutorOrder): Promise<void> {
  const { mapping } = readMapping(pairsFile, 'bench')
  const listing = new Listing(mapping.pairs.map((pair) => ({ pair, fees: mapping.fees.bench })))
  const signer = await spawnSigner({ ephemeral: 'rsa', limits: SIGNER_LIMITS })
  const folder = mkdtempSync(join(tmpdir(), 'tandem-bench-'))
  const runId = `bench-${Date.now().toString(36)}-`
  const journal = new Journal({
    directory: join(folder, 'journal'),
    wallAtZeroMs: Date.now(),
    runId,
    sync: 'always',
  })
  const turns = new Turns()
  const live = new Live({
    listing,
    settings: readSettings(SETTINGS, 'bench'),
    access: {
      polymarket: {
        restUrl: `https://localhost:${doors.polymarketOrders}`,
        socketUrl: `wss://localhost:${doors.polymarketFrames}`,
        host: `localhost:${doors.polymarketOrders}`,
        apiKey: '00000000-0000-4000-8000-000000000000',
        passphrase: 'b'.repeat(64),
        secret: Buffer.alloc(32, 7).toString('base64url'),
      },
      kalshi: {
        restUrl: `https://localhost:${doors.kalshiOrders}`,
        socketUrl: `wss://localhost:${doors.kalshiFrames}`,
        host: `localhost:${doors.kalshiOrders}`,
        useYesPrice: false,
      },
      ca,
    },
    signer: signer.client,
    journal,
    runId,
    balanceMicroUsd: [PLENTY_MICRO_USD, PLENTY_MICRO_USD],
    saltStart: SALT_MIN,
    random: Math.random,
    makeClock: (onTick, onLate) => new LiveClock(onTick, onLate),
    network: tlsNetwork(ca, {
      makeSocket: (url, options) => new WebSocket(url, options),
      afterReads: (then) => void setImmediate(then),
    }),
    warm: true,
    observer: turns,
    recovered: recover(folder, Date.now()),
    onUnlisted() {},
    onClosing() {},
  })
  for (const gateway of live.gateways) gateway.limit(ORDERS_PER_S, ORDERS_PER_S)
  live.start()
  process.on('message', () => process.send?.(turns.take(live.assembly.pool.counters.signed)))
  process.on('disconnect', async () => {
    await live.stop(0)
    await journal.close()
    await signer.stop()
    rmSync(folder, { recursive: true, force: true })
    process.exit()
  })
  const isReady = (): boolean => {
    const { pool, listing } = live.assembly
    const isLive = listing.books.every((books) => books.every(({ state }) => state === BookState.Live))
    return isLive && pool.counters.signed > 0 && pool.outstanding === 0
  }
  while (!isReady()) await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  // These venues have no portfolio that could be held against our books, and a pair is not traded before it was.
  for (const bundle of listing.bundles.keys()) live.assembly.risk.unblock(bundle)
  process.send?.('ready')
}

if (import.meta.main) process.once('message', start)
