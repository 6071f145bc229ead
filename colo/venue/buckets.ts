import { assert } from '@tandem/shared/assert.ts'
import { NS_PER_S } from '@tandem/shared/units.ts'

// Both venues meter orders by token buckets that refill all the time (Kalshi fact sheet, section 4.1; Polymarket fact
// sheet, section 6.7). Ours is a copy of the venue's, spent before the venue has to say no, with some of it kept back:
// what leads into a trade may not use up what leads out of it.

/**
 * One bucket. Its level is kept in billionths of a token, which whole nanoseconds at a whole rate fill without a
 * remainder: looking often loses nothing.
 */
export class TokenBucket {
  #perSecond: number
  #capacity: number
  readonly #kept: number
  #level: number
  #atNs: number

  /** @param kept tokens that only an exit may take */
  constructor(perSecond: number, capacity: number, kept: number, nowNs: number) {
    assert(Number.isInteger(perSecond) && perSecond > 0 && capacity > kept && kept >= 0, 'BUCKET_HAS_ROOM')
    this.#perSecond = perSecond
    this.#capacity = capacity
    this.#kept = kept
    this.#level = capacity * NS_PER_S
    this.#atNs = nowNs
  }

  /** Whether `cost` tokens are there for a way in, the kept ones left aside. */
  hasForEntry(cost: number, nowNs: number): boolean {
    return this.hasForExit(cost + this.#kept, nowNs)
  }

  hasForExit(cost: number, nowNs: number): boolean {
    this.#refill(nowNs)
    return this.#level >= cost * NS_PER_S
  }

  /** A request has left. What it cost is gone even if that makes a debt: the venue counts it too. */
  take(cost: number, nowNs: number): void {
    this.#refill(nowNs)
    this.#level -= cost * NS_PER_S
  }

  /** The venue has said no: its bucket is empty, whatever ours says. Somebody else spends from the same account. */
  drain(nowNs: number): void {
    this.#refill(nowNs)
    this.#level = Math.min(this.#level, 0)
  }

  /** The venue has told the account's own rates. */
  retune(perSecond: number, capacity: number, nowNs: number): void {
    assert(Number.isInteger(perSecond) && perSecond > 0 && capacity > this.#kept, 'BUCKET_HAS_ROOM')
    this.#refill(nowNs)
    this.#perSecond = perSecond
    this.#capacity = capacity
    this.#level = Math.min(this.#level, capacity * NS_PER_S)
  }

  #refill(nowNs: number): void {
    this.#level = Math.min(this.#capacity * NS_PER_S, this.#level + (nowNs - this.#atNs) * this.#perSecond)
    this.#atNs = nowNs
  }
}
