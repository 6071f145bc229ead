// A venue is an index, not a field name: what is kept per venue is a typed array of VENUES cells.

export const POLYMARKET = 0
export const KALSHI = 1
export const VENUES = 2
export type Venue = typeof POLYMARKET | typeof KALSHI

export const VENUE_NAMES = ['polymarket', 'kalshi'] as const
