import { assert } from '@tandem/shared/assert.ts'
import { MICRO_SHARES_PER_LOT, type Ns } from '@tandem/shared/units.ts'
import { type Ledger, OUTCOME_NAMED } from '../state/ledger.ts'
import { TRADES_MAX, type Trades } from '../state/trades.ts'
import { KALSHI, POLYMARKET } from '../venue/venue.ts'
import { DayTotal } from './day-total.ts'
import type { Approved, Intent } from './intent.ts'
import { Tenure } from './tenure.ts'

/** Why an intent may not be sent. The first that applies is given. */
export const Refusal = {
  /** Nothing stands against it. */
  None: 0,
  /** An operator, a fault of ours or a breaker stopped new entries. */
  Halted: 1,
  /** The journal has no room or cannot write: what is not recorded is not done. */
  JournalBlocked: 2,
  /** A trade of this pair waits for its answers. */
  InFlight: 3,
  /** Too many trades of all pairs wait for their answers. */
  TooManyInFlight: 4,
  /** This pair traded a moment ago; its books may not show it yet. */
  Cooldown: 5,
  /** This pair holds more than dust without its other side. */
  Exposed: 6,
  /** One leg costs more than one order may. */
  OrderLimit: 7,
  /** One of the pair's markets has been settled: what the other leg holds is paid when its market is. */
  Settled: 24,
  /** If no match of the pair that is not settled yet held, more would be naked than one pair may be. */
  NakedLimit: 23,
  /** The pair would hold more than one market may. */
  MarketLimit: 8,
  /** All pairs of the event together would hold more than one event may. */
  EventLimit: 9,
  /** The venue would hold more than it may. */
  VenueLimit: 10,
  /** Both venues together would hold more than they may. */
  TotalLimit: 11,
  /** More would have been approved today than a day may bring. */
  DayLimit: 12,
  /** Not enough free money on Polymarket, fees included. */
  PolymarketBalance: 13,
  /** Not enough free money on the market's shard of Kalshi, fees included. */
  KalshiBalance: 14,

  // Found out by the executor, before or after risk is asked:

  /** The market's version, tick or taker delay is none that we can serve. */
  NotTradable: 15,
  /** One venue has no connection that is free: neither leg is sent. */
  NoConnection: 16,
  /** No signed Kalshi header is at hand. */
  NoHeader: 17,
  /** No client order id is reserved durably. */
  NoClientOrderId: 18,
  /** A touch that the pair's last trade took from still shows what it showed then. */
  NotShown: 19,
  /** The pool has not signed its first stock yet. */
  NotStocked: 21,
  /** A venue shows of this pair another position than our books, or was not asked yet. */
  Blocked: 20,
  /** Kalshi has no order group for the market's shard yet: its own guard would not count what we enter. */
  NoOrderGroup: 25,
  /** Another executor may trade what we would, now or before it were over. */
  NoLease: 26,
  /** Our wall clock is too far from a venue's, or no answer has told by how much: one venue may refuse what the other takes. */
  ClockSkewed: 22,
} as const
export type Refusal = (typeof Refusal)[keyof typeof Refusal]

/** What may be at stake, in micro-dollars: settings.ts describes each. */
export interface Limits {
  readonly orderMicroUsd: number
  readonly marketMicroUsd: number
  readonly eventMicroUsd: number
  readonly venueMicroUsd: number
  readonly totalMicroUsd: number
  readonly dayMicroUsd: number
  readonly nakedMicroUsd: number
}

/** Trades waiting for answers, all pairs together. Few, since each may need its exit at the same moment. */
export const IN_FLIGHT_MAX = 16
// Risk must refuse before the table of trades is full.
assert(IN_FLIGHT_MAX < TRADES_MAX, 'RISK_REFUSES_BEFORE_TRADES_FULL')

/**
 * What a pair may hold without its other side. A trade leaves less than a lot, and the dust before it was less than a
 * lot; the next one takes dust along until it is less again.
 */
const EXPOSED_MICRO_SHARES = 2 * MICRO_SHARES_PER_LOT

/** The one place that approves. Reads the books of account, changes nothing but its own memory of approvals. */
export class Risk {
  /** Why the last `check` refused; None when it approved. */
  refusal: Refusal = Refusal.None
  /** Why nothing is approved now: bits of HaltReason. */
  halts = 0
  /** Set by whoever compares our wall clock with the venues'. */
  isClockSkewed = false
  /** Set by whoever keeps the lease. */
  readonly tenure = new Tenure()
  readonly #limits: Limits
  readonly #ledger: Ledger
  readonly #trades: Trades
  readonly #cooldownNs: number
  /** Event of each bundle, and what each event holds. */
  readonly #eventOfBundle: Int32Array
  readonly #spentByEventMicroUsd: Float64Array
  readonly #restsUntilNs: Float64Array
  /** Open trades by bundle: one that was entered, and those that a venue's corrections began. */
  readonly #inFlight: Uint8Array
  readonly #isBlocked: Uint8Array
  readonly #isOver: Uint8Array
  /** By bundle: the worst that would be naked if what was matched and is not settled were taken back. */
  readonly #unsettledMicroUsd: Float64Array
  readonly #approvedToday: DayTotal

  /** @param dayEndsNs when the UTC day of the start ends, on our clock. */
  constructor(
    limits: Limits,
    ledger: Ledger,
    trades: Trades,
    eventOfBundle: Int32Array,
    cooldownNs: number,
    dayEndsNs: number,
  ) {
    this.#limits = limits
    this.#ledger = ledger
    this.#trades = trades
    this.#cooldownNs = cooldownNs
    this.#eventOfBundle = eventOfBundle
    this.#spentByEventMicroUsd = new Float64Array(eventOfBundle.length)
    this.#restsUntilNs = new Float64Array(eventOfBundle.length)
    this.#inFlight = new Uint8Array(eventOfBundle.length)
    this.#isBlocked = new Uint8Array(eventOfBundle.length)
    this.#isOver = new Uint8Array(eventOfBundle.length)
    this.#unsettledMicroUsd = new Float64Array(eventOfBundle.length)
    this.#approvedToday = new DayTotal(dayEndsNs)
  }

  /** No entry of this pair until `unblock`: what is held of it is not known. */
  block(bundle: number): void {
    this.#isBlocked[bundle] = 1
  }

  /** No entry of this pair any more. */
  over(bundle: number): void {
    this.#isOver[bundle] = 1
  }

  isOver(bundle: number): boolean {
    return this.#isOver[bundle] === 1
  }

  isBlocked(bundle: number): boolean {
    return this.#isBlocked[bundle] === 1
  }

  unblock(bundle: number): void {
    this.#isBlocked[bundle] = 0
  }

  /** Whether a trade of the pair is open. */
  isOpen(bundle: number): boolean {
    return this.#inFlight[bundle] > 0
  }

  /** Blocked, InFlight, Cooldown or None: asked before anything is planned, since most frames of a crossing fall into it. */
  restOf(bundle: number, nowNs: Ns): Refusal {
    if (this.#isOver[bundle] === 1) return Refusal.Settled
    if (this.#isBlocked[bundle] === 1) return Refusal.Blocked
    if (this.#inFlight[bundle] > 0) return Refusal.InFlight
    return nowNs < this.#restsUntilNs[bundle] ? Refusal.Cooldown : Refusal.None
  }

  /** @returns the intent as approved, or undefined with the reason in `refusal`. */
  check(intent: Intent, nowNs: Ns, journalHasRoom: boolean): Approved | undefined {
    this.refusal = this.#refusalOf(intent, nowNs, journalHasRoom)
    return this.refusal === Refusal.None ? (intent as Approved) : undefined
  }

  /**
   * Whether a held pair may be sold before its resolution. Nobody needs it, so what stops an entry stops it as well; and what
   * is sold must be settled, since a sale of what is taken back would be a purchase of nothing.
   *
   * @param nakedMicroUsd what stands naked while one side alone is sold
   * @param kalshiCostMicroUsd what Kalshi may hold back until the sale is netted: nobody has told that it does not
   */
  checkClose(
    bundle: number,
    nakedMicroUsd: number,
    kalshiCostMicroUsd: number,
    nowNs: Ns,
    journalHasRoom: boolean,
  ): Refusal {
    const standing = this.#standing(bundle, nowNs, journalHasRoom)
    if (standing !== Refusal.None) return standing
    const isWithin = this.#unsettledMicroUsd[bundle] <= 0 && nakedMicroUsd <= this.#limits.nakedMicroUsd
    if (!isWithin) return Refusal.NakedLimit
    const isFunded = this.#ledger.availableMicroUsd(bundle, KALSHI) >= kalshiCostMicroUsd
    return isFunded ? Refusal.None : Refusal.KalshiBalance
  }

  /**
   * An order that completes or unwinds a trade which was approved. Never refused here: what it may cost is bounded by
   * whoever makes it, and leaving a leg naked is what costs without bound.
   */
  approveExit(intent: Intent): Approved {
    return intent as Approved
  }

  /** What one trade has at stake if one of its legs is not there after all: below zero once it is known to be. */
  unsettled(bundle: number, nakedMicroUsd: number): void {
    this.#unsettledMicroUsd[bundle] += nakedMicroUsd
  }

  isUnsettled(bundle: number): boolean {
    return this.#unsettledMicroUsd[bundle] > 0
  }

  /** What a run before this one approved today. */
  carry(approvedMicroUsd: number): void {
    this.#approvedToday.microUsd += approvedMicroUsd
  }

  /** A trade is open: counted before its first byte leaves. */
  sent(bundle: number, worstMicroUsd: number): void {
    this.#inFlight[bundle]++
    this.#approvedToday.microUsd += worstMicroUsd
    this.#spentByEventMicroUsd[this.#eventOfBundle[bundle]] += worstMicroUsd
  }

  /** It is over: the worst case that `sent` counted gives way to what was spent. */
  settled(bundle: number, worstMicroUsd: number, spentMicroUsd: number, nowNs: Ns): void {
    this.#inFlight[bundle]--
    this.#restsUntilNs[bundle] = nowNs + this.#cooldownNs
    this.#spentByEventMicroUsd[this.#eventOfBundle[bundle]] += spentMicroUsd - worstMicroUsd
  }

  /** What stops new business of any kind. */
  #standing(bundle: number, nowNs: Ns, journalHasRoom: boolean): Refusal {
    if (this.halts !== 0) return Refusal.Halted
    if (!this.tenure.mayEnter(nowNs)) return Refusal.NoLease
    if (this.isClockSkewed) return Refusal.ClockSkewed
    if (!journalHasRoom) return Refusal.JournalBlocked
    const rest = this.restOf(bundle, nowNs)
    if (rest !== Refusal.None) return rest
    if (this.#trades.open >= IN_FLIGHT_MAX) return Refusal.TooManyInFlight
    if (Math.abs(this.#ledger.excessMicroShares(bundle, OUTCOME_NAMED)) >= EXPOSED_MICRO_SHARES)
      return Refusal.Exposed
    return Refusal.None
  }

  #refusalOf(intent: Intent, nowNs: Ns, journalHasRoom: boolean): Refusal {
    const { bundle, polymarketCostMicroUsd, kalshiCostMicroUsd } = intent
    const ledger = this.#ledger
    const limits = this.#limits
    const worstMicroUsd = polymarketCostMicroUsd + kalshiCostMicroUsd
    this.#approvedToday.roll(nowNs)
    const standing = this.#standing(bundle, nowNs, journalHasRoom)
    if (standing !== Refusal.None) return standing
    // Asked as "is it within", and not as "is it beyond": what is no number is then refused as well.
    if (!(polymarketCostMicroUsd <= limits.orderMicroUsd && kalshiCostMicroUsd <= limits.orderMicroUsd))
      return Refusal.OrderLimit
    const nakedMicroUsd = Math.max(polymarketCostMicroUsd, kalshiCostMicroUsd)
    if (!(this.#unsettledMicroUsd[bundle] + nakedMicroUsd <= limits.nakedMicroUsd)) return Refusal.NakedLimit
    if (!(ledger.spentByBundleMicroUsd[bundle] + worstMicroUsd <= limits.marketMicroUsd))
      return Refusal.MarketLimit
    if (!(this.#spentByEventMicroUsd[this.#eventOfBundle[bundle]] + worstMicroUsd <= limits.eventMicroUsd))
      return Refusal.EventLimit
    const polymarketMicroUsd = ledger.atStakeMicroUsd(POLYMARKET) + polymarketCostMicroUsd
    const kalshiMicroUsd = ledger.atStakeMicroUsd(KALSHI) + kalshiCostMicroUsd
    if (!(polymarketMicroUsd <= limits.venueMicroUsd && kalshiMicroUsd <= limits.venueMicroUsd))
      return Refusal.VenueLimit
    if (!(polymarketMicroUsd + kalshiMicroUsd <= limits.totalMicroUsd)) return Refusal.TotalLimit
    if (!(this.#approvedToday.microUsd + worstMicroUsd <= limits.dayMicroUsd)) return Refusal.DayLimit
    if (!(ledger.availableMicroUsd(bundle, POLYMARKET) >= polymarketCostMicroUsd))
      return Refusal.PolymarketBalance
    if (!(ledger.availableMicroUsd(bundle, KALSHI) >= kalshiCostMicroUsd)) return Refusal.KalshiBalance
    return Refusal.None
  }
}
