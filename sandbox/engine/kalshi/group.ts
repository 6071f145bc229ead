/** Matched contracts are counted over this long: Kalshi fact sheet, section 4.4. */
const WINDOW_MS = 15_000

/** A limit on what several orders together may match within 15 seconds. At the limit all of them are cancelled. */
export class OrderGroup {
  readonly id: string
  readonly exchangeIndex: number
  limitLots: number
  /** Until it is reset it takes no new orders. */
  triggered = false
  readonly orderIds = new Set<string>()
  #matches: { ms: number; lots: number }[] = []

  constructor(id: string, exchangeIndex: number, limitLots: number) {
    this.id = id
    this.exchangeIndex = exchangeIndex
    this.limitLots = limitLots
  }

  /** Counts a fill of one of its orders. Returns whether the limit is reached by it. */
  matched(lots: number, ms: number): boolean {
    this.#matches = this.#matches.filter((match) => match.ms > ms - WINDOW_MS)
    this.#matches.push({ ms, lots })
    return this.#matches.reduce((sum, match) => sum + match.lots, 0) >= this.limitLots
  }

  reset(): void {
    this.triggered = false
    this.#matches = []
  }
}
