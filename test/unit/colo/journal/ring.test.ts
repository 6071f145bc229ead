import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Journal } from '@tandem/colo/journal/journal.ts'
import { JOURNAL_HEADER_BYTES, JOURNAL_MAGIC, RECORD_BYTES, RecordKind } from '@tandem/colo/journal/record.ts'
import {
  JournalRing,
  newRingMemory,
  RING_FULL,
  RING_RECORDS,
  RingCell,
  ringViews,
} from '@tandem/colo/journal/ring.ts'

test('a full ring takes nothing more and loses nothing', () => {
  const memory = newRingMemory()
  const ring = new JournalRing(memory)
  const cells = Float64Array.of(42)
  for (let i = 0; i < RING_RECORDS; i++) assert.equal(ring.appendCells(RecordKind.Turn, cells, 1), i)
  assert.equal(ring.hasRoom(1), false)
  assert.equal(ring.appendCells(RecordKind.Turn, cells, 1), RING_FULL)
  assert.equal(ring.durable, 0)
  Atomics.store(ringViews(memory).header, RingCell.Durable, 3)
  assert.equal(ring.durable, 3)
  assert.equal(ring.hasRoom(3), true)
  assert.equal(ring.hasRoom(4), false)
})

test('a writer that failed closes the ring to new records', () => {
  const memory = newRingMemory()
  const ring = new JournalRing(memory)
  Atomics.store(ringViews(memory).header, RingCell.Failed, 1)
  assert.equal(ring.appendBytes(RecordKind.OrderHash, new Uint8Array(32)), RING_FULL)
})

test('every record reaches the file, whole and in order, over many turns of the ring', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-journal-'))
  try {
    const path = join(folder, 'journal.bin')
    const journal = new Journal(path, 1_767_482_161_933, 'none')
    const records = RING_RECORDS * 2 + 17
    const cells = new Float64Array(2)
    for (let i = 0; i < records; i++) {
      cells[0] = i
      cells[1] = -i
      while (journal.ring.appendCells(RecordKind.Turn, cells, 2) === RING_FULL) journal.flush()
    }
    journal.flush()
    assert.equal(journal.ring.durable, records)
    await journal.close()
    const file = readFileSync(path)
    assert.equal(file.toString('latin1', 0, 8), JOURNAL_MAGIC)
    assert.equal(file.readDoubleLE(8), 1_767_482_161_933)
    assert.equal(file.length, JOURNAL_HEADER_BYTES + records * RECORD_BYTES)
    for (let i = 0; i < records; i++) {
      const at = JOURNAL_HEADER_BYTES + i * RECORD_BYTES
      assert.equal(file.readInt32LE(at), RecordKind.Turn)
      assert.equal(file.readInt32LE(at + 4), 16)
      assert.equal(file.readDoubleLE(at + 8), i)
      assert.equal(file.readDoubleLE(at + 16), -i)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a journal that cannot be written says so and never writes over another', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-journal-'))
  try {
    const path = join(folder, 'journal.bin')
    const first = new Journal(path, 0, 'each')
    first.ring.appendBytes(RecordKind.OrderHash, Uint8Array.of(1, 2, 3))
    await first.close()
    const before = readFileSync(path)
    const second = new Journal(path, 0, 'each')
    await assert.rejects(second.close(), { code: 'JOURNAL_WRITE_FAILED' })
    assert.deepEqual(readFileSync(path), before)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
