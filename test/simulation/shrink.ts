import type { Scenario } from './scenario.ts'

/** Below it hardly anything is traded. */
const TRADES_MS_MIN = 4_000

/**
 * Makes a scenario that fails smaller while it still fails: fewer faults, one at a time, then a shorter time.
 *
 * @param fails whether a scenario still shows what is looked for
 */
export async function shrink(
  scenario: Scenario,
  fails: (smaller: Scenario) => Promise<boolean>,
): Promise<Scenario> {
  let least = scenario
  const take = async (smaller: Scenario): Promise<boolean> => {
    const isTaken = await fails(smaller)
    if (isTaken) least = smaller
    return isTaken
  }
  for (const injection of scenario.injections)
    await take({ ...least, injections: least.injections.filter((each) => each !== injection) })
  const half = (): Scenario => ({ ...least, tradesMs: Math.floor(least.tradesMs / 2) })
  while (half().tradesMs >= TRADES_MS_MIN && (await take(half()))) {}
  return least
}
