import type { Faults, VenueName } from './faults.ts'
import type { Timings } from './timings.ts'

/** How late frames are under the fault `lag`. */
const LAG_MS = 3_000

export interface OutletParts {
  readonly venue: VenueName
  readonly faults: Faults
  readonly timings: Timings
  nowMs(): number
  write(text: string): void
}

/** Where one socket's frames leave, and where the faults of market data strike. */
export class Outlet {
  readonly #parts: OutletParts
  readonly #late: { text: string; market: string; frame: string; dueMs: number }[] = []

  constructor(parts: OutletParts) {
    this.#parts = parts
  }

  /** A frame that only a dead socket swallows: acknowledgements, private frames. */
  send(text: string): void {
    const { venue, faults, write } = this.#parts
    if (!faults.has('half-open', venue)) write(text)
  }

  /** @param frame what its reader can find it by */
  sendMarket(text: string, market: string, frame: string): void {
    const { venue, faults, nowMs } = this.#parts
    if (faults.has('freeze', venue) || faults.strikes('gap', venue)) return
    const last = this.#late.at(-1)
    // When the fault is over, what waits is caught up with: only its order is kept.
    if (faults.has('lag', venue)) this.#late.push({ text, market, frame, dueMs: nowMs() + LAG_MS })
    else if (last !== undefined) this.#late.push({ text, market, frame, dueMs: last.dueMs })
    else this.#pass(text, market, frame)
  }

  /** Sends what was held back and is due. After the fault nothing may overtake what it holds. */
  flush(): void {
    const nowMs = this.#parts.nowMs()
    while (this.#late.length > 0 && this.#late[0].dueMs <= nowMs) {
      const { text, market, frame } = this.#late.shift()!
      this.#pass(text, market, frame)
    }
  }

  #pass(text: string, market: string, frame: string): void {
    const { venue, faults, timings } = this.#parts
    timings.frameWritten(venue, market, frame)
    if (faults.strikes('garbage', venue)) this.send(text.slice(0, text.length >>> 1))
    else this.send(text)
    if (faults.strikes('duplicate', venue)) this.send(text)
  }
}
