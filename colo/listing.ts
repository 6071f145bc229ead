import { kalshiFeeSchedule } from '@tandem/shared/fees/kalshi.ts'
import { polymarketFeeSchedule } from '@tandem/shared/fees/polymarket.ts'
import type { Fees, Pair } from '@tandem/shared/mapping.ts'
import {
  finestStep,
  KALSHI_TICKS,
  POLYMARKET_TICKS,
  type TickStructure,
  ticksFromBands,
} from '@tandem/shared/ticks.ts'
import type { Price } from '@tandem/shared/units.ts'
import { Book } from './book/book.ts'
import type { Bundle } from './detector/bundle.ts'
import { BundleIndex } from './detector/bundle-index.ts'
import { Symbols } from './venue/symbols.ts'
import { KALSHI, POLYMARKET, type Venue } from './venue/venue.ts'

export interface PairWithFees {
  readonly pair: Pair
  readonly fees: Fees
}

/** A market whose structure is not told: whole cents are valid in every one (Kalshi fact sheet, section 6). */
export const WHOLE_CENTS = KALSHI_TICKS.get('linear_cent') as TickStructure
/** Where the Polymarket tick is not told yet: only what is held is at stake, since nothing is sent before it is. */
const TICK_UNTOLD = 100 as Price

/**
 * What is listed: the pairs of a mapping as bundles, and each of their markets once, with its book. A market's place
 * among its venue's is its book's index, wherever books are spoken of.
 */
export class Listing {
  readonly pairs: readonly PairWithFees[]
  readonly bundles: readonly Bundle[]
  readonly index: BundleIndex
  /** By venue. With two copies of a feed, each slot points at the book of the copy in front (feed/fronts.ts). */
  readonly books: readonly [Book[], Book[]]
  readonly #markets = [new Markets(), new Markets()] as const

  constructor(pairs: readonly PairWithFees[]) {
    this.pairs = pairs
    for (const { pair } of pairs) {
      const { polymarket, kalshi, closesAtMs } = pair
      this.#markets[POLYMARKET].add(polymarket.yesToken, polymarket.tick ?? TICK_UNTOLD, closesAtMs)
      this.#markets[KALSHI].add(kalshi.ticker, finestStep(kalshiTicks(pair)), closesAtMs)
    }
    this.books = [this.#markets[POLYMARKET].books(), this.#markets[KALSHI].books()]
    this.bundles = pairs.map((item) => this.#bundle(item))
    this.index = new BundleIndex(this.bundles, [this.books[POLYMARKET].length, this.books[KALSHI].length])
  }

  /** Token of the named outcome, or ticker, by book. */
  marketIds(venue: Venue): string[] {
    return this.#markets[venue].ids()
  }

  /** When each book's market closes, ms since 1970; Infinity where that is not known. */
  closeMs(venue: Venue): Float64Array {
    return this.#markets[venue].closeMs()
  }

  /** Codes as the codec wants them: book * 2, and one more for the complement. */
  polymarketSymbols(): Symbols {
    const symbols = new Symbols(this.books[POLYMARKET].length * 2)
    const known = new Set<string>()
    for (const { yesToken, noToken } of this.pairs.map(({ pair }) => pair.polymarket)) {
      if (known.has(yesToken)) continue
      known.add(yesToken)
      const book = this.#markets[POLYMARKET].placeOf(yesToken)
      symbols.add(yesToken, book * 2)
      symbols.add(noToken, book * 2 + 1)
    }
    return symbols
  }

  kalshiSymbols(): Symbols {
    const ids = this.marketIds(KALSHI)
    const symbols = new Symbols(ids.length)
    for (const [book, id] of ids.entries()) symbols.add(id, book)
    return symbols
  }

  /** By bundle: pairs of one Kalshi event share a limit; without an event each pair is its own. */
  events(): Int32Array {
    const events = new Map<string, number>()
    return Int32Array.from(this.pairs, ({ pair }) => {
      const event = pair.kalshi.eventTicker ?? pair.id
      const place = events.get(event) ?? events.size
      events.set(event, place)
      return place
    })
  }

  /** The pairs that each book of a venue is in. */
  pairsOf(venue: Venue): readonly (readonly string[])[] {
    const pairs = this.books[venue].map((): string[] => [])
    for (const { id, books } of this.bundles) pairs[books[venue]].push(id)
    return pairs
  }

  /** Of each bundle's Kalshi market: where the money for it lies. */
  kalshiShards(): Int32Array {
    return Int32Array.from(this.pairs, ({ pair }) => pair.kalshi.exchangeIndex)
  }

  #bundle({ pair, fees }: PairWithFees): Bundle {
    const { yesToken, tick, minSizeLots } = pair.polymarket
    return {
      id: pair.id,
      books: [this.#markets[POLYMARKET].placeOf(yesToken), this.#markets[KALSHI].placeOf(pair.kalshi.ticker)],
      inverse: pair.polarity === 'inverse',
      ticks: [POLYMARKET_TICKS.get(tick ?? TICK_UNTOLD) ?? WHOLE_CENTS, kalshiTicks(pair)],
      polymarketFees: polymarketFeeSchedule(fees.polymarket, pair.id),
      kalshiFees: kalshiFeeSchedule(fees.kalshi, pair.id),
      polymarketMinLots: minSizeLots,
    }
  }
}

/** The markets of one venue, each once, in the order in which the pairs name them. */
class Markets {
  readonly #places = new Map<string, number>()
  readonly #units: Price[] = []
  readonly #closeMs: number[] = []

  add(id: string, unit: Price, closeMs = Number.POSITIVE_INFINITY): void {
    if (this.#places.has(id)) return
    this.#places.set(id, this.#units.length)
    this.#units.push(unit)
    this.#closeMs.push(closeMs)
  }

  ids(): string[] {
    return [...this.#places.keys()]
  }

  placeOf(id: string): number {
    return this.#places.get(id) as number
  }

  books(): Book[] {
    return this.#units.map((unit) => new Book(unit))
  }

  closeMs(): Float64Array {
    return Float64Array.from(this.#closeMs)
  }
}

function kalshiTicks(pair: Pair): TickStructure {
  const { priceRanges, priceLevelStructure } = pair.kalshi
  const told = priceRanges && ticksFromBands(priceRanges.map(({ start, end, step }) => [start, end, step]))
  return told ?? KALSHI_TICKS.get(priceLevelStructure ?? '') ?? WHOLE_CENTS
}
