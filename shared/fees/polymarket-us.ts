import { assert } from '../assert.ts'
import { type Lots, MICRO_USD_PER_CENT, type MicroUsd, PRICE_ONE, type Price } from '../units.ts'

// Polymarket US charges rate x contracts x p x (1 - p) on each fill, rounded to a cent, half to even, and never more over
// an order's fills than their exact sum so rounded: Polymarket US fact sheet, section 10. Another venue than Polymarket.
//
// Exact fees are kept in trillionths of a cent: rate (1e-4) x lots (1e-2) x price (1e-4) x (1 - price) (1e-4) x 100 cents.

/** The taker's rate and the maker's rebate since 2026-09-17, in 1e-4. A market tells its own: `feeCoefficient`. */
export const POLYMARKET_US_TAKER_RATE = 695
export const POLYMARKET_US_MAKER_REBATE_RATE = 125
/** Above every rate there was: the highest is 0.10. */
const RATE_MAX = 10_000

const TRILLIONTHS_PER_CENT = 1e12
/** Lots are split here, since rate x price x (1 - price) x lots can exceed 2^53. */
const LOTS_SPLIT = 1e4
const UNIT_MAX = (RATE_MAX * PRICE_ONE * PRICE_ONE) / 4
assert(Number.isSafeInteger(UNIT_MAX * LOTS_SPLIT), 'POLYMARKET_US_FEE_EXACT')

/** A sum of exact fees. */
interface ExactFee {
  cents: number
  trillionths: number
}

function addFee(sum: ExactFee, rate: number, price: Price, lots: Lots): void {
  assert(rate >= 0 && rate <= RATE_MAX, 'POLYMARKET_US_RATE_RANGE')
  const unit = rate * price * (PRICE_ONE - price)
  const many = unit * Math.floor(lots / LOTS_SPLIT)
  const few = unit * (lots % LOTS_SPLIT)
  const scale = TRILLIONTHS_PER_CENT / LOTS_SPLIT
  const trillionths = sum.trillionths + (many % scale) * LOTS_SPLIT + (few % TRILLIONTHS_PER_CENT)
  sum.cents +=
    Math.floor(many / scale) +
    Math.floor(few / TRILLIONTHS_PER_CENT) +
    Math.floor(trillionths / TRILLIONTHS_PER_CENT)
  sum.trillionths = trillionths % TRILLIONTHS_PER_CENT
}

function centsHalfEven({ cents, trillionths }: ExactFee): number {
  const half = TRILLIONTHS_PER_CENT / 2
  const isUp = trillionths === half ? cents % 2 === 1 : trillionths > half
  return isUp ? cents + 1 : cents
}

/** The fee, or at the maker's rate the rebate, of one fill alone. `rate` in 1e-4. */
export function fillFeeHalfEvenMicroUsd(rate: number, price: Price, lots: Lots): MicroUsd {
  const exact = { cents: 0, trillionths: 0 }
  addFee(exact, rate, price, lots)
  return (centsHalfEven(exact) * MICRO_USD_PER_CENT) as MicroUsd
}

/** The fees of one order, fill by fill. */
export class OrderFees {
  readonly #rate: number
  readonly #exact: ExactFee = { cents: 0, trillionths: 0 }
  #charged = 0

  constructor(rate: number) {
    this.#rate = rate
  }

  /**
   * What the next fill is charged: its own rounded fee, or less where the order's exact sum, rounded, leaves less. That
   * the cap works so is our reading of the venue's rule; no live fill has confirmed it.
   */
  chargeHalfEvenMicroUsd(price: Price, lots: Lots): MicroUsd {
    addFee(this.#exact, this.#rate, price, lots)
    const alone = fillFeeHalfEvenMicroUsd(this.#rate, price, lots)
    const left = centsHalfEven(this.#exact) * MICRO_USD_PER_CENT - this.#charged
    const charge = Math.min(alone, left)
    this.#charged += charge
    return charge as MicroUsd
  }
}
