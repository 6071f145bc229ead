import { assert } from '@tandem/shared/assert.ts'

/** Four buckets an octave: a percentile is told at most 19 % too high. */
const PER_OCTAVE = 4
/** The last one begins at 2^40 ns, 18 minutes. */
const BUCKETS = 40 * PER_OCTAVE + 1

/** How much sooner one copy of a feed was than the other: the sampled leads that it had, in log buckets. */
export class Leads {
  readonly #counts = new Float64Array(BUCKETS)
  count = 0
  maxNs = 0

  add(leadNs: number): void {
    const bucket = leadNs < 1 ? 0 : Math.floor(Math.log2(leadNs) * PER_OCTAVE)
    this.#counts[Math.min(bucket, BUCKETS - 1)]++
    this.count++
    if (leadNs > this.maxNs) this.maxNs = leadNs
  }

  /** The upper end of the bucket that holds it; 0 when there is none. */
  percentileNs(share: number): number {
    assert(share > 0 && share <= 1, 'LEADS_SHARE')
    let left = Math.ceil(this.count * share)
    for (let bucket = 0; bucket < BUCKETS && left > 0; bucket++) {
      left -= this.#counts[bucket]
      if (left <= 0) return Math.min(this.maxNs, 2 ** ((bucket + 1) / PER_OCTAVE))
    }
    return 0
  }
}
