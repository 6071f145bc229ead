import { decimalFromScaled } from '@tandem/shared/decimal.ts'
import type { Replay } from './run.ts'

type Report = ReturnType<Replay['report']>

/** Trades shown; the rest is in `--json`. */
const TRADES_SHOWN = 20

/** A replay's report for a person. */
export function summaryLines(report: Report): string {
  const lines = [
    `${report.frames} frames; level changes: Polymarket ${report.applied.polymarket}, Kalshi ${report.applied.kalshi}`,
    '',
    'books at the end (each venue in the prices of its own YES)',
    ...Object.entries(report.final).flatMap(([pair, tops]) =>
      Object.entries(tops).map(
        ([venue, top]) =>
          `  ${pair.padEnd(24)} ${venue.padEnd(10)} ${top.state.padEnd(9)} bid ${top.bid ?? 'none'} x ${top.bid_size ?? '-'}  ask ${top.ask ?? 'none'} x ${top.ask_size ?? '-'}`,
      ),
    ),
    '',
    `crossings after fees, both books LIVE (${report.edges_live.length}); on the books as they are: ${report.edges_all.length}`,
    ...report.edges_live.map(
      (episode) =>
        `  ${episode.pair.padEnd(24)} ${episode.direction.padEnd(27)} ${String(episode.frames).padStart(6)} frames, up to ${dollars(episode.edge_max)} a contract`,
    ),
    '',
    `decisions: ${report.decisions.sent} sent; refused ${counts(report.decisions.refused)}; no plan ${counts(report.decisions.not_planned)}; missed ${counts(report.decisions.missed)}; book not LIVE ${report.decisions.not_live}`,
    `pool: ${report.pool.hits} of ${report.pool.approved} approved decisions served (${(report.pool.hit_rate * 100).toFixed(2)} %), ${report.pool.signed} orders signed`,
    '',
    `trades: ${report.trades.count}, ${report.trades.hedged} hedged, ${report.trades.flattened} flattened, ${report.trades.exposed} exposed, ${report.trades.nothing} without a fill`,
    ...report.trade_list
      .slice(0, TRADES_SHOWN)
      .map(
        (trade) =>
          `  ${trade.pair.padEnd(24)} ${trade.direction.padEnd(27)} ${trade.outcome.padEnd(8)} ${shares(trade.polymarket.filled_micro_shares)} + ${shares(trade.kalshi.filled_micro_shares)} shares, net ${dollars(trade.net_micro_usd)}`,
      ),
    ...(report.trade_list.length > TRADES_SHOWN
      ? [`  and ${report.trade_list.length - TRADES_SHOWN} more`]
      : []),
    `spent ${dollars(report.pnl_micro_usd.spent)}; pays ${dollars(report.pnl_micro_usd.at_resolution)} net at resolution, shares without their other side counted as worth nothing`,
    '',
  ]
  return lines.join('\n')
}

export function dollars(microUsd: number): string {
  return `${decimalFromScaled(microUsd, 6, 2)} USD`
}

export function shares(microShares: number): string {
  return decimalFromScaled(microShares, 6)
}

function counts(named: Record<string, number>): string {
  const entries = Object.entries(named)
  return entries.length === 0 ? 'none' : entries.map(([name, count]) => `${name} ${count}`).join(', ')
}
