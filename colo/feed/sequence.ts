import { assert } from '@tandem/shared/assert.ts'

/** What a message's number says of the messages before it. */
export const SequenceOutcome = {
  /** The first message of this sid on this connection: its number is the base, whatever it is. */
  First: 0,
  /** The number after the last: nothing is missing. */
  InOrder: 1,
  /** The last number again. Its content must not be applied a second time; nothing is missing. */
  Duplicate: 2,
  /** Messages are missing: every book of the sid is SUSPECT. This number is the new base. */
  Gap: 3,
  /** A number lower than the last: the venue started anew or reordered. As bad as a gap, and the new base too. */
  Regression: 4,
  /** More sids than were planned for: nothing is proven about this one. Treat as a gap, and alert. */
  NoRoom: 5,
} as const
export type SequenceOutcome = (typeof SequenceOutcome)[keyof typeof SequenceOutcome]

/**
 * The numbering of one Kalshi connection. `seq` counts per sid, across all of its markets, and acknowledgements and
 * scoped errors consume numbers too (Kalshi fact sheet, section 3.5): every message that has one must come here.
 * A snapshot is no new base: that would hide a gap.
 */
export class Sequences {
  // A connection has one sid a channel, so a handful: walking them beats hashing.
  private readonly sids: Float64Array
  private readonly last: Float64Array
  private count = 0

  constructor(capacity: number) {
    assert(capacity > 0, 'SEQUENCES_HAVE_ROOM')
    this.sids = new Float64Array(capacity)
    this.last = new Float64Array(capacity)
  }

  next(sid: number, seq: number): SequenceOutcome {
    let i = 0
    while (i < this.count && this.sids[i] !== sid) i++
    if (i === this.count) {
      if (i === this.sids.length) return SequenceOutcome.NoRoom
      this.count++
      this.sids[i] = sid
      this.last[i] = seq
      return SequenceOutcome.First
    }
    const last = this.last[i]
    if (seq === last) return SequenceOutcome.Duplicate
    this.last[i] = seq
    if (seq === last + 1) return SequenceOutcome.InOrder
    return seq < last ? SequenceOutcome.Regression : SequenceOutcome.Gap
  }

  /** The sid was unsubscribed: its place is free. */
  forget(sid: number): void {
    const i = this.sids.subarray(0, this.count).indexOf(sid)
    if (i < 0) return
    this.count--
    this.sids[i] = this.sids[this.count]
    this.last[i] = this.last[this.count]
  }

  /** A new connection: all sids and numbers start again. */
  clear(): void {
    this.count = 0
  }
}

/** How long get_snapshot may stay without a reply. */
export const SNAPSHOT_REPLY_NS_MAX = 2_000_000_000

/** "Channel error" and "Subscription buffer overflow" end a subscription: Kalshi fact sheet, section 3.4. */
const CHANNEL_ERROR = 10
const BUFFER_OVERFLOW = 25

export function endsSubscription(errorCode: number): boolean {
  return errorCode === CHANNEL_ERROR || errorCode === BUFFER_OVERFLOW
}

/**
 * Whether a sid that was asked for snapshots after a gap has to be subscribed anew.
 *
 * @param suspectBooks books of the sid that are still SUSPECT.
 * @param heardNs when get_snapshot was sent, or its latest reply came: fifty books may heal one by one.
 */
export function isRepairOverdue(suspectBooks: number, heardNs: number, nowNs: number): boolean {
  return suspectBooks > 0 && nowNs - heardNs >= SNAPSHOT_REPLY_NS_MAX
}
