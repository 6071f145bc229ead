import { assert } from '@tandem/shared/assert.ts'
import { RECORD_BYTES, RECORD_HEAD_BYTES, RECORD_PAYLOAD_BYTES, type RecordKind } from './record.ts'

// One producer (the hot thread), one consumer (the writer thread), no lock (Disruptor style). Positions count
// records and wrap at 2^32; only differences of them mean anything.
//
//      durable        published
//   ....|#############|.........      # = in the ring, not yet durable
//        \__ at most RING_RECORDS __/

/** Power of two, so that a position becomes a place by a mask. 2 MiB: a second of the worst burst that was seen, tenfold. */
export const RING_RECORDS = 8192
assert((RING_RECORDS & (RING_RECORDS - 1)) === 0, 'JOURNAL_RING_POWER_OF_TWO')

/** Each counter has a cache line of its own (16 int32), so that producer and consumer do not fight for one. */
export const RingCell = { Published: 0, Durable: 16, Failed: 32, Closing: 48 } as const
const HEADER_BYTES = 256

export interface RingViews {
  readonly header: Int32Array
  readonly records: Uint8Array
}

export function newRingMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEADER_BYTES + RING_RECORDS * RECORD_BYTES)
}

export function ringViews(memory: SharedArrayBuffer): RingViews {
  return {
    header: new Int32Array(memory, 0, HEADER_BYTES / 4),
    records: new Uint8Array(memory, HEADER_BYTES),
  }
}

/** `append` had no room, or the writer failed: intents must halt, and nothing that must be durable may be used. */
export const RING_FULL = -1

/** The producer's side of the journal: copies a record into the ring and goes on. */
export class JournalRing {
  readonly #header: Int32Array
  readonly #words: Int32Array
  readonly #bytes: Uint8Array
  readonly #cells: Float64Array
  #published = 0

  constructor(memory: SharedArrayBuffer) {
    this.#header = new Int32Array(memory, 0, HEADER_BYTES / 4)
    this.#words = new Int32Array(memory, HEADER_BYTES)
    this.#bytes = new Uint8Array(memory, HEADER_BYTES)
    this.#cells = new Float64Array(memory, HEADER_BYTES)
  }

  /** Room for at least `records` more, and a writer that works. */
  hasRoom(records: number): boolean {
    return this.#pending() + records <= RING_RECORDS && !this.failed
  }

  /** Appends `count` doubles. @returns the record's position (0 or more), or RING_FULL. */
  appendCells(kind: RecordKind, cells: Float64Array, count: number): number {
    assert(count * 8 <= RECORD_PAYLOAD_BYTES, 'JOURNAL_RECORD_TOO_LONG')
    if (!this.hasRoom(1)) return RING_FULL
    const place = this.#begin(kind, count * 8)
    const first = (place + RECORD_HEAD_BYTES) >> 3
    for (let i = 0; i < count; i++) this.#cells[first + i] = cells[i]
    return this.#publish()
  }

  /** Appends bytes. @returns the record's position (0 or more), or RING_FULL. */
  appendBytes(kind: RecordKind, bytes: Uint8Array): number {
    assert(bytes.length <= RECORD_PAYLOAD_BYTES, 'JOURNAL_RECORD_TOO_LONG')
    if (!this.hasRoom(1)) return RING_FULL
    const place = this.#begin(kind, bytes.length)
    for (let i = 0; i < bytes.length; i++) this.#bytes[place + RECORD_HEAD_BYTES + i] = bytes[i]
    return this.#publish()
  }

  /**
   * Wakes the writer, which otherwise looks by itself every millisecond. A system call of some ten microseconds when
   * it sleeps: for records that somebody waits for, never on the path of a decision.
   */
  wake(): void {
    Atomics.notify(this.#header, RingCell.Published)
  }

  /** The writer has given up: nothing more becomes durable. */
  get failed(): boolean {
    return Atomics.load(this.#header, RingCell.Failed) !== 0
  }

  /** How many records have been appended so far: the position that the next one gets. */
  get published(): number {
    return this.#published
  }

  /** How many records are durable: every position below it. */
  get durable(): number {
    return this.#published - this.#pending()
  }

  #pending(): number {
    return ((this.#published | 0) - Atomics.load(this.#header, RingCell.Durable)) | 0
  }

  #begin(kind: RecordKind, length: number): number {
    const place = (this.#published & (RING_RECORDS - 1)) * RECORD_BYTES
    this.#words[place >> 2] = kind
    this.#words[(place >> 2) + 1] = length
    return place
  }

  #publish(): number {
    const position = this.#published++
    Atomics.store(this.#header, RingCell.Published, this.#published | 0)
    return position
  }
}
