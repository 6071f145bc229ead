import type { Ns } from '@tandem/shared/units.ts'

const DAY_NS = 86_400_000_000_000

/** A sum that begins anew with each day of UTC. */
export class DayTotal {
  microUsd = 0
  #endsNs: number

  /** @param endsNs when the day of the start ends, on our clock */
  constructor(endsNs: number) {
    this.#endsNs = endsNs
  }

  /** To be called before it is read or added to. */
  roll(nowNs: Ns): void {
    if (nowNs < this.#endsNs) return
    this.#endsNs += DAY_NS * Math.ceil((nowNs - this.#endsNs + 1) / DAY_NS)
    this.microUsd = 0
  }
}
