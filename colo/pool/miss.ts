import { NS_PER_MS } from '@tandem/shared/units.ts'

/** Why `take` has no order to give; below every slot. */
export const PoolMiss = {
  /** No such line was added: the bundle is not one that the pool serves. */
  UnknownLine: -1,
  /** The line is switched off. */
  Disabled: -2,
  /** Orders of that many cents are not signed ahead. */
  NoSize: -3,
  /** No limit within the asked range is held or wanted. */
  NoLevel: -4,
  /** A limit in the range is wanted, but its order was just used, or is not signed yet. */
  NotYetSigned: -5,
  /** The order is signed, its hash not durable yet. */
  NotDurable: -6,
  /** The order is older than a signed order may be. */
  Expired: -7,
} as const
export type PoolMiss = (typeof PoolMiss)[keyof typeof PoolMiss]

/** A decision this soon after a touch of its line moved is counted separately too: that is when the pool is tried. */
const RECENT_MOVE_NS = 100 * NS_PER_MS

/** Misses by name: one for each PoolMiss, in its order. */
type MissCounts = { [cause in keyof typeof PoolMiss]: number }

export interface HitCounts {
  approved: number
  hits: number
  /** Hits of all approved; 1 when nothing was approved. */
  hitRate: number
  misses: MissCounts
}

/** Counts what became of approved decisions: one call of `take` each. */
export class HitRate {
  /** By minus the outcome; place 0 counts the hits. */
  readonly #all = new Float64Array(Object.keys(PoolMiss).length + 1)
  readonly #recent = new Float64Array(Object.keys(PoolMiss).length + 1)

  /** @param outcome a slot, or a PoolMiss */
  count(outcome: number, sinceMoveNs: number): void {
    const place = outcome < 0 ? -outcome : 0
    this.#all[place]++
    if (sinceMoveNs <= RECENT_MOVE_NS) this.#recent[place]++
  }

  /** Of all approved decisions. */
  all(): HitCounts {
    return hitCounts(this.#all)
  }

  /** Of those within RECENT_MOVE_NS of a touch move. */
  afterMove(): HitCounts {
    return hitCounts(this.#recent)
  }
}

function hitCounts(counts: Float64Array): HitCounts {
  const approved = counts.reduce((sum, count) => sum + count)
  const misses = Object.entries(PoolMiss).map(([cause, miss]) => [cause, counts[-miss]])
  return {
    approved,
    hits: counts[0],
    hitRate: approved === 0 ? 1 : counts[0] / approved,
    misses: Object.fromEntries(misses) as MissCounts,
  }
}
