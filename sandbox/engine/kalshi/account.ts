import { kalshiTradeFeeCeilMicroUsd, ROLE_MAKER } from '@tandem/shared/fees/kalshi.ts'
import { type Lots, PRICE_ONE, type Price, SIDE_BID, type Side } from '@tandem/shared/units.ts'
import type { OrderGroup } from './group.ts'
import type { Market } from './listing.ts'
import type { Order } from './order.ts'

/** What one account has in one market. */
export class Holding {
  readonly market: Market
  /** Signed: above 0 is YES, below 0 NO. The venue nets a YES and a NO to a dollar. */
  lots = 0
  /** What the open position cost, before fees. */
  costMicroUsd = 0
  realizedMicroUsd = 0
  feesMicroUsd = 0
  /** All that was ever paid for contracts in this market. */
  tradedMicroUsd = 0
  volumeLots = 0
  updatedMs = 0
  /** In the order in which they came to rest. */
  readonly resting = new Map<string, Order>()
  /** What resting orders may still cost. */
  reservedMicroUsd = 0

  constructor(market: Market) {
    this.market = market
  }

  /** How many of `lots` on this side would only give back what is held. */
  closingLots(side: Side, lots: number): number {
    return Math.min(lots, Math.max(0, side === SIDE_BID ? -this.lots : this.lots))
  }

  /** The part of the position against `side` that no resting order of that side lays claim to. */
  unclaimedLots(side: Side): number {
    let claimed = 0
    for (const order of this.resting.values()) if (order.side === side) claimed += order.remainingLots
    return Math.max(0, this.closingLots(side, Number.MAX_SAFE_INTEGER) - claimed)
  }

  /** Counts anew what its resting orders may cost: those that came first close the position, the rest opens. */
  reserve(): void {
    const left = [this.closingLots(SIDE_BID, Number.MAX_SAFE_INTEGER), Math.max(0, this.lots)]
    let reserved = 0
    for (const { side, price, remainingLots } of this.resting.values()) {
      const closing = Math.min(left[side], remainingLots)
      left[side] -= closing
      reserved += (remainingLots - closing) * payPerLot(side, price)
      reserved += kalshiTradeFeeCeilMicroUsd(
        this.market.fees,
        ROLE_MAKER,
        price as Price,
        remainingLots as Lots,
      )
    }
    this.reservedMicroUsd = reserved
  }
}

/** What a lot costs its buyer: YES at the price, NO at the rest of the dollar. */
export function payPerLot(side: Side, price: number): number {
  return side === SIDE_BID ? price : PRICE_ONE - price
}

export interface Settlement {
  readonly market: Market
  readonly yesLots: number
  readonly noLots: number
  readonly costMicroUsd: number
  readonly revenueMicroUsd: number
  readonly ms: number
}

export class Account {
  readonly id: string
  /** An account of the flow: it has money without end, and nobody reads its orders. */
  readonly house: boolean
  /** By exchange shard; one that was never funded is absent, and knows no such user. */
  readonly cashMicroUsd = new Map<number, number>()
  readonly orders = new Map<string, Order>()
  /** Ids stay taken for good, even those of cancelled and killed orders. */
  readonly clientOrderIds = new Set<string>()
  readonly holdings = new Map<Market, Holding>()
  readonly groups = new Map<string, OrderGroup>()

  constructor(id: string, house: boolean) {
    this.id = id
    this.house = house
  }

  holding(market: Market): Holding {
    let holding = this.holdings.get(market)
    if (holding === undefined) {
      holding = new Holding(market)
      this.holdings.set(market, holding)
    }
    return holding
  }

  /** What may be spent on a shard: its cash less what orders there have laid claim to. */
  availableMicroUsd(exchangeIndex: number): number {
    let available = this.cashMicroUsd.get(exchangeIndex) ?? 0
    for (const { market, reservedMicroUsd } of this.holdings.values()) {
      if (market.exchangeIndex === exchangeIndex) available -= reservedMicroUsd
    }
    return available
  }

  add(exchangeIndex: number, microUsd: number): void {
    this.cashMicroUsd.set(exchangeIndex, (this.cashMicroUsd.get(exchangeIndex) ?? 0) + microUsd)
  }
}
