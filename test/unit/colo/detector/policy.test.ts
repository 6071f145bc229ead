import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkedPolicy, overfillPpmFloor, policyOf } from '@tandem/colo/detector/policy.ts'
import { readSettings } from '@tandem/shared/settings.ts'
import { policy } from './market.ts'

const DAY_MS = 86_400_000
const NOW_MS = 1_790_000_000_000
const UNDATED = { resolvesAtMs: undefined, divergenceChance: undefined }

test('a ratio becomes the parts per million that it says', () => {
  for (const [ratio, ppm] of [
    [0, 0],
    [0.03, 30_000],
    [0.029, 29_000],
    [0.0000019, 1],
    [1, 1_000_000],
  ]) {
    assert.equal(overfillPpmFloor(ratio), ppm)
  }
})

test('the settings give contracts and ratios, the policy lots and parts per million', () => {
  assert.deepEqual(
    policyOf(readSettings({ maxContractsPerTrade: 20, maxOverfill: 0.01 }, 'test'), UNDATED, NOW_MS),
    { minEdgeMicroUsd: 5_000, maxLots: 2_000, maxOverfillPpm: 10_000, kalshiPrecisionMicroUsd: 100 },
  )
})

/** What a pair must bring under settings, 30 days before its resolution. */
function demanded(settings: object, pair: Partial<Parameters<typeof policyOf>[1]> = {}): number {
  const expected = { resolvesAtMs: NOW_MS + 30 * DAY_MS, divergenceChance: undefined, ...pair }
  return policyOf(readSettings(settings, 'test'), expected, NOW_MS).minEdgeMicroUsd
}

test('money that waits longer must bring more, and never less than the minimum', () => {
  // 0.1 x 30 / 365 of a dollar, rounded up.
  assert.equal(demanded({ yearlyHurdle: 0.1 }), 8_220)
  assert.equal(demanded({ yearlyHurdle: 0.1, minEdgeMicroUsd: 9_000 }), 9_000)
  assert.equal(demanded({ yearlyHurdle: 0.1 }, { resolvesAtMs: NOW_MS - DAY_MS }), 5_000)
})

test('a pair without a date waits as long as is assumed, a year without a word', () => {
  assert.equal(demanded({ yearlyHurdle: 0.1 }, { resolvesAtMs: undefined }), 100_000)
  assert.equal(demanded({ yearlyHurdle: 0.1, daysAssumed: 100 }, { resolvesAtMs: undefined }), 27_398)
})

test('the chance to settle apart is held back on top: the pair’s own, else that of the settings', () => {
  assert.equal(demanded({ divergenceChance: 0.02 }), 25_000)
  assert.equal(demanded({ divergenceChance: 0.02 }, { divergenceChance: 0.001 }), 6_000)
  assert.equal(demanded({ yearlyHurdle: 0.1, divergenceChance: 0.02 }), 28_220)
})

test('more than a dollar is never asked: nothing is traded then', () => {
  assert.equal(demanded({ divergenceChance: 1 }), 1_000_000)
})

test('a minimum below zero, which the search could not bound, is a mistake of ours', () => {
  assert.throws(() => checkedPolicy({ ...policy(), minEdgeMicroUsd: -1 }), /POLICY_MIN_EDGE/)
})
