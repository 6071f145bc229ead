import { Random } from '@tandem/sandbox/engine/random.ts'
import type { VenueName } from '@tandem/sandbox/faults.ts'
import type { LegPlanName } from '@tandem/shared/leg-plan.ts'
import { type FaultKind, type Injection, KINDS } from './fault.ts'

/** What one seed does: everything else follows from it. */
export interface Scenario {
  readonly seed: number
  readonly pairs: number
  /** How many times slower than usual the other traders are. */
  readonly calm: number
  /** How long entries are allowed; the end may take longer. */
  readonly tradesMs: number
  readonly delayMs: Readonly<Record<VenueName, number>>
  readonly injections: readonly Injection[]
  /** `parallel` where nothing is said. */
  readonly legPlan?: LegPlanName
  /** Whether the venue that lags is written to first; not where nothing is said. */
  readonly ensembleOrdersLegs?: boolean
  /** Of each venue's feed; 1 where nothing is said. */
  readonly copies?: 1 | 2
}

const TRADES_MS = 50_000
/** The first stock is signed and both books are there. */
const FIRST_FAULT_MS = 2_000
/** Trading goes on after the last fault, so that what did not heal shows. */
const LAST_FAULT_MS = 38_000
const FAULTS_MAX = 6
/** A fault that lasts for good ends most of what a seed could still show. */
const FOR_GOOD_CHANCE = 0.15
const FAULTLESS_CHANCE = 0.05
const FAR_FIRST_CHANCE = 0.3
const LAGGING_FIRST_CHANCE = 0.3
const TWO_COPIES_CHANCE = 0.4

export function scenarioOf(seed: number): Scenario {
  const random = new Random(seed, -10)
  const count = random.chance(FAULTLESS_CHANCE) ? 0 : random.between(1, FAULTS_MAX)
  const kinds = Object.keys(KINDS) as FaultKind[]
  const injections: Injection[] = []
  while (injections.length < count) {
    const kind = random.pick(kinds)
    const { venues, lastsMs, isForGood = false } = KINDS[kind]
    if (isForGood && !random.chance(FOR_GOOD_CHANCE)) continue
    injections.push({
      kind,
      venue: random.pick(venues),
      atMs: random.between(FIRST_FAULT_MS, LAST_FAULT_MS),
      lastsMs: random.between(lastsMs[0], lastsMs[1]),
    })
  }
  return {
    seed,
    pairs: random.between(1, 2),
    calm: random.between(2, 5),
    tradesMs: TRADES_MS,
    delayMs: { polymarket: random.between(2, 60), kalshi: random.between(1, 30) },
    injections: injections.sort((a, b) => a.atMs - b.atMs),
    // Drawn last: all else of a seed stays what it was before there was a choice.
    legPlan: random.chance(FAR_FIRST_CHANCE) ? 'far-first' : 'parallel',
    ensembleOrdersLegs: random.chance(LAGGING_FIRST_CHANCE),
    copies: random.chance(TWO_COPIES_CHANCE) ? 2 : 1,
  }
}
