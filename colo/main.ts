import { assert } from '@tandem/shared/assert.ts'
import type { Pair } from '@tandem/shared/mapping.ts'
import type { Settings } from '@tandem/shared/settings.ts'
import { POLYMARKET_TICKS } from '@tandem/shared/ticks.ts'
import { NS_PER_MS, type Price } from '@tandem/shared/units.ts'
import { Book } from './book/book.ts'
import type { QuoteWriter } from './cache/quote-board.ts'
import type { Clock } from './clock.ts'
import {
  BUY_KALSHI_SELL_POLYMARKET,
  BUY_POLYMARKET_SELL_KALSHI,
  polymarketBuysOutcome,
} from './detector/direction.ts'
import { Ensemble } from './detector/ensemble.ts'
import { Planner } from './detector/planner.ts'
import { policyOf } from './detector/policy.ts'
import { Signals } from './detector/signal.ts'
import { TradeFlow } from './detector/trade-flow.ts'
import { type Copy, Executor, type ExecutorObserver } from './executor.ts'
import type { ExitToken } from './exit-desk.ts'
import { Fronts } from './feed/fronts.ts'
import { type BookListener, Intake } from './feed/intake.ts'
import { RecordKind } from './journal/record.ts'
import type { JournalRing } from './journal/ring.ts'
import { legPlanOf } from './leg-plan.ts'
import { type Listing, WHOLE_CENTS } from './listing.ts'
import { type Legs, OrderDesk } from './order-desk.ts'
import { ExitOrders } from './pool/exit-orders.ts'
import { HeaderRing } from './pool/headers.ts'
import { ClientOrderIds } from './pool/ids.ts'
import { lineOf, OrderPool, type PoolOwner, SALT_MAX } from './pool/pool.ts'
import { lineMarket } from './pool/targets.ts'
import { QUIET_NS } from './reconciler.ts'
import { Breakers } from './risk/breakers.ts'
import { Risk } from './risk/check.ts'
import type { Signer } from './signer/signer.ts'
import { Ledger, POLYMARKET_PURSE } from './state/ledger.ts'
import { Orders } from './state/orders.ts'
import { Reconciliation } from './state/reconcile.ts'
import { Resolutions } from './state/resolutions.ts'
import { TRADES_MAX, Trades } from './state/trades.ts'
import { TokenKind } from './token.ts'
import { TradeLog } from './trade-log.ts'
import type { Gateway } from './venue/gateway.ts'
import { SignedRequest } from './venue/kalshi/auth.ts'
import { OrderRequest as KalshiRequest, TimeInForce } from './venue/kalshi/encode.ts'
import { KalshiParser } from './venue/kalshi/parse.ts'
import { Seal } from './venue/polymarket/auth.ts'
import { OrderBody, OrderRequest as PolymarketRequest } from './venue/polymarket/encode.ts'
import { PolymarketParser } from './venue/polymarket/parse.ts'
import { KALSHI, POLYMARKET, type Venue } from './venue/venue.ts'

// The composition root: a mapping and settings in, a wired executor out. No logic of its own.

/** Everything that the parts do not make themselves: time, randomness, the outside world. */
export interface Surroundings {
  readonly clock: Clock
  readonly signer: Signer
  readonly journal: JournalRing
  /** Names the run in every client order id: no two runs may share it. */
  readonly runId: string
  /** Random, within the pool's SALT_MIN..SALT_MAX. */
  readonly saltStart: number
  /** How far apart Kalshi headers are stamped while nothing is sent. */
  readonly headerSpacingMs: number
  /** To begin with: on Polymarket, and on each of Kalshi's shards. */
  readonly balanceMicroUsd: readonly [number, number]
  readonly observer: ExecutorObserver & BookListener
  /** Nothing that is taken is missed: a crossing is traded again and again. To measure the pool, not the market. */
  readonly stress: boolean
  readonly access: Access
  /** Where books are left for the mirror. */
  readonly quotes?: QuoteWriter | undefined
  /** How both venues' books are kept; by one copy and nothing else where nothing is said. */
  readonly feeds?: Pick<Settings['feeds'], 'copies' | 'poll'>
  /** By venue; they tell the assembly's desk of their answers. */
  readonly gateways: readonly [Gateway, Gateway]
}

/** Where the venues are, and who we are to them. Of secrets only the one that no signer can keep (venue/polymarket/auth.ts). */
export interface Access {
  readonly polymarket: {
    readonly host: string
    readonly apiKey: string
    readonly passphrase: string
    readonly secret: string
  }
  /** `useYesPrice`: what the subscription asked for (Kalshi fact sheet, section 3.5). */
  readonly kalshi: { readonly host: string; readonly useYesPrice: boolean }
}

/** The wired parts, for whoever runs them and for who reports on them. */
export interface Assembly {
  readonly executor: Executor
  /** Hears of the gateways' answers. */
  readonly desk: OrderDesk
  readonly copies: readonly Copy[]
  /** By venue, where there are two copies or books are polled: what is shown. */
  readonly fronts: readonly [Fronts, Fronts] | undefined
  /** By venue: for the poller alone. */
  readonly polled: readonly [readonly Book[], readonly Book[]] | undefined
  readonly listing: Listing
  readonly ensemble: Ensemble
  readonly pool: OrderPool
  readonly headers: HeaderRing
  readonly ledger: Ledger
  readonly reconciliation: Reconciliation
  readonly resolutions: Resolutions
  readonly risk: Risk
  readonly breakers: Breakers
  readonly trades: Trades
  readonly orders: Orders
  /** Entries of a shard name this order group from now on; undefined: nothing is entered there. Without a word they name none. */
  readonly useOrderGroup: (shard: number, orderGroupId: string | undefined) => void
}

/** Headers at hand below which they are stamped closer: trades of one burst, each with one leg on Kalshi. */
const HEADERS_LOW = 16
const SUBACCOUNT = 0
/** Salts of exits begin so far above the pool's: no run signs as many ahead. */
const EXIT_SALTS_FROM = 500_000_000_000_000
assert(SALT_MAX + 2 * EXIT_SALTS_FROM <= Number.MAX_SAFE_INTEGER, 'EXIT_SALTS_ARE_EXACT')
const DAY_MS = 86_400_000

/** Wires an executor for what is listed. */
export function assemble(listing: Listing, settings: Settings, around: Surroundings): Assembly {
  const { clock, signer, journal, observer, access } = around
  const { pairs, bundles, index } = listing
  const policies = pairs.map(({ pair }) => policyOf(settings, pair, clock.wallMs()))

  const facts = signer.facts
  const pool = new OrderPool({
    lines: bundles.length * 2,
    sizesCents: settings.pool.sizesCents,
    bands: {
      hotBand: (settings.pool.hotBandCents * 100) as Price,
      kalshiTicks: settings.pool.kalshiTicks,
      baseLevels: settings.pool.baseLevels,
    },
    lifeMs: settings.pool.lifeSeconds * 1_000,
    saltStart: around.saltStart,
    signer,
    body: new OrderBody({ ...facts, owner: access.polymarket.apiKey }),
    owner: later(() => executor),
  })
  const headers = new HeaderRing({
    signer,
    request: SignedRequest.CreateOrder,
    signatureLength: facts.kalshi.signatureLength,
    spacingMs: around.headerSpacingMs,
    low: HEADERS_LOW,
  })

  const exits = new ExitOrders({
    places: TRADES_MAX,
    signer,
    body: new OrderBody({ ...facts, owner: access.polymarket.apiKey }),
    saltStart: around.saltStart + EXIT_SALTS_FROM,
    owner: {
      journalHash: (digest) => executor.journalHash(digest),
      exitReady: (place, nowNs) => desk.exitDesk.exitReady(place, nowNs),
      exitFailed: (place, nowNs) => desk.exitDesk.exitFailed(place, nowNs),
    },
  })
  /** By line: the token that it buys, while its market can be served. */
  const tokens: (ExitToken | undefined)[] = []

  const kalshiRequest = ({ kalshi }: Pair, orderGroupId?: string): KalshiRequest =>
    new KalshiRequest(
      {
        host: access.kalshi.host,
        keyId: facts.kalshi.keyId,
        signatureLength: facts.kalshi.signatureLength,
        clientOrderPrefix: around.runId,
        subaccount: SUBACCOUNT,
      },
      kalshi.ticker,
      kalshi.exchangeIndex,
      TimeInForce.ImmediateOrCancel,
      orderGroupId,
    )
  const legs: Legs[] = pairs.map(({ pair }) => ({
    tradable: pair.polymarket.tick !== undefined,
    plan: legPlanOf(settings, pair),
    kalshi: kalshiRequest(pair),
    kalshiEntry: kalshiRequest(pair),
  }))
  const useOrderGroup = (shard: number, orderGroupId: string | undefined): void => {
    pairs.forEach(({ pair }, index) => {
      if (pair.kalshi.exchangeIndex !== shard) return
      legs[index].kalshiEntry = orderGroupId === undefined ? undefined : kalshiRequest(pair, orderGroupId)
    })
  }

  const openLines = (index: number, tick: Price): void => {
    const { yesToken, noToken, version, negRisk } = pairs[index].pair.polymarket
    for (const direction of [BUY_POLYMARKET_SELL_KALSHI, BUY_KALSHI_SELL_POLYMARKET] as const) {
      const tokenId = polymarketBuysOutcome(direction) ? yesToken : noToken
      const token = signer.registerToken(tokenId, DOMAIN_VERSIONS[version], negRisk, tick)
      const market = lineMarket(bundles[index], direction, policies[index].minEdgeMicroUsd)
      const id = Buffer.from(tokenId)
      pool.openLine(lineOf(index, direction), token, id, market)
      tokens[lineOf(index, direction)] = { index: token, id, tick }
    }
  }
  const closeLines = (index: number): void => {
    legs[index].tradable = false
    pool.closeLine(lineOf(index, BUY_POLYMARKET_SELL_KALSHI))
    pool.closeLine(lineOf(index, BUY_KALSHI_SELL_POLYMARKET))
  }
  /** Bundles whose prices on Kalshi are no more those of the mapping: what Polymarket tells does not reopen them. */
  const unpriced = new Set<number>()
  const listener: BookListener = {
    bookMoved: (...move) => observer.bookMoved(...move),
    tickTold(venue, book, tick, venueMs) {
      observer.tickTold(venue, book, tick, venueMs)
      for (let at = index.start(venue, book); at < index.end(venue, book); at++) {
        const place = index.bundles[at]
        const bundle = bundles[place]
        if (venue === KALSHI) {
          unpriced.add(place)
          // For what is under way, and may have to be evened out.
          bundle.ticks[KALSHI] = WHOLE_CENTS
        }
        const ticks = POLYMARKET_TICKS.get(tick)
        if (ticks === undefined || unpriced.has(place)) closeLines(place)
        else if (ticks !== bundle.ticks[POLYMARKET] || !legs[place].tradable) {
          bundle.ticks[POLYMARKET] = ticks
          legs[place].tradable = true
          openLines(place, tick)
        }
      }
    },
  }
  const { copies, fronts, polled } = copiesOf(listing, around, listener)

  const flows = [
    new TradeFlow(listing.books[POLYMARKET].length),
    new TradeFlow(listing.books[KALSHI].length),
  ] as const
  // Of the first copy alone: the second tells the same trades.
  for (const intake of copies[0].intakes) intake.trades = flows[intake.venue]
  const ensemble = new Ensemble(bundles, flows)

  const ledger = new Ledger(listing.kalshiShards())
  const [polymarketMicroUsd, kalshiMicroUsd] = around.balanceMicroUsd
  ledger.balanceMicroUsd.fill(kalshiMicroUsd)
  ledger.balanceMicroUsd[POLYMARKET_PURSE] = polymarketMicroUsd
  const reconciliation = new Reconciliation(bundles.length, QUIET_NS)
  const trades = new Trades()
  const orders = new Orders()
  const dayEndsNs = clock.nowNs() + (DAY_MS - (clock.wallMs() % DAY_MS)) * NS_PER_MS
  const risk = new Risk(
    settings.limits,
    ledger,
    trades,
    listing.events(),
    settings.cooldownMs * NS_PER_MS,
    dayEndsNs,
  )
  const breakers = new Breakers(settings.breakers, dayEndsNs, (reason) => executor.halt(reason))
  const ids = new ClientOrderIds((first, count) =>
    journal.offerCells(RecordKind.IdBlock, Float64Array.of(first, count), 2),
  )
  const desk = new OrderDesk({
    clock,
    bundles,
    books: listing.books,
    legs,
    risk,
    breakers,
    ledger,
    reconciliation,
    trades,
    orders,
    store: pool.store,
    exits,
    tokenOf: (bundle, direction) => tokens[lineOf(bundle, direction)],
    headers,
    ids,
    polymarketRequest: new PolymarketRequest(
      { ...access.polymarket, address: facts.owner },
      new Seal(access.polymarket.secret),
    ),
    gateways: around.gateways,
    farVenue: POLYMARKET,
    lag: settings.ensembleOrdersLegs ? ensemble.lag : undefined,
    kalshiPrecisionMicroUsd: settings.kalshi.balancePrecisionMicroUsd,
    flattenLossMicroUsd: settings.flattenLossMicroUsd,
    journal,
    log: new TradeLog(journal, orders, trades),
    observer,
  })
  const executor = new Executor({
    clock,
    copies,
    books: listing.books,
    fronts,
    bundles,
    legs,
    index,
    policies,
    planner: new Planner(),
    signals: new Signals(bundles.length, settings.signalGrossSpreadMicroUsd),
    ensemble,
    risk,
    breakers,
    ledger,
    desk,
    pool,
    exits,
    sizesCents: settings.pool.sizesCents,
    headers,
    ids,
    journal,
    signMisses: settings.pool.missPolicy === 'sign',
    retake: around.stress,
    quotes: around.quotes,
    observer,
  })
  pairs.forEach(({ pair }, index) => {
    if (pair.polymarket.tick !== undefined) openLines(index, pair.polymarket.tick)
  })
  return {
    executor,
    desk,
    copies,
    fronts,
    polled,
    listing,
    ensemble,
    pool,
    headers,
    ledger,
    reconciliation,
    resolutions: new Resolutions(bundles.length),
    risk,
    breakers,
    trades,
    orders,
    useOrderGroup,
  }
}

/** "v1" markets are signed under domain version 2, "v2" under 3: Polymarket fact sheet, section 8.2. */
const DOMAIN_VERSIONS = { v1: '2', v2: '3' } as const

/** The one copy's books are what everybody reads; of two, those in front. */
function copiesOf(
  listing: Listing,
  { clock, access, feeds = { copies: 1, poll: false } }: Surroundings,
  listener: BookListener,
): Pick<Assembly, 'copies' | 'fronts' | 'polled'> {
  const perVenue = <T>(of: (venue: Venue) => T) => [of(POLYMARKET), of(KALSHI)] as const
  const newCopy = (intakes: readonly [Intake, Intake]): Copy => ({
    parsers: [
      new PolymarketParser(listing.polymarketSymbols()),
      new KalshiParser(listing.kalshiSymbols(), access.kalshi.useYesPrice),
    ],
    intakes,
  })
  const newIntake = (venue: Venue, books: readonly Book[], hears: BookListener, first: number): Intake => {
    const tokens =
      venue === POLYMARKET
        ? { doubt: TokenKind.PolymarketDoubt, close: TokenKind.PolymarketClose }
        : { doubt: TokenKind.KalshiDoubt, close: TokenKind.KalshiClose }
    return new Intake(venue, books, listing.closeMs(venue), clock, { ...tokens, first }, hears)
  }
  if (feeds.copies === 1 && !feeds.poll)
    return {
      copies: [newCopy(perVenue((venue) => newIntake(venue, listing.books[venue], listener, 0)))],
      fronts: undefined,
      polled: undefined,
    }
  const newBooks = (venue: Venue) => listing.books[venue].map(({ unit }) => new Book(unit))
  const books = perVenue((venue) => [
    [...listing.books[venue]],
    ...(feeds.copies === 2 ? [newBooks(venue)] : []),
  ])
  const polled = feeds.poll ? perVenue(newBooks) : undefined
  const fronts = perVenue(
    (venue) =>
      new Fronts(venue, listing.books[venue], books[venue], polled?.[venue], listener, clock.nowNs()),
  )
  const copies = Array.from({ length: feeds.copies }, (_, copy) =>
    newCopy(
      perVenue((venue) => {
        const own = books[venue][copy]
        return newIntake(venue, own, fronts[venue].listenerOf(copy), copy * own.length)
      }),
    ),
  )
  return { copies, fronts, polled }
}

/** The pool and its owner know each other; the owner is made last. */
function later(owner: () => PoolOwner): PoolOwner {
  return {
    journalHash: (digest) => owner().journalHash(digest),
    urgentReady: (ticket, slot) => owner().urgentReady(ticket, slot),
    urgentFailed: (ticket, failure) => owner().urgentFailed(ticket, failure),
  }
}
