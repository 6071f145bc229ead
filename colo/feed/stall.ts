import { isGhostTop, LAG_MS_MAX } from '../book/integrity.ts'

// Has a socket gone silent, or has the venue nothing to say? Both venues have been seen to freeze while their pings
// went on (Polymarket fact sheet, section 3.4), so only market data counts as a sign of life. A book is never judged
// by its own silence: a quiet book is not stale. Judged are
//
//   the socket's own rate    silent for 20 of its usual gaps, and for 90 s at least
//   a canary                 one busy market on every socket, judged in the same way: parts of a feed can freeze
//   REST                     asked when the first two are in doubt; what it contradicts is stalled

/** No socket is called stalled sooner, however busy it was: markets pause together, between games and at night. */
export const STALL_NS_MIN = 90_000_000_000
/** Were messages independent, a live socket would be silent for 20 mean gaps once in 500 million times; they come in bursts, hence the floor. */
export const STALL_GAPS = 20
/** The rate is that of the last one to two windows: an evening's rush must not be held against the night. */
export const RATE_WINDOW_NS = 600_000_000_000

export const StallVerdict = {
  Flowing: 0,
  /** Silent, but not for long by its own rate, or only the canary is: compare a few books with REST. */
  Compare: 1,
  /** Subscribe anew; until then its books are not to be traded. */
  Stalled: 2,
} as const
export type StallVerdict = (typeof StallVerdict)[keyof typeof StallVerdict]

/** When something last spoke, and how often it does: a socket, or its canary. */
export class Pulse {
  private lastNs: number
  private windowNs: number
  private earlierWindowNs: number
  private count = 0
  private earlierCount = 0

  /** @param nowNs when the socket was opened. */
  constructor(nowNs: number) {
    this.lastNs = nowNs
    this.windowNs = nowNs
    this.earlierWindowNs = nowNs
  }

  /** Market data came. Not for pongs, heartbeats or acknowledgements. */
  beat(nowNs: number): void {
    this.lastNs = nowNs
    this.count++
    if (nowNs - this.windowNs < RATE_WINDOW_NS) return
    // The beat that ends a window also begins the next, so that what is counted is gaps and not beats.
    this.earlierWindowNs = this.windowNs
    this.earlierCount = this.count
    this.windowNs = nowNs
    this.count = 0
  }

  silenceNs(nowNs: number): number {
    return nowNs - this.lastNs
  }

  /** The rate as of the last beat, so that a long silence does not excuse itself; 0 before any beat. */
  meanGapNs(): number {
    const gaps = this.count + this.earlierCount
    return gaps === 0 ? 0 : (this.lastNs - this.earlierWindowNs) / gaps
  }

  thresholdNs(): number {
    return Math.max(STALL_NS_MIN, STALL_GAPS * this.meanGapNs())
  }
}

export function stallVerdict(socket: Pulse, canary: Pulse, nowNs: number): StallVerdict {
  const silenceNs = socket.silenceNs(nowNs)
  if (silenceNs > socket.thresholdNs()) return StallVerdict.Stalled
  if (silenceNs > STALL_NS_MIN) return StallVerdict.Compare
  return canary.silenceNs(nowNs) > canary.thresholdNs() ? StallVerdict.Compare : StallVerdict.Flowing
}

/**
 * Whether a REST book proves that our feed has missed something: it is newer than our book, shows another top, and
 * the message that would explain it has had all the time that a message may take.
 *
 * @param agrees its top equals ours now.
 * @param heldMs how long we have held the REST answer.
 */
export function restContradicts(
  agrees: boolean,
  ourMs: number,
  restBid: number,
  restAsk: number,
  restMs: number,
  heldMs: number,
): boolean {
  return !agrees && !isGhostTop(restBid, restAsk) && restMs > ourMs && heldMs > LAG_MS_MAX
}
