import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { promisify } from 'node:util'
import type { StartReport } from '@tandem/cli/live/report.ts'
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
    const report = JSON.parse(stdout) as StartReport
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
    assert.deepEqual(shapeOf(report), SHAPE)
    // Frame and orders are found again for all but the rare trade that no single frame brought about.
    const { decide, write, wire } = report.latency_us
    assert.equal(decide.samples, report.decisions.sent)
    assert.ok(wire.samples >= decide.samples / 2, JSON.stringify(report.latency_us))
    assert.ok(wire.p50 > decide.p50, `${wire.p50} us on the wire, ${decide.p50} us of ours`)
    assert.ok(write.p50 > 0)
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
    await assert.rejects(
      start('--seconds', '1', '--journal', kept),
      /an earlier start.*\[JOURNAL_OF_OTHER_VENUES\]/,
    )
  },
)

const PERCENTILES = { p50: 'number', p99: 'number', p999: 'number', samples: 'number' }
const FEED = {
  sockets: 'array',
  copies: 'array',
  audits: { agreed: 'number', disagreed: 'number' },
  polls: { asked: 'number', failed: 'number' },
  books: {
    Empty: 'number',
    Live: 'number',
    Unsettled: 'number',
    Suspect: 'number',
    Stale: 'number',
    Closed: 'number',
    Polled: 'number',
  },
  reconnects: 'number',
  outages: { count: 'number', lastNs: 'number', worstNs: 'number' },
}
/** The document's keys, which others read. What is counted by names that happen to occur is an object. */
const SHAPE = {
  trades: {
    count: 'number',
    hedged: 'number',
    flattened: 'number',
    completed: 'number',
    sold_back: 'number',
    repairs: 'number',
    parked: 'number',
    exposed: 'number',
    nothing: 'number',
    settled: 'number',
    lots: 'number',
    dust_micro_shares: 'number',
    open: 'number',
  },
  exposed_at_end_lots: 'number',
  max_exposure_within_bound: 'boolean',
  max_exposure: { micro_usd: 'number', ms: 'number' },
  by: 'counts',
  pnl_micro_usd: { ours: 'number', ledgers: 'number' },
  decisions: {
    sent: 'number',
    signing: 'number',
    not_live: 'number',
    not_planned: 'counts',
    refused: 'counts',
    missed: 'counts',
  },
  pool: { size: 'number', hit_rate: 'number', misses: 'counts' },
  latency_us: { decide: PERCENTILES, write: PERCENTILES, wire: PERCENTILES },
  feeds: { polymarket: FEED, kalshi: FEED },
  pauses: { count: 'number', worst_us: 'number' },
  journal: {
    directory: 'string',
    runs: 'number',
    segments: 'number',
    records: 'number',
    first_sequence: 'number',
    next_sequence: 'number',
    chain: 'string',
    checkpoint_sequence: 'number',
    torn: 'array',
    damage: 'array',
    omitted_turns: 'number',
  },
  trade_list: 'array',
}
const COUNTED = ['by', 'not_planned', 'refused', 'missed', 'misses']

function shapeOf(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return 'array'
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value
  if (!COUNTED.includes(key))
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shapeOf(inner, name)]))
  return Object.values(value).every(Number.isSafeInteger) ? 'counts' : 'no counts'
}

test(
  'while fault after fault comes, nothing is left naked and the books agree to the micro-dollar',
  { timeout: 120_000 },
  async () => {
    const { stdout } = await start('--seconds', '20', '--faults', 'all', '--seed', '11', '--json')
    const report = JSON.parse(stdout) as StartReport
    assert.ok(report.trades.count >= 20, `${report.trades.count} trades`)
    assert.equal(report.exposed_at_end_lots, 0)
    assert.ok(report.max_exposure_within_bound, JSON.stringify(report.max_exposure))
    assert.equal(report.pnl_micro_usd.ours, report.pnl_micro_usd.ledgers)
    assert.deepEqual(report.journal.damage, [])
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
    await assert.rejects(start('--faults', 'nonsense', '--seconds', '1'), {
      code: 2,
      stderr: /^tandem: nonsense is no fault .*OPTION_BAD\]\n$/,
    })
  },
)
