import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { VIOLATIONS } from './auditor.ts'
import { campaign, type Report } from './campaign.ts'
import { Crew } from './crew.ts'
import { type Scenario, scenarioOf } from './scenario.ts'
import type { Outcome } from './simulation.ts'

// `npm run -s sim -- --seeds N [--seed FIRST] [--jobs N] [--json]`: the real executor and the sandbox's venues in one
// thread, on simulated time and an unreliable network, once a seed. Exit code 1 when a rule was broken; each kind of it
// is printed with the command that repeats it, and with a smaller one. `--faults 0,2` keeps only those faults of a seed,
// `--trade-ms` ends its trading sooner, `--no-shrink` saves the time of looking for less.

const SEEDS_MAX = 1_000_000

/** Ten thousand seeds take an hour: what has been found is said before the end. */
const SEEDS_PER_PROGRESS = 500

interface Options {
  readonly seeds: readonly number[]
  readonly jobs: number
  readonly json: boolean
  readonly shrinks: boolean
  readonly narrow: (scenario: Scenario) => Scenario
}

class Misuse extends Error {}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '100' },
      seed: { type: 'string', default: '1' },
      jobs: { type: 'string', default: String(availableParallelism()) },
      faults: { type: 'string' },
      'trade-ms': { type: 'string' },
      'no-shrink': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  })
  const first = within('seed', values.seed, 0, Number.MAX_SAFE_INTEGER - SEEDS_MAX)
  const count = within('seeds', values.seeds, 1, SEEDS_MAX)
  const tradesMs =
    values['trade-ms'] === undefined ? undefined : within('trade-ms', values['trade-ms'], 1, 600_000)
  const kept = keptFaults(values.faults, first, count)
  return {
    seeds: Array.from({ length: count }, (_, at) => first + at),
    jobs: Math.min(count, within('jobs', values.jobs, 1, 256)),
    json: values.json,
    shrinks: !values['no-shrink'],
    narrow: (scenario) => ({
      ...scenario,
      tradesMs: tradesMs ?? scenario.tradesMs,
      injections: scenario.injections.filter((_, at) => kept === undefined || kept.includes(at)),
    }),
  }
}

/** @returns places of the seed's faults, or undefined for all */
function keptFaults(text: string | undefined, first: number, count: number): number[] | undefined {
  if (text === undefined) return undefined
  if (count !== 1) throw new Misuse('--faults is for --seeds 1: each seed has faults of its own')
  if (text === 'none') return []
  const { injections } = scenarioOf(first)
  if (injections.length === 0) throw new Misuse(`seed ${first} has no faults, and --faults can only be none`)
  return text.split(',').map((each) => within('faults', each, 0, injections.length - 1))
}

function within(name: string, value: string, low: number, high: number): number {
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN
  if (number >= low && number <= high) return number
  throw new Misuse(`--${name} is a whole number of ${low}..${high}, and not ${value}`)
}

function print(report: Report): string {
  const lines = [
    `${report.seeds} seeds from ${report.first_seed}: ${report.violations} violations`,
    `a seed: ${report.simulated_s_per_seed.toFixed(1)} simulated seconds, ${report.attempts_per_seed.toFixed(1)} attempts`,
    '',
    ...table('paths taken', report.paths),
    ...table('faults injected', report.faults),
  ]
  for (const { kind, what, at_ms, command, shrunk, faults } of report.findings)
    lines.push(
      `${kind}: ${VIOLATIONS[kind]}`,
      `  ${what} (at ${at_ms} ms; ${report.violations_by_kind[kind]} in all, seeds ${report.seeds_by_kind[kind]?.join(' ')})`,
      `  ${command}`,
      ...(shrunk === command ? [] : [`  ${shrunk}`]),
      ...faults.map((fault) => `    ${fault}`),
      '',
    )
  return `${lines.join('\n')}\n`
}

function table(title: string, counts: object): string[] {
  return [title, ...Object.entries(counts).map(([name, count]) => `  ${name.padEnd(22)} ${count}`), '']
}

/** Says on the standard error output what a long campaign has come to, and each seed that broke a rule at once. */
function progress(seeds: number): (seed: number, outcome: Outcome) => void {
  let ended = 0
  return (seed, { violations: [violation] }) => {
    ended++
    if (violation !== undefined)
      process.stderr.write(`sim: seed ${seed} broke ${violation.kind}: ${violation.what}\n`)
    if (ended % SEEDS_PER_PROGRESS === 0) process.stderr.write(`sim: ${ended} of ${seeds} seeds\n`)
  }
}

async function main(): Promise<void> {
  const { seeds, jobs, json, ...options } = readOptions()
  const crew = new Crew(jobs)
  try {
    const { report } = await campaign(crew, seeds, { ...options, hear: progress(seeds.length) })
    const { hashes, ...told } = report
    // One seed is asked for to be compared with itself.
    const document = seeds.length === 1 ? report : told
    process.stdout.write(json ? `${JSON.stringify(document)}\n` : print(report))
    if (report.violations > 0) process.exitCode = 1
  } finally {
    crew.close()
  }
}

try {
  await main()
} catch (error) {
  const isMisuse =
    error instanceof Misuse || (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS')
  if (!isMisuse) throw error
  process.stderr.write(`sim: ${(error as Error).message} [USAGE]\n`)
  process.exitCode = 2
}
