import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Judge, type Mids } from '@tandem/cli/ensemble/judge.ts'
import { verdictText } from '@tandem/cli/ensemble/verdict.ts'
import { wilson } from '@tandem/cli/ensemble/wilson.ts'
import { Lag } from '@tandem/colo/detector/ensemble.ts'
import fc from 'fast-check'

const S = 1e9
const NONE: Mids = [Number.NaN, Number.NaN]

/** Claims a minute apart that Polymarket lags, 4 cents below Kalshi; `after` is where both stand from then on. */
function judged(after: readonly Mids[], fairPrice = 4_700): ReturnType<Judge['report']> {
  const judge = new Judge(1)
  const mids: Mids = [4_400, 4_800]
  after.forEach((moved, round) => {
    const atNs = round * 60 * S
    judge.claim({ bundle: 0, mids, fairPrice, lag: Lag.Polymarket, sureness: 0.5 }, atNs)
    judge.judge(atNs + 59 * S, [moved])
  })
  return judge.report()
}

test('Wilson’s interval is that of the books', () => {
  const near = (actual: number, expected: number) =>
    assert.ok(Math.abs(actual - expected) < 5e-4, `${actual}`)
  for (const [successes, of, low, high] of [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ] as const) {
    near(wilson(successes, of).low, low)
    near(wilson(successes, of).high, high)
  }
  assert.deepEqual(wilson(0, 0), { low: 0, high: 1 })
})

test('a claim is held against the mid that was there when it was due, not against later ones', () => {
  const judge = new Judge(1)
  const claim = { bundle: 0, fairPrice: 4_700, lag: Lag.Polymarket, sureness: 0.5 }
  judge.claim({ ...claim, mids: [4_400, 4_800] }, 0)
  judge.judge(0.5 * S, [[4_400, 4_800]])
  judge.judge(2 * S, [[4_500, 4_800]])
  judge.judge(6 * S, [[4_300, 4_800]])
  const [after1, after5, after30] = judge.report()
  assert.deepEqual([after1?.ensemble.towards, after1?.ensemble.mean_move_cents], [1, 1])
  assert.deepEqual([after5?.ensemble.moved, after5?.ensemble.towards], [1, 0])
  assert.equal(after5?.ensemble.mean_move_cents, -1)
  // The plain mid holds both to it: Polymarket went a cent away, Kalshi stood.
  assert.deepEqual([after5?.plain_mid.judged, after5?.plain_mid.moved], [2, 1])
  assert.equal(after5?.plain_mid.mean_move_cents, -0.5)
  assert.deepEqual([after30?.ensemble.judged, after30?.lost], [0, 1])
})

test('claims that overlap are one, and of a book that is no more LIVE nothing is known', () => {
  const judge = new Judge(2)
  const claim = { mids: [4_400, 4_800] as Mids, fairPrice: 4_700, lag: Lag.Polymarket, sureness: 0.9 }
  for (let ms = 0; ms < 1_000; ms += 100) judge.claim({ ...claim, bundle: 0 }, ms * 1e6)
  judge.claim({ ...claim, bundle: 1 }, 0.5 * S)
  judge.claim({ ...claim, bundle: 0, lag: Lag.Neither }, 2 * S)
  judge.claim({ ...claim, bundle: 0, mids: NONE }, 2 * S)
  judge.judge(1.2 * S, [[4_500, 4_800], NONE])
  judge.judge(2 * S, [[4_500, 4_800], NONE])
  const [after1] = judge.report()
  assert.deepEqual([after1?.ensemble.judged, after1?.lost], [1, 1])
  assert.deepEqual(
    after1?.by_sureness.map(({ judged: count }) => count),
    [0, 0, 1],
  )
  assert.equal(judge.said[Lag.Polymarket], 12)
  assert.equal(judge.said[Lag.Neither], 1)
})

test('it is better only where both intervals lie apart', () => {
  const better = judged(Array.from({ length: 40 }, () => [4_600, 5_000] as Mids))
  // The one that lags came nearer each time, the other went away each time.
  assert.deepEqual(
    better.map(({ verdict }) => verdict),
    ['better', 'better', 'better'],
  )
  assert.equal(verdictText(better), 'better than the plain mid on this tape after 1 s, 5 s, 30 s')
  const worse = judged(Array.from({ length: 40 }, () => [4_300, 4_700] as Mids))
  assert.deepEqual(
    worse.map(({ verdict }) => verdict),
    ['worse', 'worse', 'worse'],
  )
  assert.match(verdictText(worse), /^worse than the plain mid on this tape after 1 s, 5 s, 30 s$/)
  const few = judged([
    [4_600, 5_000],
    [4_600, 5_000],
    [4_600, 5_000],
  ])
  assert.equal(
    verdictText(few),
    'not shown to be better than the plain mid on this tape; undecided after 1 s, 5 s, 30 s: the intervals overlap',
  )
  assert.match(verdictText(judged([[4_400, 4_800]])), /^nothing to judge on this tape/)
})

test('whoever names a venue by chance is not found better', () => {
  let better = 0
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 50, maxLength: 200 }),
      (moves) => {
        const after = moves.map(([p, k]): Mids => [p ? 4_500 : 4_300, k ? 4_700 : 4_900])
        for (const { verdict } of judged(after)) if (verdict === 'better') better++
      },
    ),
    { seed: 6, numRuns: 300 },
  )
  // Three horizons a run, all three alike here: at 95 %, and by intervals that must not touch.
  assert.ok(better <= 3 * 300 * 0.05, `${better}`)
})
