import type { Book } from '@tandem/colo/book/book.ts'
import { BookState } from '@tandem/colo/book/integrity.ts'
import { DIRECTION_NAMES, type Direction } from '@tandem/colo/detector/direction.ts'
import { EDGE_NONE_MICRO_USD, edgeAtTopFloorMicroUsd } from '@tandem/colo/detector/edge.ts'
import type { Assembly } from '@tandem/colo/main.ts'
import { KALSHI, POLYMARKET } from '@tandem/colo/venue/venue.ts'
import { decimalFromScaled } from '@tandem/shared/decimal.ts'
import { nameOf } from '@tandem/shared/named-integer.ts'
import { PRICE_NONE } from '@tandem/shared/units.ts'
import type { RunRecord } from './replay/report.ts'

/** What a view shows of one moment, as plain data: it crosses from the executor's process to the terminal's. */
export interface Snapshot {
  pairs: PairSnapshot[]
  totals: ReturnType<RunRecord['summary']>
  pool: { approved: number; hits: number; signed: number }
  trades: RunRecord['trades']
  /** A line a feed, in words. Empty on a tape. */
  feeds: string[]
}

interface PairSnapshot {
  id: string
  polarity: string
  polymarket: TopSnapshot
  kalshi: TopSnapshot
  /** The better direction's, after fees, of one contract at the tops; null while a side is empty. */
  edgeMicroUsd: number | null
  direction: string
}

interface TopSnapshot {
  state: string
  bid: string
  ask: string
}

/** The last trades that fit under the table on a small terminal. */
const TRADES_SHOWN = 6
/** More rows than a terminal has under them would push the rest off it. */
const PAIRS_SHOWN = 30

export function snapshotOf({ listing, pool }: Assembly, record: RunRecord, feeds: string[]): Snapshot {
  const { pairs, bundles, books } = listing
  const hits = pool.hitRate.all()
  return {
    pairs: pairs.slice(0, PAIRS_SHOWN).map(({ pair }, place) => {
      const bundle = bundles[place]
      const polymarket = books[POLYMARKET][bundle.books[POLYMARKET]]
      const kalshi = books[KALSHI][bundle.books[KALSHI]]
      const edges = DIRECTION_NAMES.map((_, direction) =>
        edgeAtTopFloorMicroUsd(bundle, polymarket, kalshi, direction as Direction),
      )
      const best = Math.max(...edges)
      return {
        id: pair.id,
        polarity: pair.polarity,
        polymarket: topOf(polymarket),
        kalshi: topOf(kalshi),
        edgeMicroUsd: best === EDGE_NONE_MICRO_USD ? null : best,
        direction: DIRECTION_NAMES[edges.indexOf(best)],
      }
    }),
    totals: record.summary(),
    pool: { approved: hits.approved, hits: hits.hits, signed: pool.counters.signed },
    trades: record.trades.slice(-TRADES_SHOWN),
    feeds,
  }
}

function topOf(book: Book): TopSnapshot {
  const price = (value: number): string => (value === PRICE_NONE ? 'none' : decimalFromScaled(value, 4, 2))
  return {
    state: nameOf(BookState, book.state).toUpperCase(),
    bid: price(book.bids.bestPrice()),
    ask: price(book.asks.bestPrice()),
  }
}
