import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MadeBook } from '@tandem/cli/generate/book.ts'
import { KalshiFeed } from '@tandem/cli/generate/kalshi.ts'
import { bookFrame, changeFrame, type PolymarketMade } from '@tandem/cli/generate/polymarket.ts'
import { Random } from '@tandem/cli/generate/random.ts'
import { Replay } from '@tandem/cli/replay/run.ts'
import type { TapeFrame } from '@tandem/cli/replay/tape.ts'
import { feesOf, readMapping } from '@tandem/shared/mapping.ts'
import { readSettings } from '@tandem/shared/settings.ts'
import { SIDE_ASK, SIDE_BID } from '@tandem/shared/units.ts'

// One pair, one crossing, and what the feed does at that moment: the executor must trade on it or not for that reason
// alone.

const START_MS = Date.UTC(2026, 10, 22)
const { mapping } = readMapping(
  {
    pairs: [
      {
        id: 'one',
        polarity: 'same',
        kalshi: { ticker: 'KXONE-26' },
        polymarket: { yes_token: '1001', no_token: '1002', tick: '0.01' },
      },
    ],
    fees: {
      free: {
        polymarket: { rate: 0, exponent: 1 },
        kalshi: { fee_type: 'quadratic', fee_multiplier: 1 },
      },
    },
  },
  'made',
)
const pairs = mapping.pairs.map((pair) => ({ pair, fees: feesOf(mapping, pair, undefined, 'made') }))

type Feed = 'as it should be' | 'a top that disagrees' | 'a late top' | 'a sequence gap'

/** Both books quote 0.48/0.50; two seconds later Polymarket sells at 0.40. */
async function decisionsWith(feed: Feed) {
  const random = new Random(1)
  const bands = [{ start: 0, end: 10_000, step: 100 }]
  const polymarket: PolymarketMade = {
    yesToken: '1001',
    noToken: '1002',
    conditionId: '0x01',
    book: new MadeBook(bands),
  }
  const kalshi = { ticker: 'KXONE-26', marketId: 'one', book: new MadeBook(bands) }
  const channel = new KalshiFeed()
  const frames: TapeFrame[] = []
  const add = (venue: TapeFrame['venue'], ms: number, raw: string): void => {
    const recvTsNs = `${START_MS + ms}000000`
    const atNs = ms * 1_000_000
    frames.push({ line: frames.length + 1, recvTsNs, atNs, venue, socket: 0, bytes: Buffer.from(raw) })
  }
  polymarket.book.set(SIDE_BID, 3_900, 500_000_000)
  polymarket.book.set(SIDE_ASK, 5_000, 500_000_000)
  kalshi.book.set(SIDE_BID, 4_800, 50_000)
  kalshi.book.set(SIDE_ASK, 5_000, 50_000)
  add('polymarket', 0, bookFrame(polymarket, START_MS, random))
  add('kalshi', 1, channel.subscribed(1))
  add('kalshi', 2, channel.snapshot(kalshi))
  const unseen = channel.delta(kalshi, kalshi.book.set(SIDE_BID, 4_700, 100), START_MS + 1_900)
  if (feed !== 'a sequence gap') add('kalshi', 1_900, unseen)
  add('kalshi', 1_950, channel.delta(kalshi, kalshi.book.set(SIDE_BID, 4_600, 100), START_MS + 1_950))

  const change = polymarket.book.set(SIDE_ASK, 4_000, 200_000_000)
  const top = { bid: feed === 'a top that disagrees' ? 3_800 : 3_900, ask: 4_000 }
  const toldMs = feed === 'a late top' ? START_MS + 100 : START_MS + 2_000
  add('polymarket', 2_000, changeFrame(polymarket, change, top, toldMs, random))
  add('kalshi', 2_200, channel.delta(kalshi, kalshi.book.set(SIDE_BID, 4_500, 100), START_MS + 2_200))

  const zeroNs = BigInt(START_MS) * 1_000_000n
  const tape = { zeroNs, frames, changes: [], lines: frames.length, faults: [] }
  const { decisions } = (await Replay.run(tape, pairs, readSettings({}, 'test'))).report()
  return decisions
}

describe('a crossing', () => {
  it('is traded while both books are LIVE', async () => {
    const { sent } = await decisionsWith('as it should be')
    assert.equal(sent, 1)
  })

  for (const feed of ['a top that disagrees', 'a late top', 'a sequence gap'] as const) {
    it(`is seen and not traded with ${feed}`, async () => {
      const { sent, not_live } = await decisionsWith(feed)
      assert.equal(sent, 0)
      assert.ok(not_live > 0)
    })
  }
})
