import { existsSync } from 'node:fs'
import { readJson } from '@tandem/cli/input.ts'
import { readTape } from '@tandem/cli/replay/tape.ts'
import { Book } from '@tandem/colo/book/book.ts'
import { KalshiParser } from '@tandem/colo/venue/kalshi/parse.ts'
import { PolymarketParser } from '@tandem/colo/venue/polymarket/parse.ts'
import type { FrameSink } from '@tandem/colo/venue/sink.ts'
import { Symbols } from '@tandem/colo/venue/symbols.ts'
import { assert } from '@tandem/shared/assert.ts'
import { readMapping } from '@tandem/shared/mapping.ts'
import { type Lots, NS_PER_MS, type Price, SIDE_BID, type Side } from '@tandem/shared/units.ts'
import { referenceFiles } from '../test/reference.ts'
import { JsonParseKalshi } from './alternatives/json-parse-kalshi.ts'
import { JsonParsePolymarket } from './alternatives/json-parse-polymarket.ts'

// Frames a second from bytes into books, ours and JSON.parse with the same books, over a tape: the recorded one where it
// is, else the example. Both take turns, round by round, so that a busy machine hurts both; medians are told. The bytes
// lie as a socket delivers them: what came in one millisecond was one read, and shares one buffer.

/** Frames of a venue in one round, at least: a small tape is run through again. */
const ROUND_FRAMES = 9_000
const WARM_UP_ROUNDS = 10
const ROUNDS = 30
const UNIT = 10 as Price

interface Codec {
  parse(bytes: Uint8Array, start: number, end: number, sink: FrameSink): number
}

/** What every codec here fills: books, without a clock. */
class Books implements FrameSink {
  readonly all: readonly Book[]

  constructor(count: number) {
    this.all = Array.from({ length: count }, () => new Book(UNIT))
  }

  sequence(): void {}
  snapshot(book: number, tick: Price, venueMs: number): void {
    this.all[book].beginSnapshot(tick, venueMs)
  }
  snapshotEnd(book: number): void {
    this.all[book].endSnapshot(0)
  }
  level(book: number, side: Side, price: Price, lots: Lots): void {
    const { bids, asks } = this.all[book]
    if (side === SIDE_BID) bids.set(price, lots)
    else asks.set(price, lots)
  }
  change(book: number, side: Side, price: Price, lots: Lots, venueMs: number): void {
    const of = this.all[book]
    if (side === SIDE_BID) of.bids.add(price, lots)
    else of.asks.add(price, lots)
    of.delta(venueMs, 0, 0)
  }
  top(book: number, bid: Price, ask: Price, venueMs: number): void {
    this.all[book].claim(bid, ask, venueMs, 0, 0)
  }
  tickSize(book: number, tick: Price): void {
    this.all[book].retick(tick)
  }
  trade(): void {}
  control(): void {}
}

/** Where frames go when only the codec is timed. */
class Nowhere implements FrameSink {
  /** Something is done with what arrives, so that the compiler cannot leave it out. */
  sum = 0

  sequence(): void {}
  snapshot(): void {}
  snapshotEnd(): void {}
  level(_book: number, _side: Side, price: Price, lots: Lots): void {
    this.sum += price + lots
  }
  change(_book: number, _side: Side, price: Price, lots: Lots): void {
    this.sum += price + lots
  }
  top(_book: number, bid: Price, ask: Price): void {
    this.sum += bid + ask
  }
  tickSize(): void {}
  trade(): void {}
  control(): void {}
}

interface Runner {
  readonly codec: Codec
  readonly sink: FrameSink
  readonly roundsMs: number[]
}

function timed({ codec, sink, roundsMs }: Runner, frames: readonly Uint8Array[]): void {
  const beganMs = performance.now()
  for (let i = 0; i < frames.length; i++) {
    const frame = frames[i]
    assert(codec.parse(frame, 0, frame.length, sink) > 0, 'BENCH_FRAME_VALID')
  }
  roundsMs.push(performance.now() - beganMs)
}

/** Copies frames into one buffer a read, and repeats them to fill a round. */
function delivered(frames: readonly { atNs: number; bytes: Uint8Array }[]): Uint8Array[] {
  const reads = Map.groupBy(frames, ({ atNs }) => Math.floor(atNs / NS_PER_MS))
  const once = [...reads.values()].flatMap((read) => {
    const chunk = Buffer.concat(read.map(({ bytes }) => bytes))
    let end = 0
    return read.map(({ bytes }) => {
      end += bytes.length
      return chunk.subarray(end - bytes.length, end)
    })
  })
  const times = Math.ceil(ROUND_FRAMES / once.length)
  return Array.from({ length: times }, () => once).flat()
}

function perSecond({ roundsMs }: Runner, frames: number): number {
  const sorted = roundsMs.slice(WARM_UP_ROUNDS).sort((a, b) => a - b)
  return (frames / sorted[sorted.length >> 1]) * 1_000
}

function compare(frames: readonly Uint8Array[], books: number, ours: Codec, reference: Codec) {
  const runners = {
    ours: { codec: ours, sink: new Books(books), roundsMs: [] },
    alone: { codec: ours, sink: new Nowhere(), roundsMs: [] },
    reference: { codec: reference, sink: new Books(books), roundsMs: [] },
  }
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
    for (const runner of Object.values(runners)) timed(runner, frames)
  }
  for (const [index, book] of runners.ours.sink.all.entries()) {
    const other = runners.reference.sink.all[index]
    assert(book.bids.bestPrice() === other.bids.bestPrice(), 'BENCH_SAME_BIDS')
    assert(book.asks.bestPrice() === other.asks.bestPrice(), 'BENCH_SAME_ASKS')
    assert(book.venueMs === other.venueMs, 'BENCH_SAME_TIME')
  }
  const bytes = frames.reduce((sum, frame) => sum + frame.length, 0)
  const oursPerS = perSecond(runners.ours, frames.length)
  const jsonParsePerS = perSecond(runners.reference, frames.length)
  return {
    frames: frames.length,
    bytes_per_frame: bytes / frames.length,
    ours_per_s: oursPerS,
    without_books_per_s: perSecond(runners.alone, frames.length),
    json_parse_per_s: jsonParsePerS,
    ratio: oursPerS / jsonParsePerS,
  }
}

export async function run(): Promise<object> {
  const [recorded] = referenceFiles('data/tapes', /^nba-mvp-2026-01-03\.ndjson\.gz$/)
  const recordedPairs = recorded?.replace(/-2026-01-03\.ndjson\.gz$/, '.pairs.json') ?? ''
  const isRecorded = recorded !== undefined && existsSync(recordedPairs)
  const pairsPath = isRecorded ? recordedPairs : 'examples/pairs.json'
  const { pairs } = readMapping(readJson(pairsPath), pairsPath).mapping
  const { frames } = await readTape(isRecorded ? recorded : 'examples/tape.ndjson.gz')

  const tokens = [
    ...new Set(pairs.map(({ polymarket }) => `${polymarket.yesToken} ${polymarket.noToken}`)),
  ].flatMap((both) => both.split(' '))
  const tickers = [...new Set(pairs.map(({ kalshi }) => kalshi.ticker))]
  const codes = (ids: readonly string[]) => new Map(ids.map((id, code) => [id, code]))
  const of = (venue: string) => delivered(frames.filter((frame) => frame.venue === venue))

  const polymarket = compare(
    of('polymarket'),
    tokens.length / 2,
    new PolymarketParser(Symbols.of(...tokens)),
    new JsonParsePolymarket(codes(tokens)),
  )
  const kalshi = compare(
    of('kalshi'),
    tickers.length,
    new KalshiParser(Symbols.of(...tickers), false),
    new JsonParseKalshi(codes(tickers), false),
  )

  /** Of the tape as it is: each venue's frames at their own speed. */
  const ofTape = (speed: 'ours_per_s' | 'json_parse_per_s'): number => {
    const share = frames.filter((frame) => frame.venue === 'polymarket').length / frames.length
    return 1 / (share / polymarket[speed] + (1 - share) / kalshi[speed])
  }
  const oursPerS = ofTape('ours_per_s')
  const jsonParsePerS = ofTape('json_parse_per_s')
  return {
    tape: isRecorded ? 'recorded' : 'example',
    frames: frames.length,
    ours_per_s: oursPerS,
    json_parse_per_s: jsonParsePerS,
    ratio: oursPerS / jsonParsePerS,
    polymarket,
    kalshi,
  }
}
