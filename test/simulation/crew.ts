import { type ChildProcess, fork } from 'node:child_process'
import type { Scenario } from './scenario.ts'
import type { Outcome } from './simulation.ts'

/** A worker says nothing of its own accord: no scenario takes longer than this. */
const SILENCE_MS = 120_000

/** Processes that simulate, one scenario at a time each. */
export class Crew {
  readonly #workers: readonly ChildProcess[]

  constructor(size: number) {
    const file = new URL('./worker.ts', import.meta.url)
    this.#workers = Array.from({ length: size }, () =>
      fork(file, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
    )
  }

  /** Simulates all of them; `done` hears of each as it ends, in no order. */
  async run(
    scenarios: readonly Scenario[],
    done: (scenario: Scenario, outcome: Outcome) => void,
  ): Promise<void> {
    const waiting = [...scenarios].reverse()
    await Promise.all(
      this.#workers.map(async (worker) => {
        for (let next = waiting.pop(); next !== undefined; next = waiting.pop())
          done(next, await ask(worker, next))
      }),
    )
  }

  close(): void {
    for (const worker of this.#workers) worker.kill()
  }
}

function ask(worker: ChildProcess, scenario: Scenario): Promise<Outcome> {
  return new Promise((answer, fail) => {
    const give = (act: () => void) => () => {
      clearTimeout(timer)
      worker.off('exit', exited)
      act()
    }
    const exited = (): void =>
      give(() => fail(new Error(`the process that simulated seed ${scenario.seed} ended`)))()
    const timer = setTimeout(() => fail(new Error(`seed ${scenario.seed} does not end`)), SILENCE_MS)
    worker.once('exit', exited)
    worker.once('message', (outcome) => give(() => answer(outcome as Outcome))())
    worker.send(scenario)
  })
}
