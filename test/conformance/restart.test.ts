import assert from 'node:assert/strict'
import { test } from 'node:test'
import { killRounds } from '../restart/rounds.ts'

test(
  'killed and started again, it holds what the venues say, covered on both sides',
  {
    timeout: 180_000,
  },
  async () => {
    const { killed, runs } = await killRounds(3, 5)
    assert.ok(killed.trading > 0 && runs > 1, JSON.stringify(killed))
  },
)
