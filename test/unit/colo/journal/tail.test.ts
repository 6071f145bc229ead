import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { HEADER_BYTES, type Place, segmentName } from '@tandem/colo/journal/segment.ts'
import { firstSegmentSince, JournalTail } from '@tandem/colo/journal/tail.ts'
import fc from 'fast-check'
import { type MadeSegment, makeSegment } from '../../../journal-bytes.ts'

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'tandem-tail-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** What the tail hands out until it has nothing more: sequences, and runs that began. */
function drained(tail: JournalTail): { sequences: number[]; begun: string[] } {
  const sequences: number[] = []
  const begun: string[] = []
  for (let batch = tail.next(); batch !== undefined; batch = tail.next()) {
    if (batch.isBeginning) begun.push(batch.header.runId)
    for (const frame of batch.frames) {
      assert.equal(frame.payload.readDoubleLE(0), frame.sequence)
      sequences.push(frame.sequence)
    }
  }
  return { sequences, begun }
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)

test('every durable record is handed out once and in order, however the bytes arrive', (t) => {
  const runs = fc.array(
    fc.record({
      batches: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 6 }),
      // Of the batch in which the run died; the next one goes on before it.
      tornBytes: fc.nat({ max: 2_000 }),
      pieces: fc.array(fc.integer({ min: 1, max: 4_000 }), { minLength: 1, maxLength: 8 }),
    }),
    { minLength: 1, maxLength: 4 },
  )
  fc.assert(
    fc.property(runs, (made) => {
      const directory = folder(t)
      let durable = 0
      let place: Place | undefined
      const tail = new JournalTail(directory, 1, () => durable)
      const sequences: number[] = []
      const begun: string[] = []
      const look = (): void => {
        const found = drained(tail)
        sequences.push(...found.sequences)
        begun.push(...found.begun)
        assert.deepEqual(sequences, upTo(durable))
      }
      for (const [run, { batches, tornBytes, pieces }] of made.entries()) {
        const segment: MadeSegment = makeSegment(batches, run + 1, place)
        const torn = makeSegment([...batches, 40], run + 1, place).bytes
        const file = join(directory, segmentName(run + 1))
        writeFileSync(file, '')
        const end = segment.bytes.length
        const isLast = run === made.length - 1
        for (let at = 0, piece = 0; at < end; piece++) {
          const size = pieces[piece % pieces.length]
          appendFileSync(file, segment.bytes.subarray(at, at + size))
          at = Math.min(at + size, end)
          // Behind the first bytes of a segment, all that is whole is durable.
          segment.ends.forEach((whole, i) => {
            if (whole <= at) durable = segment.sequences[i]
          })
          look()
        }
        if (!isLast) appendFileSync(file, torn.subarray(end, Math.min(end + tornBytes, torn.length - 1)))
        place = segment.place
      }
      tail.close()
      assert.deepEqual(
        begun,
        made.map((_, run) => `run-${run + 1}`),
      )
    }),
    { numRuns: 60 },
  )
})

test('nothing is handed out before it is durable, though it is in the file', (t) => {
  const directory = folder(t)
  const { bytes } = makeSegment([2, 3])
  writeFileSync(join(directory, segmentName(1)), bytes)
  let durable = 0
  const tail = new JournalTail(directory, 1, () => durable)
  assert.deepEqual(drained(tail).sequences, [])
  durable = 2
  assert.deepEqual(drained(tail).sequences, [0, 1])
  durable = 5
  assert.deepEqual(drained(tail).sequences, [2, 3, 4])
  tail.close()
})

test('bytes that were read before their batch was durable are read again', (t) => {
  const directory = folder(t)
  const file = join(directory, segmentName(1))
  const { bytes, ends } = makeSegment([2, 3])
  writeFileSync(file, Buffer.concat([bytes.subarray(0, ends[1]), Buffer.alloc(300)]))
  let durable = 2
  const tail = new JournalTail(directory, 1, () => durable)
  assert.equal(drained(tail).sequences.length, 2)
  writeFileSync(file, bytes)
  durable = 5
  assert.deepEqual(drained(tail).sequences, [2, 3, 4])
  tail.close()
})

test('a further segment of a run is no beginning, and damage costs the rest of its segment alone', (t) => {
  const directory = folder(t)
  const first = makeSegment([2, 2])
  const second = makeSegment([3], 2, first.place, 'run-1')
  const broken = Buffer.from(first.bytes)
  broken[first.ends[1] + 30] ^= 1
  writeFileSync(join(directory, segmentName(1)), broken)
  writeFileSync(join(directory, segmentName(2)), second.bytes)
  const tail = new JournalTail(directory, 1, () => 7)
  assert.deepEqual(drained(tail), { sequences: [0, 1, 4, 5, 6], begun: ['run-1'] })
  tail.close()
  // Where the segments before were moved away, nobody knows whether the run begins here.
  rmSync(join(directory, segmentName(1)))
  assert.deepEqual(drained(new JournalTail(directory, 1, () => 7)).begun, [])
})

test('it begins with the run of a wall clock, or after it', (t) => {
  const directory = folder(t)
  assert.equal(firstSegmentSince(directory, 0), 1)
  const first = makeSegment([2])
  writeFileSync(join(directory, segmentName(1)), first.bytes)
  writeFileSync(
    join(directory, segmentName(2)),
    makeSegment([2], 2, first.place).bytes.subarray(0, HEADER_BYTES),
  )
  assert.equal(firstSegmentSince(directory, 1_790_000_000_000), 1)
  assert.equal(firstSegmentSince(directory, 1_790_000_000_001), 3)
})
