import { FILL_CELLS, RECORD_BYTES, RECORD_HEAD_BYTES, RecordKind } from '@tandem/colo/journal/record.ts'
import {
  BatchEncoder,
  encodeHeader,
  headerChain,
  NO_CHAIN,
  type Place,
} from '@tandem/colo/journal/segment.ts'

/** A segment as the writer makes it, and where its batches end. */
export interface MadeSegment {
  readonly bytes: Buffer
  /** Byte offsets behind the header and behind each batch. */
  readonly ends: readonly number[]
  /** Records up to each of these offsets, over all segments. */
  readonly sequences: readonly number[]
  readonly place: Place
}

/** Batches of fills; each batch is told by how many records it has, each record by its sequence in its first cell. */
export function makeSegment(
  batches: readonly number[],
  number = 1,
  before?: Place,
  runId = `run-${number}`,
): MadeSegment {
  const from = before ?? { sequence: 0, chain: NO_CHAIN }
  const encoder = new BatchEncoder(from)
  const header = encodeHeader({ ...from, number, wallAtZeroMs: 1_790_000_000_000, runId })
  encoder.begin(headerChain(header))
  const parts = [header]
  const ends = [header.length]
  const sequences = [from.sequence]
  for (const count of batches) {
    const { sequence } = encoder.place
    const batch = encoder.encode(fills(sequence, count), RECORD_BYTES, 0, count)
    parts.push(Buffer.from(batch))
    ends.push(ends.at(-1)! + batch.length)
    sequences.push(sequence + count)
  }
  return { bytes: Buffer.concat(parts), ends, sequences, place: encoder.place }
}

function fills(sequence: number, count: number): Uint8Array {
  const ring = Buffer.alloc(count * RECORD_BYTES)
  for (let i = 0; i < count; i++) {
    ring.writeInt32LE(RecordKind.Fill, i * RECORD_BYTES)
    ring.writeInt32LE(FILL_CELLS * 8, i * RECORD_BYTES + 4)
    ring.writeDoubleLE(sequence + i, i * RECORD_BYTES + RECORD_HEAD_BYTES)
  }
  return ring
}
