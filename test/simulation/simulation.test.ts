import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { after, describe, test } from 'node:test'
import type { ViolationKind } from './auditor.ts'
import { campaign, commandOf } from './campaign.ts'
import { Crew } from './crew.ts'
import { FOUND } from './found.ts'
import { KNOWN } from './known.ts'
import { scenarioOf } from './scenario.ts'
import { shrink } from './shrink.ts'
import { type Outcome, simulate } from './simulation.ts'

const SEEDS = 200
const JOBS_MAX = 4

/** What is not excused. */
function newsOf(outcome: Outcome): string[] {
  return outcome.violations
    .filter(({ kind }) => KNOWN[kind]?.when(outcome) !== true)
    .map(({ kind, what }) => `${kind}: ${what}`)
}

describe('the executor on simulated venues', () => {
  const crew = new Crew(Math.min(JOBS_MAX, availableParallelism()))
  after(() => crew.close())

  test('breaks no rule that it is not known to break, over 200 seeds of faults', async () => {
    const seeds = Array.from({ length: SEEDS }, (_, at) => at + 1)
    const { report, outcomes } = await campaign(crew, seeds, { shrinks: false })
    const news = [...outcomes].flatMap(([seed, outcome]) =>
      newsOf(outcome).map((what) => `${what}; ${commandOf(scenarioOf(seed))}`),
    )
    assert.deepEqual(news, [])
    const gone = Object.keys(KNOWN).filter((kind) => !((kind as ViolationKind) in report.violations_by_kind))
    assert.deepEqual(gone, [], 'a kind that does not occur any more is taken off the list')
    assert.ok(report.simulated_s_per_seed >= 60, `${report.simulated_s_per_seed} simulated seconds a seed`)
    assert.ok(report.attempts_per_seed >= 5, `${report.attempts_per_seed} attempts a seed`)
    for (const path of [
      'hedged',
      'completed-late',
      'sold-back',
      'reverted',
      'settled',
      'diverged',
      'released',
    ])
      assert.ok(report.paths[path] > 0, `no trade was ${path}`)
  })

  for (const [bug, scenario] of Object.entries(FOUND))
    test(`breaks no new rule where ${bug}`, async () => {
      assert.deepEqual(newsOf(await simulate(scenario)), [])
    })

  test('does the same again for the same seed, and in another process', async () => {
    const scenario = scenarioOf(7)
    const [one, two] = [await simulate(scenario), await simulate(scenario)]
    assert.deepEqual(two, one)
    let other: unknown
    await crew.run([scenario], (_, outcome) => {
      other = outcome
    })
    assert.deepEqual(other, one)
    assert.notEqual((await simulate(scenarioOf(8))).hash, one.hash)
  })
})

describe('shrinking', () => {
  test('keeps what the failure needs, and drops the rest', async () => {
    const scenario = scenarioOf(2)
    const needed = scenario.injections[2]
    const least = await shrink(
      scenario,
      async ({ injections, tradesMs }) => injections.includes(needed) && tradesMs > 20_000,
    )
    assert.deepEqual(least, { ...scenario, injections: [needed], tradesMs: 25_000 })
    assert.equal(commandOf(least), 'npm run -s sim -- --seeds 1 --seed 2 --faults 2 --trade-ms 25000')
    assert.equal(commandOf(scenario), 'npm run -s sim -- --seeds 1 --seed 2')
  })
})
