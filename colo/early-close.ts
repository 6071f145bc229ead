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
import { Refusal } from './risk/check.ts'
import {
  heldForSale,
  nakedMicroUsdOf,
  planUnwind,
  soldInto,
  type Unwind,
  type UnwindSources,
} from './unwind.ts'
import { VENUES } from './venue/venue.ts'

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
    const unwind = this.plan(bundle)
    if (unwind === undefined || !desk.free()) return
    const hasRoom = journal.hasRoom(RECORDS_PER_ENTRY)
    if (risk.checkClose(bundle, nakedMicroUsdOf(unwind), nowNs, hasRoom) !== Refusal.None) return
    if (desk.unwind(unwind, nowNs)) onClosing(bundle, unwind.lots, bringsMicroUsd(unwind))
  }

  /** What could be sold of a pair for more than waiting is worth; undefined for nothing. */
  plan(bundle: number): Unwind | undefined {
    const { settings, assembly, clock } = this.#parts
    const { bundles, books, pairs } = assembly.listing
    const { books: places, polymarketMinLots } = bundles[bundle]
    for (let venue = 0; venue < VENUES; venue++)
      if (books[venue as 0 | 1][places[venue as 0 | 1]].state !== BookState.Live) return undefined
    const { holdings, heldLots } = heldForSale(this.#sources, bundle, undefined)
    let lots = Math.min(heldLots, settings.maxContractsPerTrade * LOTS_PER_CONTRACT)
    let touchesMicroUsd = 0
    for (const holding of lots > 0 ? holdings : []) {
      const side = soldInto(this.#sources, bundle, holding)
      const cost = topCost(side)
      if (cost === PRICE_NONE) return undefined
      lots = Math.min(lots, side.lots[side.best])
      touchesMicroUsd += complement(cost) * MICRO_USD_PER_PRICE
    }
    const leastMicroUsd = leastFor(settings, pairs[bundle].pair, clock.wallMs())
    // Fees only make it less.
    if (lots < polymarketMinLots || lots < 1 || touchesMicroUsd < leastMicroUsd) return undefined
    const unwind = planUnwind(this.#sources, { bundle, venue: undefined, lots, maxLossMicroUsd: Infinity })
    return bringsMicroUsd(unwind) * LOTS_PER_CONTRACT >= unwind.lots * leastMicroUsd ? unwind : undefined
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
