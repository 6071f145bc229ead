import { dollars, shares } from './replay/lines.ts'
import type { Snapshot } from './snapshot.ts'

export const HOME_AND_CLEAR = '\u001b[H\u001b[J'

/**
 * As much of it as the terminal has room for: a line that wraps, or one too many, would scroll at every redraw.
 * A terminal that was never told its size has 0 columns and 0 rows: nothing is cut.
 */
export function fitted(text: string, columns: number, rows: number): string {
  return text
    .split('\n')
    .slice(0, rows > 0 ? Math.max(rows - 1, 1) : undefined)
    .map((line) => (columns > 0 ? line.slice(0, columns) : line))
    .join('\n')
}

/** One screen: what an operator looks at, newest trades last. */
export function screen(title: string, snapshot: Snapshot): string {
  const { totals, pool, trades, feeds } = snapshot
  const { count, hedged, flattened, exposed, nothing } = totals.trades
  const { spent, at_resolution: net } = totals.pnl_micro_usd
  return [
    title,
    '',
    'pair               polarity   Polymarket          Kalshi              edge after fees, a contract',
    ...snapshot.pairs.map(pairLine),
    '',
    ...feeds,
    `trades ${count}: ${hedged} hedged, ${flattened} flattened, ${exposed} exposed, ${nothing} without a fill; spent ${dollars(spent)}, net at resolution ${dollars(net)}`,
    `pool   ${pool.hits} of ${pool.approved} decisions served, ${pool.signed} orders signed ahead`,
    '',
    ...trades.map(tradeLine),
  ].join('\n')
}

function pairLine({
  id,
  polarity,
  polymarket,
  kalshi,
  edgeMicroUsd,
  direction,
}: Snapshot['pairs'][number]): string {
  const edge = edgeMicroUsd === null ? '-' : dollars(edgeMicroUsd)
  const crosses = edgeMicroUsd !== null && edgeMicroUsd > 0 ? `  ${direction}` : ''
  return `${id.padEnd(18)} ${polarity.padEnd(10)} ${top(polymarket)} ${top(kalshi)} ${edge.padStart(14)}${crosses}`
}

function top({ state, bid, ask }: Snapshot['pairs'][number]['kalshi']): string {
  return (state === 'LIVE' ? `${bid} / ${ask}` : state).padEnd(19)
}

function tradeLine({
  pair,
  direction,
  outcome,
  polymarket,
  kalshi,
  net_micro_usd: net,
}: Snapshot['trades'][number]): string {
  const filled = `${shares(polymarket.filled_micro_shares)} + ${shares(kalshi.filled_micro_shares)} shares`
  return `  ${outcome.padEnd(9)} ${pair.padEnd(18)} ${direction.padEnd(27)} ${filled}, net ${dollars(net)}`
}
