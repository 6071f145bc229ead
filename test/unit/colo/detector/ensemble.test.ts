import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Book } from '@tandem/colo/book/book.ts'
import { BookState } from '@tandem/colo/book/integrity.ts'
import { Ensemble, Lag } from '@tandem/colo/detector/ensemble.ts'
import { HALF_LIFE_NS } from '@tandem/colo/detector/fade.ts'
import { TradeFlow } from '@tandem/colo/detector/trade-flow.ts'
import { KALSHI, POLYMARKET } from '@tandem/colo/venue/venue.ts'
import { type Lots, type Ns, PRICE_NONE, PRICE_ONE, SIDE_BID } from '@tandem/shared/units.ts'
import fc from 'fast-check'
import { book, bundle, type Levels } from './market.ts'

const NOW = 1_000_000_000 as Ns

function live(bids: Levels, asks: Levels): Book {
  const made = book(100, bids, asks)
  made.state = BookState.Live
  return made
}

/** A cent to either side of a middle. */
const around = (middle: number, lots = 1_000): Book => live([[middle - 100, lots]], [[middle + 100, lots]])

function ensemble({ inverse = false } = {}) {
  const flows = [new TradeFlow(1), new TradeFlow(1)] as const
  const made = new Ensemble([bundle({ inverse })], flows)
  const said = () => ({ fair: made.fairPrice[0], lag: made.lag[0], sureness: made.sureness[0] })
  const look = (polymarket: Book, kalshi: Book, nowNs: number = NOW) =>
    made.look(0, polymarket, kalshi, nowNs as Ns)
  return { flows, said, look, made }
}

test('alike, the two meet in the middle and neither lags', () => {
  const { look, said } = ensemble()
  assert.ok(look(around(4_400), around(4_800)))
  assert.deepEqual(said(), { fair: 4_600, lag: Lag.Neither, sureness: 0 })
})

test('a venue lags by how far the value lies outside its quotes, and the other’s distance makes it less sure', () => {
  const { look, said } = ensemble()
  // Kalshi is nine times as deep, so it counts three times as much: the value is 300 from Polymarket, 100 from Kalshi.
  assert.ok(look(around(4_400), around(4_800, 9_000)))
  assert.deepEqual(said(), { fair: 4_700, lag: Lag.Polymarket, sureness: 1 - 1 / 3 })
})

test('a wide book does not lag where the value lies within its quotes', () => {
  const { look, said } = ensemble()
  look(around(4_400), live([[4_300, 1_000]], [[5_300, 1_000]]))
  assert.equal(said().lag, Lag.Neither)
})

test('who moves has the news: the other lags until it follows or the move is old', () => {
  const { look, said } = ensemble()
  look(around(4_400), around(4_400))
  assert.ok(look(around(4_400), around(4_900)))
  const { fair, lag, sureness } = said()
  assert.ok(lag === Lag.Polymarket && fair > 4_750 && sureness > 0.7, JSON.stringify(said()))
  // Both have come as far, so both count alike.
  assert.ok(look(around(4_900), around(4_900)))
  assert.deepEqual(said(), { fair: 4_900, lag: Lag.Neither, sureness: 0 })
})

test('a move is forgotten, and there and back is none', () => {
  const old = ensemble()
  old.look(around(4_400), around(4_400))
  old.look(around(4_400), around(4_900))
  old.look(around(4_300), around(4_900), NOW + 60 * HALF_LIFE_NS)
  // Polymarket's cent away is all that is left: it counts twice, 1 + 100 / 100.
  assert.deepEqual(old.said(), { fair: 4_500, lag: Lag.Kalshi, sureness: 0.5 })
  const back = ensemble()
  back.look(around(4_400), around(4_800))
  back.look(around(4_400), around(5_300))
  back.look(around(4_400), around(4_800))
  assert.deepEqual(back.said(), { fair: 4_600, lag: Lag.Neither, sureness: 0 })
})

test('what takers buy on one venue raises the value', () => {
  const { look, said, flows } = ensemble()
  flows[KALSHI].traded(0, 2_000 as Lots, SIDE_BID, NOW)
  look(around(4_500), around(4_500))
  // As much as Kalshi shows: a quarter of half its spread, of which it is half.
  assert.equal(said().fair, 4_513)
})

test('of an inverse pair Kalshi’s prices, and what is bought there, count the other way round', () => {
  const { look, said, flows } = ensemble({ inverse: true })
  flows[KALSHI].traded(0, 2_000 as Lots, SIDE_BID, NOW)
  look(around(4_500), around(5_500))
  assert.equal(said().fair, 4_488)
})

test('it is computed anew when a best price has moved by a cent since the last time, and not before', () => {
  const { look, made } = ensemble()
  const kalshi = around(4_800)
  const fine = new Book(10 as never)
  fine.state = BookState.Live
  fine.bids.set(4_300 as never, 1_000 as never)
  fine.asks.set(4_500 as never, 1_000 as never)
  assert.ok(look(fine, kalshi))
  assert.equal(look(fine, kalshi), false)
  fine.bids.set(4_350 as never, 1_000 as never)
  assert.equal(look(fine, kalshi), false)
  fine.bids.set(4_390 as never, 1_000 as never)
  assert.equal(look(fine, kalshi), false)
  fine.bids.set(4_400 as never, 1_000 as never)
  assert.ok(look(fine, kalshi))
  assert.equal(made.told[0], 2)
})

test('where a book is not LIVE or a side is empty nothing is known, which is said once', () => {
  for (const state of Object.values(BookState).filter((each) => each !== BookState.Live)) {
    const { look, said } = ensemble()
    const polymarket = around(4_400)
    const kalshi = around(4_800)
    polymarket.state = state
    assert.equal(look(polymarket, kalshi), false)
    polymarket.state = BookState.Live
    assert.ok(look(polymarket, kalshi))
    kalshi.state = state
    assert.ok(look(polymarket, kalshi))
    assert.deepEqual(said(), { fair: PRICE_NONE, lag: Lag.Unknown, sureness: 0 })
    assert.equal(look(polymarket, kalshi), false)
  }
  const { look, said } = ensemble()
  look(around(4_400), around(4_800))
  assert.ok(look(live([], [[4_500, 100]]), around(4_800)))
  assert.equal(said().lag, Lag.Unknown)
})

const side = (min: number, max: number) =>
  fc.array(
    fc.tuple(
      fc.integer({ min, max }).map((cents) => cents * 100),
      fc.integer({ min: 1, max: 1e6 }),
    ),
    {
      minLength: 1,
      maxLength: 5,
    },
  )
const anyBook = fc
  .integer({ min: 1, max: 98 })
  .chain((bid) => fc.record({ bids: side(1, bid), asks: side(bid + 1, 99) }))
const mirrored = ({ bids, asks }: { bids: Levels; asks: Levels }) => {
  const flip = (levels: Levels): Levels => levels.map(([price, lots]) => [PRICE_ONE - price, lots])
  return live(flip(asks), flip(bids))
}

test('in the other outcome’s prices the same is said, and an inverse pair says what a same one does', () => {
  fc.assert(
    fc.property(anyBook, anyBook, (p, k) => {
      const [same, flipped, inverse] = [ensemble(), ensemble(), ensemble({ inverse: true })]
      same.look(live(p.bids, p.asks), live(k.bids, k.asks))
      flipped.look(mirrored(p), mirrored(k))
      inverse.look(live(p.bids, p.asks), mirrored(k))
      const { fair, lag, sureness } = same.said()
      for (const { said, of } of [
        { said: flipped.said(), of: PRICE_ONE - fair },
        { said: inverse.said(), of: fair },
      ]) {
        // Half a unit may be rounded either way.
        assert.ok(Math.abs(said.fair - of) <= 1)
        assert.ok(Math.abs(said.sureness - sureness) < 1e-9)
        if (sureness > 1e-9) assert.equal(said.lag, lag)
      }
    }),
    { seed: 6, numRuns: 1_000 },
  )
})

test('the value lies between what both books say, and who lags is further from it than its quotes and than the other', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ p: anyBook, k: anyBook, ms: fc.nat(60_000) }), { minLength: 1, maxLength: 8 }),
      (steps) => {
        const { look, said } = ensemble()
        let nowNs: number = NOW
        for (const { p, k, ms } of steps) {
          nowNs += ms * 1e6
          const [polymarket, kalshi] = [live(p.bids, p.asks), live(k.bids, k.asks)]
          if (!look(polymarket, kalshi, nowNs)) continue
          const { fair, lag, sureness } = said()
          const books = [polymarket, kalshi]
          // Two cents deep, a level's average is at most so far behind its best.
          assert.ok(fair >= Math.min(...books.map(({ bids }) => bids.bestPrice())) - 200)
          assert.ok(fair <= Math.max(...books.map(({ asks }) => asks.bestPrice())) + 200)
          assert.ok(sureness >= 0 && sureness < 1)
          assert.equal(lag === Lag.Neither, sureness === 0)
          if (lag === Lag.Neither) continue
          const named = books[lag === Lag.Polymarket ? POLYMARKET : KALSHI] as Book
          assert.ok(fair < named.bids.bestPrice() || fair > named.asks.bestPrice())
        }
      },
    ),
    { seed: 6, numRuns: 1_000 },
  )
})
