import { mulDivCeil } from '@tandem/shared/fees/rational.ts'
import { type MicroShares, PRICE_ONE, type Price } from '@tandem/shared/units.ts'
import { type Fill, type ToldOrder, type ToldTrade, UNTOLD } from './leg.ts'

/** Orders that are remembered: a day of trading by hand beside ours may pass through, and a match may fail minutes later. */
const ORDERS_MAX = 1_024

/** What private messages have told of one order so far. */
export class ToldFills {
  readonly orderId: string
  /** By trade id: the same match is told at every step of its life. */
  readonly trades = new Map<string, ToldTrade>()
  /** The order as a whole, once nothing more will be filled. */
  ended: ToldOrder | undefined
  /** The number of our order, once its end has been reported, or -1: until then it may be anybody's. */
  order = -1
  bundle = -1
  /** What was reported of it; `sign` is -1 where it sold. */
  sign = 1
  microShares = 0
  costMicroUsd = 0
  feeMicroUsd = 0
  /** What was reported rests on every fill. */
  isExact = false
  /** Its cost is the venue's own sum. */
  isCostExact = false
  isSettled = false

  constructor(orderId: string) {
    this.orderId = orderId
  }

  /** Those that have not failed, in the order in which they were told. */
  get fills(): Fill[] {
    return this.#fillsOf((trade) => !trade.failed)
  }

  get failedFills(): Fill[] {
    return this.#fillsOf((trade) => trade.failed)
  }

  get allSettled(): boolean {
    return [...this.trades.values()].every(({ settled }) => settled)
  }

  #fillsOf(wanted: (trade: ToldTrade) => boolean): Fill[] {
    return [...this.trades.values()].filter(wanted).flatMap(({ fills }) => fills)
  }
}

export function microSharesOf(fills: readonly Fill[]): number {
  return fills.reduce((sum, { microShares }) => sum + microShares, 0)
}

/** Exact on Kalshi; on Polymarket, where a fill may cost a fraction of a micro-dollar, each is rounded up. */
export function costCeilMicroUsd(fills: readonly Fill[]): number {
  return fills.reduce((sum, { price, microShares }) => sum + mulDivCeil(microShares, price, PRICE_ONE), 0)
}

/** @param feeOf the taker fee of one fill by the market's schedule, for fills that tell none */
export function feesMicroUsd(
  fills: readonly Fill[],
  feeOf: (price: Price, microShares: MicroShares) => number,
): number {
  return fills.reduce((sum, { price, microShares, feeMicroUsd }) => {
    const isTold = feeMicroUsd !== UNTOLD
    return sum + (isTold ? feeMicroUsd : feeOf(price as Price, microShares as MicroShares))
  }, 0)
}

/**
 * What private messages tell, by order: they may come before the answer that names the order. Orders that nobody asks
 * for (of a person, of another session) are forgotten in the order in which they came.
 */
export class ToldOrders {
  readonly #byId = new Map<string, ToldFills>()

  find(id: string): ToldFills | undefined {
    return this.#byId.get(id)
  }

  /** The order's place, made when it is new. Either id finds it. */
  of(orderId: string, clientOrderId = ''): ToldFills {
    const known = this.#byId.get(orderId) ?? this.#byId.get(clientOrderId)
    const told = known ?? new ToldFills(orderId)
    this.#byId.set(orderId, told)
    if (clientOrderId !== '') this.#byId.set(clientOrderId, told)
    if (known === undefined) {
      for (const id of this.#byId.keys()) {
        if (this.#byId.size <= 2 * ORDERS_MAX) break
        this.#byId.delete(id)
      }
    }
    return told
  }
}
