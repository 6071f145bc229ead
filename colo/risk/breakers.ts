import type { Settings } from '@tandem/shared/settings.ts'
import { NS_PER_MS, type Ns } from '@tandem/shared/units.ts'
import { DayTotal } from './day-total.ts'
import { HaltReason } from './halt.ts'

// What stops new entries until a person has looked, since something is not as it was thought:
//
//   DayLoss       trades that ended worse than they cost have lost too much today
//   Refusals      of the last entry orders too many were refused
//   LegFailures   of the last entries too many filled on one side alone
//   Stall         our own loop stood still for long
//   OrderGroup    Kalshi itself stopped them (order-groups.ts)
//
// What ends by itself is none of them, since it is measured all the time: a book that is not LIVE, a clock that is off, a
// journal that cannot be written each refuse entries for as long as they last (check.ts).

export class Breakers {
  readonly #settings: Settings['breakers']
  readonly #trip: (reason: HaltReason) => void
  readonly #lost: DayTotal
  readonly #refusals: LastOnes
  readonly #legFailures: LastOnes

  /**
   * @param dayEndsNs when the UTC day of the start ends, on our clock
   * @param trip stops entries; called again while they are stopped already
   */
  constructor(settings: Settings['breakers'], dayEndsNs: number, trip: (reason: HaltReason) => void) {
    this.#settings = settings
    this.#trip = trip
    this.#lost = new DayTotal(dayEndsNs)
    this.#refusals = new LastOnes(settings.lastOnes)
    this.#legFailures = new LastOnes(settings.lastOnes)
  }

  /** What a run before this one lost today. */
  carry(lostMicroUsd: number): void {
    this.#lost.microUsd += lostMicroUsd
  }

  /** An order that enters a trade has ended. */
  orderEnded(isRefused: boolean): void {
    if (this.#refusals.note(isRefused) >= this.#settings.refusals) this.#trip(HaltReason.Refusals)
  }

  /** Both of its legs have; `isUneven` when they differ by a lot or more. */
  entryEnded(isUneven: boolean): void {
    if (this.#legFailures.note(isUneven) >= this.#settings.legFailures) this.#trip(HaltReason.LegFailures)
  }

  /** A trade is over. Gains do not make up for losses: they are there only when the market is resolved. */
  tradeEnded(netMicroUsd: number, nowNs: Ns): void {
    const lost = this.#lost
    lost.roll(nowNs)
    lost.microUsd += Math.max(0, -netMicroUsd)
    // Asked so that what is no number trips it as well.
    if (!(lost.microUsd < this.#settings.dayLossMicroUsd)) this.#trip(HaltReason.DayLoss)
  }

  /** Our loop was so late with what was due. */
  stalled(lateNs: number): void {
    if (lateNs >= this.#settings.stallMs * NS_PER_MS) this.#trip(HaltReason.Stall)
  }

  /** Somebody has looked, and takes the trips back: from here everything counts anew. */
  reset(): void {
    this.#lost.microUsd = 0
    this.#refusals.clear()
    this.#legFailures.clear()
  }
}

/** How many of the last so many were failures. */
class LastOnes {
  readonly #isFailure: Uint8Array
  #at = 0
  #failures = 0

  constructor(count: number) {
    this.#isFailure = new Uint8Array(count)
  }

  note(isFailure: boolean): number {
    const failure = Number(isFailure)
    this.#failures += failure - this.#isFailure[this.#at]
    this.#isFailure[this.#at] = failure
    this.#at = (this.#at + 1) % this.#isFailure.length
    return this.#failures
  }

  clear(): void {
    this.#isFailure.fill(0)
    this.#failures = 0
  }
}
