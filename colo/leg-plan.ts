import type { LegPlanName } from '@tandem/shared/leg-plan.ts'
import type { Pair } from '@tandem/shared/mapping.ts'
import type { Settings } from '@tandem/shared/settings.ts'

/** When the two legs of an entry leave. */
export const LegPlan = {
  /** Both in one turn of the loop. */
  Parallel: 0,
  /** Polymarket's alone; when it has ended, Kalshi's for as many lots as it filled. */
  OneThenOther: 1,
  /** Polymarket's, which has the longer way, and Kalshi's so much later that both arrive at the same time. */
  FarFirst: 2,
} as const
export type LegPlan = (typeof LegPlan)[keyof typeof LegPlan]

const NAMED: Readonly<Record<LegPlanName, LegPlan>> = {
  parallel: LegPlan.Parallel,
  'one-then-other': LegPlan.OneThenOther,
  'far-first': LegPlan.FarFirst,
}

/** The pair's own plan, else that of the settings; where the market delays takers nothing but one after the other. */
export function legPlanOf(settings: Pick<Settings, 'legPlan'>, pair: Pair): LegPlan {
  // A held order may be left by the makers that it is to meet: the other leg would stand naked by plan.
  if (pair.polymarket.takerDelayMs > 0) return LegPlan.OneThenOther
  return NAMED[pair.legPlan ?? settings.legPlan]
}
