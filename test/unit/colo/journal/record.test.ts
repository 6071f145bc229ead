import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { recordLine, shown } from '@tandem/cli/journal/line.ts'
import { type CheckpointRow, LastCheckpoint, offerCheckpoint } from '@tandem/colo/journal/checkpoint.ts'
import {
  ANSWER_CELLS,
  AnswerCell,
  AnswerKind,
  CheckpointSection,
  INTENT_CELLS,
  IntentCell,
  LAYOUTS,
  RECORD_BYTES,
  RECORD_PAYLOAD_BYTES,
  RecordKind,
  readRecord,
  SEND_CELLS,
  SendCell,
  SendPurpose,
  STATE_CELLS,
  StateCell,
} from '@tandem/colo/journal/record.ts'
import { JournalRing, newRingMemory, RingCell, ringViews } from '@tandem/colo/journal/ring.ts'
import fc from 'fast-check'

function scene() {
  const memory = newRingMemory()
  const { header, records } = ringViews(memory)
  const read = (position: number) => {
    const at = position * RECORD_BYTES
    const view = new DataView(records.buffer, records.byteOffset + at, RECORD_BYTES)
    return readRecord(view.getInt32(0, true), records.subarray(at + 8, at + 8 + view.getInt32(4, true)))
  }
  return { ring: new JournalRing(memory), header, read }
}

describe('a record', () => {
  test('of every kind comes back as it was appended', () => {
    const number = fc.oneof(fc.double({ noNaN: true }), fc.maxSafeInteger())
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(RecordKind)),
        fc.array(number, { minLength: 31, maxLength: 31 }),
        fc.uint8Array({ maxLength: 66 }),
        (kind, numbers, bytes) => {
          const { ring, read } = scene()
          const { cells, tail } = LAYOUTS[kind]
          const count = Object.keys(cells).length
          const given = tail === 'none' ? new Uint8Array(0) : bytes
          ring.appendCells(kind, Float64Array.from(numbers), count, given)
          const record = read(0)
          assert.equal(record?.kind, kind)
          assert.deepEqual([...record.cells], numbers.slice(0, count))
          assert.deepEqual(Uint8Array.from(record.tail), given)
        },
      ),
      { numRuns: 200 },
    )
  })

  test('of each step of a trade’s life reads back by the names it was written by', () => {
    const { ring, read } = scene()
    const hash = Uint8Array.from({ length: 32 }, (_, i) => i)
    const intent = new Float64Array(INTENT_CELLS).fill(-1)
    intent[IntentCell.trade] = 7
    intent[IntentCell.polymarketWorstMicroUsd] = 8_000_001
    const send = new Float64Array(SEND_CELLS).fill(-1)
    send[SendCell.trade] = 7
    send[SendCell.purpose] = SendPurpose.Exit
    send[SendCell.clientOrderCounter] = 1_024
    const state = new Float64Array(STATE_CELLS).fill(-1)
    state[StateCell.trade] = 7
    state[StateCell.to] = 3
    assert.equal(ring.appendCells(RecordKind.Intent, intent, INTENT_CELLS, hash), 0)
    assert.equal(ring.appendCells(RecordKind.Send, send, SEND_CELLS), 1)
    assert.equal(ring.appendCells(RecordKind.State, state, STATE_CELLS), 2)
    const header = { number: 1, sequence: 0, chain: new Uint8Array(32), wallAtZeroMs: 0, runId: 'run' }
    const lines = [intent, send, state].map((_, position) => {
      const { kind, cells, tail } = read(position)!
      return recordLine(shown(header, position, kind, Buffer.concat([Buffer.from(cells.buffer), tail])))
    })
    assert.match(lines[0], /Intent .*trade=7 polymarketWorstMicroUsd=8000001 0001.*1e1f$/)
    assert.match(lines[1], /Send .*trade=7 purpose=Exit clientOrderCounter=1024$/)
    assert.match(lines[2], /State .*trade=7 .*to=3/)
  })

  test('with an order id of either venue has room for it', () => {
    const { ring, read } = scene()
    const cells = new Float64Array(ANSWER_CELLS).fill(-1)
    cells[AnswerCell.kind] = AnswerKind.Accepted
    const id = Buffer.from(`0x${'a1'.repeat(32)}`)
    ring.appendCells(RecordKind.Answer, cells, ANSWER_CELLS, id)
    assert.deepEqual(Buffer.from(read(0)!.tail), id)
  })

  test('whose length is not its kind’s, or whose kind is not known, is none', () => {
    assert.equal(readRecord(RecordKind.State, new Uint8Array(6 * 8 - 1)), undefined)
    assert.equal(readRecord(RecordKind.State, new Uint8Array(6 * 8 + 8)), undefined)
    assert.equal(readRecord(RecordKind.Fill, new Uint8Array(8)), undefined)
    assert.equal(readRecord(200, new Uint8Array(8)), undefined)
  })

  test('that is too long stops its author', () => {
    const { ring } = scene()
    const longest = new Uint8Array(RECORD_PAYLOAD_BYTES)
    assert.equal(ring.offerBytes(RecordKind.OrderHash, longest), 0)
    assert.throws(() => ring.offerBytes(RecordKind.OrderHash, new Uint8Array(RECORD_PAYLOAD_BYTES + 1)), {
      code: 'JOURNAL_RECORD_TOO_LONG',
    })
  })
})

describe('a checkpoint', () => {
  const rows: CheckpointRow[] = [
    { section: CheckpointSection.Account, values: [0, 5_000_000, 20_000] },
    { section: CheckpointSection.Position, values: [3, 1, 0, 7_000_000, 3_100_000] },
    { section: CheckpointSection.Leg, values: [2, 1, 2, 20_000, 0, 0, 0, 41] },
  ]

  test('comes back whole, and the last one counts', () => {
    const { ring, read } = scene()
    ring.appendCells(RecordKind.Fill, new Float64Array(8), 8)
    assert.equal(offerCheckpoint(ring, 10, rows.slice(0, 1)), true)
    assert.equal(offerCheckpoint(ring, 20, rows), true)
    const last = new LastCheckpoint()
    for (let i = 0; i < ring.published; i++) last.take(i, read(i)!)
    assert.deepEqual(last.whole, { sequence: 2, atNs: 20, rows })
  })

  test('cut off anywhere leaves the one before it', () => {
    const { ring, read } = scene()
    offerCheckpoint(ring, 10, rows)
    offerCheckpoint(ring, 20, rows)
    for (let end = 3; end < 6; end++) {
      const last = new LastCheckpoint()
      for (let i = 0; i < end; i++) last.take(i, read(i)!)
      // Another run goes on with other records, then with rows whose numbers do not fit.
      last.take(end, { kind: RecordKind.Omitted, cells: Float64Array.of(1), tail: new Uint8Array(0) })
      last.take(end + 1, read(5)!)
      assert.equal(last.whole?.atNs, 10)
    }
  })

  test('takes nothing of the room that is kept for what must not be lost', () => {
    const { ring, header } = scene()
    Atomics.store(header, RingCell.Blocked, 28)
    assert.equal(offerCheckpoint(ring, 10, rows), false)
    assert.equal(ring.published, 0)
  })
})
