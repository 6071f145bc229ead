/**
 * What a trade would cost at worst, in the venues' own columns: index 0 Polymarket, 1 Kalshi (venue.ts). One object
 * is filled anew for every decision.
 */
export class Intent {
  bundle = -1
  direction = 0
  /** Worst cost of each leg with fees: all dollars spent; every lot at its limit. */
  polymarketCostMicroUsd = 0
  kalshiCostMicroUsd = 0
  /** Shares that the Polymarket leg brings by the book, and how many more it may bring inside the band. */
  expectedMicroShares = 0
  overfillMicroShares = 0
  kalshiLots = 0
}

declare const approved: unique symbol
/** An intent that risk let through. Only risk/check.ts makes one, and gateways take nothing else. */
export type Approved = Intent & { readonly [approved]: true }
