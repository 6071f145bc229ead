import type { Live } from '@tandem/colo/live.ts'
import { build } from 'hdr-histogram-js'
import type { JournalSummary } from '../journal/summary.ts'
import type { RunRecord } from '../replay/report.ts'

/** The document of a bounded run, but for what only the venues' ledgers know. */
export interface LiveReport {
  trades: ReturnType<RunRecord['summary']>['trades']
  by: Record<string, number>
  pnl_micro_usd: { ours: number }
  decisions: RunRecord['decisions']
  pool: { size: number; hit_rate: number; misses: object }
  latency_us: { decide: Percentiles; write: Percentiles }
  feeds: ReturnType<Live['feeds']>
  pauses: { count: number; worst_us: number }
  /** Read back after the end of the run. */
  journal: JournalSummary & { omitted_turns: number }
  trade_list: RunRecord['trades']
}

export interface Percentiles {
  p50: number
  p99: number
  p999: number
  samples: number
}

function histogram() {
  return build({ lowestDiscernibleValue: 1, highestTrackableValue: 1e11, numberOfSignificantValueDigits: 3 })
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

function percentilesUs(of: ReturnType<typeof histogram>): Percentiles {
  const us = (percentile: number): number => of.getValueAtPercentile(percentile) / 1_000
  return { p50: us(50), p99: us(99), p999: us(99.9), samples: of.totalCount }
}

/** What became of a run, from the parts that lived through it. */
export function liveReport(
  live: Live,
  record: RunRecord,
  times: Times,
  journal: LiveReport['journal'],
): LiveReport {
  const { pool, listing, ledger } = live.assembly
  const hits = pool.hitRate.all()
  const { trades } = record.summary()
  let ours = -ledger.spentMicroUsd()
  for (const place of listing.bundles.keys()) ours += ledger.coveredMicroUsd(place)
  const polarityOf = new Map<string, string>(listing.pairs.map(({ pair }) => [pair.id, pair.polarity]))
  const by: Record<string, number> = {}
  for (const { direction, pair } of record.trades)
    for (const name of [direction, polarityOf.get(pair) as string]) by[name] = (by[name] ?? 0) + 1
  return {
    trades,
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
