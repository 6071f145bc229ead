import type { Book } from '@tandem/colo/book/book.ts'
import { BookState } from '@tandem/colo/book/integrity.ts'
import { DIRECTION_NAMES, type Direction } from '@tandem/colo/detector/direction.ts'
import { EDGE_NONE_MICRO_USD, edgeAtTopFloorMicroUsd } from '@tandem/colo/detector/edge.ts'
import { decimalFromScaled } from '@tandem/shared/decimal.ts'
import { PRICE_NONE } from '@tandem/shared/units.ts'
import { dollars, shares } from './lines.ts'
import { nameOf } from './report.ts'
import type { Replay } from './run.ts'

/** The last trades that fit under the table on a small terminal. */
const TRADES_SHOWN = 6

/** One screen of a running replay: what an operator looks at, newest trades last. */
export function screen(replay: Replay, seconds: number): string {
  const { assembly, record } = replay
  const { trades, pnl_micro_usd: pnl } = record.summary()
  const hits = assembly.pool.hitRate.all()
  return [
    `Tandem: a recorded market at ${seconds.toFixed(1)} s of its time. Paper only: nothing is sent anywhere.`,
    '',
    'pair               polarity   Polymarket          Kalshi              edge after fees, a contract',
    ...replay.pairs.map(({ pair }, bundle) => pairLine(replay, pair.id, pair.polarity, bundle)),
    '',
    `trades ${trades.count}: ${trades.hedged} hedged, ${trades.flattened} flattened, ${trades.exposed} exposed, ${trades.nothing} without a fill; spent ${dollars(pnl.spent)}, net at resolution ${dollars(pnl.at_resolution)}`,
    `pool   ${hits.hits} of ${hits.approved} decisions served, ${assembly.pool.counters.signed} orders signed ahead`,
    '',
    ...record.trades.slice(-TRADES_SHOWN).map(tradeLine),
  ].join('\n')
}

function pairLine(replay: Replay, id: string, polarity: string, bundle: number): string {
  const [polymarket, kalshi] = replay.booksOf(bundle)
  let best = EDGE_NONE_MICRO_USD
  let at: Direction = 0
  for (const direction of DIRECTION_NAMES.keys()) {
    const edge = edgeAtTopFloorMicroUsd(
      replay.assembly.listing.bundles[bundle],
      polymarket,
      kalshi,
      direction as Direction,
    )
    if (edge > best) {
      best = edge
      at = direction as Direction
    }
  }
  const edge = best === EDGE_NONE_MICRO_USD ? '-' : dollars(best)
  const crosses = best > 0 ? `  ${DIRECTION_NAMES[at]}` : ''
  return `${id.padEnd(18)} ${polarity.padEnd(10)} ${top(polymarket)} ${top(kalshi)} ${edge.padStart(14)}${crosses}`
}

function top(book: Book): string {
  if (book.state !== BookState.Live) return nameOf(BookState, book.state).toUpperCase().padEnd(19)
  const price = (value: number): string => (value === PRICE_NONE ? 'none' : decimalFromScaled(value, 4, 2))
  return `${price(book.bids.bestPrice())} / ${price(book.asks.bestPrice())}`.padEnd(19)
}

function tradeLine(trade: Replay['record']['trades'][number]): string {
  const { pair, direction, outcome, polymarket, kalshi, net_micro_usd: net } = trade
  const filled = `${shares(polymarket.filled_micro_shares)} + ${shares(kalshi.filled_micro_shares)} shares`
  return `  ${outcome.padEnd(8)} ${pair.padEnd(18)} ${direction.padEnd(27)} ${filled}, net ${dollars(net)}`
}
