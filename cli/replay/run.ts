import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Book } from '@tandem/colo/book/book.ts'
import { BookState } from '@tandem/colo/book/integrity.ts'
import type { QuoteWriter } from '@tandem/colo/cache/quote-board.ts'
import { SimulatedClock } from '@tandem/colo/clock.ts'
import { DIRECTION_NAMES, type Direction } from '@tandem/colo/detector/direction.ts'
import { EDGE_NONE_MICRO_USD, edgeAtTopFloorMicroUsd } from '@tandem/colo/detector/edge.ts'
import type { Intake } from '@tandem/colo/feed/intake.ts'
import { Journal } from '@tandem/colo/journal/journal.ts'
import { Listing, type PairWithFees } from '@tandem/colo/listing.ts'
import { type Assembly, assemble } from '@tandem/colo/main.ts'
import { PAPER_ACCESS, paperVenues } from '@tandem/colo/paper.ts'
import { SALT_MIN } from '@tandem/colo/pool/pool.ts'
import { type SignerOptions, spawnSigner } from '@tandem/colo/signer/spawn.ts'
import { TokenKind, tokenKind, tokenOf, tokenValue } from '@tandem/colo/token.ts'
import type { PaperVenues } from '@tandem/colo/venue/paper/gateway.ts'
import { KALSHI, POLYMARKET, VENUE_NAMES, VENUES } from '@tandem/colo/venue/venue.ts'
import { decimalFromScaled } from '@tandem/shared/decimal.ts'
import { Failure } from '@tandem/shared/failure.ts'
import { nameOf } from '@tandem/shared/named-integer.ts'
import { readSettings, type Settings } from '@tandem/shared/settings.ts'
import { MICRO_USD_PER_USD, NS_PER_S, PRICE_NONE } from '@tandem/shared/units.ts'
import { Episodes } from './episodes.ts'
import { RunRecord } from './report.ts'
import { TapeSigner } from './signer.ts'
import { assignSockets, venueOf } from './sockets.ts'
import type { Tape, TapeChange, TapeFrame } from './tape.ts'

/** Nothing else needs the signer's core during a replay, so refills may have all of it. */
const MADE_UP_KEYS: SignerOptions = { ephemeral: 'ed25519', limits: { refillPercent: 100 } }
/** What the paper account holds on either venue: more than the limits let it spend. */
const PAPER_BALANCE_MICRO_USD = 100_000_000 * MICRO_USD_PER_USD
/** On paper nothing else uses the key's time, so headers need not be dense: a tape of an hour has 14,400. */
const HEADER_SPACING_MS = 250
/** After the last frame: long enough for every paper order to be answered. */
const TAIL_NS = 5 * NS_PER_S
const SIGNER_TOKEN = tokenOf(TokenKind.Signer, 0)

export interface ReplayOptions {
  /** Trade again and again as if nothing had been taken: measures the pool, not the market. */
  stress?: boolean
  /** Called after every frame, before the next is read: a view draws, or waits until the tape's own time has come. */
  afterFrame?: (replay: Replay, frame: TapeFrame) => Promise<void> | void
  /** Ends the run after the frame in hand; what is in flight is still answered. */
  signal?: AbortSignal
  stopwatch?: Stopwatch
  /** Where books are left for the mirror. */
  quotes?: QuoteWriter | undefined
  /** Signs with these keys; without it with keys that are made up at start. */
  signer?: SignerOptions
}

/** For a bench: hears of the moments that a decision's time is made of. */
export interface Stopwatch {
  /** The frame's bytes are there. */
  frame(): void
  /** A request's bytes are final and are handed to its gateway. */
  request(): void
  /** The frame is dealt with. */
  done(): void
}

/** One tape through the real executor, on the tape's clock, with real signatures and paper fills. */
export class Replay {
  readonly tape: Tape
  readonly pairs: readonly PairWithFees[]
  readonly record: RunRecord
  readonly assembly: Assembly
  readonly clock: SimulatedClock
  readonly paper: PaperVenues
  readonly #signer: TapeSigner
  readonly #journal: Journal
  readonly #edgesAll: Episodes[]
  readonly #edgesLive: Episodes[]

  private constructor(
    tape: Tape,
    pairs: readonly PairWithFees[],
    settings: Settings,
    signer: TapeSigner,
    clock: SimulatedClock,
    journal: Journal,
    { stress = false, stopwatch, quotes }: ReplayOptions,
  ) {
    this.tape = tape
    this.pairs = pairs
    this.clock = clock
    this.#signer = signer
    this.#journal = journal
    const listing = new Listing(pairs)
    this.record = new RunRecord(
      pairs.map(({ pair }) => pair.id),
      [listing.marketIds(POLYMARKET), listing.marketIds(KALSHI)],
      () => String(tape.zeroNs + BigInt(clock.nowNs())),
    )
    const inForce = stress ? stressed(settings) : settings
    const onRequest = stopwatch === undefined ? undefined : () => stopwatch.request()
    this.paper = paperVenues(listing, inForce, !stress, clock, onRequest)
    this.assembly = assemble(listing, inForce, {
      clock,
      signer,
      journal: journal.ring,
      runId: 'replay-',
      saltStart: SALT_MIN,
      headerSpacingMs: HEADER_SPACING_MS,
      balanceMicroUsd: [PAPER_BALANCE_MICRO_USD, PAPER_BALANCE_MICRO_USD],
      observer: this.record,
      stress,
      quotes,
      access: PAPER_ACCESS,
      gateways: [this.paper.gateway(POLYMARKET), this.paper.gateway(KALSHI)],
    })
    this.paper.listener = this.assembly.desk
    signer.listener = this.assembly.executor
    const episodes = (): Episodes[] =>
      pairs.flatMap(({ pair }) => DIRECTION_NAMES.map((direction) => new Episodes(pair.id, direction)))
    this.#edgesAll = episodes()
    this.#edgesLive = episodes()
  }

  /** Runs the whole tape. The signer and the journal live as long as the run. */
  static async run(
    tape: Tape,
    pairs: readonly PairWithFees[],
    settings: Settings,
    options: ReplayOptions = {},
  ): Promise<Replay> {
    const folder = mkdtempSync(join(tmpdir(), 'tandem-replay-'))
    const spawned = await spawnSigner(options.signer ?? MADE_UP_KEYS)
    const wallAtZeroMs = Number(tape.zeroNs / 1_000_000n)
    const clock = new SimulatedClock(wallAtZeroMs)
    const journal = new Journal({
      directory: join(folder, 'journal'),
      wallAtZeroMs,
      runId: 'replay',
      sync: 'none',
    })
    try {
      const signer = new TapeSigner(spawned.client, clock, SIGNER_TOKEN)
      spawned.client.listener = signer
      const replay = new Replay(tape, pairs, settings, signer, clock, journal, options)
      await replay.#play(options)
      return replay
    } finally {
      await spawned.stop()
      await journal.close()
      rmSync(folder, { recursive: true })
    }
  }

  async #play({ afterFrame, signal, stopwatch }: ReplayOptions): Promise<void> {
    const { executor, copies, trades, listing } = this.assembly
    const [{ intakes }] = copies
    for (const intake of intakes) assignSockets(intake, this.tape, listing.marketIds(intake.venue))
    executor.start()
    let changes = 0
    for (const [place, frame] of this.tape.frames.entries()) {
      for (; this.tape.changes[changes]?.before === place; changes++)
        await this.#change(this.tape.changes[changes])
      await this.#stepTo(frame.atNs)
      this.record.line = frame.line
      const venue = venueOf(frame.venue)
      const nowNs = this.clock.nowNs()
      stopwatch?.frame()
      executor.apply(0, venue, frame.socket, frame.bytes, 0, frame.bytes.length, nowNs)
      executor.settle(nowNs)
      stopwatch?.done()
      this.#noteEpisodes(intakes[venue], frame.recvTsNs)
      const waits = afterFrame?.(this, frame)
      if (waits !== undefined) await waits
      if (signal?.aborted) break
    }
    if (trades.open > 0) await this.#stepTo(this.clock.nowNs() + TAIL_NS)
  }

  /** A connection was lost, or stands anew: what it told is no longer sure until it is told again. */
  async #change({ atNs, venue, socket }: TapeChange): Promise<void> {
    await this.#stepTo(atNs)
    const { executor, copies } = this.assembly
    copies[0].intakes[venueOf(venue)].disconnected(socket, this.clock.nowNs())
    executor.changed(0, venueOf(venue), this.clock.nowNs())
  }

  /** Lets everything happen that is due until then: answers of the signer and of the paper venues, doubts, refills. */
  async #stepTo(untilNs: number): Promise<void> {
    const { executor } = this.assembly
    for (let token = this.clock.step(untilNs); token !== -1; token = this.clock.step(untilNs)) {
      if (token === SIGNER_TOKEN) {
        await this.#signer.deliver(this.clock.nowNs())
        this.#journal.flush()
      } else if (tokenKind(token) === TokenKind.Paper) this.paper.due(tokenValue(token))
      else executor.onTick(this.clock.nowNs(), token)
    }
  }

  #noteEpisodes(intake: Intake, recvTsNs: string): void {
    const { bundles, index } = this.assembly.listing
    for (let i = 0; i < intake.touchedCount; i++) {
      const book = intake.touched[i]
      if (intake.isChanged[book] === 0) continue
      for (let at = index.start(intake.venue, book); at < index.end(intake.venue, book); at++) {
        const bundle = index.bundles[at]
        const [polymarket, kalshi] = this.booksOf(bundle)
        const live = polymarket.state === BookState.Live && kalshi.state === BookState.Live
        for (let direction = 0; direction < DIRECTION_NAMES.length; direction++) {
          const place = bundle * DIRECTION_NAMES.length + direction
          const edge = edgeAtTopFloorMicroUsd(bundles[bundle], polymarket, kalshi, direction as Direction)
          this.#edgesAll[place].frame(recvTsNs, edge)
          this.#edgesLive[place].frame(recvTsNs, live ? edge : EDGE_NONE_MICRO_USD)
        }
      }
    }
  }

  /** Both books of a pair. */
  booksOf(bundle: number): [Book, Book] {
    const { bundles, books } = this.assembly.listing
    const [polymarket, kalshi] = bundles[bundle].books
    return [books[POLYMARKET][polymarket], books[KALSHI][kalshi]]
  }

  /** What became of the run: the document that `replay --json` prints. */
  report() {
    const { copies, pool, headers } = this.assembly
    const [{ intakes }] = copies
    const { record } = this
    const hits = pool.hitRate.all()
    const recent = pool.hitRate.afterMove()
    return {
      frames: this.tape.lines - this.tape.changes.length,
      applied: { polymarket: intakes[POLYMARKET].counts.changes, kalshi: intakes[KALSHI].counts.changes },
      feeds: { polymarket: intakes[POLYMARKET].counts, kalshi: intakes[KALSHI].counts },
      final: Object.fromEntries(this.pairs.map(({ pair }, bundle) => [pair.id, this.#tops(bundle)])),
      integrity: record.integrity,
      edges_all: this.#edgesAll.flatMap((episodes) => episodes.all()),
      edges_live: this.#edgesLive.flatMap((episodes) => episodes.all()),
      decisions: record.decisions,
      signals: record.signals,
      ...record.summary(),
      trade_list: record.trades,
      pool: {
        signed: pool.counters.signed,
        approved: hits.approved,
        hits: hits.hits,
        hit_rate: hits.hitRate,
        misses: hits.misses,
        within_100ms_of_a_move: { approved: recent.approved, hits: recent.hits, hit_rate: recent.hitRate },
        urgent: pool.counters.urgent,
        headers_taken: headers.taken,
      },
    }
  }

  /** Best prices in the terms of each venue's own YES token or contract, whatever the pair's polarity. */
  #tops(bundle: number) {
    const books = this.booksOf(bundle)
    return Object.fromEntries(VENUE_NAMES.slice(0, VENUES).map((name, venue) => [name, topOf(books[venue])]))
  }

  /** Frames that could not be read, and markets that the tape never spoke of: told after the report, which stands. */
  faults(path: string): Failure[] {
    const faults = this.tape.faults.map(({ failure }) => failure)
    for (const { line, venue, outcome } of this.record.badFrames)
      faults.push(badFrame(path, line, venue, outcome))
    this.pairs.forEach(({ pair }, bundle) => {
      for (const [venue, book] of this.booksOf(bundle).entries())
        if (book.epoch === 0) faults.push(unknownMarket(path, pair.id, VENUE_NAMES[venue]))
    })
    return faults
  }
}

/**
 * Settings under which a crossing ends in a trade as often as the pair may trade: no limits that a long run would
 * reach, and no latency.
 */
function stressed(settings: Settings): Settings {
  const unlimited = Number.MAX_SAFE_INTEGER
  const limits = Object.fromEntries(Object.keys(settings.limits).map((name) => [name, unlimited]))
  return readSettings({ ...settings, limits, paper: { latencyMs: { polymarket: 0, kalshi: 0 } } }, 'stress')
}

function topOf(book: Book) {
  const price = (value: number): string | null =>
    value === PRICE_NONE ? null : decimalFromScaled(value, 4, 2)
  const size = (slot: number, lots: Int32Array): string | null =>
    slot < 0 ? null : decimalFromScaled(Math.max(lots[slot], 0), 2, 2)
  return {
    bid: price(book.bids.bestPrice()),
    bid_size: size(book.bids.best, book.bids.lots),
    ask: price(book.asks.bestPrice()),
    ask_size: size(book.asks.best, book.asks.lots),
    state: nameOf(BookState, book.state).toUpperCase(),
  }
}

function badFrame(path: string, line: number, venue: string, outcome: string): Failure {
  return new Failure({
    code: 'TAPE_FRAME_UNREADABLE',
    what: `the ${venue} frame cannot be read (${outcome})`,
    where: `${path}:${line}`,
    todo: 'cut the line or record it again; all other frames were replayed and reported',
  })
}

function unknownMarket(path: string, pair: string, venue: string): Failure {
  return new Failure({
    code: 'TAPE_MARKET_UNKNOWN',
    what: `the tape holds no ${venue} book of the pair ${pair}`,
    where: path,
    todo: 'correct the market in the pairs file, or leave the pair out',
  })
}
