import { Lag } from '@tandem/colo/detector/ensemble.ts'
import { VENUES } from '@tandem/colo/venue/venue.ts'
import { NS_PER_S } from '@tandem/shared/units.ts'
import { Tally } from './tally.ts'

/** How long after it was said a claim is looked at. */
const HORIZONS_S = [1, 5, 30] as const
/** Claims are also told apart by how sure they were: thirds of 0..1. */
const SURENESS_BANDS = 3

export type Verdict = 'better' | 'worse' | 'undecided'

/** Both venues' mids of a pair's named outcome, in 1e-4 dollar, by venue; NaN where a book is not Live or has an empty side. */
export type Mids = readonly [number, number]

interface Claim {
  readonly bundle: number
  readonly dueNs: number
  readonly mids: Mids
  readonly fairPrice: number
  readonly lag: number
  readonly sureness: number
}

/** What was claimed with one horizon, and what became of it. */
class Horizon {
  readonly seconds: number
  readonly ensemble = new Tally()
  /** The plain mid cannot say which venue lags, so both are held against it, at the same moments. */
  readonly plain = new Tally()
  readonly bySureness = Array.from({ length: SURENESS_BANDS }, () => new Tally())
  /** Claims of which nobody knows: a book was not Live when they were due. */
  #lost = 0
  /** In the order in which they are due. */
  readonly #waiting: Claim[] = []
  /** By bundle. */
  readonly #freeNs: Float64Array

  constructor(seconds: number, bundles: number) {
    this.seconds = seconds
    this.#freeNs = new Float64Array(bundles)
  }

  /** One claim of a bundle at a time: what overlaps is no evidence of its own, and would make the interval too narrow. */
  claim(claim: Omit<Claim, 'dueNs'>, nowNs: number): void {
    if (nowNs < this.#freeNs[claim.bundle]) return
    const dueNs = nowNs + this.seconds * NS_PER_S
    this.#freeNs[claim.bundle] = dueNs
    this.#waiting.push({ ...claim, dueNs })
  }

  /** @param mids by bundle, as they were up to `nowNs` */
  judge(nowNs: number, mids: readonly Mids[]): void {
    for (let due = this.#waiting[0]; due !== undefined && due.dueNs <= nowNs; due = this.#waiting[0]) {
      this.#waiting.shift()
      this.#judge(due, mids[due.bundle])
    }
  }

  #judge({ mids: before, fairPrice, lag, sureness }: Claim, after: Mids): void {
    if (Number.isNaN(after[0]) || Number.isNaN(after[1])) {
      this.#lost++
      return
    }
    const direction = Math.sign(fairPrice - before[lag])
    if (direction !== 0) {
      const move = (after[lag] - before[lag]) * direction
      this.ensemble.add(move)
      this.bySureness[Math.min(Math.floor(sureness * SURENESS_BANDS), SURENESS_BANDS - 1)].add(move)
    }
    const plainPrice = (before[0] + before[1]) / 2
    for (let venue = 0; venue < VENUES; venue++) {
      const plainDirection = Math.sign(plainPrice - before[venue])
      if (plainDirection !== 0) this.plain.add((after[venue] - before[venue]) * plainDirection)
    }
  }

  report() {
    return {
      seconds: this.seconds,
      verdict: this.#verdict(),
      ensemble: this.ensemble.report(),
      plain_mid: this.plain.report(),
      by_sureness: this.bySureness.map((tally, band) => ({
        from: band / SURENESS_BANDS,
        to: (band + 1) / SURENESS_BANDS,
        ...tally.report(),
      })),
      // The last ones would have been due after the end of the tape.
      lost: this.#lost + this.#waiting.length,
    }
  }

  /** Decided only where both intervals lie apart. */
  #verdict(): Verdict {
    const ensemble = this.ensemble.interval()
    const plain = this.plain.interval()
    if (ensemble.low > plain.high) return 'better'
    return ensemble.high < plain.low ? 'worse' : 'undecided'
  }
}

/** Holds what the ensemble says against what the venues' mids then do. */
export class Judge {
  /** Fair values by what they said, places as in Lag. */
  readonly said: number[] = Object.values(Lag).map(() => 0)
  readonly #horizons: readonly Horizon[]

  constructor(bundles: number) {
    this.#horizons = HORIZONS_S.map((seconds) => new Horizon(seconds, bundles))
  }

  /** The ensemble said something new of a pair. */
  claim(claim: Omit<Claim, 'dueNs'>, nowNs: number): void {
    this.said[claim.lag]++
    if (claim.lag !== Lag.Polymarket && claim.lag !== Lag.Kalshi) return
    if (claim.mids.some(Number.isNaN)) return
    for (const horizon of this.#horizons) horizon.claim(claim, nowNs)
  }

  /** @param mids by bundle, as they were until `nowNs` */
  judge(nowNs: number, mids: readonly Mids[]): void {
    for (const horizon of this.#horizons) horizon.judge(nowNs, mids)
  }

  report() {
    return this.#horizons.map((horizon) => horizon.report())
  }
}
