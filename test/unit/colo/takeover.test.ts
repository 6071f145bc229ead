import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Taking } from '@tandem/colo/cache/lease.ts'
import type { Recovered } from '@tandem/colo/recovery.ts'
import { HaltReason } from '@tandem/colo/risk/halt.ts'
import { type TakeoverParts, takeOver } from '@tandem/colo/takeover.ts'

const recovered = (runIds: readonly string[], halts = 0): Recovered => ({
  positions: [],
  orders: [],
  sent: new Set(),
  hashes: new Set(),
  runIds: new Set(runIds),
  lastMs: undefined,
  day: { endsMs: 0, approvedMicroUsd: 0, lostMicroUsd: 0 },
  settlements: [],
  halts,
})
const OWN = recovered(['own-1'], HaltReason.Operator)
const MIRRORED = recovered(['other'], HaltReason.DayLoss)
const taking = (owner: string, ...runs: string[]): Taking => ({
  owner,
  predecessors: runs.map((runId) => ({ runId, fence: `fence of ${runId}` })),
  atMs: 1,
})

/** @param fails how often each of its acts fails before it succeeds */
function scene(mirrored: Recovered | undefined, fails = 0) {
  const said: string[] = []
  let failures = fails
  const act = async (what: string): Promise<void> => {
    if (failures-- > 0) throw new Error('not now')
    failures = fails
    said.push(what)
  }
  const parts: TakeoverParts = {
    own: OWN,
    stop: ({ runId, fence }) => act(`stop ${runId} by ${fence}`),
    stopped: ({ runId }) => act(`stopped ${runId}`),
    async readMirrored() {
      await act('read')
      return mirrored
    },
    onUnknown: (owner) => void said.push(`unknown ${owner}`),
    sleep: async () => void said.push('sleep'),
  }
  return { said, parts }
}

test('whoever was before is stopped at the venues first, and what it left is read then', async () => {
  const { said, parts } = scene(MIRRORED)
  const found = await takeOver(taking('other', 'older', 'other'), parts)
  assert.deepEqual(said, [
    'stop older by fence of older',
    'stopped older',
    'stop other by fence of other',
    'stopped other',
    'read',
  ])
  // A halt outlives the host on which it was said, and a trip the one on which it happened.
  assert.deepEqual(found, { ...MIRRORED, halts: HaltReason.Operator | HaltReason.DayLoss })
})

test('what fails is tried until it is done', async () => {
  const { said, parts } = scene(MIRRORED, 2)
  await takeOver(taking('other', 'other'), parts)
  assert.deepEqual(said, [
    'sleep',
    'sleep',
    'stop other by fence of other',
    'sleep',
    'sleep',
    'stopped other',
    'sleep',
    'sleep',
    'read',
  ])
})

test('after a run of this host, or after none, its own journal is what there is', async () => {
  for (const owner of ['own-1', '']) {
    const { said, parts } = scene(MIRRORED)
    assert.equal(await takeOver(taking(owner, 'own-1'), parts), OWN)
    assert.deepEqual(said, ['stop own-1 by fence of own-1', 'stopped own-1'])
  }
})

test('where the mirrored journal has no beginning nobody knows what is held, and that is said', async () => {
  const { said, parts } = scene(undefined)
  assert.equal(await takeOver(taking('other'), parts), OWN)
  assert.deepEqual(said, ['read', 'unknown other'])
})
