import { fork } from 'node:child_process'
import { once } from 'node:events'
import { ledgerProfitMicroUsd } from '@tandem/cli/live/profit.ts'
import type { LiveReport } from '@tandem/cli/live/report.ts'
import { ended, SandboxRun } from '@tandem/cli/live/sandbox.ts'
import { type Collection, PAUSE_TOLD_MS, type Vitals } from '@tandem/cli/live/vitals.ts'
import { wholeOption } from '@tandem/cli/option.ts'
import type { ControlTold } from './soak/control.ts'
import { slopeOf } from './soak/memory.ts'
import { pausesByMaker } from './soak/pauses.ts'

// The executor on the sandbox as `npm start` runs it, under many messages for many minutes: does its memory grow, does
// its loop stand still, do the books still agree with the venues'. `--seconds` is how long; 600 without it.

export const options = {
  seconds: { type: 'string', default: '600' },
  rate: { type: 'string', default: '5000' },
} as const

/** Connecting, the first stock, the first compiling: not what is measured. */
const SETTLING_S = 10
const SECONDS_MIN = 5
const SECONDS_MAX = 86_400
const RATE_MAX = 50_000
const SEED = 7
const MARKETS = 8
/** The first minute of a heap is growth, whatever comes after it. A short run has to do with its second half. */
const GROWTH_MS = 60_000
/** Flat is a line no steeper: at it, a day would come to 0.7 GB. Ten minutes do not tell less from noise. */
const FLAT_BYTES_PER_MIN = 512 * 1024
/** What fits into fewer minutes is noise. */
const FLAT_TOLD_AFTER_MIN = 5
/** Memory is shown so often. */
const SHOWN_EVERY_MS = 30_000
const MS_PER_S = 1_000
const MS_PER_MIN = 60_000
const NS_PER_S = 1e9
const BYTES_PER_MB = 1e6

export async function run(given: { seconds: string; rate: string }): Promise<object> {
  const seconds = wholeOption(given.seconds, '--seconds', SECONDS_MAX, SECONDS_MIN)
  const rate = wholeOption(given.rate, '--rate', RATE_MAX)
  const control = fork(new URL('./soak/control.ts', import.meta.url))
  let sandbox: SandboxRun | undefined
  try {
    sandbox = await SandboxRun.start(
      { markets: MARKETS, seed: SEED, faults: '', rate, vitals: true },
      new AbortController().signal,
    )
    const before = await sandbox.ledgers()
    const { vitals, report } = await watch(sandbox, seconds)
    const told = once(control, 'message')
    control.send({})
    const [{ pauses }] = (await told) as [ControlTold]
    const ledgers = ledgerProfitMicroUsd(sandbox.started.pairs, before, await sandbox.ledgers())
    const from = vitals[0].atMs
    const collections = vitals.flatMap((one) => one.collections)
    return {
      seconds,
      ...received(vitals),
      memory: memory(vitals),
      pauses_over_20ms: pausesByMaker(
        vitals.flatMap((one) => one.pauses),
        collections,
        pauses.filter(({ startMs }) => startMs > from),
        PAUSE_TOLD_MS,
      ),
      gc: collected(collections),
      latency_us: report.latency_us,
      trades: report.trades,
      idle_s: idle(sandbox.started.pairs as { id: string }[], report.trade_list),
      pnl_micro_usd: { ...report.pnl_micro_usd, ledgers, equal: report.pnl_micro_usd.ours === ledgers },
      decisions: report.decisions,
      pool: report.pool,
      feeds: report.feeds,
    }
  } finally {
    await sandbox?.close()
    control.disconnect()
  }
}

/**
 * Lets it run. A full collection is asked for after the first minute and at the end, so that what is in use can be told
 * from what is not collected yet.
 *
 * @returns its vitals from the time that it had settled, and its report
 */
async function watch(
  sandbox: SandboxRun,
  seconds: number,
): Promise<{ vitals: readonly Vitals[]; report: LiveReport }> {
  const vitals: Vitals[] = []
  const startMs = performance.now() + SETTLING_S * MS_PER_S
  const dueMs = [startMs + growthMs(seconds * MS_PER_S), startMs + seconds * MS_PER_S]
  for (let said = await sandbox.next(); said !== undefined; said = await sandbox.next()) {
    if (said.kind === 'report') return { vitals, report: said.report }
    const nowMs = performance.now()
    if (said.kind !== 'vitals' || nowMs < startMs) continue
    vitals.push(said.vitals)
    if (said.vitals.isCollected && dueMs.length === 0) sandbox.stop()
    else if (nowMs >= dueMs[0]) {
      sandbox.collect()
      dueMs.shift()
    }
  }
  throw ended('the executor ended by itself')
}

const growthMs = (spanMs: number): number => Math.min(GROWTH_MS, spanMs / 2)

function received(vitals: readonly Vitals[]) {
  const perS = (one: Vitals, other: Vitals, venue: number): number =>
    ((other.frames[venue] - one.frames[venue]) * MS_PER_S) / (other.atMs - one.atMs)
  const [first] = vitals
  const last = vitals[vitals.length - 1]
  const [polymarket, kalshi] = [perS(first, last, 0), perS(first, last, 1)]
  const ticks = vitals.filter(({ isCollected }) => !isCollected)
  const bySecond = ticks.slice(1).map((one, at) => perS(ticks[at], one, 0) + perS(ticks[at], one, 1))
  return {
    received_per_s: { both: polymarket + kalshi, polymarket, kalshi, slowest_second: Math.min(...bySecond) },
    executor_cores: (last.cpuMs - first.cpuMs) / (last.atMs - first.atMs),
  }
}

function memory(vitals: readonly Vitals[]) {
  const [one, other] = vitals.filter(({ isCollected }) => isCollected)
  const perMin = (from: number, to: number): number => ((to - from) * MS_PER_MIN) / (other.atMs - one.atMs)
  const grown = vitals.filter(({ atMs, isCollected }) => atMs > one.atMs && !isCollected)
  const slope = (of: (point: Vitals) => number): number =>
    slopeOf(grown.map((point) => ({ x: point.atMs / MS_PER_MIN, y: of(point) })))
  const growth = {
    rss_bytes_per_min: Math.round(slope(({ rssBytes }) => rssBytes)),
    heap_used_bytes_per_min: Math.round(slope(({ heapUsedBytes }) => heapUsedBytes)),
    heap_in_use_bytes_per_min: Math.round(perMin(one.heapUsedBytes, other.heapUsedBytes)),
  }
  const fromMs = vitals[0].atMs
  const spans = (atMs: number): number => Math.floor((atMs - fromMs) / SHOWN_EVERY_MS)
  const shown = vitals.filter(
    ({ atMs, isCollected }, at) => isCollected || at === 0 || spans(atMs) > spans(vitals[at - 1].atMs),
  )
  return {
    ...growth,
    flat_bytes_per_min: FLAT_BYTES_PER_MIN,
    memory_flat:
      (other.atMs - one.atMs) / MS_PER_MIN < FLAT_TOLD_AFTER_MIN
        ? 'not told by so short a run'
        : Object.values(growth).every((bytesPerMin) => bytesPerMin <= FLAT_BYTES_PER_MIN),
    at: shown.map(({ atMs, rssBytes, heapUsedBytes, isCollected }) => ({
      s: Math.round((atMs - fromMs) / MS_PER_S),
      rss_mb: rssBytes / BYTES_PER_MB,
      heap_used_mb: heapUsedBytes / BYTES_PER_MB,
      collected: isCollected,
    })),
  }
}

/**
 * By pair, how long before the last trade of all its own last one was; null where the newest trades have none of it.
 * What holds a pair for good shows here, whichever refusal it is.
 */
function idle(pairs: readonly { id: string }[], trades: LiveReport['trade_list']) {
  const lastNs = new Map(trades.map(({ pair, at_ns }) => [pair, BigInt(at_ns)]))
  const endNs = BigInt(trades.at(-1)?.at_ns ?? 0)
  return Object.fromEntries(
    pairs.map(({ id }) => {
      const ns = lastNs.get(id)
      return [id, ns === undefined ? null : Number(endNs - ns) / NS_PER_S]
    }),
  )
}

function collected(collections: readonly Collection[]) {
  const byKind: Record<string, { count: number; total_ms: number; worst_ms: number }> = {}
  for (const { kind, isForced, startMs, endMs } of collections) {
    const name = isForced ? 'asked_for' : kind
    byKind[name] ??= { count: 0, total_ms: 0, worst_ms: 0 }
    const of = byKind[name]
    of.count++
    of.total_ms += endMs - startMs
    of.worst_ms = Math.max(of.worst_ms, endMs - startMs)
  }
  return byKind
}
