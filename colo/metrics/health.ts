import { type Counter, type CounterCells, Counters } from '@tandem/shared/counters.ts'

/** What `/health` answers. */
export interface Health {
  /** `starting`: no beat yet. `stalled`: no beat for too long. `halted`: alive, and no new intent is allowed. */
  status: 'starting' | 'ok' | 'halted' | 'stalled'
  /** Milliseconds since the loop was last seen to beat. */
  beat_age_ms: number | null
  books: Record<'polymarket' | 'kalshi', Record<string, number>>
}

/** The loop has something to do at least every 250 ms; twenty missed rounds are no garbage collection. */
export const STALL_MS = 5_000

/** Watches from another thread whether the loop goes on. Look at it more often than STALL_MS. */
export class Pulse {
  readonly #cells: CounterCells
  #beats = 0
  #beatMs: number | undefined

  constructor(cells: CounterCells) {
    this.#cells = cells
  }

  /** @param nowMs of a monotonic clock */
  look(nowMs: number): void {
    const beats = this.#cells.read(Counters.beats)
    if (beats === this.#beats) return
    this.#beats = beats
    this.#beatMs = nowMs
  }

  health(nowMs: number): Health {
    this.look(nowMs)
    const ageMs = this.#beatMs === undefined ? null : Math.round(nowMs - this.#beatMs)
    return {
      status: this.#status(ageMs),
      beat_age_ms: ageMs,
      books: { polymarket: this.#row(Counters.polymarketBooks), kalshi: this.#row(Counters.kalshiBooks) },
    }
  }

  #status(ageMs: number | null): Health['status'] {
    if (ageMs === null) return 'starting'
    if (ageMs > STALL_MS) return 'stalled'
    return this.#cells.read(Counters.halted) === 0 ? 'ok' : 'halted'
  }

  #row(counter: Counter): Record<string, number> {
    return Object.fromEntries(counter.values.map((value, place) => [value, this.#cells.read(counter, place)]))
  }
}
