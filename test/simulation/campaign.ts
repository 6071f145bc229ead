import type { ViolationKind } from './auditor.ts'
import type { Crew } from './crew.ts'
import type { FaultKind } from './fault.ts'
import { type Scenario, scenarioOf } from './scenario.ts'
import { shrink } from './shrink.ts'
import type { Outcome } from './simulation.ts'

/** One way in which a rule was broken, and the smallest scenario that was found to break it. */
interface Finding {
  readonly kind: ViolationKind
  readonly what: string
  readonly at_ms: number
  readonly seed: number
  /** Repeats the whole seed. */
  readonly command: string
  /** Repeats as little of it as still breaks the rule. */
  readonly shrunk: string
  readonly faults: readonly string[]
}

/** What many seeds came to: the document that `--json` prints. */
export interface Report {
  readonly seeds: number
  readonly first_seed: number
  readonly simulated_s_per_seed: number
  readonly attempts_per_seed: number
  readonly violations: number
  readonly violations_by_kind: Partial<Record<ViolationKind, number>>
  readonly seeds_by_kind: Partial<Record<ViolationKind, readonly number[]>>
  /** The first of each kind, shrunk. */
  readonly findings: readonly Finding[]
  readonly faults: Partial<Record<FaultKind, number>>
  readonly paths: Record<string, number>
  /** By seed: of all that left and all that was recorded. */
  readonly hashes: Record<number, string>
}

/** Seeds of one kind that a report names. */
const NAMED_MAX = 10

/** Runs seeds over a crew, and shrinks the first failure of each kind. */
export async function campaign(
  crew: Crew,
  seeds: readonly number[],
  options: {
    readonly shrinks: boolean
    readonly narrow?: (scenario: Scenario) => Scenario
    /** Hears of each seed as it ends, in no order. */
    readonly hear?: (seed: number, outcome: Outcome) => void
  },
): Promise<{ readonly report: Report; readonly outcomes: ReadonlyMap<number, Outcome> }> {
  const { narrow = (scenario) => scenario } = options
  const outcomes = new Map<number, Outcome>()
  const scenarios = seeds.map((seed) => narrow(scenarioOf(seed)))
  await crew.run(scenarios, ({ seed }, outcome) => {
    outcomes.set(seed, outcome)
    options.hear?.(seed, outcome)
  })

  const total = { simulatedMs: 0, attempts: 0, violations: 0 }
  const faults: Partial<Record<FaultKind, number>> = {}
  const paths: Record<string, number> = {}
  const byKind = new Map<ViolationKind, number[]>()
  const hashes: Record<number, string> = {}
  for (const seed of seeds) {
    const outcome = outcomes.get(seed) as Outcome
    total.simulatedMs += outcome.simulatedMs
    total.attempts += outcome.attempts
    total.violations += outcome.violations.length
    add(faults, outcome.faults)
    add(paths, outcome.paths)
    hashes[seed] = outcome.hash
    for (const { kind } of outcome.violations) byKind.set(kind, [...(byKind.get(kind) ?? []), seed])
  }
  const findings: Finding[] = []
  for (const [kind, [seed]] of byKind) {
    const scenario = scenarios.find((each) => each.seed === seed) as Scenario
    findings.push(await finding(crew, kind, scenario, outcomes.get(seed) as Outcome, options.shrinks))
  }
  const kinds = [...byKind]
  const report = {
    seeds: seeds.length,
    first_seed: seeds[0],
    simulated_s_per_seed: total.simulatedMs / 1_000 / seeds.length,
    attempts_per_seed: total.attempts / seeds.length,
    violations: total.violations,
    violations_by_kind: Object.fromEntries(kinds.map(([kind, of]) => [kind, of.length])),
    seeds_by_kind: Object.fromEntries(
      kinds.map(([kind, of]) => [kind, [...new Set(of)].slice(0, NAMED_MAX)]),
    ),
    findings,
    faults: sorted(faults),
    paths: sorted(paths),
    hashes,
  }
  return { report, outcomes }
}

async function finding(
  crew: Crew,
  kind: ViolationKind,
  scenario: Scenario,
  outcome: Outcome,
  shrinks: boolean,
): Promise<Finding> {
  const of = (result: Outcome) => result.violations.find((violation) => violation.kind === kind)
  let least = scenario
  let last = outcome
  if (shrinks)
    least = await shrink(scenario, async (smaller) => {
      let fails = false
      await crew.run([smaller], (_, result) => {
        fails = of(result) !== undefined
        if (fails) last = result
      })
      return fails
    })
  const violation = of(last)
  return {
    kind,
    what: violation?.what ?? '',
    at_ms: violation?.atMs ?? 0,
    seed: scenario.seed,
    command: commandOf(scenario),
    shrunk: commandOf(least),
    faults: least.injections.map(
      ({ kind: fault, venue, atMs, lastsMs }) => `${fault} ${venue} at ${atMs} for ${lastsMs} ms`,
    ),
  }
}

/** What repeats a scenario. */
export function commandOf(scenario: Scenario): string {
  const { seed, tradesMs, injections } = scenario
  const whole = scenarioOf(seed)
  const kept = whole.injections.flatMap(({ kind, atMs }, at) =>
    injections.some((each) => each.kind === kind && each.atMs === atMs) ? [at] : [],
  )
  const faults =
    kept.length === whole.injections.length ? '' : ` --faults ${kept.length === 0 ? 'none' : kept.join()}`
  const time = tradesMs === whole.tradesMs ? '' : ` --trade-ms ${tradesMs}`
  return `npm run -s sim -- --seeds 1 --seed ${seed}${faults}${time}`
}

function add<Key extends string>(
  sums: Partial<Record<Key, number>>,
  counts: Partial<Record<Key, number>>,
): void {
  for (const [name, count] of Object.entries(counts) as [Key, number][])
    sums[name] = (sums[name] ?? 0) + count
}

function sorted<Counts extends object>(counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).sort(([, one], [, other]) => other - one)) as Counts
}
