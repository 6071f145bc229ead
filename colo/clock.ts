import { assert } from '@tandem/shared/assert.ts'
import { NS_PER_MS, type Ns } from '@tandem/shared/units.ts'

/** The one source of time. Everything downstream of a frame gets `nowNs` as an argument, so a tape replays exactly. */
export interface Clock {
  nowNs(): Ns
  /** Wall clock, milliseconds since the epoch: for signatures and for the lag of venue timestamps. */
  wallMs(): number
  /** Asks for `token` at onTick when `deadlineNs` has come. The same token may be asked for more than once. */
  at(deadlineNs: Ns, token: number): void
  cancel(token: number): void
}

/**
 * Deadlines that may wait at once: two per book, its close and its doubt, of 5,000 markets on two venues; and the slots
 * of work beside them.
 */
const DEADLINES_MAX = 32_768

/** A binary heap of (deadline, token) in typed arrays: nothing is allocated per deadline. */
export class Deadlines {
  readonly #deadlineNs = new Float64Array(DEADLINES_MAX)
  readonly #token = new Int32Array(DEADLINES_MAX)
  #count = 0

  get nextNs(): number {
    return this.#count === 0 ? Number.POSITIVE_INFINITY : this.#deadlineNs[0]
  }

  add(deadlineNs: number, token: number): void {
    assert(this.#count < DEADLINES_MAX, 'CLOCK_DEADLINES_FULL')
    let at = this.#count++
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.#deadlineNs[parent] <= deadlineNs) break
      this.#move(parent, at)
      at = parent
    }
    this.#deadlineNs[at] = deadlineNs
    this.#token[at] = token
  }

  /** The token of the earliest deadline that is due at `nowNs`, removed; -1 when none is. Tokens are not negative. */
  due(nowNs: number): number {
    if (this.#count === 0 || this.#deadlineNs[0] > nowNs) return -1
    const token = this.#token[0]
    this.#removeAt(0)
    return token
  }

  cancel(token: number): void {
    for (let at = this.#count - 1; at >= 0; at--) if (this.#token[at] === token) this.#removeAt(at)
  }

  #removeAt(hole: number): void {
    const last = --this.#count
    if (hole === last) return
    const deadlineNs = this.#deadlineNs[last]
    const token = this.#token[last]
    let at = hole
    for (;;) {
      let child = 2 * at + 1
      if (child >= last) break
      if (child + 1 < last && this.#deadlineNs[child + 1] < this.#deadlineNs[child]) child++
      if (this.#deadlineNs[child] >= deadlineNs) break
      this.#move(child, at)
      at = child
    }
    // The last element may belong above the hole, when the hole is in another branch.
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.#deadlineNs[parent] <= deadlineNs) break
      this.#move(parent, at)
      at = parent
    }
    this.#deadlineNs[at] = deadlineNs
    this.#token[at] = token
  }

  #move(from: number, to: number): void {
    this.#deadlineNs[to] = this.#deadlineNs[from]
    this.#token[to] = this.#token[from]
  }
}

/** A clock that stands where the tape or the simulation puts it. It never runs backwards. */
export class SimulatedClock implements Clock {
  readonly #deadlines = new Deadlines()
  readonly #wallAtZeroMs: number
  #nowNs = 0

  constructor(wallAtZeroMs: number) {
    this.#wallAtZeroMs = wallAtZeroMs
  }

  nowNs(): Ns {
    return this.#nowNs as Ns
  }

  wallMs(): number {
    return this.#wallAtZeroMs + Math.floor(this.#nowNs / NS_PER_MS)
  }

  at(deadlineNs: Ns, token: number): void {
    this.#deadlines.add(deadlineNs, token)
  }

  cancel(token: number): void {
    this.#deadlines.cancel(token)
  }

  /**
   * Steps to the next deadline at or before `untilNs` and returns its token; when none is left, steps to
   * `untilNs` and returns -1.
   */
  step(untilNs: number): number {
    const nextNs = this.#deadlines.nextNs
    const toNs = nextNs <= untilNs ? nextNs : untilNs
    if (toNs > this.#nowNs) this.#nowNs = toNs
    return this.#deadlines.due(untilNs)
  }
}

/** A timer's longest wait: 25 days. */
const TIMER_MS_MAX = 2 ** 31 - 1

/** The real thing: the process's monotonic clock, and one timer that wakes at the earliest deadline. */
export class LiveClock implements Clock {
  readonly #deadlines = new Deadlines()
  readonly #startMs = performance.now()
  readonly #onTick: (nowNs: Ns, token: number) => void
  readonly #onLate: (lateNs: number, nowNs: Ns) => void
  #timer: NodeJS.Timeout | undefined
  #timerNs = Number.POSITIVE_INFINITY

  /**
   * @param onTick hears of every token that is due, in order, from a timer of its own
   * @param onLate hears how long after its deadline the timer fired, each time: a long while means that our loop stood still
   */
  constructor(
    onTick: (nowNs: Ns, token: number) => void,
    onLate: (lateNs: number, nowNs: Ns) => void = () => {},
  ) {
    this.#onTick = onTick
    this.#onLate = onLate
  }

  nowNs(): Ns {
    // Not hrtime.bigint: it allocates, and costs 170 ns against 100 (node 24).
    return Math.round((performance.now() - this.#startMs) * NS_PER_MS) as Ns
  }

  wallMs(): number {
    // Not derived from nowNs: the wall clock is disciplined (chrony), the monotonic one runs free.
    return Date.now()
  }

  at(deadlineNs: Ns, token: number): void {
    this.#deadlines.add(deadlineNs, token)
    if (deadlineNs < this.#timerNs) this.#arm()
  }

  cancel(token: number): void {
    this.#deadlines.cancel(token)
  }

  /** No tick comes any more. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#timerNs = Number.NEGATIVE_INFINITY
  }

  #arm(): void {
    clearTimeout(this.#timer)
    this.#timerNs = this.#deadlines.nextNs
    if (this.#timerNs === Number.POSITIVE_INFINITY) return
    // Rounded up: a timer that fires early would only be set again.
    const inMs = Math.max(0, Math.ceil((this.#timerNs - this.nowNs()) / NS_PER_MS))
    // One that fires before its deadline finds nothing due and is set again.
    this.#timer = setTimeout(() => this.#fire(), Math.min(inMs, TIMER_MS_MAX))
  }

  #fire(): void {
    const nowNs = this.nowNs()
    this.#onLate(nowNs - this.#timerNs, nowNs)
    for (let token = this.#deadlines.due(nowNs); token !== -1; token = this.#deadlines.due(nowNs))
      this.#onTick(nowNs, token)
    if (this.#timerNs !== Number.NEGATIVE_INFINITY) this.#arm()
  }
}
