import { wilson } from './wilson.ts'

const PRICE_PER_CENT = 100

/** How often a venue's mid went where it was said to go. */
export class Tally {
  judged = 0
  moved = 0
  towards = 0
  #movePrice = 0

  /** @param movePrice in the direction that was said, in 1e-4 dollar */
  add(movePrice: number): void {
    this.judged++
    this.#movePrice += movePrice
    if (movePrice === 0) return
    this.moved++
    if (movePrice > 0) this.towards++
  }

  /** The share is of those that moved; the mean move counts those that stood still as 0. */
  report() {
    const { low, high } = this.interval()
    return {
      judged: this.judged,
      moved: this.moved,
      towards: this.towards,
      share: this.moved === 0 ? null : this.towards / this.moved,
      share_low: low,
      share_high: high,
      mean_move_cents: this.judged === 0 ? null : this.#movePrice / PRICE_PER_CENT / this.judged,
    }
  }

  interval(): { low: number; high: number } {
    return wilson(this.towards, this.moved)
  }
}
