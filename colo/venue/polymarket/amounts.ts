import { assert } from '@tandem/shared/assert.ts'
import {
  type Lots,
  MICRO_SHARES_PER_LOT,
  MICRO_USD_PER_CENT,
  type MicroShares,
  type MicroUsd,
  PRICE_ONE,
  type Price,
} from '@tandem/shared/units.ts'

// What an order gives (maker) and what it asks for (taker), as the integers that are signed. Polymarket fact sheet,
// section 8.5. The venue's client computes in floats and rounds twice; price times lots is exact in micro-dollars, so
// here only a market buy's division has anything to round.
//
//               BUY                                     SELL
//   limit       maker price x lots, taker lots          maker lots, taker price x lots
//   market      maker whole cents, taker cents / price  maker lots, taker price x lots
//
// FAK and FOK need the market shape: a limit-shaped one whose dollars have more than two decimals is refused.

/** The most dollars of one order, in cents: keeps a market buy's dividend exact. Half a million dollars. */
export const ORDER_CENTS_MAX = 50_000_000

const PRICE_TIMES_MICRO_USD = PRICE_ONE * MICRO_USD_PER_CENT
assert(Number.isSafeInteger(ORDER_CENTS_MAX * PRICE_TIMES_MICRO_USD), 'AMOUNTS_DIVIDEND_EXACT')

/**
 * The finest step that the venue takes in an order's computed amount, in micro-units: 10^(6 - decimals), by tick.
 *
 * @returns 0 for a tick that the venue does not have.
 */
export function amountStep(tick: Price): number {
  switch (tick as number) {
    case 1_000:
      return 1_000
    case 100:
      return 100
    case 50:
    case 10:
      return 10
    case 25:
    case 1:
      return 1
    default:
      return 0
  }
}

/** The dollars of a limit order, and of a market sell: exact, and never finer than the tick's amount step. */
export function notionalMicroUsd(price: Price, lots: Lots): MicroUsd {
  return (price * lots) as MicroUsd
}

/** The shares of a limit order, and of a market sell. */
export function sharesMicro(lots: Lots): MicroShares {
  return (lots * MICRO_SHARES_PER_LOT) as MicroShares
}

/** The maker amount of a market buy: the dollars that it spends. `cents` at most ORDER_CENTS_MAX. */
export function marketBuyMaker(cents: number): MicroUsd {
  return (cents * MICRO_USD_PER_CENT) as MicroUsd
}

/**
 * The taker amount of a market buy: the fewest shares that it accepts for its dollars, which is what says its limit
 * price. Rounded down to the tick's step, as the venue's client does, so the implied price may lie above the limit
 * by less than one step's worth; the venue matches at the makers' prices.
 */
export function marketBuyTakerFloor(cents: number, limit: Price, tick: Price): MicroShares {
  const step = amountStep(tick)
  // The quotient of two integers below 2^53 is never rounded up to an integer, so its floor is exact.
  return (Math.floor((cents * PRICE_TIMES_MICRO_USD) / (limit * step)) * step) as MicroShares
}
