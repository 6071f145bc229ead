import { createHash, hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { assert } from '@tandem/shared/assert.ts'
import { RECORD_HEAD_BYTES, RECORD_PAYLOAD_BYTES } from './record.ts'

// The file's format, version 2; docs/JOURNAL.md says it for whoever writes another reader. All little-endian.
//
//   segment:  | header, 128 bytes | batch | batch | ...
//   batch:    | frame of a record | ... | commit frame |          one write, one fdatasync
//
//   frame:     0        4        6         8          16     18    20          20+n    24+n
//              | marker | n      | ~n      | sequence | kind | r   | payload n | crc32 |
//
// The crc covers the frame up to it. A commit frame is of kind 0: r is the number of the batch's records (elsewhere 0), its
// sequence that of the next record, its payload the chain value: SHA-256(chain value before, all record frames of the
// batch). A segment's first chain value is the SHA-256 of its header, which holds the last one of the segment before.
// So one value pins everything before it.

const MAGIC = 'TANDEMJL'
const VERSION = 2
export const HEADER_BYTES = 128
const CHAIN_BYTES = 32
export const NO_CHAIN: Uint8Array = new Uint8Array(CHAIN_BYTES)
const RUN_ID_BYTES = 48
const HeaderAt = {
  version: 8,
  number: 12,
  sequence: 16,
  wallAtZeroMs: 24,
  previous: 32,
  runId: 64,
  crc: HEADER_BYTES - 4,
} as const
assert(HeaderAt.runId + RUN_ID_BYTES <= HeaderAt.crc, 'JOURNAL_HEADER_FITS')

/** "TFRM". */
const MARKER = 0x4d524654
const FrameAt = { length: 4, notLength: 6, sequence: 8, kind: 16, records: 18, payload: 20 } as const
const CRC_BYTES = 4
const FRAME_BYTES_MAX = FrameAt.payload + RECORD_PAYLOAD_BYTES + CRC_BYTES
const COMMIT = 0
const COMMIT_BYTES = FrameAt.payload + CHAIN_BYTES + CRC_BYTES
/** Records that one batch may hold: what piles up while the disk is slow is written in pieces of 280 KiB. */
export const BATCH_RECORDS_MAX = 1_024
export const BATCH_BYTES_MAX = BATCH_RECORDS_MAX * FRAME_BYTES_MAX + COMMIT_BYTES
/** A segment is closed before it would grow beyond this: small enough to be read at once, and shipped. */
export const SEGMENT_BYTES_MAX = 64 * 1024 * 1024
assert(HEADER_BYTES + BATCH_BYTES_MAX <= SEGMENT_BYTES_MAX, 'JOURNAL_SEGMENT_HOLDS_A_BATCH')

/** Where a journal stands: what the next record's number is, and what it is chained to. */
export interface Place {
  readonly sequence: number
  readonly chain: Uint8Array
}

export interface SegmentHeader extends Place {
  /** Counts segments from 1; it is the file's name. */
  readonly number: number
  readonly wallAtZeroMs: number
  /** Names the run that wrote it; its ns count from `wallAtZeroMs`. */
  readonly runId: string
}

const SEGMENT_NAME = /^(\d{8})\.journal$/

export function segmentName(number: number): string {
  return `${String(number).padStart(8, '0')}.journal`
}

/** The number of the segment that a file is, or undefined when it is none. */
export function segmentNumber(name: string): number | undefined {
  const match = SEGMENT_NAME.exec(name)
  return match === null ? undefined : Number(match[1])
}

export function encodeHeader({ number, sequence, chain, wallAtZeroMs, runId }: SegmentHeader): Buffer {
  assert(/^[\x21-\x7e]*$/.test(runId) && runId.length <= RUN_ID_BYTES, 'JOURNAL_RUN_ID')
  const bytes = Buffer.alloc(HEADER_BYTES)
  bytes.write(MAGIC, 'latin1')
  bytes.writeUInt32LE(VERSION, HeaderAt.version)
  bytes.writeUInt32LE(number, HeaderAt.number)
  bytes.writeBigUInt64LE(BigInt(sequence), HeaderAt.sequence)
  bytes.writeDoubleLE(wallAtZeroMs, HeaderAt.wallAtZeroMs)
  bytes.set(chain, HeaderAt.previous)
  bytes.write(runId, HeaderAt.runId, 'latin1')
  bytes.writeUInt32LE(crc32(bytes.subarray(0, HeaderAt.crc)), HeaderAt.crc)
  return bytes
}

/** A segment's header; its `chain` is the value of the segment before. Undefined when it is none, or is broken. */
export function decodeHeader(bytes: Buffer): SegmentHeader | undefined {
  if (bytes.length < HEADER_BYTES || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined
  if (bytes.readUInt32LE(HeaderAt.crc) !== crc32(bytes.subarray(0, HeaderAt.crc))) return undefined
  if (bytes.readUInt32LE(HeaderAt.version) !== VERSION) return undefined
  const runId = bytes.toString('latin1', HeaderAt.runId, HeaderAt.runId + RUN_ID_BYTES)
  return {
    number: bytes.readUInt32LE(HeaderAt.number),
    sequence: Number(bytes.readBigUInt64LE(HeaderAt.sequence)),
    wallAtZeroMs: bytes.readDoubleLE(HeaderAt.wallAtZeroMs),
    chain: bytes.subarray(HeaderAt.previous, HeaderAt.previous + CHAIN_BYTES),
    runId: runId.replace(/\0+$/, ''),
  }
}

/** The chain value that a segment's first batch is chained to. */
export function headerChain(bytes: Buffer): Uint8Array {
  return hash('sha256', bytes.subarray(0, HEADER_BYTES), 'buffer')
}

/** The chain value after a batch whose record frames are these bytes. */
function chained(chain: Uint8Array, frames: Uint8Array): Uint8Array {
  return createHash('sha256').update(chain).update(frames).digest()
}

/** Puts records into frames and closes them with a commit frame: one batch at a time, always in the same memory. */
export class BatchEncoder {
  readonly #bytes = Buffer.alloc(BATCH_BYTES_MAX)
  #length = 0
  #place: Place

  constructor(place: Place) {
    this.#place = place
  }

  /** Where the journal stands after what was encoded so far. */
  get place(): Place {
    return this.#place
  }

  /** Begins a segment: what follows is chained to its header. */
  begin(chain: Uint8Array): void {
    this.#place = { sequence: this.#place.sequence, chain }
  }

  /**
   * Encodes the ring's records [first, first + count), which lie one after the other.
   *
   * @param records the ring; @param recordBytes what each takes in it
   * @returns the batch; its memory is used again by the next call
   */
  encode(records: Uint8Array, recordBytes: number, first: number, count: number): Uint8Array {
    assert(count <= BATCH_RECORDS_MAX, 'JOURNAL_BATCH_TOO_LONG')
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
    const { sequence, chain } = this.#place
    this.#length = 0
    for (let i = 0; i < count; i++) {
      const at = (first + i) * recordBytes
      const kind = view.getInt32(at, true)
      const length = view.getInt32(at + 4, true)
      const payload = at + RECORD_HEAD_BYTES
      this.#frame(kind, sequence + i, records.subarray(payload, payload + length), 0)
    }
    const next = chained(chain, this.#bytes.subarray(0, this.#length))
    this.#frame(COMMIT, sequence + count, next, count)
    this.#place = { sequence: sequence + count, chain: next }
    return this.#bytes.subarray(0, this.#length)
  }

  #frame(kind: number, sequence: number, payload: Uint8Array, records: number): void {
    const bytes = this.#bytes
    const at = this.#length
    const crcAt = at + FrameAt.payload + payload.length
    bytes.writeUInt32LE(MARKER, at)
    bytes.writeUInt16LE(payload.length, at + FrameAt.length)
    bytes.writeUInt16LE(~payload.length & 0xffff, at + FrameAt.notLength)
    bytes.writeUInt32LE(sequence % 2 ** 32, at + FrameAt.sequence)
    bytes.writeUInt32LE(Math.floor(sequence / 2 ** 32), at + FrameAt.sequence + 4)
    bytes.writeUInt16LE(kind, at + FrameAt.kind)
    bytes.writeUInt16LE(records, at + FrameAt.records)
    bytes.set(payload, at + FrameAt.payload)
    bytes.writeUInt32LE(crc32(bytes.subarray(at, crcAt)), crcAt)
    this.#length = crcAt + CRC_BYTES
  }
}

/** One frame as read back. */
export interface Frame {
  readonly isCommit: boolean
  readonly kind: number
  readonly sequence: number
  /** Of a commit: how many records it closes. */
  readonly records: number
  readonly payload: Buffer
  /** Where the next one begins. */
  readonly end: number
}

export const FrameFault = {
  /** The file ends inside it. */
  Cut: 'cut',
  /** Its bytes are not what was written. */
  Broken: 'broken',
} as const
export type FrameFault = (typeof FrameFault)[keyof typeof FrameFault]

/** Reads the frame at `at`, or says what is wrong with it. */
export function decodeFrame(bytes: Buffer, at: number): Frame | FrameFault {
  if (bytes.length - at < FrameAt.payload) return FrameFault.Cut
  const length = bytes.readUInt16LE(at + FrameAt.length)
  const isHead =
    bytes.readUInt32LE(at) === MARKER &&
    length + bytes.readUInt16LE(at + FrameAt.notLength) === 0xffff &&
    length <= RECORD_PAYLOAD_BYTES
  // The length is written twice so that a flipped bit in it is not taken for a file that ends too early.
  if (!isHead) return FrameFault.Broken
  const crcAt = at + FrameAt.payload + length
  if (bytes.length < crcAt + CRC_BYTES) return FrameFault.Cut
  if (bytes.readUInt32LE(crcAt) !== crc32(bytes.subarray(at, crcAt))) return FrameFault.Broken
  const kind = bytes.readUInt16LE(at + FrameAt.kind)
  return {
    isCommit: kind === COMMIT,
    kind,
    sequence: Number(bytes.readBigUInt64LE(at + FrameAt.sequence)),
    records: bytes.readUInt16LE(at + FrameAt.records),
    payload: bytes.subarray(at + FrameAt.payload, crcAt),
    end: crcAt + CRC_BYTES,
  }
}

/** A batch of which all holds. */
export interface Batch {
  readonly frames: readonly Frame[]
  /** Where the journal stands behind it. */
  readonly place: Place
  /** Where the next one begins. */
  readonly end: number
}

/** What is wrong with a batch, and where. */
export interface BatchFault {
  readonly fault: FrameFault
  readonly offset: number
}

/** Reads the batch at `start`, if all of it is there and goes on from `place`. */
export function decodeBatch(bytes: Buffer, start: number, { sequence, chain }: Place): Batch | BatchFault {
  const frames: Frame[] = []
  for (let at = start; ; ) {
    const frame = decodeFrame(bytes, at)
    if (typeof frame === 'string') return { fault: frame, offset: at }
    if (frame.sequence !== sequence + frames.length) return { fault: FrameFault.Broken, offset: at }
    if (!frame.isCommit) {
      frames.push(frame)
      at = frame.end
      continue
    }
    const next = chained(chain, bytes.subarray(start, at))
    if (Buffer.compare(next, frame.payload) !== 0) return { fault: FrameFault.Broken, offset: at }
    return { frames, place: { sequence: frame.sequence, chain: next }, end: frame.end }
  }
}

/** Where the next frame may begin at or after `at`: the place of a marker, or the end. */
export function nextMarker(bytes: Buffer, at: number): number {
  const found = bytes.indexOf(MARKER_BYTES, at)
  return found === -1 ? bytes.length : found
}

const MARKER_BYTES = Buffer.alloc(4)
MARKER_BYTES.writeUInt32LE(MARKER)
