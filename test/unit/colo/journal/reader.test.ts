import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { crc32 } from 'node:zlib'
import { JournalReader, type Reading } from '@tandem/colo/journal/reader.ts'
import { FILL_CELLS } from '@tandem/colo/journal/record.ts'
import { HEADER_BYTES } from '@tandem/colo/journal/segment.ts'
import fc from 'fast-check'
import { type MadeSegment, makeSegment } from '../../../journal-bytes.ts'

/** docs/JOURNAL.md: what of a frame stands before its payload. */
const FRAME_HEAD_BYTES = 20

interface Read extends Reading {
  readonly sequences: number[]
}

function read(...segments: readonly (Buffer | undefined)[]): Read {
  const sequences: number[] = []
  const reader = new JournalReader({
    record(sequence, _kind, payload) {
      assert.equal(payload.readDoubleLE(0), sequence)
      sequences.push(sequence)
    },
  })
  segments.forEach((bytes, place) => {
    if (bytes !== undefined) reader.read(place + 1, bytes)
  })
  return { ...reader.finish(), sequences }
}

const upTo = (count: number, from = 0) => Array.from({ length: count - from }, (_, i) => from + i)
const RECORDS_MAX = 5
const batches = fc.array(fc.integer({ min: 1, max: RECORDS_MAX }), { minLength: 1, maxLength: 6 })
/** How many records are acknowledged when only batches up to `offset` were. */
const acknowledged = ({ ends, sequences }: MadeSegment, offset: number): number =>
  sequences[ends.findLastIndex((end) => end <= offset)] ?? 0

describe('a journal that is whole', () => {
  test('gives back every record in order, over segments and runs', () => {
    fc.assert(
      fc.property(batches, batches, (first, second) => {
        const one = makeSegment(first)
        const two = makeSegment(second, 2, one.place)
        const found = read(one.bytes, two.bytes)
        assert.deepEqual(found.faults, [])
        assert.deepEqual(found.sequences, upTo(two.place.sequence))
        assert.deepEqual(found.place, two.place)
      }),
    )
  })

  test('may begin with a later segment, when older ones were moved away', () => {
    const one = makeSegment([2, 3])
    const two = makeSegment([4], 2, one.place)
    const found = read(undefined, two.bytes)
    assert.deepEqual(found.faults, [])
    assert.equal(found.firstSequence, 5)
    assert.deepEqual(found.sequences, [5, 6, 7, 8])
  })
})

describe('a torn tail', () => {
  test('cut anywhere loses only the batch that was on its way', () => {
    fc.assert(
      fc.property(batches, fc.nat(), (sizes, cut) => {
        const made = makeSegment(sizes)
        const at = cut % made.bytes.length
        const found = read(made.bytes.subarray(0, at))
        assert.deepEqual(found.sequences, upTo(acknowledged(made, at)))
        assert.deepEqual(
          found.faults.map(({ kind }) => kind),
          made.ends.includes(at) ? [] : ['torn'],
        )
      }),
      { numRuns: 500 },
    )
  })

  test('of zeros, to the end or for a sector that never reached the disk, is told from damage', () => {
    const made = makeSegment([2, 3, 40])
    const start = made.ends[2]
    for (let from = start; from < made.bytes.length - 8; from += 7) {
      const bytes = Buffer.from(made.bytes).fill(0, from)
      const found = read(bytes)
      assert.deepEqual(found.sequences, upTo(5), `from ${from}`)
      assert.deepEqual(
        found.faults.map(({ kind }) => kind),
        ['torn'],
      )
      const sector = read(Buffer.from(made.bytes).fill(0, from, Math.min(from + 512, made.bytes.length)))
      assert.deepEqual(sector.sequences, upTo(5))
      assert.deepEqual(
        sector.faults.map(({ kind }) => kind),
        ['torn'],
      )
    }
  })

  test('of garbage is left out, and called damage: it may have been acknowledged', () => {
    const made = makeSegment([2, 3])
    const found = read(Buffer.concat([made.bytes, Buffer.alloc(100, 0x5a)]))
    assert.deepEqual(found.sequences, upTo(5))
    assert.deepEqual(
      found.faults.map(({ kind, offset, first }) => [kind, offset, first]),
      [['damage', made.bytes.length, 5]],
    )
  })

  test('is proven harmless by the run that went on from before it', () => {
    const made = makeSegment([2, 3, 4])
    const before = makeSegment([2, 3])
    const next = makeSegment([6], 2, before.place)
    for (const tail of [made.bytes.subarray(0, made.ends[2] + 30), made.bytes.subarray(0, made.ends[2])]) {
      const found = read(tail, next.bytes)
      assert.deepEqual(found.sequences, upTo(11))
      assert.ok(found.faults.every(({ kind }) => kind === 'torn'))
    }
  })

  test('of a segment that was never begun costs nothing', () => {
    const one = makeSegment([2])
    const three = makeSegment([3], 3, one.place)
    for (const bytes of [
      Buffer.alloc(0),
      makeSegment([], 2, one.place).bytes.subarray(0, 50),
      Buffer.alloc(128),
    ]) {
      const last = read(one.bytes, bytes)
      assert.deepEqual(last.place, one.place)
      assert.equal(last.lastNumber, 2)
      const found = read(one.bytes, bytes, three.bytes)
      assert.deepEqual(found.sequences, upTo(5))
      assert.deepEqual(
        found.faults.map(({ kind }) => kind),
        ['torn'],
      )
    }
  })
})

describe('damage', () => {
  test('of any single byte is found, named, and gives out no record that does not hold', () => {
    fc.assert(
      fc.property(
        batches,
        batches,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (first, second, place, flip) => {
          const one = makeSegment(first)
          const two = makeSegment(second, 2, one.place)
          const both = [Buffer.from(one.bytes), Buffer.from(two.bytes)]
          const at = place % (one.bytes.length + two.bytes.length)
          const segment = at < one.bytes.length ? 0 : 1
          const offset = segment === 0 ? at : at - one.bytes.length
          both[segment][offset] ^= flip
          const { faults, sequences } = read(...both)
          assert.equal(faults.length, 1)
          const [fault] = faults
          assert.equal(fault.kind, 'damage')
          assert.equal(fault.file, `0000000${segment + 1}.journal`)
          assert.ok(fault.offset <= offset)
          // What is given out and what is named as lost are all there is.
          const total = two.place.sequence
          const lost = upTo(fault.end ?? total, fault.first)
          assert.deepEqual(
            [...sequences, ...lost].sort((a, b) => a - b),
            upTo(total),
          )
          // Its own batch; with a commit frame the next one too, which was chained to it.
          assert.ok(lost.length <= 2 * RECORDS_MAX)
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test('in the middle costs its own batch, and what follows is read', () => {
    const one = makeSegment([3, 3, 3])
    const bytes = Buffer.from(one.bytes)
    bytes[one.ends[1] + 40] ^= 1
    const { faults, sequences } = read(bytes)
    assert.deepEqual(sequences, [0, 1, 2, 6, 7, 8])
    assert.deepEqual(faults, [
      {
        kind: 'damage',
        file: '00000001.journal',
        offset: one.ends[1],
        what: 'its bytes are not what was written',
        first: 3,
        end: 6,
      },
    ])
  })

  test('whose checksum was mended to fit is found by the chain', () => {
    const one = makeSegment([1, 1, 1])
    const bytes = Buffer.from(one.bytes)
    // The first cell of the second batch's record; its frame ends with the crc over all before it.
    const [start, end] = [one.ends[1], one.ends[1] + FRAME_HEAD_BYTES + FILL_CELLS * 8]
    bytes.writeDoubleLE(7, start + FRAME_HEAD_BYTES)
    bytes.writeUInt32LE(crc32(bytes.subarray(start, end)), end)
    const { faults, sequences } = read(bytes)
    assert.deepEqual(
      faults.map(({ kind, first, end }) => [kind, first, end]),
      [['damage', 1, 2]],
    )
    assert.deepEqual(sequences, [0, 2])
  })

  test('of zeros is no torn tail where a batch follows', () => {
    const made = makeSegment([2, 40, 3])
    const bytes = Buffer.from(made.bytes).fill(0, made.ends[1] + 10, made.ends[2])
    const { faults, sequences } = read(bytes)
    assert.deepEqual(
      faults.map(({ kind, first }) => [kind, first]),
      [['damage', 2]],
    )
    assert.deepEqual(sequences, [0, 1])
  })

  test('is a segment that is missing, cut short, or of another journal', () => {
    const one = makeSegment([2])
    const two = makeSegment([3], 2, one.place)
    const three = makeSegment([4], 3, two.place)
    const missing = read(one.bytes, undefined, three.bytes)
    assert.deepEqual(
      missing.faults.map(({ kind, file, first, end }) => [kind, file, first, end]),
      [['damage', '00000002.journal', 2, 5]],
    )
    assert.deepEqual(missing.sequences, [0, 1, 5, 6, 7, 8])
    const cut = read(one.bytes, two.bytes.subarray(0, HEADER_BYTES), three.bytes)
    assert.deepEqual(
      cut.faults.map(({ kind, file }) => [kind, file]),
      [['damage', '00000003.journal']],
    )
    const foreign = makeSegment([5], 2, makeSegment([1, 1]).place)
    assert.equal(read(one.bytes, foreign.bytes).faults[0].kind, 'damage')
  })
})
