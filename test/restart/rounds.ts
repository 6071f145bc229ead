import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readWhole } from '@tandem/cli/journal/summary.ts'
import { SandboxRun } from '@tandem/cli/live/sandbox.ts'
import type { Position, Status } from '@tandem/colo/operator.ts'
import { recover } from '@tandem/colo/recovery.ts'
import { Random } from '@tandem/sandbox/engine/random.ts'
import { MICRO_SHARES_PER_LOT } from '@tandem/shared/units.ts'
import { assertHeld, commanded, pairOf, turnsOf, until } from '../operated.ts'

// The executor's process is killed at random moments, and started again on its journal and its accounts:
//
//   start   warm up   read the journal   look up, ask both venues   trade   ...
//   0 s                                  0.5 s                      6 s
//      ^ killed anywhere here, and again while it recovers from that
//
// The last one is let live. It must come to trade; then what it holds must be what the venues' ledgers say, covered on
// both sides, and the journal whole.

/** Half of the kills hit a recovery, which takes six seconds, the others what comes after it. */
const RECOVERS_MS = 6_500
const TRADES_MS = 6_000
/** Polymarket holds every order back for a second, so that a kill often finds one without an end. */
const FAULTS = 'taker-delay'
/** That delay lets most entries fill on one side alone, as long as nobody has told us of it. */
const NO_BREAKERS = { dayLossMicroUsd: 1e15, lastOnes: 1_000, legFailures: 1_000, refusals: 1_000 }
/** Entries of the last executor. */
const ENTRIES = 5
const MARKETS = 12

export interface RoundsReport {
  readonly rounds: number
  /** Executors that were killed, by what they were at: before their `go`, recovering, after their first entry. */
  readonly killed: { starting: number; recovering: number; trading: number }
  /** Orders of whose end the journal knew nothing, over all rounds: looked up by the next. */
  readonly withoutEnd: number
  /** Orders in the journal. */
  readonly sent: number
  /** Executors that wrote to it. */
  readonly runs: number
  readonly pairs: number
}

/** @throws AssertionError when the books, the ledgers and the journal do not agree at the end */
export async function killRounds(rounds: number, seed: number): Promise<RoundsReport> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-restart-'))
  const [journal, runDirectory] = [join(folder, 'journal'), join(folder, 'run')]
  const random = new Random(seed)
  const killed = { starting: 0, recovering: 0, trading: 0 }
  let withoutEnd = 0
  const sandbox = await SandboxRun.start(
    { markets: MARKETS, seed, faults: FAULTS, journal, runDirectory, settings: { breakers: NO_BREAKERS } },
    new AbortController().signal,
  )
  try {
    // The first is there already; each that follows may die before it was told to go.
    let gone: Promise<unknown> = Promise.resolve()
    let sentBefore = 0
    for (let round = 0; round < rounds; round++) {
      let isGone = false
      const life = sleep(lifeMs(random))
      const alive = gone.then(
        () => {
          isGone = true
          return drain(sandbox)
        },
        () => {},
      )
      await life
      await sandbox.crash()
      await alive
      const { orders, sent } = recover(journal, Date.now())
      withoutEnd += orders.length
      killed[sent.size > sentBefore ? 'trading' : isGone ? 'recovering' : 'starting']++
      sentBefore = sent.size
      gone = sandbox.restart()
    }
    await gone
    void drain(sandbox)
    const tandem = <Result>(...args: string[]) => commanded<Result>(...args, '--run', runDirectory)
    await until(async () => (await turnsOf(sandbox.metricsUrl)).sent >= ENTRIES)
    await tandem('halt')
    await until(async () => (await tandem<Status>('status')).trades.open === 0)
    // What moved less than 30 s ago is not compared yet, and a pair that was not compared is not traded.
    const isBlocked = async () => (await tandem<Position[]>('positions')).some(({ blocked }) => blocked)
    await until(async () => !(await isBlocked()))
    const positions = await tandem<Position[]>('positions')
    const ledgers = await sandbox.ledgers()
    for (const position of positions) {
      assertHeld(position, pairOf(sandbox, position.pair), ledgers)
      assert.ok(Math.abs(position.excess_micro_shares) < MICRO_SHARES_PER_LOT, JSON.stringify(position))
    }
    const held = Object.values(ledgers.kalshi.positions).filter((shares) => shares !== 0)
    assert.ok(held.length <= positions.length, 'every position at the venues is in the books')
    sandbox.stop()
    assert.equal(await sandbox.executorEnd(), undefined)
    const { damage, runs } = readWhole(journal)
    assert.deepEqual(damage, [])
    const { orders, sent } = recover(journal, Date.now())
    assert.deepEqual(orders, [])
    return { rounds, killed, withoutEnd, sent: sent.size, runs, pairs: positions.length }
  } finally {
    await sandbox.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function lifeMs(random: Random): number {
  return random.chance(0.5) ? random.below(RECOVERS_MS) : RECOVERS_MS + random.below(TRADES_MS)
}

/** Reads what it says, so that it need not wait, until it ends. */
async function drain(sandbox: SandboxRun): Promise<void> {
  while ((await sandbox.next()) !== undefined);
}
