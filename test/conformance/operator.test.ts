import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ledgerProfitMicroUsd } from '@tandem/cli/live/profit.ts'
import type { LiveReport } from '@tandem/cli/live/report.ts'
import { SandboxRun } from '@tandem/cli/live/sandbox.ts'
import type { OrderLine, Position, Status, UnwindAnswer } from '@tandem/colo/operator.ts'
import { MICRO_SHARES_PER_LOT } from '@tandem/shared/units.ts'
import { assertHeld, commanded, failing, pairOf, turnsOf, until } from '../operated.ts'

// What an operator does, on the processes of `npm start`: look, halt in the middle of trading, sell a pair, resume.

test('halt, look, sell a pair, resume', { timeout: 180_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-operator-'))
  const directory = join(folder, 'run')
  const tandem = <Result>(...args: string[]) => commanded<Result>(...args, '--run', directory)
  const sandbox = await SandboxRun.start(
    { markets: 6, seed: 7, faults: '', runDirectory: directory },
    new AbortController().signal,
  )
  const before = await sandbox.ledgers()
  const report = reportOf(sandbox)
  try {
    const turns = () => turnsOf(sandbox.metricsUrl)
    const status = () => tandem<Status>('status')
    await until(async () => (await turns()).sent >= 10)

    assert.deepEqual(await tandem('halt'), { halts: ['Operator'] })
    const { sent, refused } = await turns()
    // Edges go on opening, and none is entered.
    await until(async () => (await turns()).refused > refused + 10)
    const { sent: sentHalted, halted } = await turns()
    assert.deepEqual([sentHalted, halted], [sent, 1])
    assert.deepEqual((await status()).halts, ['Operator'])

    await until(async () => (await status()).trades.open === 0)
    assert.deepEqual(await tandem<OrderLine[]>('orders'), [])
    const positions = await tandem<Position[]>('positions')
    const ledgers = await sandbox.ledgers()
    assert.ok(positions.length > 0)
    for (const position of positions) assertHeld(position, pairOf(sandbox, position.pair), ledgers)

    const [{ pair }] = positions as [Position]
    const refusal = await failing('unwind', 'no-such-pair', '--run', directory)
    assert.match(refusal, /^tandem: there is no such pair \(no-such-pair\): .+ \[UNWIND_PAIR\]\n$/)
    const dry = await tandem<UnwindAnswer>('unwind', pair, '--max-loss', '100000')
    assert.equal(dry.sent, false)
    assert.deepEqual(await sandbox.ledgers(), ledgers)
    // Once a way that it was bought.
    for (let left = positions.find((held) => held.pair === pair); isSellable(left); ) {
      await tandem('unwind', pair, '--max-loss', '100000', '--yes')
      left = (await tandem<Position[]>('positions')).find((held) => held.pair === pair)
    }
    const { polymarket, kalshi } = pairOf(sandbox, pair)
    const after = await sandbox.ledgers()
    for (const token of [polymarket.yes_token, polymarket.no_token])
      assert.ok((after.polymarket.tokens[token] ?? 0) < MICRO_SHARES_PER_LOT)
    assert.ok(Math.abs(after.kalshi.positions[kalshi.ticker] ?? 0) < MICRO_SHARES_PER_LOT)
    assert.equal((await turns()).sent, sent)

    assert.deepEqual(await tandem('resume'), { halts: [] })
    await until(async () => (await turns()).sent > sent)
    sandbox.stop()
    const { ours } = (await report).pnl_micro_usd
    assert.equal(ours, ledgerProfitMicroUsd(sandbox.started.pairs, before, await sandbox.ledgers()))
    assert.match(await failing('status', '--run', directory), /\[NOT_RUNNING\]/)
  } finally {
    await sandbox.close()
    rmSync(folder, { recursive: true, force: true })
  }
})

function isSellable(position: Position | undefined): boolean {
  const { yes_micro_shares: yes = 0, no_micro_shares: no = 0 } = position?.polymarket ?? {}
  return Math.max(yes, no) >= MICRO_SHARES_PER_LOT
}

/** The executor's report, once it has ended; what it says until then is read, so that it need not wait. */
async function reportOf(sandbox: SandboxRun): Promise<LiveReport> {
  for (;;) {
    const said = await sandbox.next()
    if (said === undefined) throw new Error('the executor ended without a report')
    if (said.kind === 'report') return said.report
  }
}
