import { decimalFromScaled } from '@tandem/shared/decimal.ts'
import { MICRO_SHARES_PER_LOT, MICRO_USD_PER_CENT, PRICE_ONE } from '@tandem/shared/units.ts'
import type { OrderSide } from './market.ts'
import type { Refusal } from './refusal.ts'

// What the two signed amounts say: Polymarket fact sheet, sections 8.5 and 6.6.

export type OrderType = 'GTC' | 'GTD' | 'FOK' | 'FAK'

export interface Amounts {
  /** The limit, of the order's own token. */
  readonly price: number
  readonly microShares: number
  readonly microUsd: number
}

/** Decimals of the amount that a price is multiplied or divided into, by tick in 1e-4 dollars. */
const AMOUNT_PLACES: ReadonlyMap<number, number> = new Map([
  [1_000, 3],
  [100, 4],
  [50, 5],
  [25, 6],
  [10, 5],
  [1, 6],
])

/** Reads limit and size from an order's amounts, or says which rule of theirs they break. */
export function readAmounts(
  side: OrderSide,
  type: OrderType,
  makerAmount: number,
  takerAmount: number,
  tick: number,
): Amounts | Refusal {
  const [microUsd, microShares] = side === 'BUY' ? [makerAmount, takerAmount] : [takerAmount, makerAmount]
  const places = AMOUNT_PLACES.get(tick) ?? 6
  const step = 10 ** (6 - places)
  const price = Math.round((microUsd / microShares) * PRICE_ONE)
  // The amount that came of a division or a multiplication may be short by less than one step.
  const off = Math.abs(microUsd - (price / PRICE_ONE) * microShares)
  if (price % tick !== 0 || price < tick || price > PRICE_ONE - tick || off > step) {
    const ratio = Math.round((microUsd / microShares) * 1_000_000)
    return { kind: 'off-tick', price: decimalFromScaled(ratio, 6), tick: decimalFromScaled(tick, 4) }
  }
  if (type === 'FAK' || type === 'FOK') {
    // Cents for a buy and hundredths of a share for a sell are the same number of millionths.
    if (makerAmount % MICRO_USD_PER_CENT !== 0 || takerAmount % step !== 0) {
      return { kind: 'amount-decimals', side: side === 'BUY' ? 'buy' : 'sell', takerPlaces: places }
    }
  } else if (microShares % MICRO_SHARES_PER_LOT !== 0) {
    const size = decimalFromScaled(microShares, 6)
    return { kind: 'lot-decimals', size, places: size.length - size.indexOf('.') - 1 }
  }
  return { price, microShares, microUsd }
}
