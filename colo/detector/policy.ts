import { assert } from '@tandem/shared/assert.ts'
import type { Pair } from '@tandem/shared/mapping.ts'
import type { Settings } from '@tandem/shared/settings.ts'
import { LOTS_ORDER_MAX, LOTS_PER_CONTRACT, type Lots, MICRO_USD_PER_USD } from '@tandem/shared/units.ts'

export const PPM = 1_000_000
const MS_PER_DAY = 86_400_000
const MS_PER_YEAR = 365 * MS_PER_DAY
/** A hundred times the expected shares: who allows that allows everything. */
export const OVERFILL_PPM_MAX = 100 * PPM

/** What a trade must bring and may risk; the detector's part of the settings, in its units. */
export interface Policy {
  /** Per contract, by unrounded fees, at the worst levels touched. Not negative: the planner's search relies on it. */
  readonly minEdgeMicroUsd: number
  readonly maxLots: Lots
  /** Most shares beyond the expected ones, in millionths of these. */
  readonly maxOverfillPpm: number
  /** One step of Kalshi's balance rounding: fees/kalshi.ts. */
  readonly kalshiPrecisionMicroUsd: number
}

/** What is expected of a pair's resolution. */
type Expected = Pick<Pair, 'resolvesAtMs' | 'divergenceChance'>

export function checkedPolicy(policy: Policy): Policy {
  assert(Number.isSafeInteger(policy.minEdgeMicroUsd) && policy.minEdgeMicroUsd >= 0, 'POLICY_MIN_EDGE')
  assert(policy.maxLots >= 0 && policy.maxLots <= LOTS_ORDER_MAX, 'POLICY_MAX_LOTS')
  assert(policy.maxOverfillPpm >= 0 && policy.maxOverfillPpm <= OVERFILL_PPM_MAX, 'POLICY_MAX_OVERFILL')
  assert(policy.kalshiPrecisionMicroUsd >= 0, 'POLICY_PRECISION')
  return policy
}

/** A ratio as whole parts per million; finer digits are cut, which only refuses more. */
export function overfillPpmFloor(ratio: number): number {
  // Rounded at the ninth place first: 0.029 x 1e6 is a hair below 29000.
  return Math.floor(Math.round(ratio * 1_000_000_000) / 1_000)
}

/** What it costs a contract to wait for its pair's resolution: what a dollar must earn until then, and the chance that the markets settle apart. */
export function waitingOf(
  settings: Settings,
  { resolvesAtMs, divergenceChance }: Expected,
  nowMs: number,
): { readonly hurdleMicroUsd: number; readonly reserveMicroUsd: number } {
  const waitMs = resolvesAtMs === undefined ? settings.daysAssumed * MS_PER_DAY : resolvesAtMs - nowMs
  const hurdle = settings.yearlyHurdle * (Math.max(0, waitMs) / MS_PER_YEAR)
  const reserve = divergenceChance ?? settings.divergenceChance
  return {
    hurdleMicroUsd: Math.ceil(hurdle * MICRO_USD_PER_USD),
    reserveMicroUsd: Math.ceil(reserve * MICRO_USD_PER_USD),
  }
}

/**
 * What a pair must bring: the minimum or, where that is more, what a dollar must earn until its resolution; and on top of
 * it what the chance costs that the two markets settle apart, when a contract may pay nothing.
 *
 *   0 ----------- max(minimum, hurdle) ----------- + reserve -----> edge
 *                 no trade below here                trades
 *
 * As of `nowMs`: the hurdle only falls with time.
 */
export function policyOf(settings: Settings, pair: Expected, nowMs: number): Policy {
  const { hurdleMicroUsd, reserveMicroUsd } = waitingOf(settings, pair, nowMs)
  const demandedMicroUsd = reserveMicroUsd + Math.max(settings.minEdgeMicroUsd, hurdleMicroUsd)
  return checkedPolicy({
    // A contract never brings a dollar: whoever asks that asks for no trade.
    minEdgeMicroUsd: Math.min(demandedMicroUsd, MICRO_USD_PER_USD),
    maxLots: (settings.maxContractsPerTrade * LOTS_PER_CONTRACT) as Lots,
    maxOverfillPpm: overfillPpmFloor(settings.maxOverfill),
    kalshiPrecisionMicroUsd: settings.kalshi.balancePrecisionMicroUsd,
  })
}
