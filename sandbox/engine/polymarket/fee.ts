import { PRICE_ONE } from '@tandem/shared/units.ts'

// Polymarket fact sheet, section 10: C x r x (p(1-p))^e of collateral from the taker, rounded to 5 decimals of a dollar,
// and nothing below that. The direction is not documented; this venue rounds up, which is what a client must be ready
// for. Written in BigInt, on its own: the trader's arithmetic is judged by it.

const STEP_MICRO_USD = 10n
const BASIS = 10_000

/** What a taker pays for all that it took at one price. */
export function takerFee(
  fee: { readonly rate: number; readonly exponent: number },
  price: number,
  microShares: number,
): number {
  const rate = BigInt(Math.round(fee.rate * BASIS))
  const spread = BigInt(price * (PRICE_ONE - price)) ** BigInt(fee.exponent)
  const exact = BigInt(microShares) * rate * spread
  const step = STEP_MICRO_USD * BigInt(BASIS) * BigInt(PRICE_ONE * PRICE_ONE) ** BigInt(fee.exponent)
  if (exact < step) return 0
  return Number(((exact + step - 1n) / step) * STEP_MICRO_USD)
}
