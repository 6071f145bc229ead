/** The venues of the sandbox, by the names that the control endpoint and the `--faults` switch use. */
export type VenueName = 'polymarket' | 'kalshi'

interface Fault {
  readonly venues: readonly VenueName[]
  readonly does: string
  /** How often it strikes while it is on, the first time at once. Without it, it holds for as long as it is on. */
  readonly everyMs?: number
}

const BOTH = ['polymarket', 'kalshi'] as const

/** Everything that the sandbox can do wrong on purpose. */
export const FAULTS = {
  // Market data.
  gap: { venues: BOTH, everyMs: 5_000, does: 'swallows one market frame, with the number it had' },
  duplicate: { venues: BOTH, everyMs: 5_000, does: 'sends one market frame twice' },
  garbage: { venues: BOTH, everyMs: 5_000, does: 'cuts one market frame off in its middle' },
  lag: { venues: BOTH, does: 'sends every market frame 3 seconds late, in order' },
  freeze: { venues: BOTH, does: 'sends no market frame, but answers and sends pings' },
  'half-open': { venues: BOTH, does: 'reads nothing and sends nothing on open sockets, which stay open' },
  reset: { venues: BOTH, everyMs: 10_000, does: 'breaks every open socket without a close frame' },
  storm: {
    venues: BOTH,
    does: 'closes sockets half a second after they opened, and refuses every second one with 503',
  },
  'ghost-book': {
    venues: ['polymarket'],
    does: 'answers a book of 0.01 and 0.99 alone, by REST and on subscribing',
  },
  'top-ahead': {
    venues: ['polymarket'],
    everyMs: 2_000,
    does: 'tells the top after a burst with the first change of the burst',
  },
  'tick-change': { venues: ['polymarket'], everyMs: 10_000, does: 'makes the tick of one market finer' },
  overflow: {
    venues: ['kalshi'],
    everyMs: 10_000,
    does: 'ends a subscription to books with error 25, as for a reader that is too slow',
  },
  // Orders.
  'lost-answer': {
    venues: BOTH,
    everyMs: 5_000,
    does: 'takes one order and breaks the connection instead of answering',
  },
  'late-answer': { venues: BOTH, everyMs: 5_000, does: 'takes one order and answers 2 seconds later' },
  'server-error': { venues: BOTH, everyMs: 5_000, does: 'answers one order with 503 and does not take it' },
  'rate-limit': { venues: BOTH, everyMs: 5_000, does: 'answers one order with 429' },
  pause: { venues: BOTH, does: 'pauses trading: cancels go on, orders are refused' },
  'taker-delay': { venues: ['polymarket'], does: 'holds every order that would take for 1 second' },
  'failed-trade': { venues: ['polymarket'], everyMs: 5_000, does: 'lets one matched trade end FAILED' },
  'stale-reads': { venues: ['kalshi'], does: 'answers questions about the portfolio as of 2 seconds ago' },
  'post-only-cancel': {
    venues: ['kalshi'],
    does: 'answers a post-only order that would cross with 201 and cancels it, instead of 400',
  },
} as const satisfies Record<string, Fault>

export type FaultName = keyof typeof FAULTS

export function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(FAULTS, name)
}

/** Which faults are on, per venue, and when they last struck. */
export class Faults {
  readonly #nowMs: () => number
  /** By fault and venue: when it may strike next; absent while it is off. */
  readonly #dueMs = new Map<string, number>()

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Switches a fault at all of its venues, or at the one named. */
  set(name: FaultName, on: boolean, venue?: VenueName): void {
    for (const at of FAULTS[name].venues) {
      if (venue !== undefined && venue !== at) continue
      if (on) this.#dueMs.set(`${name} ${at}`, Number.NEGATIVE_INFINITY)
      else this.#dueMs.delete(`${name} ${at}`)
    }
  }

  /** Whether a fault is on. For those that hold; those that strike are asked by `strikes`. */
  has(name: FaultName, venue: VenueName): boolean {
    return this.#dueMs.has(`${name} ${venue}`)
  }

  /** Whether a fault strikes now: at once when it is switched on, then every `everyMs`. */
  strikes(name: FaultName, venue: VenueName): boolean {
    const key = `${name} ${venue}`
    const dueMs = this.#dueMs.get(key)
    const nowMs = this.#nowMs()
    if (dueMs === undefined || nowMs < dueMs) return false
    const fault: Fault = FAULTS[name]
    this.#dueMs.set(key, nowMs + (fault.everyMs ?? 0))
    return true
  }

  /** Those that are on, as `gap kalshi`. */
  get on(): string[] {
    return [...this.#dueMs.keys()].sort()
  }
}
