import { FAULTS, type FaultName, type Faults } from './faults.ts'

/** All of them come round within a minute. */
const ON_MS = 1_500
const OFF_MS = 1_000
const TURN_MS = ON_MS + OFF_MS
const NAMES = Object.keys(FAULTS) as FaultName[]

/** Switches every fault on for a while and off again, one after the other, round and round. */
export class FaultRound {
  readonly #faults: Faults
  readonly #beganMs: number
  #on: FaultName | undefined

  constructor(faults: Faults, beganMs: number) {
    this.#faults = faults
    this.#beganMs = beganMs
  }

  /** To be called often. */
  tick(nowMs: number): void {
    const sinceMs = nowMs - this.#beganMs
    const isOn = sinceMs % TURN_MS >= OFF_MS
    const name = isOn ? NAMES[Math.floor(sinceMs / TURN_MS) % NAMES.length] : undefined
    if (name === this.#on) return
    if (this.#on !== undefined) this.#faults.set(this.#on, false)
    if (name !== undefined) this.#faults.set(name, true)
    this.#on = name
  }
}
