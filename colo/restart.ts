import { MICRO_SHARES_PER_LOT, MICRO_USD_PER_USD, NS_PER_MS } from '@tandem/shared/units.ts'
import type { Clock } from './clock.ts'
import type { Direction } from './detector/direction.ts'
import { type CheckpointRow, offerCheckpoint } from './journal/checkpoint.ts'
import { CheckpointSection, LISTING_CELLS, RecordKind } from './journal/record.ts'
import type { JournalRing } from './journal/ring.ts'
import type { Listing } from './listing.ts'
import type { OrderDesk } from './order-desk.ts'
import { directionThatBuys } from './outcome.ts'
import type { Recovered, RecoveredOrder } from './recovery.ts'
import { type Ledger, OUTCOME_COMPLEMENT, OUTCOME_NAMED } from './state/ledger.ts'
import { OrderKind } from './state/orders.ts'
import type { Resolutions } from './state/resolutions.ts'
import type { Trades } from './state/trades.ts'
import type { KalshiRest } from './venue/kalshi/rest.ts'
import type { PolymarketRest } from './venue/polymarket/rest.ts'
import { CLOCKS_APART_MS_MAX } from './venue/skew.ts'
import { KALSHI, POLYMARKET, VENUES } from './venue/venue.ts'

// What is done with what a run before this one has left, before any pair is traded:
//
//   1  Its positions are our books of account.
//   2  Each order of whose end its journal knows nothing is looked up as any other that nobody answered.
//   3  Both venues are asked for orders of ours that the journal does not know to have been sent: their bytes may have left
//      before the disk had them. Asked again until what is read is as fresh as this process.
//   4  What then is over of a pair is closed as any other exposure.

const ROUND_MS = 500
/** How far before the last thing that was written down orders are looked for: more than a signed order lives. */
export const LOOKED_BACK_MS = 600_000

export interface RestartParts {
  readonly clock: Clock
  readonly journal: JournalRing
  readonly listing: Listing
  readonly ledger: Ledger
  readonly resolutions: Resolutions
  readonly trades: Trades
  readonly desk: OrderDesk
  readonly kalshi: Pick<KalshiRest, 'ordersSince'>
  readonly polymarket: Pick<PolymarketRest, 'takersSince'>
  /** How long Polymarket's reads may be without an order that was carried out. */
  readonly absenceMs: number
  /** Gives an order its name and has its gateway look it up. */
  readonly resume: (order: number, recovered: RecoveredOrder) => void
  readonly sleep: (ms: number) => Promise<void>
}

/** Who the pairs of this run are, in its records. Before any of them. */
export function writeListing(ring: JournalRing, listing: Listing): void {
  for (const [bundle, { pair }] of listing.pairs.entries())
    ring.appendCells(RecordKind.Listing, Float64Array.of(bundle), LISTING_CELLS, Buffer.from(pair.id))
}

/** What is held, so that a later run need not know what was before it. */
function writeCheckpoint(
  { journal, listing, ledger, clock }: RestartParts,
  { endsMs, approvedMicroUsd, lostMicroUsd }: Recovered['day'],
): void {
  const rows: CheckpointRow[] = [
    { section: CheckpointSection.Day, values: [endsMs, approvedMicroUsd, lostMicroUsd] },
  ]
  for (const bundle of listing.bundles.keys())
    for (let venue = 0; venue < VENUES; venue++)
      for (const outcome of [OUTCOME_NAMED, OUTCOME_COMPLEMENT]) {
        const held = ledger.heldMicroShares(bundle, venue, outcome)
        if (held === 0) continue
        const paid = Math.max(0, ledger.paidMicroUsd(bundle, venue, outcome))
        const cost = Math.round((held * paid) / MICRO_USD_PER_USD)
        rows.push({ section: CheckpointSection.Position, values: [bundle, venue, outcome, held, cost] })
      }
  offerCheckpoint(journal, clock.nowNs(), rows)
}

/** @returns pairs of the journal that are not listed any more, and of which something is held */
export async function restart(recovered: Recovered, parts: RestartParts): Promise<string[]> {
  const { clock, listing, ledger, resolutions, trades, desk } = parts
  const bundleOf = new Map(listing.pairs.map(({ pair }, bundle) => [pair.id, bundle]))
  const unlisted = new Set<string>()
  for (const { pair, venue, outcome, heldMicroShares, costMicroUsd } of recovered.positions) {
    const bundle = bundleOf.get(pair)
    if (bundle !== undefined) ledger.settle(venue, bundle, outcome, heldMicroShares, costMicroUsd)
    else if (Math.abs(heldMicroShares) >= MICRO_SHARES_PER_LOT) unlisted.add(pair)
  }
  for (const { pair, paysNamedMicroUsd } of recovered.settlements) {
    const bundle = bundleOf.get(pair)
    if (bundle === undefined) continue
    resolutions.told(bundle, KALSHI, paysNamedMicroUsd)
    desk.over(bundle, clock.nowNs())
  }
  // Without an earlier run there is nothing that may have been sent.
  if (recovered.lastMs === undefined) {
    writeCheckpoint(parts, recovered.day)
    return []
  }

  const known = new Set(recovered.sent)
  const restored = new Set<number>()
  const take = (order: RecoveredOrder): void => {
    const bundle = bundleOf.get(order.pair)
    if (bundle === undefined) {
      unlisted.add(order.pair)
      return
    }
    const trade = desk.restore(bundle, order.direction as Direction)
    restored.add(trade)
    parts.resume(desk.resume(trade, order), order)
  }
  recovered.orders.forEach(take)
  writeCheckpoint(parts, recovered.day)
  const startedMs = clock.wallMs()
  const startedNs = clock.nowNs()
  const sinceMs = recovered.lastMs - LOOKED_BACK_MS
  for (let isFound = false; !isFound; await parts.sleep(ROUND_MS)) {
    const found = await unwritten(recovered, parts, known, sinceMs).catch(() => undefined)
    if (found === undefined) continue
    for (const order of found.orders) {
      known.add(order.name)
      take(order)
    }
    const isLongAgo = clock.nowNs() - startedNs >= parts.absenceMs * NS_PER_MS
    const isFresh = found.asOfMs >= startedMs + CLOCKS_APART_MS_MAX
    // Beside what holds it open, an order of it is under way: what it brings may cover what is over now.
    const isOver = [...restored].every((trade) => trades.underWay[trade] === 1)
    isFound = isLongAgo && isFresh && isOver
  }
  for (const bundle of listing.bundles.keys()) desk.cover(bundle, clock.nowNs())
  return [...unlisted]
}

/** Orders of ours that the venues know and the journal does not, and how fresh Kalshi's list is. */
async function unwritten(
  { runIds, hashes }: Recovered,
  { listing, kalshi, polymarket }: RestartParts,
  known: ReadonlySet<string>,
  sinceMs: number,
): Promise<{ orders: RecoveredOrder[]; asOfMs: number }> {
  const [{ orders, asOfMs }, takers] = await Promise.all([
    kalshi.ordersSince(sinceMs),
    polymarket.takersSince(sinceMs),
  ])
  const found: RecoveredOrder[] = []
  const order = { sentMs: sinceMs, worstMicroUsd: 0 }
  for (const { ticker, name, buysYes } of orders) {
    const isOurs = [...runIds].some((runId) => name.startsWith(runId))
    const pair = listing.pairs.find(({ pair }) => pair.kalshi.ticker === ticker)?.pair
    if (!isOurs || known.has(name) || pair === undefined) continue
    // Kalshi nets by itself, so that a sale is told as a purchase of the other outcome.
    const outcome = buysYes === (pair.polarity === 'same') ? OUTCOME_NAMED : OUTCOME_COMPLEMENT
    const direction = directionThatBuys(KALSHI, outcome)
    found.push({ ...order, pair: pair.id, direction, venue: KALSHI, kind: OrderKind.Entry, name })
  }
  for (const { name, token, sells } of takers) {
    const pair = listing.pairs.find(({ pair: { polymarket } }) =>
      [polymarket.yesToken, polymarket.noToken].includes(token),
    )?.pair
    if (!hashes.has(name) || known.has(name) || pair === undefined) continue
    if (found.some((other) => other.name === name)) continue
    const outcome = token === pair.polymarket.yesToken ? OUTCOME_NAMED : OUTCOME_COMPLEMENT
    const direction = directionThatBuys(POLYMARKET, outcome)
    const kind = sells ? OrderKind.SellBack : OrderKind.Entry
    found.push({ ...order, pair: pair.id, direction, venue: POLYMARKET, kind, name })
  }
  return { orders: found, asOfMs }
}
