import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkedPolicy, overfillPpmFloor, policyFromSettings } from '@tandem/colo/detector/policy.ts'
import { readSettings } from '@tandem/shared/settings.ts'
import { policy } from './market.ts'

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
    policyFromSettings(readSettings({ maxContractsPerTrade: 20, maxOverfill: 0.01 }, 'test')),
    { minEdgeMicroUsd: 5_000, maxLots: 2_000, maxOverfillPpm: 10_000, kalshiPrecisionMicroUsd: 100 },
  )
})

test('a minimum below zero, which the search could not bound, is a mistake of ours', () => {
  assert.throws(() => checkedPolicy({ ...policy(), minEdgeMicroUsd: -1 }), /POLICY_MIN_EDGE/)
})
