import { DIRECTION_NAMES, polymarketBuysOutcome } from '@tandem/colo/detector/direction.ts'
import type { Plan } from '@tandem/colo/detector/plan.ts'
import { decimalFromScaled } from '@tandem/shared/decimal.ts'
import type { Explanation, Look } from './explain.ts'
import type { Question } from './question.ts'

/** The explanation as one JSON document: money in whole micro-dollars, what is sent as the venues' decimal texts. */
export function answer({ policy }: Question, { depth, plan, why }: Explanation): object {
  return {
    depth: depth === undefined ? null : depthAnswer(depth),
    plan: plan?.plan === undefined ? null : planAnswer(plan.plan, policy.kalshiPrecisionMicroUsd),
    why,
  }
}

function depthAnswer({ direction, depth }: Look): object {
  return {
    direction: DIRECTION_NAMES[direction],
    lots: depth!.lots,
    cost_micro_usd: depth!.polymarketCostMicroUsd + depth!.kalshiCostMicroUsd,
    fee_micro_usd: depth!.feeMicroUsd,
    edge_micro_usd: depth!.edgeMicroUsd,
  }
}

function planAnswer(plan: Plan, roundingMicroUsd: number): object {
  const shares = (microShares: number): string => decimalFromScaled(microShares, 6)
  return {
    direction: DIRECTION_NAMES[plan.direction],
    polymarket: {
      token: polymarketBuysOutcome(plan.direction) ? 'yes' : 'no',
      side: 'buy',
      dollars: decimalFromScaled(plan.polymarketCents, 2, 2),
      limit: decimalFromScaled(plan.polymarketLimit, 4, 2),
      expected_shares: shares(plan.expectedMicroShares),
      overfill_band_shares: shares(plan.overfillBandMicroShares),
      overfill_max_shares: shares(plan.overfillMaxMicroShares),
      fee_micro_usd: plan.polymarketFeeMicroUsd,
    },
    kalshi: {
      side: plan.kalshiBuysYes ? 'bid' : 'ask',
      outcome: plan.kalshiBuysYes ? 'yes' : 'no',
      price: decimalFromScaled(plan.kalshiPrice, 4, 4),
      lots: plan.kalshiLots,
      count: decimalFromScaled(plan.kalshiLots, 2, 2),
      cost_micro_usd: plan.kalshiCostMicroUsd,
      // The trade fees, and in them one step of what rounding the balance may take.
      fee_micro_usd: plan.kalshiFeeMicroUsd,
      rounding_micro_usd: roundingMicroUsd,
    },
    net_edge_micro_usd: plan.netEdgeMicroUsd,
  }
}
