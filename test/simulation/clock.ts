import { Deadlines } from '@tandem/colo/clock.ts'
import type { RunningClock } from '@tandem/colo/live.ts'
import { NS_PER_MS, type Ns } from '@tandem/shared/units.ts'
import type { Scheduler } from './scheduler.ts'

/** The executor's own clock: true time, a wall clock that can be stepped, and a loop that can stand still. */
export class ExecutorClock implements RunningClock {
  /** How far our wall clock is off. */
  stepMs = 0
  /** Until when our loop stands still: neither deadlines nor bytes reach it. */
  stalledUntilNs = 0
  onTick: (nowNs: Ns, token: number) => void = () => {}
  onLate: (lateNs: number, nowNs: Ns) => void = () => {}
  readonly #scheduler: Scheduler
  readonly #wallAtZeroMs: number
  readonly #deadlines = new Deadlines()
  #isStopped = false

  constructor(scheduler: Scheduler, wallAtZeroMs: number) {
    this.#scheduler = scheduler
    this.#wallAtZeroMs = wallAtZeroMs
  }

  nowNs(): Ns {
    return this.#scheduler.nowNs as Ns
  }

  wallMs(): number {
    return this.#wallAtZeroMs + this.stepMs + Math.floor(this.#scheduler.nowNs / NS_PER_MS)
  }

  at(deadlineNs: Ns, token: number): void {
    this.#deadlines.add(deadlineNs, token)
  }

  cancel(token: number): void {
    this.#deadlines.cancel(token)
  }

  stop(): void {
    this.#isStopped = true
  }

  /** When the next token is given back. */
  get nextNs(): number {
    return this.#isStopped ? Number.POSITIVE_INFINITY : Math.max(this.#deadlines.nextNs, this.stalledUntilNs)
  }

  /** Gives back all tokens that are due, as one timer does. */
  fire(): void {
    const nowNs = this.nowNs()
    this.onLate(nowNs - this.#deadlines.nextNs, nowNs)
    for (let token = this.#deadlines.due(nowNs); token !== -1; token = this.#deadlines.due(nowNs))
      this.onTick(nowNs, token)
  }
}
