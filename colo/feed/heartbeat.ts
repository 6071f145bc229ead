import { assert } from '@tandem/shared/assert.ts'

// Is the other side there? Asked every 10 s (Polymarket fact sheet, section 3.1: text PING; Kalshi's own pings come or
// do not, Kalshi fact sheet, section 3.1, so that it is asked in the same rhythm). Between "there" and "gone" lies a
// doubt: a link that has swallowed a ping for seconds may have swallowed prices too.
//
//     ping        ping                              30 s without an answer
//      |--- 10 s ---|-- 2 s --|  Late: not traded on  |  Dead: dropped

export const HeartbeatVerdict = {
  Well: 0,
  /** Time to ask. */
  Ping: 1,
  /** The answer is overdue: what the link told may lie unread somewhere. Said once for each ping. */
  Late: 2,
  Dead: 3,
} as const
export type HeartbeatVerdict = (typeof HeartbeatVerdict)[keyof typeof HeartbeatVerdict]

export interface HeartbeatTimes {
  readonly pingNs: number
  readonly lateNs: number
  readonly deadNs: number
}

export const HEARTBEAT: HeartbeatTimes = {
  pingNs: 10_000_000_000,
  /** Twenty round trips across an ocean. */
  lateNs: 2_000_000_000,
  /** As the venue's own client has it: Polymarket fact sheet, section 3.1. */
  deadNs: 30_000_000_000,
}

export class Heartbeat {
  readonly #times: HeartbeatTimes
  #sent = 0
  #answered = 0
  /** When the first ping that has no answer yet was sent. */
  #waitingSinceNs = 0
  #answeredNs = 0
  #pingDueNs = 0
  #isTold = false

  constructor(times: HeartbeatTimes) {
    assert(times.lateNs < times.deadNs && times.pingNs < times.deadNs, 'HEARTBEAT_ORDER')
    this.#times = times
  }

  /** A new connection. */
  reset(nowNs: number): void {
    this.#sent = 0
    this.#answered = 0
    this.#answeredNs = nowNs
    this.#pingDueNs = nowNs + this.#times.pingNs
    this.#isTold = false
  }

  look(nowNs: number): HeartbeatVerdict {
    if (nowNs - this.#answeredNs > this.#times.deadNs) return HeartbeatVerdict.Dead
    const isWaiting = this.#sent > this.#answered
    if (isWaiting && !this.#isTold && nowNs - this.#waitingSinceNs > this.#times.lateNs) {
      this.#isTold = true
      return HeartbeatVerdict.Late
    }
    return nowNs >= this.#pingDueNs ? HeartbeatVerdict.Ping : HeartbeatVerdict.Well
  }

  /** @returns the ping's number: it is answered when `answers` is as much. */
  sent(nowNs: number): number {
    if (this.#sent === this.#answered) this.#waitingSinceNs = nowNs
    this.#pingDueNs = nowNs + this.#times.pingNs
    return ++this.#sent
  }

  /** How many pings are answered: answers come in order. */
  get answers(): number {
    return this.#answered
  }

  answered(nowNs: number): void {
    if (this.#answered < this.#sent) this.#answered++
    // The next one waits since this answer at the latest: the pings between were sent before it.
    this.#waitingSinceNs = nowNs
    this.#answeredNs = nowNs
    this.#isTold = false
  }
}
