import type { Pair } from '@tandem/shared/mapping.ts'
import type { Settings } from '@tandem/shared/settings.ts'
import {
  complement,
  LOTS_PER_CONTRACT,
  MICRO_USD_PER_USD,
  type Ns,
  PRICE_NONE,
} from '@tandem/shared/units.ts'
import { BookState } from './book/integrity.ts'
import type { Clock } from './clock.ts'
import { topCost } from './detector/direction.ts'
import { MICRO_USD_PER_PRICE } from './detector/edge.ts'
import { waitingOf } from './detector/policy.ts'
import { type JournalRing, RECORDS_PER_ENTRY } from './journal/ring.ts'
import type { Assembly } from './main.ts'
import { kalshiWorstMicroUsd } from './order-desk.ts'
import { Refusal } from './risk/check.ts'
import {
  feeMicroUsd,
  heldForSale,
  nakedMicroUsdOf,
  planUnwind,
  soldInto,
  type Unwind,
  type UnwindSources,
} from './unwind.ts'
import { KALSHI, POLYMARKET, type Venue } from './venue/venue.ts'

// A held pair pays a dollar when its markets are resolved. Until then its money waits, and its markets may settle apart:
//
//   0 ------------------------ worth of waiting -- + gain ------ 1 dollar
//                               1 - hurdle - reserve  |
//                                       no sale       | both bids less fees: sold, in equal parts
//
// What stands at both touches is sold, nothing deeper; a sale like one by hand (unwind.ts), which is evened out as any
// trade is. Off the path: one pair a look.

export interface EarlyCloseParts {
  readonly clock: Clock
  readonly settings: Settings
  readonly assembly: Pick<Assembly, 'listing' | 'ledger' | 'risk' | 'desk'>
  readonly journal: Pick<JournalRing, 'hasRoom'>
  /** A sale has left: of so many lots, which bring at least so much. */
  readonly onClosing: (bundle: number, lots: number, bringsMicroUsd: number) => void
}

export class EarlyClose {
  readonly #parts: EarlyCloseParts
  readonly #sources: UnwindSources
  #next = 0

  constructor(parts: EarlyCloseParts) {
    this.#parts = parts
    this.#sources = { ...parts.assembly.listing, ledger: parts.assembly.ledger }
  }

  /** Looks at the next pair. */
  tick(nowNs: Ns): void {
    const { assembly, journal, onClosing } = this.#parts
    const { listing, risk, desk } = assembly
    const bundle = this.#next
    this.#next = (bundle + 1) % listing.bundles.length
    const isRefused = (nakedMicroUsd: number, kalshiCostMicroUsd: number): boolean =>
      risk.checkClose(
        bundle,
        nakedMicroUsd,
        kalshiCostMicroUsd,
        nowNs,
        journal.hasRoom(RECORDS_PER_ENTRY),
      ) !== Refusal.None
    const lots = this.#lotsWorth(bundle)
    // Asked twice: the plan that says what may be naked costs more than all the rest.
    if (lots === 0 || !desk.free() || isRefused(0, 0)) return
    const unwind = planUnwind(this.#sources, { bundle, venue: undefined, lots, maxLossMicroUsd: Infinity })
    if (isRefused(nakedMicroUsdOf(unwind), this.#kalshiCostMicroUsd(unwind))) return
    if (desk.unwind(unwind, nowNs)) onClosing(bundle, unwind.lots, bringsMicroUsd(unwind))
  }

  /** What sells on Kalshi buys the other side there. */
  #kalshiCostMicroUsd({ bundle, lots, legs }: Unwind): number {
    const { settings, assembly } = this.#parts
    const leg = legs.find(({ venue }) => venue === KALSHI)
    const { balancePrecisionMicroUsd } = settings.kalshi
    return leg === undefined
      ? 0
      : kalshiWorstMicroUsd(assembly.listing.bundles[bundle], leg.limitCost, lots, balancePrecisionMicroUsd)
  }

  /** As many as can be sold at both touches for more than waiting is worth. */
  #lotsWorth(bundleIndex: number): number {
    const { settings, assembly, clock } = this.#parts
    const { bundles, books, pairs } = assembly.listing
    const bundle = bundles[bundleIndex]
    const isLive = (venue: Venue): boolean => books[venue][bundle.books[venue]].state === BookState.Live
    const { holdings, heldLots } = heldForSale(this.#sources, bundleIndex, undefined)
    if (heldLots === 0 || !isLive(POLYMARKET) || !isLive(KALSHI)) return 0
    let lots = Math.min(heldLots, settings.maxContractsPerTrade * LOTS_PER_CONTRACT)
    let bringsMicroUsd = 0
    for (const holding of holdings) {
      const side = soldInto(this.#sources, bundleIndex, holding)
      const cost = topCost(side)
      if (cost === PRICE_NONE) return 0
      lots = Math.min(lots, side.lots[side.best])
      // Rounded up as a contract's: an order's own rounding is less.
      bringsMicroUsd +=
        complement(cost) * MICRO_USD_PER_PRICE - feeMicroUsd(bundle, holding.venue, cost, LOTS_PER_CONTRACT)
    }
    const isEnough = lots >= Math.max(bundle.polymarketMinLots, 1)
    return isEnough && bringsMicroUsd >= leastFor(settings, pairs[bundleIndex].pair, clock.wallMs())
      ? lots
      : 0
  }
}

/** Of a contract of both legs. */
function leastFor(settings: Settings, pair: Pair, nowMs: number): number {
  const { hurdleMicroUsd, reserveMicroUsd } = waitingOf(settings, pair, nowMs)
  return MICRO_USD_PER_USD - hurdleMicroUsd - reserveMicroUsd + settings.closeEarlyMicroUsd
}

/** At the least. */
function bringsMicroUsd({ legs }: Unwind): number {
  return legs.reduce((total, { worstMicroUsd }) => total + worstMicroUsd, 0)
}
