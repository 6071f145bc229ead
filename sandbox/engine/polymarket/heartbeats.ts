import type { Random } from '../random.ts'

// The dead-man switch of open orders: Polymarket fact sheet, section 6.5.

const LAPSES_AFTER_MS = 10_000
const SWEEP_EVERY_MS = 5_000

export class Heartbeats {
  readonly #random: Random
  /** By API key. A key without an entry is not armed. */
  readonly #armed = new Map<string, { id: string; lastMs: number }>()
  #sweptMs = Number.NEGATIVE_INFINITY

  constructor(random: Random) {
    this.#random = random
  }

  /** Takes a heartbeat that echoes the last id, empty for the first. `ok` says whether it did; `id` is the next one. */
  beat(owner: string, echoed: string, nowMs: number): { ok: boolean; id: string } {
    const expected = this.#armed.get(owner)?.id ?? ''
    if (echoed !== expected) return { ok: false, id: expected }
    return { ok: true, id: this.renew(owner, nowMs) }
  }

  /** The older call without an id: counts as a heartbeat, and changes the id. */
  renew(owner: string, nowMs: number): string {
    const id = this.#random.uuid()
    this.#armed.set(owner, { id, lastMs: nowMs })
    return id
  }

  /** Keys whose heart stopped, at most once each; looked for every 5 seconds only. */
  lapsed(nowMs: number): string[] {
    if (nowMs - this.#sweptMs < SWEEP_EVERY_MS) return []
    this.#sweptMs = nowMs
    const owners = [...this.#armed].filter(([, { lastMs }]) => nowMs - lastMs > LAPSES_AFTER_MS)
    for (const [owner] of owners) this.#armed.delete(owner)
    return owners.map(([owner]) => owner)
  }
}
