import { count } from '../journal/summary.ts'
import { dollars, shares } from '../replay/lines.ts'
import type { Percentiles } from './percentiles.ts'
import type { StartReport } from './report.ts'

/** Trades shown; the rest is in `--json`. */
const TRADES_SHOWN = 20

/** A bounded run's report for a person. */
export function liveLines(report: StartReport, isJournalKept: boolean): string {
  const {
    trades,
    by,
    pnl_micro_usd: pnl,
    pool,
    latency_us: latency,
    feeds,
    pauses,
    trade_list: list,
  } = report
  return [
    '',
    `trades  ${trades.count}: ${trades.hedged} hedged, ${trades.flattened} flattened, ${trades.exposed} exposed, ${trades.nothing} without a fill, ${trades.open} without their end`,
    `        ${Object.entries(by)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}`,
    ...list
      .slice(-TRADES_SHOWN)
      .map(
        (trade) =>
          `        ${trade.pair.padEnd(20)} ${trade.direction.padEnd(27)} ${trade.outcome.padEnd(9)} ${shares(trade.polymarket.filled_micro_shares)} + ${shares(trade.kalshi.filled_micro_shares)} shares, net ${dollars(trade.net_micro_usd)}`,
      ),
    `profit  ${dollars(pnl.ours)} by our books, ${pnl.ledgers === null ? 'unknown' : dollars(pnl.ledgers)} by the venues'`,
    `pool    ${(pool.hit_rate * 100).toFixed(2)} % of the decisions served, ${pool.size} orders held`,
    `time    frame to final requests ${percentiles(latency.decide)}; writing both ${percentiles(latency.write)}; from the venue's write to its having read both ${percentiles(latency.wire)}`,
    `feeds   ${Object.entries(feeds)
      .map(
        ([venue, { reconnects, outages }]) =>
          `${venue} ${reconnects} reconnects, ${outages.count} times not whole`,
      )
      .join('; ')}; our loop stood still ${pauses.count} times, at worst ${pauses.worst_us.toFixed(0)} us`,
    journalLine(report, isJournalKept),
    '',
  ].join('\n')
}

function journalLine({ journal }: StartReport, isKept: boolean): string {
  const { records, segments, damage, omitted_turns: omitted, directory } = journal
  const state = damage.length === 0 ? 'verified' : 'DAMAGED: see `tandem journal verify`'
  const left = omitted === 0 ? '' : `, ${count(omitted, 'Turn')} without an order left out while it was full`
  const where = isKept ? `in ${directory}` : 'gone with the run: --journal DIR keeps it'
  return `journal ${count(records, 'record')} in ${count(segments, 'segment')}, ${state}${left}; ${where}`
}

function percentiles({ p50, p99 }: Percentiles): string {
  return `${p50.toFixed(1)} us (p99 ${p99.toFixed(1)})`
}
