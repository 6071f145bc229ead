import { assert } from '@tandem/shared/assert.ts'
import {
  MICRO_SHARES_PER_LOT,
  MICRO_USD_PER_CENT,
  MICRO_USD_PER_USD,
  NS_PER_S,
  type Ns,
} from '@tandem/shared/units.ts'
import type { Book } from './book/book.ts'
import { BookState } from './book/integrity.ts'
import type { Clock } from './clock.ts'
import type { Listing } from './listing.ts'
import type { OrderDesk } from './order-desk.ts'
import type { Risk } from './risk/check.ts'
import {
  KALSHI_SHARDS_MAX,
  kalshiPurse,
  type Ledger,
  OUTCOME_COMPLEMENT,
  OUTCOME_NAMED,
  POLYMARKET_PURSE,
} from './state/ledger.ts'
import { KALSHI_POSITION, type Reconciliation, Verdict } from './state/reconcile.ts'
import { Agreement, type Resolutions } from './state/resolutions.ts'
import type { KalshiRest } from './venue/kalshi/rest.ts'
import type { ToldTrade } from './venue/leg.ts'
import type { PolymarketRest } from './venue/polymarket/rest.ts'
import { KALSHI, POLYMARKET, type Venue } from './venue/venue.ts'

// Asks both venues what we have, at the start, after a private channel was away, and on a timer: the same questions and
// the same comparison each time. A pair is traded only once both venues showed of it what our books have, and no longer
// when one of them shows something else.

/** Between two rounds; and while some pair or balance has not been found as our books are, or a private channel is away. */
const ROUND_NS = 10 * NS_PER_S
const ROUND_NS_MIN = NS_PER_S
/** Kalshi's portfolio lags by up to half a second (fact sheet, section 4.1); Polymarket's balances wait for the chain. */
export const QUIET_NS = [30 * NS_PER_S, 2 * NS_PER_S] as const
/** Tokens asked for in one round: the venue lets through 200 questions in 10 s (Polymarket fact sheet, section 6.7). */
const TOKENS_PER_ROUND = 16
assert((TOKENS_PER_ROUND * 10 * NS_PER_S) / ROUND_NS_MIN <= 200, 'RECONCILE_WITHIN_POLYMARKET_RATE')
/** A balance that differs by less is rounding. */
const MOVED_MICRO_USD = MICRO_USD_PER_CENT
/** An order without an answer is booked by its fills, each rounded up to a micro-dollar (venue/told.ts). */
const ROUNDING_MICRO_USD_MAX = 100
assert(ROUNDING_MICRO_USD_MAX < MOVED_MICRO_USD, 'RECONCILE_ROUNDING_IS_NO_MOVE')
const TOKENS = 2
/** A fill that nobody told of is looked for so far back: an order is called absent, or ended, minutes before at most. */
const MISSED_MS = 600_000
/** Few markets end at one moment, and what they pay is in no hurry. */
const RESOLUTIONS_PER_ROUND = 4

/** Who hears of what the venues have and we did not know of, off the path. */
export interface ReconcileObserver {
  /** A position is not as our books have it: the pair stands still until it is. */
  mismatch(bundle: number, venue: Venue, oursMicroShares: number, toldMicroShares: number): void
  /** A venue has said what a share of the named outcome pays there. Polymarket's are paid when somebody redeems them. */
  resolved(bundle: number, venue: Venue, paysNamedMicroUsd: number): void
  /** Both venues have, and not the same: the pair did not pay a dollar. */
  diverged(bundle: number, polymarketMicroUsd: number, kalshiMicroUsd: number): void
  /** Money came or went that no order of ours explains: a deposit, a withdrawal, a settlement. */
  moneyMoved(venue: Venue, purse: number, microUsd: number): void
}

export interface ReconcilerParts {
  readonly clock: Clock
  readonly listing: Listing
  readonly ledger: Ledger
  readonly risk: Risk
  readonly reconciliation: Reconciliation
  readonly resolutions: Resolutions
  readonly desk: Pick<OrderDesk, 'isUnderWay' | 'over' | 'paid' | 'shown' | 'unsettledSinceMs'>
  readonly kalshi: Pick<KalshiRest, 'positions' | 'balancesMicroUsd' | 'settlements' | 'filledSince'>
  readonly polymarket: Pick<
    PolymarketRest,
    'heldMicroShares' | 'balanceMicroUsd' | 'tradesSince' | 'resolution'
  >
  /** Whether both venues' private channels tell us what they know. */
  readonly isTold: () => boolean
  /** A match of ours, as the venue's private channel would tell it. */
  readonly onTrade: (venue: Venue, told: ToldTrade) => void
  readonly observer: ReconcileObserver
}

export class Reconciler {
  readonly #parts: ReconcilerParts
  /** When the last round ended. */
  #endedNs = Number.NEGATIVE_INFINITY
  #isWhole = false
  #isHastened = false
  #isRunning = false
  /** The token to go on with: bundle x 2, and one more for the complement. */
  #next = 0
  /** By venue: when fills that nobody told are asked for again. */
  readonly #missedDueNs = [0, 0]
  /** By purse: the difference that the last look found. */
  readonly #difference = new Map<number, number>()

  /** No pair is traded before it was looked at. */
  constructor(parts: ReconcilerParts) {
    this.#parts = parts
    for (const bundle of parts.listing.bundles.keys()) parts.risk.block(bundle)
  }

  /** As soon as it can be: a private channel was away. */
  hasten(): void {
    this.#isHastened = true
  }

  /** Begins a round when it is time. */
  tick(nowNs: Ns): void {
    const restNs = this.#isWhole && this.#parts.isTold() ? ROUND_NS : ROUND_NS_MIN
    const isDue = this.#isHastened || nowNs >= this.#endedNs + restNs
    if (this.#isRunning || !isDue) return
    this.#isRunning = true
    // Before anything is asked: what happens from here on may need another round.
    this.#isHastened = false
    void this.round().finally(() => {
      const { clock, listing, reconciliation } = this.#parts
      this.#isWhole =
        listing.bundles.every((_, bundle) => reconciliation.isWhole(bundle)) &&
        [...this.#difference.values()].every((difference) => difference === 0)
      this.#endedNs = clock.nowNs()
      this.#isRunning = false
    })
  }

  /** Polymarket's balance says by what our books are rounded. */
  async roundOff(): Promise<void> {
    const { clock, polymarket } = this.#parts
    const askedNs = clock.nowNs()
    this.#money(POLYMARKET, POLYMARKET_PURSE, await polymarket.balanceMicroUsd(), askedNs)
  }

  /** One round. What a venue does not answer is asked again in the next. */
  async round(): Promise<void> {
    await Promise.allSettled([this.#askKalshi(), this.#askPolymarket()])
  }

  async #askKalshi(): Promise<void> {
    const { clock, listing, kalshi, onTrade } = this.#parts
    const missed: string[] = []
    const askedNs = clock.nowNs()
    const [positions, balances] = await Promise.all([kalshi.positions(), kalshi.balancesMicroUsd()])
    await this.#askSettlements(new Set(positions.map(({ ticker }) => ticker)))
    const held = new Map(positions.map(({ ticker, microShares }) => [ticker, microShares]))
    for (const [bundle, { pair }] of listing.pairs.entries()) {
      // Positive is YES.
      const yes = held.get(pair.kalshi.ticker) ?? 0
      const told = pair.polarity === 'inverse' ? 0 - yes : yes
      const verdict = this.#compare(bundle, KALSHI_POSITION, this.#kalshiNet(bundle), told, askedNs)
      if (isOther(verdict)) missed.push(pair.kalshi.ticker)
    }
    for (const ticker of this.#mayAsk(KALSHI, missed.length > 0) ? missed : [])
      for (const told of await kalshi.filledSince(ticker, clock.wallMs() - MISSED_MS)) onTrade(KALSHI, told)
    for (let shard = 0; shard < KALSHI_SHARDS_MAX; shard++)
      this.#money(KALSHI, kalshiPurse(shard), balances.get(shard) ?? 0, askedNs)
  }

  /** What we hold and the venue does not show any more may have been settled. */
  async #askSettlements(shown: ReadonlySet<string>): Promise<void> {
    const { clock, listing, kalshi, desk } = this.#parts
    const gone = listing.pairs.flatMap(({ pair }, bundle) => {
      const isThere = shown.has(pair.kalshi.ticker) || this.#kalshiNet(bundle) === 0
      return isThere ? [] : [{ bundle, pair }]
    })
    if (gone.length === 0) return
    const settlements = new Map((await kalshi.settlements()).map((settled) => [settled.ticker, settled]))
    for (const { bundle, pair } of gone) {
      const settled = settlements.get(pair.kalshi.ticker)
      if (settled === undefined) continue
      const pays = pair.polarity === 'same' ? settled.yesMicroUsd : MICRO_USD_PER_USD - settled.yesMicroUsd
      this.#resolved(bundle, KALSHI, pays)
      desk.over(bundle, clock.nowNs())
      desk.paid(bundle, KALSHI, pays, clock.nowNs())
    }
  }

  async #askPolymarket(): Promise<void> {
    const { clock, polymarket, desk } = this.#parts
    const askedNs = clock.nowNs()
    // The private channel tells of a match that fails, or settles, once.
    const sinceMs = desk.unsettledSinceMs()
    if (Number.isFinite(sinceMs)) await this.#askTrades(sinceMs)
    await this.#askResolutions()
    const verdicts = await Promise.all(this.#tokensOfRound().map((token) => this.#askToken(token)))
    if (this.#mayAsk(POLYMARKET, verdicts.some(isOther))) await this.#askTrades(clock.wallMs() - MISSED_MS)
    // After the tokens: what was redeemed is money that came.
    this.#money(POLYMARKET, POLYMARKET_PURSE, await polymarket.balanceMicroUsd(), askedNs)
  }

  /** For what nobody told: not in every round, since a position of somebody's own hand differs for good. */
  #mayAsk(venue: Venue, isWanted: boolean): boolean {
    const nowNs = this.#parts.clock.nowNs()
    if (!isWanted || nowNs < this.#missedDueNs[venue]) return false
    this.#missedDueNs[venue] = nowNs + ROUND_NS
    return true
  }

  async #askTrades(sinceMs: number): Promise<void> {
    const { polymarket, onTrade } = this.#parts
    for (const told of await polymarket.tradesSince(sinceMs)) onTrade(POLYMARKET, told)
  }

  /** Of markets that do not trade any more, and of which something is held. */
  async #askResolutions(): Promise<void> {
    const { listing, polymarket, resolutions, risk } = this.#parts
    const held = listing.pairs.flatMap(({ pair }, bundle) => {
      const { yesToken, conditionId } = pair.polymarket
      const isShut = risk.isOver(bundle) || this.#polymarketBook(bundle).state === BookState.Closed
      const isWanted = isShut && this.#holdsOnPolymarket(bundle) && !resolutions.isKnown(bundle, POLYMARKET)
      return isWanted && conditionId !== undefined ? [{ bundle, yesToken, conditionId }] : []
    })
    for (const { bundle, yesToken, conditionId } of held.slice(0, RESOLUTIONS_PER_ROUND)) {
      // Whatever else of the round can be asked is asked.
      const pays = await polymarket.resolution(conditionId, yesToken).catch(() => undefined)
      if (pays !== undefined) this.#resolved(bundle, POLYMARKET, pays)
    }
  }

  #polymarketBook(bundle: number): Book {
    const { listing } = this.#parts
    return listing.books[POLYMARKET][listing.bundles[bundle].books[POLYMARKET]]
  }

  #holdsOnPolymarket(bundle: number): boolean {
    return [OUTCOME_NAMED, OUTCOME_COMPLEMENT].some(
      (outcome) => this.#parts.ledger.heldMicroShares(bundle, POLYMARKET, outcome) >= MICRO_SHARES_PER_LOT,
    )
  }

  #resolved(bundle: number, venue: Venue, paysNamedMicroUsd: number): void {
    const { resolutions, observer } = this.#parts
    resolutions.told(bundle, venue, paysNamedMicroUsd)
    observer.resolved(bundle, venue, paysNamedMicroUsd)
    if (resolutions.agreement(bundle) !== Agreement.Divergent) return
    const of = (venue: Venue): number => resolutions.paysNamedMicroUsd(bundle, venue)
    observer.diverged(bundle, of(POLYMARKET), of(KALSHI))
  }

  async #askToken(token: number): Promise<Verdict> {
    const { clock, listing, ledger, polymarket, resolutions, desk } = this.#parts
    const askedNs = clock.nowNs()
    const bundle = Math.floor(token / TOKENS)
    const outcome = token % TOKENS
    const { yesToken, noToken } = listing.pairs[bundle].pair.polymarket
    const told = await polymarket.heldMicroShares(outcome === OUTCOME_NAMED ? yesToken : noToken)
    const ours = ledger.heldMicroShares(bundle, POLYMARKET, outcome)
    // Whoever redeems, redeems both tokens.
    if (told === 0 && ours >= MICRO_SHARES_PER_LOT && resolutions.isKnown(bundle, POLYMARKET)) {
      desk.paid(bundle, POLYMARKET, resolutions.paysNamedMicroUsd(bundle, POLYMARKET), clock.nowNs())
      return Verdict.Busy
    }
    return this.#compare(bundle, outcome, ours, told, askedNs)
  }

  /** Those that somebody may have redeemed, those that have not been found as our books are, then the others, round and round. */
  #tokensOfRound(): number[] {
    const { listing, reconciliation, resolutions } = this.#parts
    const tokens: number[] = []
    const count = listing.bundles.length * TOKENS
    for (const bundle of listing.bundles.keys())
      if (resolutions.isKnown(bundle, POLYMARKET) && this.#holdsOnPolymarket(bundle))
        tokens.push(bundle * TOKENS, bundle * TOKENS + 1)
    tokens.length = Math.min(tokens.length, TOKENS_PER_ROUND / 2)
    for (let token = 0; token < count && tokens.length < TOKENS_PER_ROUND; token++)
      if (!tokens.includes(token) && !reconciliation.isKnown(Math.floor(token / TOKENS), token % TOKENS))
        tokens.push(token)
    for (let tried = 0; tried < count && tokens.length < TOKENS_PER_ROUND; tried++) {
      const token = this.#next
      this.#next = (this.#next + 1) % count
      if (!tokens.includes(token)) tokens.push(token)
    }
    return tokens
  }

  #compare(bundle: number, position: number, ours: number, told: number, askedNs: number): Verdict {
    const { reconciliation, risk, observer } = this.#parts
    // An order whose end is not known may have brought what the venue shows.
    if (risk.isOpen(bundle)) return Verdict.Busy
    const verdict = reconciliation.look(bundle, position, ours, told, askedNs)
    if (verdict === Verdict.Busy) return verdict
    const venue = position === KALSHI_POSITION ? KALSHI : POLYMARKET
    if (verdict === Verdict.Mismatch) observer.mismatch(bundle, venue, ours, told)
    if (reconciliation.isWhole(bundle)) risk.unblock(bundle)
    else risk.block(bundle)
    if (reconciliation.isShown(bundle)) this.#parts.desk.shown(bundle)
    return verdict
  }

  #kalshiNet(bundle: number): number {
    const { ledger } = this.#parts
    return (
      ledger.heldMicroShares(bundle, KALSHI, OUTCOME_NAMED) -
      ledger.heldMicroShares(bundle, KALSHI, OUTCOME_COMPLEMENT)
    )
  }

  /** A balance that differs in two looks, while nothing moved, is the true one. */
  #money(venue: Venue, purse: number, told: number, askedNs: number): void {
    const { listing, ledger, reconciliation, desk, observer } = this.#parts
    const difference = told - ledger.balanceMicroUsd[purse]
    const isRounding = difference !== 0 && Math.abs(difference) <= ROUNDING_MICRO_USD_MAX
    // Whatever is on its way is dearer: no need to wait until nothing is. Kalshi's fills are exact.
    if (venue === POLYMARKET && isRounding && ledger.isDoubted[purse] === 0) {
      ledger.round(difference)
      return
    }
    const isQuiet = (_: unknown, bundle: number): boolean => reconciliation.isQuiet(bundle, venue, askedNs)
    if (desk.isUnderWay() || !listing.bundles.every(isQuiet)) return
    const before = this.#difference.get(purse)
    this.#difference.set(purse, difference)
    // The first look of all says what there is to begin with.
    if (before !== undefined && before !== difference) return
    ledger.balanceMicroUsd[purse] = told
    ledger.isDoubted[purse] = 0
    this.#difference.set(purse, 0)
    if (before !== undefined && Math.abs(difference) >= MOVED_MICRO_USD)
      observer.moneyMoved(venue, purse, difference)
  }
}

/** The venue shows another position than our books: something may have been filled that nobody told of. */
function isOther(verdict: Verdict): boolean {
  return verdict === Verdict.Differs || verdict === Verdict.Mismatch
}
