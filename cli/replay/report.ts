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
import { KALSHI, POLYMARKET, VENUE_NAMES, VENUES, type Venue } from '@tandem/colo/venue/venue.ts'
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

/**
 * Watches an executor over a whole run and adds up. Off the path: it may allocate. Totals are carried along, never
 * summed anew: who looks ten times a second must not pay for how long the run has lasted.
 */
export class RunRecord implements ExecutorObserver, BookListener {
  readonly integrity: IntegrityEvent[] = []
  readonly trades: TradeLine[] = []
  /** What no decision began: corrections of a venue, dust that has added up. */
  readonly repairs: TradeLine[] = []
  /** `polled`: seen on a book that no feed has, and not to be traded on. */
  readonly signals: {
    at_ns: string
    pair: string
    direction: string
    gross_micro_usd: number
    polled?: true
  }[] = []
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
  /** Trades that ended, by direction and by pair. */
  readonly by: Readonly<Record<'direction' | 'pair', Record<string, number>>> = { direction: {}, pair: {} }
  readonly #trades = {
    count: 0,
    hedged: 0,
    /** Legs that differed at first, and how they were made equal. */
    flattened: 0,
    completed: 0,
    sold_back: 0,
    nothing: 0,
    /** A venue settled its market before the legs were equal. */
    settled: 0,
    lots: 0,
    dust_micro_shares: 0,
  }
  readonly #pnlMicroUsd = { spent: 0, at_resolution: 0 }
  readonly #atNs: () => string
  readonly #kept: number
  readonly #pairs: readonly string[]
  readonly #markets: readonly [readonly string[], readonly string[]]
  /** Trades that could not be closed in time. */
  parked = 0
  /** Orders that had to be looked up, and what was told of one that was thought to be over. */
  unknown = 0
  corrected = 0
  /** Positions and balances that a venue shows otherwise than our books. */
  mismatches = 0
  moneyMoves = 0
  readonly #open = new Map<number, OpenTrade>()

  /**
   * @param markets by venue and book: the name of each market
   * @param atNs the present moment in the tape's own words, nanoseconds since 1970
   * @param kept of each list, the newest; a run without an end must not keep all
   */
  constructor(
    pairs: readonly string[],
    markets: readonly [readonly string[], readonly string[]],
    atNs: () => string,
    kept = Number.POSITIVE_INFINITY,
  ) {
    this.#atNs = atNs
    this.#kept = kept
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

  signal(
    bundle: number,
    direction: Direction,
    change: SignalChange,
    grossMicroUsd: number,
    _nowNs: Ns,
    isPolled: boolean,
  ): void {
    if (change !== SignalChange.Began) return
    this.#keep(this.signals, {
      at_ns: this.#atNs(),
      pair: this.#pairs[bundle],
      direction: DIRECTION_NAMES[direction],
      gross_micro_usd: grossMicroUsd,
      ...(isPolled ? { polled: true } : {}),
    })
  }

  fair(): void {}

  leg(cells: Float64Array): void {
    const place = cells[FillCell.trade]
    if (place < 0) return
    const venue = cells[FillCell.venue]
    const isNamed = cells[FillCell.outcome] === OUTCOME_NAMED
    const direction =
      isNamed === (venue === POLYMARKET) ? BUY_POLYMARKET_SELL_KALSHI : BUY_KALSHI_SELL_POLYMARKET
    const trade = this.#open.get(place) ?? this.#openTrade(place, cells[FillCell.bundle], direction, true)
    const leg = trade.legs[venue]
    const filled = cells[FillCell.filledMicroShares]
    // Kalshi sells by buying the other outcome: each takes one off what the leg holds, and the two are a dollar.
    const nets = venue === KALSHI && direction !== trade.direction
    leg.filled_micro_shares += nets ? -filled : filled
    leg.cost_micro_usd += cells[FillCell.costMicroUsd] - (nets ? filled : 0)
    leg.fee_micro_usd += cells[FillCell.feeMicroUsd]
  }

  #openTrade(trade: number, bundle: number, direction: Direction, isRepair = false): OpenTrade {
    const open: OpenTrade = { direction, bundle, isRepair, legs: [emptyLeg(), emptyLeg()] }
    this.#open.set(trade, open)
    return open
  }

  tradeEnded(trade: number, state: TradeState): void {
    const ended = this.#open.get(trade)
    if (ended === undefined) return
    this.#open.delete(trade)
    const [polymarket, kalshi] = ended.legs
    const line: TradeLine = {
      at_ns: this.#atNs(),
      pair: this.#pairs[ended.bundle],
      direction: DIRECTION_NAMES[ended.direction],
      outcome: outcomeName(state),
      polymarket,
      kalshi,
      net_micro_usd: netMicroUsd(ended.legs),
    }
    if (ended.isRepair) {
      this.#keep(this.repairs, line)
      return
    }
    this.#keep(this.trades, line)
    this.#add(line, state)
  }

  tradeParked(_trade: number, _nowNs: Ns): void {
    this.parked++
  }

  legUnknown(): void {
    this.unknown++
  }

  legCorrected(): void {
    this.corrected++
  }

  halted(): void {}

  mismatch(_bundle: number, _venue: Venue, _oursMicroShares: number, _toldMicroShares: number): void {
    this.mismatches++
  }

  resolved(_bundle: number, _venue: Venue, _paysNamedMicroUsd: number): void {}

  diverged(_bundle: number, _polymarketMicroUsd: number, _kalshiMicroUsd: number): void {}

  moneyMoved(_venue: Venue, _purse: number, _microUsd: number): void {
    this.moneyMoves++
  }

  badFrame(venue: Venue, outcome: number): void {
    this.#keep(this.badFrames, {
      line: this.line,
      venue: VENUE_NAMES[venue],
      outcome: nameOf(ParseOutcome, outcome),
    })
  }

  bookMoved(venue: Venue, book: number, from: BookState, to: BookState, cause: Cause, _nowNs: Ns): void {
    this.#keep(this.integrity, {
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
    return {
      trades: {
        ...this.#trades,
        repairs: this.repairs.length,
        parked: this.parked,
        exposed: this.#open.size,
      },
      pnl_micro_usd: { ...this.#pnlMicroUsd },
    }
  }

  #add(
    { pair, direction, polymarket, kalshi, net_micro_usd: netMicroUsd }: TradeLine,
    state: TradeState,
  ): void {
    const [most, least] = legOrder([polymarket, kalshi])
    const totals = this.#trades
    totals.count++
    if (state === TradeState.Hedged) totals.hedged++
    else if (state === TradeState.Nothing) totals.nothing++
    else if (state === TradeState.Settled) totals.settled++
    else totals.flattened++
    if (state === TradeState.Completed) totals.completed++
    else if (state === TradeState.SoldBack) totals.sold_back++
    totals.lots += Math.floor(least / MICRO_SHARES_PER_LOT)
    totals.dust_micro_shares += most - least
    for (const leg of [polymarket, kalshi]) this.#pnlMicroUsd.spent += leg.cost_micro_usd + leg.fee_micro_usd
    this.#pnlMicroUsd.at_resolution += netMicroUsd
    count(this.by.direction, direction)
    count(this.by.pair, pair)
  }

  #keep<Item>(list: Item[], item: Item): void {
    list.push(item)
    if (list.length > this.#kept) list.shift()
  }
}

interface OpenTrade {
  /** No decision began it: a venue corrected what it told before, or dust has added up to a lot. */
  isRepair: boolean
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
