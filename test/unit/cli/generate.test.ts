import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { type MadeTape, makeTape } from '@tandem/cli/generate/tape.ts'
import { readMapping } from '@tandem/shared/mapping.ts'

// The tape is read back with JSON.parse and plain maps: nothing here is the executor's own.

type Book = { bids: Map<number, number>; asks: Map<number, number> }
type Levels = { price: string; size: string }[]

const examples = join(import.meta.dirname, '../../../examples')
const scaled = (text: string): number => Math.round(Number(text) * 10_000)
const best = (book: Book): [bid: number, ask: number] => [
  Math.max(0, ...book.bids.keys()),
  Math.min(10_000, ...book.asks.keys()),
]

/** What a careful reader finds in a tape. */
class Reading {
  readonly polymarket = new Map<string, Book>()
  readonly kalshi = new Map<string, Book>()
  readonly types = new Map<string, number>()
  readonly gaps: number[] = []
  topsAhead = 0
  topsWrong = 0
  negative = 0
  healed = 0
  #lastSeq = 0
  #suspect = new Set<string>()
  #ahead = new Map<string, string>()

  constructor(lines: readonly string[], afterEach: (reading: Reading) => void = () => {}) {
    for (const line of lines) {
      const { venue, raw } = JSON.parse(line)
      if (raw !== 'PONG') {
        const message = JSON.parse(raw)
        if (venue === 'kalshi') this.#kalshi(message)
        else for (const one of Array.isArray(message) ? message : [message]) this.#polymarket(one)
      }
      afterEach(this)
    }
  }

  // biome-ignore lint/suspicious/noExplicitAny: a wire message
  #polymarket(message: any): void {
    this.#count(message.event_type)
    if (message.event_type === 'book') {
      const side = (levels: Levels) => new Map(levels.map(({ price, size }) => [scaled(price), Number(size)]))
      this.polymarket.set(message.asset_id, { bids: side(message.bids), asks: side(message.asks) })
      return
    }
    if (message.event_type !== 'price_change') return
    for (const change of message.price_changes) {
      const book = this.polymarket.get(change.asset_id) as Book
      const side = change.side === 'BUY' ? book.bids : book.asks
      if (change.size === '0') side.delete(scaled(change.price))
      else side.set(scaled(change.price), Number(change.size))
      const told = [scaled(change.best_bid), scaled(change.best_ask)]
      // A burst's frames share one timestamp; only its last must agree.
      const before = this.#ahead.get(change.asset_id)
      if (best(book).join() === told.join()) this.#ahead.delete(change.asset_id)
      else if (before === undefined || before === message.timestamp) {
        this.topsAhead += 1
        this.#ahead.set(change.asset_id, message.timestamp)
      } else this.topsWrong += 1
    }
  }

  // biome-ignore lint/suspicious/noExplicitAny: a wire message
  #kalshi(message: any): void {
    this.#count(message.type)
    if (message.seq !== undefined) {
      if (message.seq !== this.#lastSeq + 1) {
        this.gaps.push(message.seq - this.#lastSeq - 1)
        for (const ticker of this.kalshi.keys()) this.#suspect.add(ticker)
      }
      this.#lastSeq = message.seq
    }
    const { msg } = message
    if (message.type === 'orderbook_snapshot') {
      const side = (levels: [string, string][] = [], mirrored: boolean) =>
        new Map(
          levels.map(([price, size]) => [mirrored ? 10_000 - scaled(price) : scaled(price), Number(size)]),
        )
      this.kalshi.set(msg.market_ticker, {
        bids: side(msg.yes_dollars_fp, false),
        asks: side(msg.no_dollars_fp, true),
      })
      if (message.id !== undefined && this.#suspect.delete(msg.market_ticker)) this.healed += 1
    }
    if (message.type === 'orderbook_delta') {
      const book = this.kalshi.get(msg.market_ticker) as Book
      const [side, price] =
        msg.side === 'yes'
          ? [book.bids, scaled(msg.price_dollars)]
          : [book.asks, 10_000 - scaled(msg.price_dollars)]
      const size = Math.round(((side.get(price) ?? 0) + Number(msg.delta_fp)) * 100) / 100
      if (size < 0 && !this.#suspect.has(msg.market_ticker)) this.negative += 1
      if (size === 0) side.delete(price)
      else side.set(price, size)
    }
  }

  #count(type: string): void {
    this.types.set(type, (this.types.get(type) ?? 0) + 1)
  }
}

describe('the made tape', () => {
  let tape: MadeTape
  before(() => {
    tape = makeTape(7, 120, 6)
  })

  it('is the committed example, byte for byte', () => {
    const committed = gunzipSync(readFileSync(join(examples, 'tape.ndjson.gz'))).toString()
    assert.equal(`${tape.lines.join('\n')}\n`, committed)
    assert.equal(
      `${JSON.stringify(tape.pairs, null, 2)}\n`,
      readFileSync(join(examples, 'pairs.json'), 'utf8'),
    )
  })

  it('differs by seed and not by run', () => {
    assert.deepEqual(makeTape(3, 5, 2), makeTape(3, 5, 2))
    assert.notDeepEqual(makeTape(3, 5, 2).lines, makeTape(4, 5, 2).lines)
  })

  it('comes with a pairs file that the mapping reader takes whole', () => {
    const { mapping, ignored } = readMapping(tape.pairs, 'pairs.json')
    assert.deepEqual(ignored, [])
    assert.equal(mapping.pairs.length, 6)
    assert.deepEqual(new Set(mapping.pairs.map(({ polarity }) => polarity)), new Set(['same', 'inverse']))
  })

  it('arrives in order', () => {
    const times = tape.lines.map((line) => BigInt(JSON.parse(line).recv_ts_ns))
    assert.ok(times.every((time, at) => at === 0 || time >= times[at - 1]))
  })

  it('keeps every promise of both feeds but the ones it breaks on purpose', () => {
    const reading = new Reading(tape.lines)
    assert.equal(reading.topsWrong, 0, 'a top that no later frame makes good')
    assert.ok(reading.topsAhead > 50, 'no bursts')
    assert.equal(reading.negative, 0)
    assert.deepEqual(reading.gaps, [2])
    assert.equal(reading.healed, 6)
    for (const type of ['book', 'price_change', 'last_trade_price', 'tick_size_change', 'subscribed', 'ok']) {
      assert.ok((reading.types.get(type) ?? 0) > 0, type)
    }
    for (const books of [reading.polymarket, reading.kalshi]) {
      for (const [name, book] of books) {
        const [bid, ask] = best(book)
        assert.ok(bid < ask, `${name} ends crossed`)
      }
    }
  })

  it('quotes only prices that its markets allow', () => {
    const { mapping } = readMapping(tape.pairs, 'pairs.json')
    const ranges = new Map(mapping.pairs.map(({ kalshi }) => [kalshi.ticker, kalshi.priceRanges ?? []]))
    new Reading(tape.lines, ({ kalshi }) => {
      for (const [ticker, book] of kalshi) {
        for (const price of best(book)) {
          if (price <= 0 || price >= 10_000) continue
          const band = ranges.get(ticker)?.find(({ start, end }) => price >= start && price < end)
          assert.ok(band !== undefined && (price - band.start) % band.step === 0, `${ticker} at ${price}`)
        }
      }
    })
  })

  it('crosses both ways and by more than both fees in pairs of both polarities, and uncrosses again', () => {
    const { mapping } = readMapping(tape.pairs, 'pairs.json')
    const seen = new Map<string, number>()
    const open = new Set<string>()
    new Reading(tape.lines, ({ polymarket, kalshi }) => {
      for (const pair of mapping.pairs) {
        const ours = polymarket.get(pair.polymarket.yesToken)
        const theirs = kalshi.get(pair.kalshi.ticker)
        if (ours === undefined || theirs === undefined) continue
        const [bid, ask] = best(ours)
        const [yesBid, yesAsk] = best(theirs)
        const [outcomeBid, outcomeAsk] =
          pair.polarity === 'same' ? [yesBid, yesAsk] : [10_000 - yesAsk, 10_000 - yesBid]
        // 7 % of p(1-p) each is at least what any of these markets charges.
        const fees = (price: number): number => (0.14 * price * (10_000 - price)) / 10_000
        for (const [direction, edge] of [
          ['buy', outcomeBid - ask - fees(ask)],
          ['sell', bid - outcomeAsk - fees(bid)],
        ] as const) {
          const key = `${pair.polarity} ${direction}`
          const one = `${pair.id} ${direction}`
          if (edge > 50 && !open.has(one)) {
            open.add(one)
            seen.set(key, (seen.get(key) ?? 0) + 1)
          }
          if (edge < 0) open.delete(one)
        }
      }
    })
    for (const key of ['same buy', 'same sell', 'inverse buy', 'inverse sell']) {
      assert.ok((seen.get(key) ?? 0) >= 2, `${key}: ${seen.get(key) ?? 0} crossings`)
    }
    assert.ok(open.size <= 2, `${open.size} of them never closed`)
  })
})
