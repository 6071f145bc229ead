import type { Live } from '@tandem/colo/live.ts'
import type { JournalSummary } from '../journal/summary.ts'
import type { RunRecord } from '../replay/report.ts'
import type { Exposure, ExposureWatch } from './exposure.ts'
import { histogram, type Percentiles, percentilesUs } from './percentiles.ts'

/** The document of a bounded run, but for what only the venues know. */
export interface LiveReport extends Exposure {
  /** `open`: trades of which a leg's end is not known. */
  trades: ReturnType<RunRecord['summary']>['trades'] & { open: number }
  by: Record<string, number>
  pnl_micro_usd: { ours: number }
  decisions: RunRecord['decisions']
  pool: { size: number; hit_rate: number; misses: object }
  latency_us: { decide: Percentiles; write: Percentiles }
  feeds: ReturnType<Live['feeds']>
  pauses: { count: number; worst_us: number }
  /** Read back after the end of the run. */
  journal: JournalSummary & { omitted_turns: number }
  /** The newest. */
  trade_list: RunRecord['trades']
}

/** The whole document. */
export interface StartReport extends LiveReport {
  /** null: the venues' books could not be asked any more. */
  pnl_micro_usd: { ours: number; ledgers: number | null }
  latency_us: LiveReport['latency_us'] & { wire: Percentiles }
}

/** Times of decisions, in nanoseconds: from the frame's bytes to final requests, and to both being written. */
export class Times {
  readonly decideNs = histogram()
  readonly writeNs = histogram()

  turn(t0Ns: number, t1Ns: number, t2Ns: number): void {
    this.decideNs.recordValue(Math.max(t1Ns - t0Ns, 0))
    this.writeNs.recordValue(Math.max(t2Ns - t1Ns, 0))
  }
}

/** What became of a run, from the parts that lived through it. */
export function liveReport(
  live: Live,
  record: RunRecord,
  times: Times,
  exposure: ExposureWatch,
  journal: LiveReport['journal'],
): LiveReport {
  const { pool, listing, ledger } = live.assembly
  const hits = pool.hitRate.all()
  const { trades } = record.summary()
  let ours = ledger.roundingMicroUsd - ledger.spentMicroUsd()
  for (const place of listing.bundles.keys()) ours += ledger.coveredMicroUsd(place)
  const polarityOf = new Map<string, string>(listing.pairs.map(({ pair }) => [pair.id, pair.polarity]))
  const by: Record<string, number> = { ...record.by.direction }
  for (const [pair, count] of Object.entries(record.by.pair)) {
    const polarity = polarityOf.get(pair) as string
    by[polarity] = (by[polarity] ?? 0) + count
  }
  return {
    trades: { ...trades, open: live.assembly.trades.open },
    ...exposure.summary(listing.bundles.length),
    by,
    pnl_micro_usd: { ours },
    decisions: record.decisions,
    pool: { size: pool.store.slots - pool.store.freeCount, hit_rate: hits.hitRate, misses: hits.misses },
    latency_us: { decide: percentilesUs(times.decideNs), write: percentilesUs(times.writeNs) },
    feeds: live.feeds(),
    pauses: { count: live.pauses.count, worst_us: live.pauses.worstNs / 1_000 },
    journal,
    trade_list: record.trades,
  }
}
