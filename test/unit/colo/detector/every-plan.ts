import type { Bundle } from '@tandem/colo/detector/bundle.ts'
import type { Policy } from '@tandem/colo/detector/policy.ts'
import { isLegalPrice } from '@tandem/shared/ticks.ts'
import type { Price } from '@tandem/shared/units.ts'
import type { Levels } from './market.ts'

// Every plan that there is, by the rules as they are written, in BigInt and over common denominators. It shares no
// arithmetic with the planner, only the legality of a price.

/** Fees as plain numbers. */
export interface Terms {
  rateBp: number
  exponent: number
  multiplierThousandths: number
}

/** One order of whole cents that may be sent. */
export interface Rival {
  cents: number
  lots: number
  limit: number
  kalshiLimitCost: number
  expected: number
  band: number
  polymarketFee: number
  kalshiCost: number
  kalshiFee: number
  net: number
}

const ceilDiv = (a: bigint, b: bigint): bigint => (a + b - 1n) / b

function polymarketFee({ rateBp, exponent }: Terms, price: number, microShares: bigint): number {
  const spread = BigInt(price * (10_000 - price)) ** BigInt(exponent)
  const unit = 10_000n * 100_000_000n ** BigInt(exponent) * 10n
  return Number(ceilDiv(microShares * BigInt(rateBp) * spread, unit)) * 10
}

function kalshiFee({ multiplierThousandths }: Terms, price: number, lots: number): number {
  const top = BigInt(lots) * BigInt(price * (10_000 - price)) * BigInt(7 * multiplierThousandths)
  return Number(ceilDiv(top, 1_000n * 100n * 10_000n))
}

/** Whether one contract at these costs nets at least the minimum, fees unrounded, over one common denominator. */
function nets(terms: Terms, a: number, b: number, minEdge: number): boolean {
  const exponent = BigInt(terms.exponent)
  const common = 10_000n * 100_000_000n ** exponent * 100_000n * 100_000_000n
  const fees =
    (1_000_000n * BigInt(terms.rateBp) * BigInt(a * (10_000 - a)) ** exponent * common) /
      (10_000n * 100_000_000n ** exponent) +
    (1_000_000n * BigInt(7 * terms.multiplierThousandths) * BigInt(b * (10_000 - b)) * common) /
      (100_000n * 100_000_000n)
  return BigInt(10_000 - a - b) * 100n * common - fees >= BigInt(minEdge) * common
}

/** The lowest cost at or above `cost` that a legal order can have; NaN when none has. */
function legalCost(isLegal: (cost: number) => boolean, cost: number): number {
  for (let at = cost; at < 10_000; at++) if (isLegal(at)) return at
  return Number.NaN
}

/**
 * @param a what a share costs on Polymarket: [cost, lots], rising; `b` the same on Kalshi.
 * @param kalshiIsLegal whether an order can have this cost.
 */
export function everyPlan(
  terms: Terms,
  pair: Bundle,
  rules: Policy,
  a: Levels,
  b: Levels,
  kalshiIsLegal: (cost: number) => boolean,
): Rival[] {
  const found: Rival[] = []
  const total = a.reduce((sum, [cost, lots]) => sum + cost * lots, 0)
  for (let cents = 100; cents * 10_000 <= total; cents++) {
    let left = BigInt(cents) * 10_000n
    let expected = 0n
    let fee = 0
    let worst = 0
    for (const [cost, lots] of a) {
      if (left === 0n) break
      const whole = BigInt(cost) * BigInt(lots)
      const spent = left < whole ? left : whole
      const shares = (spent * 10_000n) / BigInt(cost)
      left -= spent
      expected += shares
      fee += polymarketFee(terms, cost, shares)
      worst = cost
    }
    const lots = Number(expected / 10_000n)
    if (lots > rules.maxLots) break
    let kalshiCost = 0
    let kalshiFees = rules.kalshiPrecisionMicroUsd
    let kalshiWorst = 0
    let wanted = lots
    for (const [cost, size] of b) {
      if (wanted === 0) break
      const taken = Math.min(wanted, size)
      wanted -= taken
      kalshiCost += cost * taken
      kalshiFees += kalshiFee(terms, cost, taken)
      kalshiWorst = cost
    }
    if (wanted > 0) break
    const limit = legalCost((cost) => isLegalPrice(pair.ticks[0], cost as Price), worst)
    const kalshiLimitCost = legalCost(kalshiIsLegal, kalshiWorst)
    const legal = !Number.isNaN(limit) && !Number.isNaN(kalshiLimitCost)
    if (!legal || !nets(terms, limit, kalshiLimitCost, rules.minEdgeMicroUsd)) break
    if (lots < Math.max(pair.polymarketMinLots, 1)) continue
    const band = Number((BigInt(cents) * 100_000_000n) / BigInt(a[0][0]) - expected)
    if (BigInt(band) > (expected * BigInt(rules.maxOverfillPpm)) / 1_000_000n) continue
    const net = lots * 10_000 - cents * 10_000 - fee - kalshiCost - kalshiFees
    found.push({
      cents,
      lots,
      limit,
      kalshiLimitCost,
      expected: Number(expected),
      band,
      polymarketFee: fee,
      kalshiCost,
      kalshiFee: kalshiFees,
      net,
    })
  }
  return found
}
