import assert from 'node:assert/strict'
import { Book } from '@tandem/colo/book/book.ts'
import { BookState } from '@tandem/colo/book/integrity.ts'
import type { Ladder } from '@tandem/colo/book/ladder.ts'
import { LiveClock } from '@tandem/colo/clock.ts'
import { Feed, type FeedTimes } from '@tandem/colo/feed/feed.ts'
import { Fronts } from '@tandem/colo/feed/fronts.ts'
import { type BookListener, Intake } from '@tandem/colo/feed/intake.ts'
import { KalshiUpkeep } from '@tandem/colo/feed/kalshi-upkeep.ts'
import { Poller } from '@tandem/colo/feed/poller.ts'
import { PolymarketUpkeep } from '@tandem/colo/feed/polymarket-upkeep.ts'
import { readRestBooks } from '@tandem/colo/feed/rest-book.ts'
import { TokenKind, tokenKind, tokenOf, tokenValue } from '@tandem/colo/token.ts'
import { KalshiParser } from '@tandem/colo/venue/kalshi/parse.ts'
import { PING } from '@tandem/colo/venue/polymarket/messages.ts'
import { PolymarketParser } from '@tandem/colo/venue/polymarket/parse.ts'
import { type FrameSink, ParseOutcome } from '@tandem/colo/venue/sink.ts'
import { Symbols } from '@tandem/colo/venue/symbols.ts'
import { KALSHI, POLYMARKET, type Venue } from '@tandem/colo/venue/venue.ts'
import type { Ns, Price } from '@tandem/shared/units.ts'
import { WebSocket } from 'ws'
import { bookText, KalshiScript, PolymarketScript, type Script } from './feed-scripts.ts'
import { WsVenue } from './ws-venue.ts'

// A real feed over real TLS sockets against a scripted venue, and a judge: whenever it may be decided, every LIVE book
// must be one that the venue really had, level by level.

const CENT = 100 as Price
/** A hundred times as fast as by default, where the default is a matter of politeness. */
const QUICK: FeedTimes = { pingNs: 200e6, lateNs: 150e6, deadNs: 900e6, auditNs: 300e6 }

export interface SceneOptions {
  /** Whole feeds of the same books; peers come in their order. */
  readonly copies?: 1 | 2
  readonly books?: number
  readonly idsPerSocket?: number
  readonly times?: FeedTimes
  readonly headers?: () => Promise<Record<string, string>>
  readonly ca?: string
}

interface Move {
  readonly book: number
  readonly from: BookState
  readonly to: BookState
  readonly atMs: number
}

export class Scene<S extends Script = Script> {
  readonly wire: WsVenue
  readonly script: S
  /** Those in front. */
  readonly books: Book[]
  readonly fronts: Fronts | undefined
  readonly intakes: readonly Intake[]
  readonly feeds: readonly Feed[]
  readonly clock: LiveClock
  readonly moves: Move[] = []
  /** Frames of each read that was decided on, and decisions. */
  readonly reads: number[] = []
  #frames = 0
  readonly #poller: Poller | undefined
  /** LIVE books that the venue never had. */
  readonly #wrongs = new Set<string>()

  private constructor(
    venue: Venue,
    wire: WsVenue,
    script: S & { ids: PolymarketScript['ids'] },
    options: SceneOptions,
  ) {
    this.wire = wire
    this.script = script
    const count = script.truths.length
    const symbols = new Symbols(count * 2)
    for (const [book, ids] of script.ids.entries())
      for (const [complement, id] of ids.entries())
        symbols.add(id, venue === POLYMARKET ? book * 2 + complement : book)
    this.clock = new LiveClock((nowNs, token) => this.#onTick(nowNs, token))
    const { clock } = this
    const newBooks = () => Array.from({ length: count }, () => new Book(CENT))
    const copies = Array.from({ length: options.copies ?? 1 }, () =>
      Array.from({ length: count }, () => new Book(CENT)),
    )
    this.books = [...copies[0]]
    const listener: BookListener = {
      bookMoved: (_venue, book, from, to) => this.moves.push({ book, from, to, atMs: performance.now() }),
      tickTold: () => {},
    }
    // Of two copies on Polymarket, what neither has is polled.
    const polled = venue === POLYMARKET ? newBooks() : undefined
    this.fronts =
      copies.length > 1 ? new Fronts(venue, this.books, copies, polled, listener, clock.nowNs()) : undefined
    const { fronts } = this
    this.intakes = copies.map(
      (books, copy) =>
        new Intake(
          venue,
          books,
          new Float64Array(count).fill(Number.POSITIVE_INFINITY),
          clock,
          {
            doubt: TokenKind.PolymarketDoubt,
            close: TokenKind.PolymarketClose,
            first: copy * count,
          },
          fronts?.listenerOf(copy) ?? listener,
        ),
    )
    this.feeds = this.intakes.map((intake, copy) => this.#newFeed(venue, intake, copy, symbols, options))
    for (const feed of this.feeds) feed.start()
    const parser = new PolymarketParser(symbols)
    this.#poller =
      polled &&
      new Poller({
        books: polled,
        isWanted: (book, nowNs) => fronts?.isWanted(book, nowNs) ?? false,
        fetch: async (asked) =>
          readRestBooks(await this.#fetchBooks(asked.map((book) => script.ids[book][0])), parser),
        told: (book, nowNs) => fronts?.polled(book, nowNs),
        nowNs: () => clock.nowNs(),
      })
  }

  #newFeed(venue: Venue, intake: Intake, copy: number, symbols: Symbols, options: SceneOptions): Feed {
    const { clock, fronts, wire, script } = this
    const hear = (nowNs: Ns): void => {
      for (const book of intake.touched.subarray(0, intake.touchedCount)) fronts?.heard(copy, book, nowNs)
    }
    const newParser = () =>
      venue === POLYMARKET ? new PolymarketParser(symbols) : new KalshiParser(symbols, false)
    const parser: { parse(bytes: Uint8Array, start: number, end: number, sink: FrameSink): number } =
      newParser()
    return new Feed({
      venue,
      url: `wss://${wire.host}/ws`,
      ids: (script as unknown as PolymarketScript).ids,
      idsPerSocket: options.idsPerSocket ?? 200,
      intake,
      clock,
      headers: options.headers ?? (() => Promise.resolve({})),
      ca: options.ca ?? wire.ca,
      makeSocket: (url, socketOptions) => new WebSocket(url, socketOptions),
      afterReads: setImmediate,
      random: Math.random,
      token: tokenOf(TokenKind.Feed, copy),
      times: options.times ?? QUICK,
      ...(venue === POLYMARKET ? { pingText: PING } : {}),
      upkeep: (carried) =>
        venue === POLYMARKET
          ? new PolymarketUpkeep(
              carried,
              (tokens) => this.#fetchBooks(tokens),
              newParser(),
              () => clock.nowNs(),
            )
          : new KalshiUpkeep(carried, false),
      deliver: (socket, bytes, start, end, nowNs) => {
        this.#frames++
        intake.begin(nowNs, clock.wallMs(), socket)
        const read = parser.parse(bytes, start, end, intake)
        if (read < 0 && read !== ParseOutcome.UnknownType) intake.lost()
        intake.end()
        hear(nowNs)
      },
      settle: () => {
        this.reads.push(this.#frames)
        this.#frames = 0
        this.judge()
      },
      changed: (nowNs) => {
        hear(nowNs)
        this.judge()
      },
    })
  }

  get intake(): Intake {
    return this.intakes[0]
  }

  get feed(): Feed {
    return this.feeds[0]
  }

  static async polymarket(options: SceneOptions = {}): Promise<Scene<PolymarketScript>> {
    const wire = await WsVenue.open()
    return new Scene(POLYMARKET, wire, new PolymarketScript(wire, options.books ?? 2), options)
  }

  static async kalshi(options: SceneOptions = {}): Promise<Scene<KalshiScript>> {
    const wire = await WsVenue.open()
    return new Scene(KALSHI, wire, new KalshiScript(wire, options.books ?? 2), options)
  }

  state(book: number): BookState {
    return this.books[book].state
  }

  get allLive(): boolean {
    return this.books.every(({ state }) => state === BookState.Live)
  }

  /** Every LIVE book is the venue's as it was at some time, and none is one that never was. */
  judge(): void {
    this.books.forEach(({ state, bids, asks }, book) => {
      if (state !== BookState.Live) return
      const ours = bookText(levelsOf(bids), levelsOf(asks))
      if (!this.script.truths[book].history.has(ours)) this.#wrongs.add(`book ${book} was LIVE as ${ours}`)
    })
  }

  /** Every LIVE book is the venue's as it is now. */
  isTrue(): boolean {
    return this.books.every(
      ({ bids, asks }, book) => bookText(levelsOf(bids), levelsOf(asks)) === this.script.truths[book].text(),
    )
  }

  /** Waits until something holds, for so long at most. @returns how many ms it took. */
  async until(what: string, holds: () => boolean, ms = 4_000): Promise<number> {
    const fromMs = performance.now()
    while (!holds()) {
      assert.ok(performance.now() - fromMs < ms, `${what}: not within ${ms} ms`)
      await this.pass(1)
    }
    return performance.now() - fromMs
  }

  pass(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms))
  }

  /** From the first move of a book away from LIVE, since `fromMs`, until the last move of any back to it. */
  liveAgainMs(fromMs: number): number {
    const moves = this.moves.filter(({ atMs }) => atMs >= fromMs)
    const lost = moves.find(({ from }) => from === BookState.Live)
    const back = moves.findLast(({ to }) => to === BookState.Live)
    return lost === undefined || back === undefined ? Number.NaN : back.atMs - lost.atMs
  }

  async close(): Promise<void> {
    await Promise.all(this.feeds.map((feed) => feed.close()))
    this.clock.stop()
    await this.wire.close()
    assert.deepEqual([...this.#wrongs], [])
  }

  #onTick(nowNs: Ns, token: number): void {
    const value = tokenValue(token)
    if (tokenKind(token) === TokenKind.Feed) {
      this.feeds[value].onTick(nowNs)
      this.fronts?.tick(nowNs)
      this.#poller?.tick(nowNs)
    } else if (tokenKind(token) === TokenKind.PolymarketDoubt) {
      const intake = this.intakes[Math.floor(value / this.books.length)]
      intake.begin(nowNs, this.clock.wallMs())
      intake.doubtDue(value % this.books.length)
      intake.end()
    }
  }

  async #fetchBooks(tokens: readonly string[]): Promise<Uint8Array> {
    const { request } = await import('node:https')
    return new Promise((resolve, reject) => {
      const asked = request(
        `https://${this.wire.host}/books`,
        { method: 'POST', ca: this.wire.ca },
        (response) => {
          const parts: Buffer[] = []
          response.on('data', (part) => parts.push(part))
          response.on('end', () => resolve(Buffer.concat(parts)))
        },
      )
      asked.on('error', reject)
      asked.end(JSON.stringify(tokens.map((token_id) => ({ token_id }))))
    })
  }
}

function* levelsOf(ladder: Ladder): Iterable<readonly [number, number]> {
  for (let slot = 0; slot < ladder.lots.length; slot++)
    if (ladder.lots[slot] !== 0) yield [slot * ladder.unit, ladder.lots[slot]]
}
