import { SCALED_PER_MICRO_USD } from '@tandem/shared/fees/scale.ts'
import { MICRO_USD_PER_USD, PRICE_ONE, type Price } from '@tandem/shared/units.ts'
import { MICRO_USD_PER_PRICE } from '../detector/edge.ts'

// What a naked share may cost or bring on its way out. A share of one outcome and one of the other pay a dollar, so
// whoever paid `paid` for the long one breaks even when he buys the short one for what is left of the dollar, or sells
// the long one for what he paid:
//
//   0 ------------------ paid ------------------ 1 dollar
//                         |<------ budget ------>|          most for a share of the short side, fee included
//                    floor|                                 least for a share of the long one, fee deducted
//             |<-- loss ->|                                 what may be lost on top of it, and no more
//
// Fees are reckoned without an order's own rounding, which is below a cent for the whole order.

/** What may be paid for a share of the short side, all in: what is left of the dollar, and what may be lost. */
export function budgetMicroUsd(paidMicroUsd: number, lossMicroUsd: number): number {
  return MICRO_USD_PER_USD - paidMicroUsd + lossMicroUsd
}

/**
 * The highest price that with its fee stays within a budget. Not rounded to a tick; 0 when there is none.
 *
 * @param feeScaled unrounded fee of one contract at a price, in the scale of fees/scale.ts; never grows faster than the price
 */
export function costWithin(budget: number, feeScaled: (price: Price) => number): Price {
  return lastPrice((price) => price * MICRO_USD_PER_PRICE + feeScaled(price) / SCALED_PER_MICRO_USD <= budget)
}

/** The lowest price that after its fee brings as much as buying the other side within the budget would; PRICE_ONE when none does. */
export function proceedsWithin(budget: number, feeScaled: (price: Price) => number): Price {
  const floor = MICRO_USD_PER_USD - budget
  const isTooLow = (price: Price): boolean =>
    price * MICRO_USD_PER_PRICE - feeScaled(price) / SCALED_PER_MICRO_USD < floor
  return isTooLow(0 as Price) ? ((lastPrice(isTooLow) + 1) as Price) : (1 as Price)
}

/** The last price below a dollar for which something holds that holds up to there: 0 when it holds for none above. */
function lastPrice(holds: (price: Price) => boolean): Price {
  let low = 0
  let high: number = PRICE_ONE
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (holds(middle as Price)) low = middle
    else high = middle
  }
  return low as Price
}
