import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { promisify } from 'node:util'
import type { LiveReport } from '@tandem/cli/live/report.ts'
import { readJournal } from '@tandem/colo/journal/reader.ts'
import { RecordKind, readRecord } from '@tandem/colo/journal/record.ts'
import { TurnCell, TurnOutcome } from '@tandem/colo/turn.ts'
import { MICRO_SHARES_PER_LOT } from '@tandem/shared/units.ts'

const root = resolve(import.meta.dirname, '../..')

async function start(...args: string[]) {
  return promisify(execFile)(process.execPath, [join(root, 'cli/main.ts'), 'start', ...args], { cwd: root })
}

test(
  'on the loopback venues both directions and polarities are traded, and the books agree',
  { timeout: 120_000 },
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'tandem-start-test-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const kept = join(folder, 'journal')
    const { stdout } = await start('--seconds', '12', '--seed', '7', '--journal', kept, '--json')
    const report = JSON.parse(stdout) as LiveReport & { pnl_micro_usd: { ours: number; ledgers: number } }
    const { trades, by, pnl_micro_usd: pnl, pool } = report
    assert.ok(trades.count >= 20, `${trades.count} trades`)
    for (const name of ['buy_polymarket_sell_kalshi', 'buy_kalshi_sell_polymarket', 'same', 'inverse'])
      assert.ok((by[name] ?? 0) > 0, `none ${name}`)
    for (const trade of report.trade_list) {
      const apart = Math.abs(trade.polymarket.filled_micro_shares - trade.kalshi.filled_micro_shares)
      assert.ok(apart < MICRO_SHARES_PER_LOT, JSON.stringify(trade))
    }
    assert.equal(pnl.ours, pnl.ledgers)
    assert.ok(pool.hit_rate >= 0.95, JSON.stringify(pool))
    for (const { books } of Object.values(report.feeds)) assert.equal(books.Empty, 0)
    const { journal } = report
    assert.deepEqual([journal.damage, journal.torn, journal.omitted_turns], [[], [], 0])
    let sent = 0
    const { records } = readJournal(kept, {
      record(_sequence, kind, payload) {
        const cells = readRecord(kind, payload)?.cells
        if (kind === RecordKind.Turn && cells?.[TurnCell.outcome] === TurnOutcome.Sent) sent++
      },
    })
    assert.equal(records, journal.records)
    assert.equal(sent, trades.count)
  },
)

test('an interrupt of the whole group ends it in order, with the report', { timeout: 60_000 }, async () => {
  const args = [join(root, 'cli/main.ts'), 'start', '--json']
  const child = spawn(process.execPath, args, {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  try {
    const stdout = text(child.stdout)
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      // Both processes run by then.
      if (chunk.includes('metrics at')) process.kill(-child.pid!, 'SIGINT')
      stderr += chunk
    })
    const [code] = await once(child, 'close')
    assert.equal(code, 0, stderr)
    assert.equal(stderr.split('\n').length, 3, stderr)
    const { pnl_micro_usd: pnl } = JSON.parse(await stdout)
    assert.equal(pnl.ours, pnl.ledgers)
  } finally {
    if (child.exitCode === null) process.kill(-child.pid!, 'SIGKILL')
  }
})

test(
  'a fault, a number or a name that is none is one line and no process is left',
  { timeout: 60_000 },
  async () => {
    await assert.rejects(start('--seconds', 'x'), { code: 2, stderr: /tandem: .*--seconds.*OPTION_BAD/ })
    await assert.rejects(start('--faults', 'nonsense', '--seconds', '1'), { code: 2, stderr: /faults/ })
  },
)
