import { decimalFromScaled } from '@tandem/shared/decimal.ts'
import { Failure } from '@tandem/shared/failure.ts'
import { nameOf } from '@tandem/shared/named-integer.ts'
import { BookState } from './book/integrity.ts'
import type { Clock } from './clock.ts'
import type { Operated, ResumeRequest, UnwindRequest } from './control/control.ts'
import { Lag } from './detector/ensemble.ts'
import { ConnectionState } from './feed/connection.ts'
import type { FeedHealth } from './feed/feed.ts'
import type { JournalRing } from './journal/ring.ts'
import type { LeaseStanding } from './live.ts'
import type { Assembly } from './main.ts'
import { boughtOutcome } from './outcome.ts'
import { HaltReason, haltNames, LASTING_HALTS } from './risk/halt.ts'
import { kalshiPurse, OUTCOME_COMPLEMENT, OUTCOME_NAMED, POLYMARKET_PURSE } from './state/ledger.ts'
import { OrderState } from './state/order.ts'
import { OrderKind } from './state/orders.ts'
import { Agreement } from './state/resolutions.ts'
import { TradeState } from './state/trade.ts'
import { TRADES_MAX } from './state/trades.ts'
import { planUnwind, type Unwind } from './unwind.ts'
import type { Skew } from './venue/skew.ts'
import { KALSHI, POLYMARKET, VENUE_NAMES, type Venue } from './venue/venue.ts'

export interface OperatorParts {
  readonly mode: string
  readonly runId: string
  readonly clock: Clock
  readonly assembly: Assembly
  readonly journal: JournalRing
  lease(): LeaseStanding
  feeds(): Record<(typeof VENUE_NAMES)[number], FeedHealth>
  /** By venue. */
  readonly gateways: readonly {
    readonly open: number
    readonly skew: Pick<Skew, 'aheadMs' | 'venueMs'>
    health(): { readonly open: number; readonly total: number; readonly trouble: string }
  }[]
  /** Hears of every command that changes something: for the log, and for who keeps accounts of it. */
  told(command: OperatorCommand): void
}

export type OperatorCommand =
  | { readonly command: 'halt' }
  | { readonly command: 'resume'; readonly tripped: boolean }
  | { readonly command: 'unwind'; readonly pair: string; readonly lots: number }

/** A terminal shows no more, and an operator looks at no more. */
const LAGGING_TOLD_MAX = 10

export type Status = ReturnType<Operator['status']>
export type Position = ReturnType<Operator['positions']>[number]
export type OrderLine = ReturnType<Operator['orders']>[number]
export type UnwindAnswer = ReturnType<Operator['unwind']>

/** What an operator sees of the executor and may do to it, as plain data. Off the path: it allocates. */
export class Operator implements Operated {
  readonly #parts: OperatorParts

  constructor(parts: OperatorParts) {
    this.#parts = parts
  }

  halt(): { halts: string[] } {
    const { assembly, told } = this.#parts
    // First of all: whoever keeps accounts of it may fail.
    assembly.executor.halt(HaltReason.Operator)
    told({ command: 'halt' })
    return { halts: haltNames(assembly.risk.halts) }
  }

  /** Takes back the operator's halt, with `tripped` the breakers' as well, and no other. */
  resume({ tripped }: ResumeRequest): { halts: string[] } {
    const { assembly, told } = this.#parts
    told({ command: 'resume', tripped })
    assembly.executor.resume(tripped ? LASTING_HALTS : HaltReason.Operator)
    return { halts: haltNames(assembly.risk.halts) }
  }

  status() {
    const { mode, runId, clock, assembly, journal, gateways } = this.#parts
    const { risk, pool, trades, orders, ledger } = assembly
    const states = this.#openTrades().map((trade) => trades.state[trade])
    const underWay = orders.underWay().map((order) => orders.state[orders.place(order)])
    const hits = pool.hitRate.all()
    const feeds = this.#parts.feeds()
    return {
      mode,
      run: runId,
      pid: process.pid,
      up_ms: Math.floor(clock.nowNs() / 1e6),
      halts: haltNames(risk.halts),
      lease: this.#parts.lease(),
      feeds: perVenue((_, name) => ({
        sockets: feeds[name].sockets.map(({ state }) => nameOf(ConnectionState, state)),
        books: feeds[name].books,
        reconnects: feeds[name].reconnects,
      })),
      gateways: perVenue((venue) => {
        const { skew, open: inFlight } = gateways[venue]
        const aheadMs = skew.aheadMs(clock.wallMs(), clock.nowNs())
        return {
          ...gateways[venue].health(),
          in_flight: inFlight,
          clock_ahead_ms: Number.isNaN(aheadMs) ? null : Math.round(aheadMs),
        }
      }),
      money_micro_usd: {
        polymarket: {
          balance: ledger.balanceMicroUsd[POLYMARKET_PURSE],
          reserved: ledger.reservedMicroUsd[POLYMARKET_PURSE],
        },
        kalshi: {
          balance: sum(ledger.balanceMicroUsd.subarray(kalshiPurse(0))),
          reserved: sum(ledger.reservedMicroUsd.subarray(kalshiPurse(0))),
        },
      },
      pool: { held: pool.store.slots - pool.store.freeCount, approved: hits.approved, hits: hits.hits },
      trades: {
        open: states.length,
        exposed: states.filter((state) => state === TradeState.Exposed).length,
        parked: states.filter((state) => state === TradeState.Parked).length,
      },
      orders: {
        under_way: underWay.length,
        unknown: underWay.filter((state) => state === OrderState.Unknown).length,
      },
      lagging: this.#lagging(),
      journal: {
        appended: journal.published,
        durable: journal.durable,
        blocked_errno: journal.blockedErrno,
      },
    }
  }

  /** The pairs of which one venue lags, the surest first. */
  #lagging() {
    const { ensemble, listing } = this.#parts.assembly
    const { lag, sureness, fairPrice } = ensemble
    return listing.bundles
      .flatMap(({ id, books }, bundle) => {
        const lagging = lag[bundle]
        if (lagging !== Lag.Polymarket && lagging !== Lag.Kalshi) return []
        // The ensemble hears of a lost socket with the book's next frame, which may be long in coming.
        if (books.some((book, venue) => listing.books[venue][book].state !== BookState.Live)) return []
        const fair = decimalFromScaled(fairPrice[bundle], 4, 2)
        return [{ pair: id, venue: VENUE_NAMES[lagging], fair, sureness: sureness[bundle] }]
      })
      .sort((a, b) => b.sureness - a.sureness)
      .slice(0, LAGGING_TOLD_MAX)
  }

  /** Every pair that holds something, or of which a trade is open. */
  positions() {
    const { listing, ledger, resolutions, risk, trades, orders } = this.#parts.assembly
    const open = this.#openTrades()
    const underWay = orders.underWay().map((order) => orders.place(order))
    return listing.bundles
      .map(({ id, inverse }, bundle) => {
        const of = (venue: Venue, outcome: number): number => ledger.heldMicroShares(bundle, venue, outcome)
        const kalshi = of(KALSHI, OUTCOME_NAMED) - of(KALSHI, OUTCOME_COMPLEMENT)
        const yes = inverse ? -kalshi : kalshi
        return {
          pair: id,
          polymarket: {
            yes_micro_shares: of(POLYMARKET, OUTCOME_NAMED),
            no_micro_shares: of(POLYMARKET, OUTCOME_COMPLEMENT),
          },
          kalshi: { yes_micro_shares: Math.max(yes, 0), no_micro_shares: Math.max(-yes, 0) },
          cost_micro_usd: ledger.spentByBundleMicroUsd[bundle],
          covered_micro_usd: ledger.coveredMicroUsd(bundle),
          excess_micro_shares: ledger.excessMicroShares(bundle, OUTCOME_NAMED),
          reserved_micro_usd: underWay
            .filter((place) => orders.bundle[place] === bundle)
            .reduce((sum, place) => sum + orders.reservedMicroUsd[place], 0),
          trades: open
            .filter((trade) => trades.bundle[trade] === bundle)
            .map((trade) => nameOf(TradeState, trades.state[trade])),
          blocked: risk.isBlocked(bundle),
          named_pays_micro_usd: perVenue((venue) =>
            resolutions.isKnown(bundle, venue) ? resolutions.paysNamedMicroUsd(bundle, venue) : null,
          ),
          divergent: resolutions.agreement(bundle) === Agreement.Divergent,
        }
      })
      .filter(
        ({ polymarket, kalshi, trades: states, blocked }) =>
          [...Object.values(polymarket), ...Object.values(kalshi)].some((shares) => shares !== 0) ||
          states.length > 0 ||
          blocked,
      )
  }

  /** Every order whose end is not known. What names it, and nothing that could be sent again. */
  orders() {
    const { clock, assembly, gateways } = this.#parts
    const { listing, orders } = assembly
    return orders.underWay().map((order) => {
      const place = orders.place(order)
      const sentMs = orders.sentMs[place]
      const { skew } = gateways[orders.venue[place]]
      return {
        order,
        pair: listing.bundles[orders.bundle[place]].id,
        venue: VENUE_NAMES[orders.venue[place]],
        kind: nameOf(OrderKind, orders.kind[place]),
        state: nameOf(OrderState, orders.state[place]),
        age_ms: sentMs === 0 ? null : skew.venueMs(clock.wallMs(), clock.nowNs()) - sentMs,
        reserved_micro_usd: orders.reservedMicroUsd[place],
      }
    })
  }

  /** Says what a sale by hand would do, and with `send` does it. @throws Failure UNWIND_* */
  unwind({ pair, venue, lots, max_loss_micro_usd: maxLossMicroUsd, send }: UnwindRequest) {
    const { assembly, clock, told } = this.#parts
    const { listing, ledger, risk, desk } = assembly
    const bundle = listing.bundles.findIndex(({ id }) => id === pair)
    if (bundle === -1)
      throw new Failure({
        code: 'UNWIND_PAIR',
        what: 'there is no such pair',
        where: pair,
        todo: 'look at `tandem positions`',
      })
    if (risk.isOpen(bundle))
      throw new Failure({
        code: 'UNWIND_TRADE_OPEN',
        what: 'a trade of it is open',
        where: pair,
        todo: '`tandem halt`, and try again when `tandem positions` shows no trade of it',
        retry: true,
      })
    const unwind = planUnwind(
      { ...listing, ledger },
      {
        bundle,
        venue: venue === undefined ? undefined : (VENUE_NAMES.indexOf(venue) as Venue),
        lots,
        maxLossMicroUsd,
      },
    )
    if (send) {
      if (!risk.tenure.mayEnter(clock.nowNs()))
        throw new Failure({
          code: 'UNWIND_STANDING_BY',
          what: 'another executor of this name is the one that trades',
          where: pair,
          todo: 'sell it there: `tandem status` says `held`',
        })
      told({ command: 'unwind', pair, lots: unwind.lots })
      if (!desk.unwind(unwind, clock.nowNs()))
        throw new Failure({
          code: 'UNWIND_NOT_SENT',
          what: 'no connection, rate token or signature was to be had',
          where: pair,
          todo: 'look at `tandem status`, and try again',
          retry: true,
        })
    }
    return { sent: send, ...unwindLines(pair, unwind) }
  }

  #openTrades(): number[] {
    const { bundle } = this.#parts.assembly.trades
    return Array.from({ length: TRADES_MAX }, (_, trade) => trade).filter((trade) => bundle[trade] !== -1)
  }
}

function unwindLines(pair: string, { lots, wantedLots, legs }: Unwind) {
  return {
    pair,
    lots,
    wanted_lots: wantedLots,
    legs: legs.map(({ venue, direction, limit, paidMicroUsd, bringsMicroUsd, worstMicroUsd }) => ({
      venue: VENUE_NAMES[venue],
      outcome: boughtOutcome(venue, direction) === OUTCOME_NAMED ? 'named' : 'complement',
      limit: decimalFromScaled(limit, 4, 2),
      paid_micro_usd: paidMicroUsd,
      brings_micro_usd: bringsMicroUsd,
      worst_micro_usd: worstMicroUsd,
    })),
  }
}

function sum(cells: Float64Array): number {
  return cells.reduce((total, cell) => total + cell, 0)
}

function perVenue<Value>(
  of: (venue: Venue, name: (typeof VENUE_NAMES)[number]) => Value,
): Record<(typeof VENUE_NAMES)[number], Value> {
  return { polymarket: of(POLYMARKET, 'polymarket'), kalshi: of(KALSHI, 'kalshi') }
}
