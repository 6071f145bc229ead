import { NS_PER_S } from '@tandem/shared/units.ts'

/** What an entry may need until it has ended, its way out included: a taker delay, an answer, and EXIT_NS_MAX. */
export const ENTRY_MARGIN_NS = 4 * NS_PER_S

/** Until when, by our clock, this executor is the one that trades. Without another one beside it: for good. */
export class Tenure {
  untilNs = Number.POSITIVE_INFINITY

  /** Whether what is begun now can be brought to its end. */
  mayEnter(nowNs: number): boolean {
    return nowNs + ENTRY_MARGIN_NS < this.untilNs
  }

  mayExit(nowNs: number): boolean {
    return nowNs < this.untilNs
  }
}
