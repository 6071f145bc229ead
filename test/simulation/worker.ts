import type { Scenario } from './scenario.ts'
import { simulate } from './simulation.ts'

// One process of the crew: a scenario in, its outcome out.

process.on('message', async (scenario: Scenario) => {
  process.send?.(await simulate(scenario))
})
