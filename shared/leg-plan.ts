/** The names of the leg plans, as settings and pairs files have them; what each does stands in colo/leg-plan.ts. */
export const LEG_PLAN_NAMES = ['parallel', 'far-first', 'one-then-other'] as const
export type LegPlanName = (typeof LEG_PLAN_NAMES)[number]
