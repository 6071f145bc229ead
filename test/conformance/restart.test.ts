import assert from 'node:assert/strict'
import { test } from 'node:test'
import { killRounds } from '../restart/rounds.ts'

/** Its lives end at 10.8, 2.4 and 10.8 s: while it trades, while it recovers from that, and while it trades again. */
const SEED = 11
const TIMEOUT_MS = 240_000

test(
  'killed and started again, it holds what the venues say, covered on both sides',
  {
    timeout: TIMEOUT_MS,
  },
  async () => {
    const { killed, withoutEnd, runs } = await killRounds(3, SEED)
    assert.ok(killed.trading > 0 && withoutEnd > 0 && runs > 1, JSON.stringify({ killed, withoutEnd, runs }))
  },
)
