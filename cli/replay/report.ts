import type { BookState } from '@tandem/colo/book/integrity.ts'
import { BookState as States } from '@tandem/colo/book/integrity.ts'
import {
  BUY_KALSHI_SELL_POLYMARKET,
  BUY_POLYMARKET_SELL_KALSHI,
  DIRECTION_NAMES,
  type Direction,
} from '@tandem/colo/detector/direction.ts'
import { PlanOutcome } from '@tandem/colo/detector/plan.ts'
import { SignalChange } from '@tandem/colo/detector/signal.ts'
import type { ExecutorObserver } from '@tandem/colo/executor.ts'
import { type BookListener, Cause } from '@tandem/colo/feed/intake.ts'
import { FillCell } from '@tandem/colo/journal/record.ts'
import { PoolMiss } from '@tandem/colo/pool/miss.ts'
import { Refusal } from '@tandem/colo/risk/check.ts'
import { OUTCOME_NAMED } from '@tandem/colo/state/ledger.ts'
import { TradeState } from '@tandem/colo/state/trade.ts'
import { TurnCell, TurnOutcome } from '@tandem/colo/turn.ts'
import { ParseOutcome } from '@tandem/colo/venue/sink.ts'
import { POLYMARKET, VENUE_NAMES, VENUES, type Venue } from '@tandem/colo/venue/venue.ts'
import { nameOf } from '@tandem/shared/named-integer.ts'
import { MICRO_SHARES_PER_LOT, type Ns, PAYOUT_MICRO_USD_PER_LOT, type Price } from '@tandem/shared/units.ts'

/** A book that moved from one state to another, and why. */
export interface IntegrityEvent {
  at_ns: string
  venue: string
  market: string
  from: string
  to: string
  cause: string
}

export interface TradeLine {
  at_ns: string
  pair: string
  direction: string
  outcome: string
  polymarket: LegLine
  kalshi: LegLine
  /** What the pairs pay at resolution less everything spent: shares without their other side count for nothing. */
  net_micro_usd: number
}

export interface LegLine {
  filled_micro_shares: number
  cost_micro_usd: number
  fee_micro_usd: number
}

/** The decisions by what became of them, and those that did not end in a trade by their reason. */
export interface DecisionCounts {
  sent: number
  signing: number
  not_live: number
  not_planned: Record<string, number>
  refused: Record<string, number>
  missed: Record<string, number>
}

/** Watches an executor over a whole run and adds up. Off the path: it may allocate. */
export class RunRecord implements ExecutorObserver, BookListener {
  readonly integrity: IntegrityEvent[] = []
  readonly trades: TradeLine[] = []
  readonly signals: { at_ns: string; pair: string; direction: string; gross_micro_usd: number }[] = []
  readonly decisions: DecisionCounts = {
    sent: 0,
    signing: 0,
    not_live: 0,
    not_planned: {},
    refused: {},
    missed: {},
  }
  readonly badFrames: { line: number; venue: string; outcome: string }[] = []
  /** The line of the frame in hand. Set by the driver. */
  line = 0
  readonly #atNs: () => string
  readonly #pairs: readonly string[]
  readonly #markets: readonly [readonly string[], readonly string[]]
  /** Trades that could not be closed in time. */
  parked = 0
  /** Orders that had to be looked up, and what was told of one that was thought to be over. */
  unknown = 0
  corrected = 0
  readonly #open = new Map<number, OpenTrade>()

  /**
   * @param markets by venue and book: the name of each market
   * @param atNs the present moment in the tape's own words, nanoseconds since 1970
   */
  constructor(
    pairs: readonly string[],
    markets: readonly [readonly string[], readonly string[]],
    atNs: () => string,
  ) {
    this.#atNs = atNs
    this.#pairs = pairs
    this.#markets = markets
  }

  turn(cells: Float64Array): void {
    const { decisions } = this
    const reason = cells[TurnCell.reason]
    switch (cells[TurnCell.outcome]) {
      case TurnOutcome.Sent:
        decisions.sent++
        this.#openTrade(cells[TurnCell.trade], cells[TurnCell.bundle], cells[TurnCell.direction] as Direction)
        break
      case TurnOutcome.Signing:
        decisions.signing++
        break
      case TurnOutcome.NotLive:
        decisions.not_live++
        break
      case TurnOutcome.NotPlanned:
        count(decisions.not_planned, nameOf(PlanOutcome, reason))
        break
      case TurnOutcome.Refused:
        count(decisions.refused, nameOf(Refusal, reason))
        break
      case TurnOutcome.Missed:
        count(decisions.missed, nameOf(PoolMiss, reason))
        break
    }
  }

  signal(bundle: number, direction: Direction, change: SignalChange, grossMicroUsd: number): void {
    if (change !== SignalChange.Began) return
    this.signals.push({
      at_ns: this.#atNs(),
      pair: this.#pairs[bundle],
      direction: DIRECTION_NAMES[direction],
      gross_micro_usd: grossMicroUsd,
    })
  }

  leg(cells: Float64Array): void {
    const place = cells[FillCell.trade]
    if (place < 0) return
    const venue = cells[FillCell.venue]
    const isNamed = cells[FillCell.outcome] === OUTCOME_NAMED
    const direction =
      isNamed === (venue === POLYMARKET) ? BUY_POLYMARKET_SELL_KALSHI : BUY_KALSHI_SELL_POLYMARKET
    // What no decision began is a trade of its own: a venue has corrected what it told before.
    const trade = this.#open.get(place) ?? this.#openTrade(place, cells[FillCell.bundle], direction)
    const leg = trade.legs[venue]
    leg.filled_micro_shares += cells[FillCell.filledMicroShares]
    leg.cost_micro_usd += cells[FillCell.costMicroUsd]
    leg.fee_micro_usd += cells[FillCell.feeMicroUsd]
  }

  #openTrade(trade: number, bundle: number, direction: Direction): OpenTrade {
    const open: OpenTrade = { direction, bundle, legs: [emptyLeg(), emptyLeg()] }
    this.#open.set(trade, open)
    return open
  }

  tradeEnded(trade: number, state: TradeState): void {
    const ended = this.#open.get(trade)
    if (ended === undefined) return
    this.#open.delete(trade)
    const [polymarket, kalshi] = ended.legs
    this.trades.push({
      at_ns: this.#atNs(),
      pair: this.#pairs[ended.bundle],
      direction: DIRECTION_NAMES[ended.direction],
      outcome: outcomeName(state),
      polymarket,
      kalshi,
      net_micro_usd: netMicroUsd(ended.legs),
    })
  }

  tradeParked(): void {
    this.parked++
  }

  legUnknown(): void {
    this.unknown++
  }

  legCorrected(): void {
    this.corrected++
  }

  halted(_halts: number): void {}

  badFrame(venue: Venue, outcome: number): void {
    this.badFrames.push({
      line: this.line,
      venue: VENUE_NAMES[venue],
      outcome: nameOf(ParseOutcome, outcome),
    })
  }

  bookMoved(venue: Venue, book: number, from: BookState, to: BookState, cause: Cause, _nowNs: Ns): void {
    this.integrity.push({
      at_ns: this.#atNs(),
      venue: VENUE_NAMES[venue],
      market: this.#markets[venue][book],
      from: nameOf(States, from).toUpperCase(),
      to: nameOf(States, to).toUpperCase(),
      cause: nameOf(Cause, cause).toLowerCase(),
    })
  }

  tickTold(_venue: Venue, _book: number, _tick: Price): void {}

  /** Totals of all trades that ended. */
  summary() {
    const counted = (state: TradeState): number =>
      this.trades.filter((trade) => trade.outcome === outcomeName(state)).length
    const completed = counted(TradeState.Completed)
    const soldBack = counted(TradeState.SoldBack)
    let lots = 0
    let dustMicroShares = 0
    let spentMicroUsd = 0
    let netMicroUsd = 0
    for (const trade of this.trades) {
      const [most, least] = legOrder([trade.polymarket, trade.kalshi])
      lots += Math.floor(least / MICRO_SHARES_PER_LOT)
      dustMicroShares += most - least
      netMicroUsd += trade.net_micro_usd
      for (const leg of [trade.polymarket, trade.kalshi])
        spentMicroUsd += leg.cost_micro_usd + leg.fee_micro_usd
    }
    return {
      trades: {
        count: this.trades.length,
        hedged: counted(TradeState.Hedged),
        // Legs that differed at first, and how they were made equal.
        flattened: completed + soldBack,
        completed,
        sold_back: soldBack,
        nothing: counted(TradeState.Nothing),
        parked: this.parked,
        exposed: this.#open.size,
        lots,
        dust_micro_shares: dustMicroShares,
      },
      pnl_micro_usd: { spent: spentMicroUsd, at_resolution: netMicroUsd },
    }
  }
}

interface OpenTrade {
  direction: Direction
  bundle: number
  legs: [LegLine, LegLine]
}

function outcomeName(state: TradeState): string {
  return state === TradeState.SoldBack ? 'sold_back' : nameOf(TradeState, state).toLowerCase()
}

function emptyLeg(): LegLine {
  return { filled_micro_shares: 0, cost_micro_usd: 0, fee_micro_usd: 0 }
}

function legOrder(legs: readonly LegLine[]): [most: number, least: number] {
  const filled = legs.map((leg) => leg.filled_micro_shares)
  return [Math.max(...filled), Math.min(...filled)]
}

function netMicroUsd(legs: readonly [LegLine, LegLine]): number {
  const [, least] = legOrder(legs)
  let net = Math.floor((least * PAYOUT_MICRO_USD_PER_LOT) / MICRO_SHARES_PER_LOT)
  for (let venue = POLYMARKET; venue < VENUES; venue++)
    net -= legs[venue].cost_micro_usd + legs[venue].fee_micro_usd
  return net
}

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1
}
