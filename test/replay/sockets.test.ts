import assert from 'node:assert/strict'
import { it } from 'node:test'
import { MadeBook } from '@tandem/cli/generate/book.ts'
import { KalshiFeed } from '@tandem/cli/generate/kalshi.ts'
import { Replay } from '@tandem/cli/replay/run.ts'
import type { TapeChange, TapeFrame } from '@tandem/cli/replay/tape.ts'
import { feesOf, readMapping } from '@tandem/shared/mapping.ts'
import { readSettings } from '@tandem/shared/settings.ts'
import { SIDE_ASK, SIDE_BID } from '@tandem/shared/units.ts'

// A recording of two Kalshi connections, each with a numbering of its own; the second is lost, and comes back.

const START_MS = Date.UTC(2026, 10, 22)
const FREE = { polymarket: { rate: 0, exponent: 1 }, kalshi: { fee_type: 'quadratic', fee_multiplier: 1 } }
const { mapping } = readMapping(
  {
    pairs: ['A', 'B'].map((name, place) => ({
      id: name,
      polarity: 'same',
      kalshi: { ticker: `KX-${name}` },
      polymarket: { yes_token: `${place + 1}001`, no_token: `${place + 1}002`, tick: '0.01' },
    })),
    fees: { free: FREE },
  },
  'made',
)
const pairs = mapping.pairs.map((pair) => ({ pair, fees: feesOf(mapping, pair, undefined, 'made') }))

/** @param isTold whether the tape says which connection a frame came on */
async function integrityOf(isTold: boolean) {
  const frames: TapeFrame[] = []
  const changes: TapeChange[] = []
  const at = (ms: number) => ({ recvTsNs: `${START_MS + ms}000000`, atNs: ms * 1_000_000 })
  const frame = (ms: number, socket: number, raw: string): void => {
    const place = { line: frames.length + 1, venue: 'kalshi', socket: isTold ? socket : 0 } as const
    frames.push({ ...place, ...at(ms), bytes: Buffer.from(raw) })
  }
  const change = (ms: number, socket: number, opened: string[] | undefined): void => {
    if (isTold) changes.push({ before: frames.length, venue: 'kalshi', socket, opened, ...at(ms) })
  }
  const markets = ['KX-A', 'KX-B'].map((ticker) => ({
    ticker,
    marketId: ticker,
    book: new MadeBook([{ start: 0, end: 10_000, step: 100 }]),
  }))
  const begin = (ms: number, socket: number): KalshiFeed => {
    const feed = new KalshiFeed()
    change(ms, socket, [markets[socket].ticker])
    frame(ms, socket, feed.subscribed(1))
    frame(ms + 1, socket, feed.snapshot(markets[socket]))
    return feed
  }
  for (const { book } of markets) {
    book.set(SIDE_BID, 4_800, 50_000)
    book.set(SIDE_ASK, 5_000, 50_000)
  }
  const move = (ms: number, socket: number, feed: KalshiFeed, price: number): void =>
    frame(
      ms,
      socket,
      feed.delta(markets[socket], markets[socket].book.set(SIDE_BID, price, ms), START_MS + ms),
    )

  const first = begin(0, 0)
  const second = begin(10, 1)
  for (let ms = 20; ms < 60; ms += 10) {
    move(ms, 0, first, 4_700)
    if (ms % 20 === 0) move(ms + 1, 1, second, 4_600)
  }
  change(100, 1, undefined)
  move(110, 0, first, 4_500)
  const again = begin(500, 1)
  move(510, 1, again, 4_400)
  move(520, 0, first, 4_300)

  const tape = { zeroNs: BigInt(START_MS) * 1_000_000n, frames, changes, lines: frames.length, faults: [] }
  const { record } = await Replay.run(tape, pairs, readSettings({}, 'test'))
  return record.integrity.map(({ at_ns, market, to, cause }) => [
    Number(BigInt(at_ns) / 1_000_000n) - START_MS,
    market,
    to,
    cause,
  ])
}

it('a recording’s connections are told apart, and a lost one’s books are not trusted until it tells them again', async () => {
  assert.deepEqual(await integrityOf(true), [
    [1, 'KX-A', 'LIVE', 'snapshot'],
    [11, 'KX-B', 'LIVE', 'snapshot'],
    [100, 'KX-B', 'SUSPECT', 'connection'],
    [501, 'KX-B', 'LIVE', 'snapshot'],
  ])
})

it('the same frames as if of one connection are full of gaps', async () => {
  assert.ok((await integrityOf(false)).some(([, , , cause]) => cause === 'gap'))
})
