import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FillCell } from '@tandem/colo/journal/record.ts'
import { decodeValue, encodeValue, FIELD_LISTS } from '@tandem/colo/stream/value.ts'
import { TurnCell } from '@tandem/colo/turn.ts'

test('a value says all that the journal says, with the pair by its name', () => {
  const said = (names: readonly string[]) => new Set(['bundle', 'atNs', ...names])
  const [turns, fills] = [FIELD_LISTS.turns, FIELD_LISTS.fills].map((lists) => said(lists.at(-1) ?? []))
  for (const cell of Object.keys(TurnCell)) assert.ok(turns.has(cell), cell)
  for (const cell of Object.keys(FillCell)) assert.ok(fills.has(cell), cell)
})

test('a value is read as it was written, and what is none is told apart', () => {
  const fields: Record<string, string | number> = {
    ...{ runId: 'run-', atMs: 5.25, pair: 'a', direction: 1, change: 2, grossMicroUsd: -70_000 },
  }
  const bytes = encodeValue('signals', (name) => fields[name])
  assert.deepEqual({ ...decodeValue('signals', bytes) }, fields)
  // The names are left out: a byte says which list.
  assert.equal(bytes[0], 0x40)
  assert.ok(!bytes.includes('grossMicroUsd'))
  // { a: 1 }, a number, a list of a later version, and nothing.
  for (const other of [[0x81, 0xa1, 0x61, 1], [7], [0x41, 1], []].map((told) => Buffer.from(told)))
    assert.equal(decodeValue('signals', other), undefined)
})
