import { MICRO_SHARES_PER_LOT, MICRO_USD_PER_USD, NS_PER_MS } from '@tandem/shared/units.ts'
import type { Clock } from './clock.ts'
import {
  BUY_KALSHI_SELL_POLYMARKET,
  BUY_POLYMARKET_SELL_KALSHI,
  type Direction,
} from './detector/direction.ts'
import { type CheckpointRow, offerCheckpoint } from './journal/checkpoint.ts'
import { CheckpointSection, LISTING_CELLS, RecordKind } from './journal/record.ts'
import type { JournalRing } from './journal/ring.ts'
import type { Listing } from './listing.ts'
import type { OrderDesk } from './order-desk.ts'
import { boughtOutcome } from './outcome.ts'
import type { Recovered, RecoveredOrder } from './recovery.ts'
import { type Ledger, OUTCOME_COMPLEMENT, OUTCOME_NAMED } from './state/ledger.ts'
import { OrderKind } from './state/orders.ts'
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
const BEFORE_MS = 600_000

export interface RestartParts {
  readonly clock: Clock
  readonly journal: JournalRing
  readonly listing: Listing
  readonly ledger: Ledger
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
  { endsMs, approvedMicroUsd }: Recovered['day'],
): void {
  const rows: CheckpointRow[] = [{ section: CheckpointSection.Day, values: [endsMs, approvedMicroUsd] }]
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
  const { clock, listing, ledger, desk } = parts
  const bundleOf = new Map(listing.pairs.map(({ pair }, bundle) => [pair.id, bundle]))
  const unlisted = new Set<string>()
  for (const { pair, venue, outcome, heldMicroShares, costMicroUsd } of recovered.positions) {
    const bundle = bundleOf.get(pair)
    if (bundle !== undefined) ledger.settle(venue, bundle, outcome, heldMicroShares, costMicroUsd)
    else if (Math.abs(heldMicroShares) >= MICRO_SHARES_PER_LOT) unlisted.add(pair)
  }
  // Without an earlier run there is nothing that may have been sent.
  if (recovered.lastMs === undefined) {
    writeCheckpoint(parts, recovered.day)
    return []
  }

  const held = new Held(parts)
  for (const bundle of listing.bundles.keys())
    if (Math.abs(ledger.excessMicroShares(bundle, OUTCOME_NAMED)) >= MICRO_SHARES_PER_LOT)
      held.ofExcess(bundle)
  const known = new Set(recovered.sent)
  const take = (order: RecoveredOrder): void => {
    const bundle = bundleOf.get(order.pair)
    if (bundle === undefined) {
      unlisted.add(order.pair)
      return
    }
    parts.resume(desk.resume(held.of(bundle, order.direction as Direction), order), order)
  }
  recovered.orders.forEach(take)
  writeCheckpoint(parts, recovered.day)
  const startedMs = clock.wallMs()
  const startedNs = clock.nowNs()
  const sinceMs = recovered.lastMs - BEFORE_MS
  for (let isFresh = false; !isFresh; await parts.sleep(ROUND_MS)) {
    const found = await unwritten(recovered, parts, known, sinceMs).catch(() => undefined)
    if (found === undefined) continue
    for (const order of found.orders) {
      known.add(order.name)
      take(order)
    }
    const isLongAgo = clock.nowNs() - startedNs >= parts.absenceMs * NS_PER_MS
    isFresh = isLongAgo && found.asOfMs >= startedMs + CLOCKS_APART_MS_MAX
  }
  held.release()
  return [...unlisted]
}

/** The restored trades, one for each pair and direction, held open until all is found. */
class Held {
  readonly #parts: RestartParts
  readonly #trades = new Map<string, number>()

  constructor(parts: RestartParts) {
    this.#parts = parts
  }

  /** In the direction whose Polymarket leg is what is over, or whose Kalshi leg is: whichever holds it. */
  ofExcess(bundle: number): void {
    const { ledger } = this.#parts
    const over = ledger.excessMicroShares(bundle, OUTCOME_NAMED) > 0 ? OUTCOME_NAMED : OUTCOME_COMPLEMENT
    const isOnPolymarket =
      ledger.heldMicroShares(bundle, POLYMARKET, over) >= ledger.heldMicroShares(bundle, KALSHI, over)
    const venue = isOnPolymarket ? POLYMARKET : KALSHI
    const direction = [BUY_POLYMARKET_SELL_KALSHI, BUY_KALSHI_SELL_POLYMARKET].find(
      (direction) => boughtOutcome(venue, direction as Direction) === over,
    )
    this.of(bundle, direction as Direction)
  }

  of(bundle: number, direction: Direction): number {
    const key = `${bundle} ${direction}`
    const trade = this.#trades.get(key) ?? this.#parts.desk.restore(bundle, direction)
    this.#trades.set(key, trade)
    return trade
  }

  release(): void {
    const { desk, clock } = this.#parts
    for (const trade of this.#trades.values()) desk.release(trade, clock.nowNs())
  }
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
    const direction = outcome === OUTCOME_NAMED ? BUY_KALSHI_SELL_POLYMARKET : BUY_POLYMARKET_SELL_KALSHI
    found.push({ ...order, pair: pair.id, direction, venue: KALSHI, kind: OrderKind.Entry, name })
  }
  for (const { name, token, sells } of takers) {
    const pair = listing.pairs.find(({ pair: { polymarket } }) =>
      [polymarket.yesToken, polymarket.noToken].includes(token),
    )?.pair
    if (!hashes.has(name) || known.has(name) || pair === undefined) continue
    if (found.some((other) => other.name === name)) continue
    const isNamed = token === pair.polymarket.yesToken
    const direction = isNamed ? BUY_POLYMARKET_SELL_KALSHI : BUY_KALSHI_SELL_POLYMARKET
    const kind = sells ? OrderKind.SellBack : OrderKind.Entry
    found.push({ ...order, pair: pair.id, direction, venue: POLYMARKET, kind, name })
  }
  return { orders: found, asOfMs }
}
