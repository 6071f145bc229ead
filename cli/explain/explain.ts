import { type Depth, measureDepth } from '@tandem/colo/detector/depth.ts'
import {
  BUY_KALSHI_SELL_POLYMARKET,
  BUY_POLYMARKET_SELL_KALSHI,
  type Direction,
} from '@tandem/colo/detector/direction.ts'
import { edgeAtTopFloorMicroUsd, grossAtTopMicroUsd } from '@tandem/colo/detector/edge.ts'
import { isPlanned, type Plan, PlanOutcome } from '@tandem/colo/detector/plan.ts'
import { Planner } from '@tandem/colo/detector/planner.ts'
import { PPM } from '@tandem/colo/detector/policy.ts'
import { decimalFromScaled } from '@tandem/shared/decimal.ts'
import { MICRO_USD_PER_CENT, MICRO_USD_PER_USD } from '@tandem/shared/units.ts'
import type { Question } from './question.ts'

/** What one direction of a question is worth. */
export interface Look {
  readonly direction: Direction
  readonly grossMicroUsd: number
  readonly netMicroUsd: number
  /** Lots that net the minimum, whether enough for an order or not. */
  readonly lots: number
  readonly depth: Depth | undefined
  readonly outcome: PlanOutcome
  readonly plan: Plan | undefined
}

export interface Explanation {
  readonly looks: readonly [Look, Look]
  /** The looks whose depth and whose plan are worth most; the first direction of equals. */
  readonly depth: Look | undefined
  readonly plan: Look | undefined
  /** One plain sentence: why this plan, or why none. */
  readonly why: string
}

/** Works a question out, by the executor's own code. */
export function explain(question: Question): Explanation {
  const looks = [
    look(question, BUY_POLYMARKET_SELL_KALSHI),
    look(question, BUY_KALSHI_SELL_POLYMARKET),
  ] as const
  const depth = greatest(looks, ({ depth }) => depth?.edgeMicroUsd)
  const plan = greatest(looks, ({ plan }) => plan?.netEdgeMicroUsd)
  const nearest = greatest(looks, ({ grossMicroUsd }) => grossMicroUsd)!
  const why =
    plan?.plan === undefined ? whyNone(question, nearest) : whyThis(question, plan.outcome, plan.plan)
  return { looks, depth, plan, why }
}

function look({ bundle, polymarketBook, kalshiBook, policy }: Question, direction: Direction): Look {
  const planner = new Planner()
  const outcome = planner.find(bundle, polymarketBook, kalshiBook, direction, policy)
  const { lots } = planner.walk
  const depth = lots === 0 ? undefined : measureDepth(planner.walk, bundle)
  const isEnough =
    lots >= bundle.polymarketMinLots && (depth?.polymarketCostMicroUsd ?? 0) >= MICRO_USD_PER_USD
  return {
    direction,
    grossMicroUsd: grossAtTopMicroUsd(bundle, polymarketBook, kalshiBook, direction),
    netMicroUsd: edgeAtTopFloorMicroUsd(bundle, polymarketBook, kalshiBook, direction),
    lots,
    depth: isEnough ? depth : undefined,
    outcome,
    plan: isPlanned(outcome) ? planner.plan : undefined,
  }
}

function greatest(looks: readonly Look[], worth: (look: Look) => number | undefined): Look | undefined {
  let best: Look | undefined
  for (const one of looks) {
    const value = worth(one)
    if (value !== undefined && (best === undefined || value > worth(best)!)) best = one
  }
  return best
}

export const dollars = (microUsd: number): string => decimalFromScaled(microUsd, 6, 2)

function whyThis({ policy }: Question, outcome: PlanOutcome, plan: Plan): string {
  const all =
    outcome === PlanOutcome.PlannedAtLimit ? 'the largest orders tried' : 'all orders in whole cents'
  const minimum = dollars(policy.minEdgeMicroUsd)
  return (
    `Of ${all} whose every level nets at least ${minimum} dollars a contract, ` +
    `${dollars(plan.polymarketCents * MICRO_USD_PER_CENT)} dollars on Polymarket net the most: ${dollars(plan.netEdgeMicroUsd)}.`
  )
}

function whyNone({ bundle, policy }: Question, nearest: Look): string {
  const gross = dollars(nearest.grossMicroUsd)
  const minimum = `the minimum of ${dollars(policy.minEdgeMicroUsd)}`
  switch (nearest.outcome) {
    case PlanOutcome.EmptySide:
      return 'In neither direction does each venue offer anything.'
    case PlanOutcome.NoCross:
      return nearest.grossMicroUsd > 0
        ? `The books cross by ${gross} dollars a contract before fees, less than ${minimum}.`
        : `The books do not cross: the cheapest pair of shares costs ${dollars(MICRO_USD_PER_USD - nearest.grossMicroUsd)} dollars before fees.`
    case PlanOutcome.BelowMinimum:
      return `The books cross by ${gross} dollars a contract, which is ${dollars(nearest.netMicroUsd)} after fees: less than ${minimum}.`
    case PlanOutcome.TooSmall:
      return `Only ${contracts(nearest.lots)} contracts may be bought that net ${minimum}; Polymarket takes no order below ${contracts(bundle.polymarketMinLots)} shares or a dollar.`
    case PlanOutcome.LimitNotLegal:
      return `No legal limits take the levels that cross and still net ${minimum}.`
    case PlanOutcome.Overfill:
      return `Filled wholly at the touch, even the smallest order would bring more than ${policy.maxOverfillPpm / (PPM / 100)} % too many shares.`
    default:
      return 'Each contract nets the minimum, but whole cents, the rounding of fees and of Kalshi’s balance eat it all.'
  }
}

export const contracts = (lots: number): string => decimalFromScaled(lots, 2)
