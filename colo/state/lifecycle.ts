import { Failure } from '@tandem/shared/failure.ts'
import { nameOf } from '@tandem/shared/named-integer.ts'

/** Named integers: states, or events. */
type Names = Readonly<Record<string, number>>

const ILLEGAL = 0xff

/**
 * A table (state, event) -> state. What is not in it must not happen: the step that would leave it is an error that
 * names both.
 */
export class Lifecycle {
  readonly #subject: string
  readonly #states: Names
  readonly #events: Names
  readonly #next: Uint8Array
  readonly #stride: number

  /** @param rows from, event, to; each from and event once */
  constructor(
    subject: string,
    states: Names,
    events: Names,
    rows: readonly (readonly [number, number, number])[],
  ) {
    this.#subject = subject
    this.#states = states
    this.#events = events
    this.#stride = Object.keys(events).length
    this.#next = new Uint8Array(Object.keys(states).length * this.#stride).fill(ILLEGAL)
    for (const [from, event, to] of rows) this.#next[from * this.#stride + event] = to
  }

  allows(state: number, event: number): boolean {
    return this.#next[state * this.#stride + event] !== ILLEGAL
  }

  /** @throws Failure ILLEGAL_TRANSITION: a bug of ours, since what venues may do is in the table. */
  next(state: number, event: number): number {
    const next = this.#next[state * this.#stride + event]
    if (next === ILLEGAL) throw this.#illegal(state, event)
    return next
  }

  #illegal(state: number, event: number): Failure {
    return new Failure({
      code: 'ILLEGAL_TRANSITION',
      what: `${this.#subject} in state ${nameOf(this.#states, state)} met ${nameOf(this.#events, event)}`,
      todo: 'stop, look both venues’ positions up by hand, and report it with the journal: this is a bug of ours',
    })
  }
}
