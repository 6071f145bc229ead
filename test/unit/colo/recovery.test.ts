import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { JournalCommand } from '@tandem/colo/journal/record.ts'
import { recover } from '@tandem/colo/recovery.ts'
import { HaltReason } from '@tandem/colo/risk/halt.ts'
import { TradeState } from '@tandem/colo/state/trade.ts'
import { KALSHI, POLYMARKET } from '@tandem/colo/venue/venue.ts'
import {
  checkpoint,
  command,
  ended,
  fill,
  HASH,
  listing,
  MIDNIGHT_MS,
  NOON_MS,
  SHARE,
  send,
  settlement,
  type Write,
  writeRun,
} from '../../journal-writes.ts'

/** What is recovered of a journal of several runs. */
async function recovered(t: TestContext, ...runs: Write[][]) {
  const directory = mkdtempSync(join(tmpdir(), 'tandem-recovery-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  for (const [at, writes] of runs.entries()) await writeRun(directory, at, writes)
  const { positions, orders, day, ...rest } = recover(directory, NOON_MS)
  return {
    ...rest,
    held: positions.map(({ pair, venue, heldMicroShares, costMicroUsd }) => [
      pair,
      venue,
      heldMicroShares,
      costMicroUsd,
    ]),
    open: orders.map(({ pair, venue, name }) => [pair, venue, name]),
    approvedMicroUsd: day.approvedMicroUsd,
    lostMicroUsd: day.lostMicroUsd,
  }
}

test('nothing is recovered where there is no journal', () => {
  const { lastMs, positions, orders } = recover(join(tmpdir(), 'tandem-no-such-journal'), NOON_MS)
  assert.deepEqual([lastMs, positions, orders], [undefined, [], []])
})

test('what was filled is held, and an order without an end is open', async (t) => {
  const { held, open, sent, approvedMicroUsd, runIds } = await recovered(t, [
    listing('a', 'b'),
    checkpoint(0),
    send(0, KALSHI, 'run0-1'),
    send(1, POLYMARKET, HASH),
    fill(0, KALSHI, 3 * SHARE, 1_200_000),
    // A correction is no end.
    fill(1, POLYMARKET, SHARE, 500_000, -1),
  ])
  assert.deepEqual(held, [
    ['a', KALSHI, 3 * SHARE, 1_200_010],
    ['a', POLYMARKET, SHARE, 500_010],
  ])
  assert.deepEqual(open, [['a', POLYMARKET, HASH]])
  assert.deepEqual([...sent], ['run0-1', HASH])
  assert.deepEqual([...runIds], ['run0-'])
  assert.equal(approvedMicroUsd, 10 * SHARE)
})

test('a settlement takes what was held, and what it paid is no cost any more', async (t) => {
  const { held, settlements } = await recovered(t, [
    listing('a'),
    send(0, KALSHI, 'run0-1'),
    fill(0, KALSHI, 3 * SHARE, 1_200_000),
    settlement(3 * SHARE, 3 * SHARE),
  ])
  assert.deepEqual(held, [['a', KALSHI, 0, 1_200_010 - 3 * SHARE]])
  assert.deepEqual(settlements, [{ pair: 'a', paysNamedMicroUsd: SHARE }])
})

test('a run that died while it took over is no loss, wherever it died', async (t) => {
  const first = [
    listing('a'),
    checkpoint(0),
    send(0, KALSHI, 'run0-1'),
    fill(0, KALSHI, 2 * SHARE, 800_000),
    send(1, POLYMARKET, HASH),
  ]
  const second = [
    listing('a'),
    // The same order by another number.
    send(0, POLYMARKET, HASH),
    checkpoint(10 * SHARE, [0, KALSHI, 0, 2 * SHARE, 800_010]),
    fill(0, POLYMARKET, 2 * SHARE, 900_000),
  ]
  const before = [['a', KALSHI, 2 * SHARE, 800_010]]
  for (const records of [0, 1, 2, 3, 4]) {
    const { held, open, approvedMicroUsd } = await recovered(t, first, second.slice(0, records), [])
    const isOver = records === second.length
    assert.deepEqual(held, isOver ? [...before, ['a', POLYMARKET, 2 * SHARE, 900_010]] : before, `${records}`)
    assert.deepEqual(open, isOver ? [] : [['a', POLYMARKET, HASH]], `${records}`)
    assert.equal(approvedMicroUsd, 10 * SHARE, `${records}`)
  }
})

test('what is of a pair that is not listed any more is kept', async (t) => {
  const { held, open } = await recovered(
    t,
    [
      listing('a', 'b'),
      send(0, KALSHI, 'run0-1', 0),
      fill(0, KALSHI, SHARE, 400_000),
      send(1, POLYMARKET, HASH, 0),
    ],
    [listing('b'), checkpoint(0, [0, KALSHI, 0, 7 * SHARE, SHARE])],
  )
  assert.deepEqual(held, [
    ['a', KALSHI, SHARE, 400_010],
    ['b', KALSHI, 7 * SHARE, SHARE],
  ])
  assert.deepEqual(open, [['a', POLYMARKET, HASH]])
})

const { Halt, Resume } = JournalCommand
const { Operator, Stopping, Signer, Refusals, DayLoss } = HaltReason

test('a trip and an operator’s halt stand over every restart until somebody takes them back', async (t) => {
  const halted = [command(Halt, Operator), command(Halt, Refusals)]
  assert.equal((await recovered(t, halted, [])).halts, Operator | Refusals)
  assert.equal((await recovered(t, halted, [command(Resume, Operator)], [])).halts, Refusals)
  assert.equal((await recovered(t, halted, [command(Resume, Operator | Refusals)])).halts, 0)
})

test('an end in order, and a signer that is gone, stop only their own run', async (t) => {
  assert.equal((await recovered(t, [command(Halt, Stopping), command(Halt, Signer)])).halts, 0)
})

test('what trades lost today is carried over, and counts anew after a trip was taken back', async (t) => {
  const lost = [
    ended(TradeState.Exposed, -9),
    ended(TradeState.SoldBack, -5),
    ended(TradeState.Hedged, 7),
    ended(TradeState.Completed, -2),
  ]
  assert.equal((await recovered(t, lost)).lostMicroUsd, 7)
  assert.equal((await recovered(t, lost, [checkpoint(0), ended(TradeState.SoldBack, -1)])).lostMicroUsd, 1)
  const resumed = [...lost, command(Halt, DayLoss), command(Resume, DayLoss), ended(TradeState.SoldBack, -3)]
  assert.equal((await recovered(t, resumed)).lostMicroUsd, 3)
})

test('the day’s approvals end with the day', async (t) => {
  const yesterday = [listing('a'), checkpoint(7 * SHARE)]
  const { approvedMicroUsd } = await recovered(t, yesterday)
  assert.equal(approvedMicroUsd, 7 * SHARE)
  const directory = mkdtempSync(join(tmpdir(), 'tandem-recovery-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  await writeRun(directory, 0, [...yesterday, send(0, KALSHI, 'run0-1')])
  assert.equal(recover(directory, MIDNIGHT_MS).day.approvedMicroUsd, 0)
})
