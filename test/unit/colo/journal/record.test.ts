import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { recordLine, shown } from '@tandem/cli/journal/line.ts'
import { type CheckpointRow, LastCheckpoint, offerCheckpoint } from '@tandem/colo/journal/checkpoint.ts'
import {
  ANSWER_CELLS,
  AnswerCell,
  AnswerKind,
  CheckpointSection,
  LAYOUTS,
  RECORD_BYTES,
  RECORD_PAYLOAD_BYTES,
  RecordKind,
  readRecord,
  SEND_CELLS,
  SendCell,
  STATE_CELLS,
  StateCell,
} from '@tandem/colo/journal/record.ts'
import { JournalRing, newRingMemory, RingCell, ringViews } from '@tandem/colo/journal/ring.ts'
import { TradeState } from '@tandem/colo/state/trade.ts'
import { KALSHI, POLYMARKET } from '@tandem/colo/venue/venue.ts'
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
    const send = new Float64Array(SEND_CELLS).fill(-1)
    send[SendCell.order] = 7
    send[SendCell.worstMicroUsd] = 8_000_001
    const [onPolymarket, onKalshi] = [send, send.slice()]
    onPolymarket[SendCell.venue] = POLYMARKET
    onKalshi[SendCell.venue] = KALSHI
    const answer = new Float64Array(ANSWER_CELLS).fill(-1)
    answer[AnswerCell.order] = 7
    answer[AnswerCell.kind] = AnswerKind.Unknown
    const state = new Float64Array(STATE_CELLS).fill(-1)
    state[StateCell.trade] = 7
    state[StateCell.to] = TradeState.Parked
    assert.equal(ring.appendCells(RecordKind.Send, onPolymarket, SEND_CELLS, hash), 0)
    assert.equal(ring.appendCells(RecordKind.Send, onKalshi, SEND_CELLS, Buffer.from('tandem-1-42')), 1)
    assert.equal(ring.appendCells(RecordKind.Answer, answer, ANSWER_CELLS), 2)
    assert.equal(ring.appendCells(RecordKind.State, state, STATE_CELLS), 3)
    const header = { number: 1, sequence: 0, chain: new Uint8Array(32), wallAtZeroMs: 0, runId: 'run' }
    const lines = [0, 1, 2, 3].map((position) => {
      const { kind, cells, tail } = read(position)!
      return recordLine(shown(header, position, kind, Buffer.concat([Buffer.from(cells.buffer), tail])))
    })
    assert.match(lines[0], /Send .*order=7 venue=polymarket worstMicroUsd=8000001 0001.*1e1f$/)
    assert.match(lines[1], /Send .*order=7 venue=kalshi worstMicroUsd=8000001 tandem-1-42$/)
    assert.match(lines[2], /Answer .*order=7 kind=Unknown$/)
    assert.match(lines[3], /State .*trade=7 .*to=Parked/)
  })

  test('whose length is not its kind’s, or whose kind is not known, is none', () => {
    assert.equal(readRecord(RecordKind.State, new Uint8Array(STATE_CELLS * 8 - 1)), undefined)
    assert.equal(readRecord(RecordKind.State, new Uint8Array(STATE_CELLS * 8 + 8)), undefined)
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
    { section: CheckpointSection.Position, values: [2, 0, 1, 7_000_000, 3_900_000] },
    { section: CheckpointSection.Position, values: [3, 1, 0, 7_000_000, 3_100_000] },
    { section: CheckpointSection.Day, values: [1_790_000_000_000, 41] },
  ]

  test('comes back whole, and the last one counts', () => {
    const { ring, read } = scene()
    ring.appendCells(RecordKind.Omitted, new Float64Array(1), 1)
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
