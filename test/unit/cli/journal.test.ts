import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { ShownRecord } from '@tandem/cli/journal/line.ts'
import { Journal } from '@tandem/colo/journal/journal.ts'
import { COMMAND_CELLS, RecordKind, SEND_CELLS } from '@tandem/colo/journal/record.ts'
import { Refusal } from '@tandem/colo/risk/check.ts'
import { OrderKind } from '@tandem/colo/state/orders.ts'
import { TURN_CELLS, TurnCell, TurnOutcome } from '@tandem/colo/turn.ts'
import { KALSHI } from '@tandem/colo/venue/venue.ts'
import { said as ran } from './said.ts'

const said = (...args: string[]) => ran('journal', ...args)

/** A journal of a hash, a refused Turn, two sendings and a command, each in a batch of its own. */
async function written(t: TestContext): Promise<{ directory: string; file: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'tandem-journal-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const wallAtZeroMs = Date.UTC(2026, 10, 22, 18)
  const journal = new Journal({ directory, wallAtZeroMs, runId: 'shown', sync: 'always' })
  const { ring } = journal
  ring.offerBytes(RecordKind.OrderHash, Buffer.alloc(32, 0xab))
  journal.flush()
  const turn = new Float64Array(TURN_CELLS).fill(-1)
  turn[TurnCell.t0Ns] = 1_500_000_000
  turn[TurnCell.outcome] = TurnOutcome.Refused
  turn[TurnCell.reason] = Refusal.JournalBlocked
  ring.noteCells(RecordKind.Turn, turn, TURN_CELLS)
  journal.flush()
  for (const trade of [4, 5]) {
    const name = Buffer.from('trade-\u001b[2J-id', 'latin1')
    const send = Float64Array.of(2_000_000_000, 7, trade, 0, 1, KALSHI, OrderKind.SellBack, 0, 5)
    ring.appendCells(RecordKind.Send, send, SEND_CELLS, name)
    journal.flush()
  }
  ring.appendCells(RecordKind.Command, Float64Array.of(3e9, 0, 1), COMMAND_CELLS)
  await journal.close()
  return { directory, file: join(directory, '00000001.journal') }
}

test('verify says what is there and that it holds', async (t) => {
  const { directory, file } = await written(t)
  const whole = await said('verify', directory)
  assert.equal(whole.code, 0)
  assert.match(
    whole.stdout,
    /^journal \S+: 5 records \(0 to 4\) of 1 run in 1 segment; .* hold, [0-9a-f]{64}\n$/,
  )
  truncateSync(file, readFileSync(file).length - 3)
  const torn = await said('verify', directory, '--json')
  assert.equal(torn.code, 0)
  const summary = JSON.parse(torn.stdout)
  assert.deepEqual([summary.records, summary.torn.length, summary.damage], [4, 1, []])
  assert.match((await said('verify', directory)).stdout, /torn tail in 00000001\.journal, offset \d+/)
})

test('verify names the first damage with file, offset, records and what to do, and fails', async (t) => {
  const { directory, file } = await written(t)
  const bytes = readFileSync(file)
  const offset = bytes.indexOf('trade-')
  bytes[offset] ^= 1
  writeFileSync(file, bytes)
  const { stdout, stderr, code } = await said('verify', directory)
  assert.deepEqual([stdout, code], ['', 2])
  assert.match(
    stderr,
    /^tandem: its bytes are not what was written, records 2 to 2 \(\S+00000001\.journal, offset \d+\): keep .*\[JOURNAL_DAMAGED\]\n$/,
  )
  const shown = await said('show', directory, '--json')
  assert.equal(shown.code, 2)
  const records = JSON.parse(shown.stdout) as ShownRecord[]
  assert.deepEqual(
    records.map(({ sequence }) => sequence),
    [0, 1, 3, 4],
  )
})

test('show prints a line a record, by name and by the wall clock, and no byte that moves a cursor', async (t) => {
  const { directory } = await written(t)
  const { stdout, code } = await said('show', directory)
  assert.equal(code, 0)
  const lines = stdout.trimEnd().split('\n')
  assert.equal(lines.length, 5)
  assert.match(lines[0], new RegExp(`^ +0 +OrderHash +${'ab'.repeat(32)}$`))
  assert.match(lines[1], /1 2026-11-22T18:00:01\.500Z Turn .*outcome=Refused reason=JournalBlocked/)
  assert.match(lines[2], /2 2026-11-22T18:00:02\.000Z Send .*venue=kalshi kind=SellBack .* trade-\?\[2J-id$/)
  assert.match(lines[4], /Command +command=Halt reasons=Operator$/)
})

test('show takes what is asked for: from a record on, a kind, a trade', async (t) => {
  const { directory } = await written(t)
  const sequences = async (...args: string[]) =>
    (JSON.parse((await said('show', directory, '--json', ...args)).stdout) as ShownRecord[]).map(
      ({ sequence }) => sequence,
    )
  assert.deepEqual(await sequences('--from', '3'), [3, 4])
  assert.deepEqual(await sequences('--kind', 'send'), [2, 3])
  assert.deepEqual(await sequences('--trade', '5'), [3])
  assert.deepEqual(await sequences('--from', '9'), [])
})

test('a segment that cannot be read is one line, with its path', async (t) => {
  const { directory } = await written(t)
  mkdirSync(join(directory, '00000002.journal'))
  const { stderr, code } = await said('verify', directory)
  assert.equal(code, 2)
  assert.match(stderr, /^tandem: it is a folder, not a file \(.*\[FILE_UNREADABLE\]\n$/)
})

test('bad use is one line', async (t) => {
  const { directory, file } = await written(t)
  for (const [args, code] of [
    [['verify', join(directory, 'none')], 'JOURNAL_MISSING'],
    [['show', tmpdir()], 'JOURNAL_MISSING'],
    [['show', file], 'JOURNAL_MISSING'],
    [['show', directory, '--kind', 'order'], 'OPTION_BAD'],
    [['show', directory, '--from', '-1'], 'OPTION_BAD'],
  ] as const) {
    const { stdout, stderr, code: exit } = await said(...args)
    assert.deepEqual([stdout, exit], ['', 2])
    assert.match(stderr, new RegExp(`^tandem: .* \\[${code}\\]\n$`))
  }
})
