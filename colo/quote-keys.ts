import { quoteKey } from './cache/quote.ts'
import type { Listing } from './listing.ts'
import { KALSHI, POLYMARKET, VENUE_NAMES } from './venue/venue.ts'

/** Where every book is mirrored, in the order of `quotePlaceOf`: once for each pair that it is in. */
export function quoteKeysOf(listing: Listing): string[][] {
  return ([POLYMARKET, KALSHI] as const).flatMap((venue) =>
    listing.pairsOf(venue).map((pairs) => pairs.map((pair) => quoteKey(pair, VENUE_NAMES[venue]))),
  )
}
