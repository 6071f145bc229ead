import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, test } from 'node:test'
import { Book } from '@tandem/colo/book/book.ts'
import { BookState, SETTLE_NS } from '@tandem/colo/book/integrity.ts'
import { type Ladder, LadderOutcome } from '@tandem/colo/book/ladder.ts'
import { SequenceOutcome, Sequences } from '@tandem/colo/feed/sequence.ts'
import { KalshiParser } from '@tandem/colo/venue/kalshi/parse.ts'
import { PolymarketParser } from '@tandem/colo/venue/polymarket/parse.ts'
import type { FrameSink } from '@tandem/colo/venue/sink.ts'
import { Symbols } from '@tandem/colo/venue/symbols.ts'
import { scaledFromDecimal } from '@tandem/shared/decimal.ts'
import {
  LOTS_DUST,
  type Lots,
  MICRO_SHARES_PER_LOT,
  NS_PER_MS,
  PRICE_NONE,
  PRICE_ONE,
  type Price,
  SIDE_BID,
  type Side,
} from '@tandem/shared/units.ts'
import { referenceFiles, skipWithoutReference } from '../reference.ts'

// Frames as the venues sent them, through our codec into our books, against the same frames through JSON.parse into
// maps. The maps speak as the venue does (each token's own prices, NO bids); only the comparison translates.

const UNIT = 10 as Price

/** Applies what a codec reads, by the rules. There is no clock: nothing is late here. */
class Applied implements FrameSink {
  readonly books: readonly Book[]
  readonly sequences = new Sequences(8)
  readonly sequenceOutcomes = new Set<SequenceOutcome>()
  readonly levelOutcomes = new Set<LadderOutcome>()
  readonly claims: { venueMs: number; agrees: boolean }[] = []
  snapshots = 0
  readonly #firstOnly: boolean
  #skips = false

  /** @param firstOnly take only the first snapshot of each book: all the rest has to come from the changes. */
  constructor(books: number, firstOnly = false) {
    this.books = Array.from({ length: books }, () => new Book(UNIT))
    this.#firstOnly = firstOnly
  }

  sequence(sid: number, seq: number): void {
    this.sequenceOutcomes.add(this.sequences.next(sid, seq))
  }
  snapshot(index: number, tick: Price, venueMs: number): void {
    this.snapshots++
    this.#skips = this.#firstOnly && this.books[index].epoch > 0
    if (!this.#skips) this.books[index].beginSnapshot(tick, venueMs)
  }
  snapshotEnd(index: number): void {
    if (!this.#skips) this.books[index].endSnapshot(0)
    this.#skips = false
  }
  level(index: number, side: Side, price: Price, lots: Lots): void {
    if (!this.#skips) this.levelOutcomes.add(this.#ladder(index, side).set(price, lots))
  }
  change(index: number, side: Side, price: Price, lots: Lots, venueMs: number): void {
    this.levelOutcomes.add(this.#ladder(index, side).add(price, lots))
    this.books[index].delta(venueMs, 0, 0)
  }
  top(index: number, bid: Price, ask: Price, venueMs: number): void {
    const book = this.books[index]
    book.claim(bid, ask, venueMs, 0, 0)
    this.claims.push({ venueMs, agrees: book.bids.bestPrice() === bid && book.asks.bestPrice() === ask })
  }
  tickSize(index: number, tick: Price): void {
    this.books[index].retick(tick)
  }
  trade(): void {}
  control(): void {}

  #ladder(index: number, side: Side): Ladder {
    return side === SIDE_BID ? this.books[index].bids : this.books[index].asks
  }
}

/** [price, lots] from the best outward, read from every slot and not by the ladder's own walk. */
type Levels = [price: number, lots: number][]

function levelsOf(ladder: Ladder): Levels {
  const levels: Levels = []
  for (const [slot, lots] of ladder.lots.entries()) if (lots !== 0) levels.push([slot * ladder.unit, lots])
  if (ladder.side === SIDE_BID) levels.reverse()
  assert.equal(
    ladder.bestPrice(),
    levels[0]?.[0] ?? PRICE_NONE,
    'the best that was kept is the best there is',
  )
  return levels
}

const allLevels = (book: Book) => ({ bids: levelsOf(book.bids), asks: levelsOf(book.asks) })

/** Recorders have been seen to write 1.21727e+06. */
function scaled(text: string, places: number): number {
  const [mantissa, exponent = '0'] = text.split('e')
  const value = scaledFromDecimal(mantissa, places + Number(exponent))
  assert.notEqual(value, undefined, `a decimal of at most ${places} places, not ${text}`)
  return value!
}

interface PolymarketMessage {
  event_type: string
  asset_id: string
  market: string
  timestamp: string
  bids: { price: string; size: string }[]
  asks: { price: string; size: string }[]
  price_changes: { asset_id: string; price: string; size: string; side: string }[]
}

/** Sizes in micro-shares by price, of one token. */
class TokenModel {
  readonly bids = new Map<number, number>()
  readonly asks = new Map<number, number>()

  set(side: string, price: string, size: string): void {
    const levels = side === 'BUY' ? this.bids : this.asks
    if (scaled(size, 6) === 0) levels.delete(scaled(price, 4))
    else levels.set(scaled(price, 4), scaled(size, 6))
  }
  replace(message: PolymarketMessage): void {
    this.bids.clear()
    this.asks.clear()
    for (const { price, size } of message.bids) this.set('BUY', price, size)
    for (const { price, size } of message.asks) this.set('SELL', price, size)
  }
  /** As the book of the outcome shows it, of which this token is the complement if `mirrored`. */
  levels(mirrored: boolean): { bids: Levels; asks: Levels } {
    const side = (levels: Map<number, number>, falling: boolean): Levels =>
      [...levels]
        .map(([price, micro]): [number, number] => [
          mirrored ? PRICE_ONE - price : price,
          micro < MICRO_SHARES_PER_LOT ? LOTS_DUST : Math.floor(micro / MICRO_SHARES_PER_LOT),
        ])
        .sort(([a], [b]) => (falling ? b - a : a - b))
    return mirrored
      ? { bids: side(this.asks, true), asks: side(this.bids, false) }
      : { bids: side(this.bids, true), asks: side(this.asks, false) }
  }
}

describe('recorded Polymarket frames', { skip: skipWithoutReference() }, () => {
  for (const file of referenceFiles('data/polymarket', /^ws-.*\.json$/)) {
    test(`${basename(file)}: the changes make what the next full book shows, and the tops agree`, (context) => {
      const frames: (PolymarketMessage | PolymarketMessage[])[] = JSON.parse(readFileSync(file, 'utf8'))
      const markets = new Map<string, string[]>()
      for (const message of frames.flat()) {
        const tokens = [message.asset_id, ...(message.price_changes ?? []).map((change) => change.asset_id)]
        const known = markets.get(message.market) ?? []
        markets.set(message.market, [
          ...new Set([...known, ...tokens.filter((token) => token !== undefined)]),
        ])
      }
      const symbols = new Symbols(markets.size * 2)
      const models = new Map<
        string,
        { model: TokenModel; index: number; mirrored: boolean; complete: boolean }
      >()
      for (const [index, tokens] of [...markets.values()].entries())
        for (const [place, token] of tokens.entries()) {
          symbols.add(token, index * 2 + place)
          models.set(token, { model: new TokenModel(), index, mirrored: place === 1, complete: false })
        }

      const parser = new PolymarketParser(symbols)
      const applied = new Applied(markets.size)
      const fromChanges = new Applied(markets.size, true)
      let compared = 0
      for (const [i, frame] of frames.entries()) {
        const bytes = Buffer.from(JSON.stringify(frame))
        for (const sink of [applied, fromChanges])
          assert.ok(parser.parse(bytes, 0, bytes.length, sink) >= 0, `frame ${i} is read`)
        for (const message of [frame].flat()) {
          const token = models.get(message.asset_id)
          if (message.event_type === 'book' && token !== undefined) {
            token.model.replace(message)
            token.complete = true
          }
          for (const { asset_id, side, price, size } of message.price_changes ?? [])
            models.get(asset_id)?.model.set(side, price, size)
        }
        for (const { model, index, mirrored, complete } of models.values())
          if (complete)
            assert.deepEqual(allLevels(applied.books[index]), model.levels(mirrored), `frame ${i}`)
        // A full book may come before changes of its own millisecond that it shows already.
        const ms = Number([frame].flat().at(-1)?.timestamp)
        if (ms === Number([frames[i + 1] ?? []].flat()[0]?.timestamp)) continue
        for (const [index, book] of fromChanges.books.entries())
          assert.deepEqual(allLevels(book), allLevels(applied.books[index]), `changes up to frame ${i}`)
        compared++
      }

      for (const outcomes of [applied.levelOutcomes, fromChanges.levelOutcomes])
        assert.deepEqual([...outcomes], [LadderOutcome.Ok])
      // Inside a burst the claimed tops may run ahead of the levels, and are reached by a later message. Outside of
      // one, or when nothing reaches them, our book is wrong.
      const { claims } = applied
      assert.ok(claims.length > 0)
      const settleMs = SETTLE_NS / NS_PER_MS
      const times = frames.flat().map(({ timestamp }) => Number(timestamp))
      for (const [i, { agrees, venueMs }] of claims.entries()) {
        if (agrees) continue
        const near = times.filter((ms) => Math.abs(ms - venueMs) <= settleMs)
        assert.ok(near.length > 1, `the lone claim at ${venueMs} agrees`)
        const settled = claims.slice(i).some((later) => later.agrees) || times.at(-1)! <= venueMs + settleMs
        assert.ok(settled, `the claim at ${venueMs} is reached`)
      }
      const differing = claims.filter(({ agrees }) => !agrees).length
      context.diagnostic(
        `${frames.length} frames, ${applied.snapshots} snapshots, ${compared} comparisons, ` +
          `${claims.length} claimed tops of which ${differing} ran ahead`,
      )
    })
  }
})

interface KalshiMessage {
  type: string
  sid?: number
  seq?: number
  msg: {
    market_ticker: string
    yes_dollars_fp?: [string, string][]
    no_dollars_fp?: [string, string][]
    side: string
    price_dollars: string
    delta_fp: string
  }
}

describe('recorded Kalshi frames', { skip: skipWithoutReference() }, () => {
  for (const file of referenceFiles('data/kalshi', /^ws-.*\.jsonl$/)) {
    test(`${basename(file)}: no number is missing, no level goes below zero, and the books are the maps'`, (context) => {
      const raws = readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line): string => JSON.parse(line).raw ?? line)
      const messages = raws.map((raw): KalshiMessage => JSON.parse(raw))
      const isBook = ({ type }: KalshiMessage) => type === 'orderbook_snapshot' || type === 'orderbook_delta'
      const tickers = [...new Set(messages.filter(isBook).map(({ msg }) => msg.market_ticker))]
      const symbols = new Symbols(tickers.length)
      for (const [index, ticker] of tickers.entries()) symbols.add(ticker, index)

      const parser = new KalshiParser(symbols, false)
      const applied = new Applied(tickers.length)
      const lastSeq = new Map<number, number>()
      const models = tickers.map(() => ({ yes: new Map<number, number>(), no: new Map<number, number>() }))
      for (const [i, message] of messages.entries()) {
        const bytes = Buffer.from(raws[i])
        assert.equal(parser.parse(bytes, 0, bytes.length, applied), 1, `frame ${i} is read`)
        const { sid, seq, msg } = message
        if (sid !== undefined && seq !== undefined) {
          assert.equal(seq, (lastSeq.get(sid) ?? seq - 1) + 1, `frame ${i} is in sequence`)
          lastSeq.set(sid, seq)
        }
        if (!isBook(message)) continue
        const model = models[tickers.indexOf(msg.market_ticker)]
        if (message.type === 'orderbook_snapshot') {
          for (const [levels, told] of [
            [model.yes, msg.yes_dollars_fp],
            [model.no, msg.no_dollars_fp],
          ] as const) {
            levels.clear()
            for (const [price, size] of told ?? []) levels.set(scaled(price, 4), scaled(size, 2))
          }
        } else {
          const levels = msg.side === 'yes' ? model.yes : model.no
          const price = scaled(msg.price_dollars, 4)
          const size = (levels.get(price) ?? 0) + scaled(msg.delta_fp, 2)
          assert.ok(size >= 0, `frame ${i} does not go below zero`)
          if (size === 0) levels.delete(price)
          else levels.set(price, size)
        }
      }

      for (const outcome of applied.sequenceOutcomes)
        assert.ok(outcome === SequenceOutcome.First || outcome === SequenceOutcome.InOrder)
      assert.deepEqual([...applied.levelOutcomes], [LadderOutcome.Ok])
      for (const [index, { yes, no }] of models.entries()) {
        const bids = [...yes].sort(([a], [b]) => b - a)
        const asks = [...no].map(([price, lots]): [number, number] => [PRICE_ONE - price, lots])
        assert.deepEqual(allLevels(applied.books[index]), { bids, asks: asks.sort(([a], [b]) => a - b) })
        assert.equal(applied.books[index].state, BookState.Live, `${tickers[index]} is live`)
      }
      context.diagnostic(`${messages.length} frames, ${tickers.length} books, ${applied.snapshots} snapshots`)
    })
  }
})
