import { KalshiOrderFees, kalshiFeeSchedule, ROLE_TAKER } from '@tandem/shared/fees/kalshi.ts'
import { polymarketFeeCeilMicroUsd, polymarketFeeSchedule } from '@tandem/shared/fees/polymarket.ts'
import type { Fees, Pair } from '@tandem/shared/mapping.ts'
import type { Settings } from '@tandem/shared/settings.ts'
import {
  finestStep,
  KALSHI_TICKS,
  POLYMARKET_TICKS,
  type TickStructure,
  ticksFromBands,
} from '@tandem/shared/ticks.ts'
import { type Lots, MICRO_SHARES_PER_LOT, NS_PER_MS, type Price } from '@tandem/shared/units.ts'
import { Book } from './book/book.ts'
import type { Clock } from './clock.ts'
import type { Bundle } from './detector/bundle.ts'
import { BundleIndex } from './detector/bundle-index.ts'
import {
  BUY_KALSHI_SELL_POLYMARKET,
  BUY_POLYMARKET_SELL_KALSHI,
  polymarketBuysOutcome,
} from './detector/direction.ts'
import { Planner } from './detector/planner.ts'
import { policyFromSettings } from './detector/policy.ts'
import { Signals } from './detector/signal.ts'
import { Executor, type ExecutorObserver } from './executor.ts'
import { type BookListener, Intake } from './feed/intake.ts'
import { RecordKind } from './journal/record.ts'
import type { JournalRing } from './journal/ring.ts'
import { type Legs, OrderDesk } from './order-desk.ts'
import { HeaderRing } from './pool/headers.ts'
import { ClientOrderIds } from './pool/ids.ts'
import { lineOf, OrderPool, type PoolOwner } from './pool/pool.ts'
import { lineMarket } from './pool/targets.ts'
import { Risk } from './risk/check.ts'
import type { Signer } from './signer/signer.ts'
import { Ledger } from './state/ledger.ts'
import { Trades } from './state/trades.ts'
import { TokenKind } from './token.ts'
import { SignedRequest } from './venue/kalshi/auth.ts'
import { OrderRequest as KalshiRequest, TimeInForce } from './venue/kalshi/encode.ts'
import { KalshiParser } from './venue/kalshi/parse.ts'
import { type PaperMarket, PaperVenues } from './venue/paper/gateway.ts'
import { Seal } from './venue/polymarket/auth.ts'
import { OrderBody, OrderRequest as PolymarketRequest } from './venue/polymarket/encode.ts'
import { PolymarketParser } from './venue/polymarket/parse.ts'
import { Symbols } from './venue/symbols.ts'
import { KALSHI, POLYMARKET, VENUES } from './venue/venue.ts'

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
  readonly balanceMicroUsd: readonly [number, number]
  readonly observer: ExecutorObserver & BookListener
  /** Nothing that is taken is missed: a crossing is traded again and again. To measure the pool, not the market. */
  readonly stress: boolean
  /** Called when a request's bytes are final: a bench's stopwatch. */
  readonly onRequest?: () => void
}

export interface PairWithFees {
  readonly pair: Pair
  readonly fees: Fees
}

/** The wired parts, for whoever runs them and for who reports on them. */
export interface Assembly {
  readonly executor: Executor
  readonly paper: PaperVenues
  readonly intakes: readonly [Intake, Intake]
  readonly bundles: readonly Bundle[]
  readonly index: BundleIndex
  readonly pool: OrderPool
  readonly headers: HeaderRing
  readonly ledger: Ledger
  readonly trades: Trades
}

/** A market whose structure is not told: whole cents are valid in every one (Kalshi fact sheet, section 6). */
const WHOLE_CENTS = KALSHI_TICKS.get('linear_cent') as TickStructure
/** Where the Polymarket tick is not told yet: only what is held is at stake, since nothing is sent before it is. */
const TICK_UNTOLD = 100 as Price
/** Headers at hand below which they are stamped closer: trades of one burst, each with one leg on Kalshi. */
const HEADERS_LOW = 16
const SUBACCOUNT = 0
/** The paper venues check no credential; these only fill the places of real ones. */
const PAPER_API_KEY = '00000000-0000-0000-0000-000000000000'
const PAPER_HOSTS = ['polymarket.paper', 'kalshi.paper'] as const
const DAY_MS = 86_400_000

/** Wires an executor whose orders go to the paper venues. */
export function assemble(pairs: readonly PairWithFees[], settings: Settings, around: Surroundings): Assembly {
  const { clock, signer, journal, observer } = around
  const markets = [new Markets(), new Markets()] as const
  for (const { pair } of pairs) {
    const tick = pair.polymarket.tick ?? TICK_UNTOLD
    markets[POLYMARKET].add(pair.polymarket.yesToken, tick, pair.closesAtMs)
    markets[KALSHI].add(pair.kalshi.ticker, finestStep(kalshiTicks(pair)), pair.closesAtMs)
  }
  const bundles = pairs.map(({ pair, fees }) => bundleOf(pair, fees, markets))
  const policy = policyFromSettings(settings)

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
    body: new OrderBody({ ...facts, owner: PAPER_API_KEY }),
    owner: later(() => executor),
  })
  const headers = new HeaderRing({
    signer,
    request: SignedRequest.CreateOrder,
    signatureLength: facts.kalshi.signatureLength,
    spacingMs: around.headerSpacingMs,
    low: HEADERS_LOW,
  })

  const legs: Legs[] = pairs.map(({ pair }) => ({
    tradable: pair.polymarket.tick !== undefined,
    polymarketFirst: pair.polymarket.takerDelayMs > 0,
    kalshi: new KalshiRequest(
      {
        host: PAPER_HOSTS[KALSHI],
        keyId: facts.kalshi.keyId,
        signatureLength: facts.kalshi.signatureLength,
        clientOrderPrefix: around.runId,
        subaccount: SUBACCOUNT,
      },
      pair.kalshi.ticker,
      pair.kalshi.exchangeIndex,
      TimeInForce.ImmediateOrCancel,
    ),
  }))

  const openLines = (index: number, tick: Price): void => {
    const { yesToken, noToken, version, negRisk } = pairs[index].pair.polymarket
    for (const direction of [BUY_POLYMARKET_SELL_KALSHI, BUY_KALSHI_SELL_POLYMARKET] as const) {
      const tokenId = polymarketBuysOutcome(direction) ? yesToken : noToken
      const token = signer.registerToken(tokenId, DOMAIN_VERSIONS[version], negRisk, tick)
      const market = lineMarket(bundles[index], direction, policy.minEdgeMicroUsd)
      pool.openLine(lineOf(index, direction), token, Buffer.from(tokenId), market)
    }
  }
  const closeLines = (index: number): void => {
    legs[index].tradable = false
    pool.closeLine(lineOf(index, BUY_POLYMARKET_SELL_KALSHI))
    pool.closeLine(lineOf(index, BUY_KALSHI_SELL_POLYMARKET))
  }
  const listener: BookListener = {
    bookMoved: (...move) => observer.bookMoved(...move),
    tickTold(venue, book, tick) {
      observer.tickTold(venue, book, tick)
      bundles.forEach((bundle, index) => {
        if (bundle.books[venue] !== book) return
        const ticks = venue === POLYMARKET ? POLYMARKET_TICKS.get(tick) : undefined
        if (ticks === undefined) closeLines(index)
        else if (ticks !== bundle.ticks[POLYMARKET] || !legs[index].tradable) {
          bundle.ticks[POLYMARKET] = ticks
          legs[index].tradable = true
          openLines(index, tick)
        }
      })
    },
  }
  const intakes = [
    newIntake(POLYMARKET, markets[POLYMARKET], clock, listener),
    newIntake(KALSHI, markets[KALSHI], clock, listener),
  ] as const

  const ledger = new Ledger(bundles.length)
  for (let venue = 0; venue < VENUES; venue++) ledger.balanceMicroUsd[venue] = around.balanceMicroUsd[venue]
  const trades = new Trades()
  const index = new BundleIndex(bundles, [markets[POLYMARKET].count, markets[KALSHI].count])
  const paper = new PaperVenues(
    paperMarkets(pairs, bundles, intakes, settings),
    [settings.paper.latencyMs.polymarket * NS_PER_MS, settings.paper.latencyMs.kalshi * NS_PER_MS],
    !around.stress,
    clock,
    around.onRequest,
  )
  const risk = new Risk(
    settings.limits,
    ledger,
    trades,
    eventsOf(pairs),
    settings.cooldownMs * NS_PER_MS,
    clock.nowNs() + (DAY_MS - (clock.wallMs() % DAY_MS)) * NS_PER_MS,
  )
  const ids = new ClientOrderIds((first, count) =>
    journal.appendCells(RecordKind.IdBlock, Float64Array.of(first, count), 2),
  )
  const desk = new OrderDesk({
    clock,
    bundles,
    legs,
    risk,
    ledger,
    trades,
    store: pool.store,
    headers,
    ids,
    polymarketRequest: new PolymarketRequest(
      { host: PAPER_HOSTS[POLYMARKET], address: facts.owner, apiKey: PAPER_API_KEY, passphrase: 'paper' },
      new Seal('paper'),
    ),
    gateways: [paper.gateway(POLYMARKET), paper.gateway(KALSHI)],
    farVenue: POLYMARKET,
    kalshiPrecisionMicroUsd: settings.kalshi.balancePrecisionMicroUsd,
    flattenLossMicroUsd: settings.flattenLossMicroUsd,
    journal,
    observer,
  })
  const executor = new Executor({
    clock,
    parsers: [
      new PolymarketParser(polymarketSymbols(pairs, markets)),
      new KalshiParser(markets[KALSHI].symbols(), false),
    ],
    intakes,
    bundles,
    legs,
    index,
    policy,
    planner: new Planner(),
    signals: new Signals(bundles.length, settings.signalGrossSpreadMicroUsd),
    risk,
    ledger,
    desk,
    pool,
    sizesCents: settings.pool.sizesCents,
    headers,
    ids,
    journal,
    signMisses: settings.pool.missPolicy === 'sign',
    retake: around.stress,
    observer,
  })
  paper.listener = desk
  pairs.forEach(({ pair }, index) => {
    if (pair.polymarket.tick !== undefined) openLines(index, pair.polymarket.tick)
  })
  return { executor, paper, intakes, bundles, index, pool, headers, ledger, trades }
}

/** "v1" markets are signed under domain version 2, "v2" under 3: Polymarket fact sheet, section 8.2. */
const DOMAIN_VERSIONS = { v1: '2', v2: '3' } as const

/** The markets of one venue, each once, in the order in which the pairs name them: a market's place is its book. */
class Markets {
  readonly #places = new Map<string, number>()
  readonly #units: Price[] = []
  readonly #closeMs: number[] = []

  add(id: string, unit: Price, closeMs = Number.POSITIVE_INFINITY): void {
    if (this.#places.has(id)) return
    this.#places.set(id, this.#units.length)
    this.#units.push(unit)
    this.#closeMs.push(closeMs)
  }

  get count(): number {
    return this.#units.length
  }

  placeOf(id: string): number {
    return this.#places.get(id) as number
  }

  books(): Book[] {
    return this.#units.map((unit) => new Book(unit))
  }

  closeMs(): Float64Array {
    return Float64Array.from(this.#closeMs)
  }

  symbols(): Symbols {
    const symbols = new Symbols(this.count)
    for (const [id, place] of this.#places) symbols.add(id, place)
    return symbols
  }
}

function polymarketSymbols(pairs: readonly PairWithFees[], markets: readonly [Markets, Markets]): Symbols {
  const symbols = new Symbols(markets[POLYMARKET].count * 2)
  const known = new Set<number>()
  for (const { pair } of pairs) {
    const book = markets[POLYMARKET].placeOf(pair.polymarket.yesToken)
    if (known.has(book)) continue
    known.add(book)
    symbols.add(pair.polymarket.yesToken, book * 2)
    symbols.add(pair.polymarket.noToken, book * 2 + 1)
  }
  return symbols
}

function kalshiTicks(pair: Pair): TickStructure {
  const { priceRanges, priceLevelStructure } = pair.kalshi
  const told = priceRanges && ticksFromBands(priceRanges.map(({ start, end, step }) => [start, end, step]))
  return told ?? KALSHI_TICKS.get(priceLevelStructure ?? '') ?? WHOLE_CENTS
}

function bundleOf(pair: Pair, fees: Fees, markets: readonly [Markets, Markets]): Bundle {
  return {
    id: pair.id,
    books: [
      markets[POLYMARKET].placeOf(pair.polymarket.yesToken),
      markets[KALSHI].placeOf(pair.kalshi.ticker),
    ],
    inverse: pair.polarity === 'inverse',
    ticks: [POLYMARKET_TICKS.get(pair.polymarket.tick ?? TICK_UNTOLD) ?? WHOLE_CENTS, kalshiTicks(pair)],
    polymarketFees: polymarketFeeSchedule(fees.polymarket, pair.id),
    kalshiFees: kalshiFeeSchedule(fees.kalshi, pair.id),
    polymarketMinLots: pair.polymarket.minSizeLots,
  }
}

function newIntake(
  venue: typeof POLYMARKET | typeof KALSHI,
  markets: Markets,
  clock: Clock,
  listener: BookListener,
): Intake {
  const tokens =
    venue === POLYMARKET
      ? { doubt: TokenKind.PolymarketDoubt, close: TokenKind.PolymarketClose }
      : { doubt: TokenKind.KalshiDoubt, close: TokenKind.KalshiClose }
  return new Intake(venue, markets.books(), markets.closeMs(), clock, tokens, listener)
}

function paperMarkets(
  pairs: readonly PairWithFees[],
  bundles: readonly Bundle[],
  intakes: readonly [Intake, Intake],
  settings: Settings,
): [Map<string, PaperMarket>, Map<string, PaperMarket>] {
  const markets: [Map<string, PaperMarket>, Map<string, PaperMarket>] = [new Map(), new Map()]
  pairs.forEach(({ pair }, index) => {
    const { books, polymarketFees, kalshiFees } = bundles[index]
    const book = intakes[POLYMARKET].books[books[POLYMARKET]]
    const polymarketOrderFees = (): ReturnType<PaperMarket['orderFees']> => (price, microShares) =>
      polymarketFeeCeilMicroUsd(polymarketFees, price, microShares)
    markets[POLYMARKET].set(pair.polymarket.yesToken, {
      book,
      complement: false,
      orderFees: polymarketOrderFees,
    })
    markets[POLYMARKET].set(pair.polymarket.noToken, {
      book,
      complement: true,
      orderFees: polymarketOrderFees,
    })
    markets[KALSHI].set(pair.kalshi.ticker, {
      book: intakes[KALSHI].books[books[KALSHI]],
      complement: false,
      orderFees() {
        const fees = new KalshiOrderFees(kalshiFees, settings.kalshi.balancePrecisionMicroUsd)
        return (price, microShares, costMicroUsd) => {
          fees.fill(ROLE_TAKER, price, (microShares / MICRO_SHARES_PER_LOT) as Lots, -costMicroUsd)
          return fees.netFeeMicroUsd
        }
      },
    })
  })
  return markets
}

/** Pairs of one Kalshi event share a limit; without an event each pair is its own. */
function eventsOf(pairs: readonly PairWithFees[]): Int32Array {
  const events = new Map<string, number>()
  return Int32Array.from(pairs, ({ pair }) => {
    const event = pair.kalshi.eventTicker ?? pair.id
    const place = events.get(event) ?? events.size
    events.set(event, place)
    return place
  })
}

/** The pool and its owner know each other; the owner is made last. */
function later(owner: () => PoolOwner): PoolOwner {
  return {
    journalHash: (digest) => owner().journalHash(digest),
    urgentReady: (ticket, slot) => owner().urgentReady(ticket, slot),
    urgentFailed: (ticket, failure) => owner().urgentFailed(ticket, failure),
  }
}
