import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OmittedCell, RECORD_BYTES, RecordKind, readRecord } from '@tandem/colo/journal/record.ts'
import {
  JournalRing,
  newRingMemory,
  RESERVED_RECORDS,
  RING_FULL,
  RING_RECORDS,
  RingCell,
  ringViews,
} from '@tandem/colo/journal/ring.ts'

const CELLS = Float64Array.of(42)
const OPEN_RECORDS = RING_RECORDS - RESERVED_RECORDS

function scene() {
  const memory = newRingMemory()
  const ring = new JournalRing(memory)
  const { header, records } = ringViews(memory)
  return {
    ring,
    set: (cell: number, value: number) => void Atomics.store(header, cell, value),
    record(position: number) {
      const at = (position % RING_RECORDS) * RECORD_BYTES
      const view = new DataView(records.buffer, records.byteOffset + at, RECORD_BYTES)
      const length = view.getInt32(4, true)
      return readRecord(view.getInt32(0, true), records.subarray(at + 8, at + 8 + length))
    },
  }
}

test('what may be refused leaves the reserve free; what must not be lost has it to the last place', () => {
  const { ring, set } = scene()
  for (let i = 0; i < OPEN_RECORDS; i++) assert.equal(ring.offerCells(RecordKind.IdBlock, CELLS, 1), i)
  assert.equal(ring.hasRoom(1), false)
  assert.equal(ring.offerCells(RecordKind.IdBlock, CELLS, 1), RING_FULL)
  assert.equal(ring.offerBytes(RecordKind.OrderHash, new Uint8Array(32)), RING_FULL)
  for (let i = 0; i < RESERVED_RECORDS; i++) ring.appendCells(RecordKind.Fill, CELLS, 1)
  assert.equal(ring.published, RING_RECORDS)
  assert.throws(() => ring.appendCells(RecordKind.Fill, CELLS, 1), { code: 'JOURNAL_RESERVE_SPENT' })
  set(RingCell.Durable, RESERVED_RECORDS + 3)
  assert.equal(ring.durable, RESERVED_RECORDS + 3)
  assert.equal(ring.hasRoom(3), true)
  assert.equal(ring.hasRoom(4), false)
})

test('a Turn that found no room is counted, and the count is recorded before the next one', () => {
  const { ring, set, record } = scene()
  while (ring.hasRoom(2)) ring.noteCells(RecordKind.Turn, CELLS, 1)
  const full = ring.published
  for (let i = 0; i < 5; i++) ring.noteCells(RecordKind.Turn, CELLS, 1)
  assert.equal(ring.published, full)
  assert.equal(ring.omittedTotal, 5)
  set(RingCell.Durable, full)
  ring.noteCells(RecordKind.Turn, CELLS, 1)
  assert.equal(ring.published, full + 2)
  const omitted = record(full)
  assert.equal(omitted?.kind, RecordKind.Omitted)
  assert.equal(omitted.cells[OmittedCell.count], 5)
  ring.noteCells(RecordKind.Turn, CELLS, 1)
  assert.equal(ring.published, full + 3)
})

test('a disk that refuses stops entries and nothing else; a writer that ended stops offers too', () => {
  const { ring, set } = scene()
  set(RingCell.Blocked, 28)
  assert.equal(ring.hasRoom(1), false)
  assert.equal(ring.offerBytes(RecordKind.OrderHash, new Uint8Array(32)), 0)
  set(RingCell.Blocked, 0)
  assert.equal(ring.hasRoom(1), true)
  set(RingCell.Failed, 1)
  assert.equal(ring.hasRoom(1), false)
  assert.equal(ring.offerBytes(RecordKind.OrderHash, new Uint8Array(32)), RING_FULL)
  assert.equal(ring.appendCells(RecordKind.Fill, CELLS, 1), 1)
})

test('cells and a part of a buffer as tail lie in the record one after the other', () => {
  const { ring, record } = scene()
  const send = Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9)
  const text = Buffer.from('{"id":"0xab12"}')
  ring.appendCells(RecordKind.Send, send, 9, text, 7, 13)
  const read = record(0)
  assert.deepEqual(read?.cells, send)
  assert.equal(Buffer.from(read.tail).toString(), '0xab12')
})
