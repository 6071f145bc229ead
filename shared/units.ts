import { assert } from './assert.ts'

// One set of integers everywhere; decimal strings exist only in `venue/*` and at the terminal.
// Branded, so that a price cannot be added to a size. `price * lots` is exactly micro-dollars:
//
//   1e-4 dollar x 1e-2 contract = 1e-6 dollar

declare const unit: unique symbol
type Unit<Name extends string> = number & { readonly [unit]: Name }

/** 1e-4 dollar, 0..10000: every tick of both venues is a multiple. */
export type Price = Unit<'Price'>
/** 0.01 contract = 0.01 share: what is planned and ordered. Saturates at LOTS_MAX. */
export type Lots = Unit<'Lots'>
/** 1e-6 share: what was filled, as the venue reported it. */
export type MicroShares = Unit<'MicroShares'>
/** 1e-6 dollar, signed. */
export type MicroUsd = Unit<'MicroUsd'>
/** Nanoseconds since process start, or since a tape's first frame: a safe integer for 104 days. */
export type Ns = Unit<'Ns'>

export const PRICE_ONE = 10_000 as Price
/** An empty side's best price. Below every real price, so that comparisons with it must be explicit. */
export const PRICE_NONE = -1 as Price

export const LOTS_PER_CONTRACT = 100
/** The largest size a book level holds (21.4 million contracts); more saturates, and is flagged. */
export const LOTS_MAX = 0x7fff_ffff as Lots
/**
 * A level that the venue lists with less than one lot: it is there, so it can be the venue's top, but nothing
 * can be bought from it. Polymarket sizes have six decimals.
 */
export const LOTS_DUST = -1 as Lots
/** One order, at most a million contracts: keeps every product of price, price and lots in reach (fees). */
export const LOTS_ORDER_MAX = 100_000_000 as Lots

export const MICRO_SHARES_PER_LOT = 10_000
export const MICRO_USD_PER_USD = 1_000_000
export const MICRO_USD_PER_CENT = 10_000
/** What one lot of a complete pair pays at resolution. */
export const PAYOUT_MICRO_USD_PER_LOT = 10_000

export const NS_PER_MS = 1_000_000
export const NS_PER_S = 1_000_000_000

// A level's value must be an exact double: the highest price times the largest size.
assert(Number.isSafeInteger(PRICE_ONE * LOTS_MAX), 'UNITS_LEVEL_VALUE_EXACT')
// One lot at one dollar is the payout of one lot: prices and money agree on their scale.
assert(PRICE_ONE * 1 === PAYOUT_MICRO_USD_PER_LOT, 'UNITS_PAYOUT_SCALE')
assert(MICRO_SHARES_PER_LOT * LOTS_PER_CONTRACT === 1_000_000, 'UNITS_SHARE_SCALE')
assert(LOTS_ORDER_MAX <= LOTS_MAX, 'UNITS_ORDER_FITS_LEVEL')

/** The other outcome's price: what NO costs when YES is sold at `price`. */
export function complement(price: Price): Price {
  return (PRICE_ONE - price) as Price
}

export const SIDE_BID = 0
export const SIDE_ASK = 1
export type Side = typeof SIDE_BID | typeof SIDE_ASK
