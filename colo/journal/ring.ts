import { assert } from '@tandem/shared/assert.ts'
import {
  OMITTED_CELLS,
  OmittedCell,
  RECORD_BYTES,
  RECORD_HEAD_BYTES,
  RECORD_PAYLOAD_BYTES,
  RecordKind,
} from './record.ts'

// One producer (the hot thread), one consumer (the writer thread), no lock (Disruptor style). Positions count
// records of this run and wrap at 2^32; only differences of them mean anything.
//
//      durable        published
//   ....|#############|........+=====|      # in the ring, not yet durable    = kept for what must not be lost
//        \________ RING_RECORDS ____/
//
// Who appends chooses by what would happen without room:
//
//   append   a fill, an answer, a send: it has happened, and is never lost. Room is kept for it
//   offer    a hash, a block of ids: refused, and then what it stands for is not used
//   note     a Turn without an order: left out, counted, and the count is recorded when there is room again

/** Power of two, so that a position becomes a place by a mask. 4 MiB. */
export const RING_RECORDS = 16_384
assert((RING_RECORDS & (RING_RECORDS - 1)) === 0, 'JOURNAL_RING_POWER_OF_TWO')

/** Trades that room is kept for: those that risk lets be entered at once, and as many that corrections of a venue begin. */
export const TRADES_OPEN_MAX = 64
/** An entry's two legs, and some orders to get out. */
const ORDERS_PER_TRADE = 8
/** Unknown first, then looked up. */
const ANSWERS_PER_ORDER = 2
const FILLS_PER_ORDER = 8
const STATES_PER_TRADE = 15
/** What one trade may append from its entry to its end: an intent and a Turn, then for each order a send, answers, fills. */
const TRADE_RECORDS_MAX = 2 + ORDERS_PER_TRADE * (1 + ANSWERS_PER_ORDER + FILLS_PER_ORDER) + STATES_PER_TRADE
/** Commands while the disk is away: a person gives one now and then. */
const COMMANDS_MAX = 256
/**
 * No entry, hash or Turn takes this room: with a disk that stays away, everything in flight can still be written down.
 * While the disk works the ring drains, and a trade with more records than that finds room as well.
 */
export const RESERVED_RECORDS = TRADES_OPEN_MAX * TRADE_RECORDS_MAX + COMMANDS_MAX
assert(RESERVED_RECORDS <= RING_RECORDS / 2, 'JOURNAL_RESERVE_LEAVES_HALF')
/** Orders whose end may be told at once: what both venues' order entries hold. */
const ORDERS_UNDER_WAY_MAX = 128
/** Orders on the way out go into the reserve, but leave what the ends of all orders under way need. */
const EXITS_LEAVE_RECORDS = ORDERS_UNDER_WAY_MAX * (1 + ANSWERS_PER_ORDER + FILLS_PER_ORDER)
assert(EXITS_LEAVE_RECORDS <= RESERVED_RECORDS / 4, 'JOURNAL_RESERVE_IS_FOR_EXITS')

/** Each cell has a cache line of its own (16 int32), so that producer and consumer do not fight for one. */
export const RingCell = {
  Published: 0,
  Durable: 16,
  /** 0, or the errno of what keeps the writer from writing; it tries again. */
  Blocked: 32,
  /** 1: the writer has ended and writes no more. */
  Failed: 48,
  Closing: 64,
} as const
const HEADER_BYTES = 512
/** Records of an entry up to its last byte: an intent, two sends, its Turn. What follows has the journal's reserve. */
export const RECORDS_PER_ENTRY = 4

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

/** How far a run's journal is durable, for whoever follows its directory in another thread. */
export interface Durability {
  readonly memory: SharedArrayBuffer
  /** Of the run's first record. */
  readonly firstSequence: number
}

/** Reads how far a journal is durable. */
export class DurableMark {
  readonly #header: Int32Array
  #position = 0
  #sequence: number

  constructor({ memory, firstSequence }: Durability) {
    this.#header = ringViews(memory).header
    this.#sequence = firstSequence
  }

  /** Every record of the journal below this sequence is durable. */
  get sequence(): number {
    const position = Atomics.load(this.#header, RingCell.Durable)
    this.#sequence += (position - this.#position) | 0
    this.#position = position
    return this.#sequence
  }
}

/** An offer found no room, or no writer: what it stands for must not be used. */
export const RING_FULL = -1

const NO_CELLS = new Float64Array(0)
const NO_TAIL: Uint8Array = new Uint8Array(0)

/** The producer's side of the journal: copies a record into the ring and goes on. Allocates nothing. */
export class JournalRing {
  readonly #header: Int32Array
  readonly #words: Int32Array
  readonly #bytes: Uint8Array
  readonly #cells: Float64Array
  readonly #omittedCells = new Float64Array(OMITTED_CELLS)
  #published = 0
  #omitted = 0
  /** Turns that found no room since the start. */
  omittedTotal = 0

  constructor(memory: SharedArrayBuffer) {
    this.#header = new Int32Array(memory, 0, HEADER_BYTES / 4)
    this.#words = new Int32Array(memory, HEADER_BYTES)
    this.#bytes = new Uint8Array(memory, HEADER_BYTES)
    this.#cells = new Float64Array(memory, HEADER_BYTES)
  }

  /** Whether a new entry may begin: its records fit beside the reserve, and the disk takes what is written. */
  hasRoom(records: number): boolean {
    return this.#fits(records) && this.blockedErrno === 0
  }

  /** Whether an order on the way out may be sent: with a disk that stays away, the reserve is for what has happened. */
  hasRoomForExit(): boolean {
    return this.#pending() <= RING_RECORDS - EXITS_LEAVE_RECORDS
  }

  /** The errno that the disk answers, 0 while it works. */
  get blockedErrno(): number {
    return Atomics.load(this.#header, RingCell.Blocked)
  }

  /**
   * Appends what has happened and must not be lost: `count` doubles, then a tail. Room is kept for it; should that be
   * spent after all, the process stops rather than go on unrecorded.
   *
   * @returns the record's position
   */
  appendCells(
    kind: RecordKind,
    cells: Float64Array,
    count: number,
    tail = NO_TAIL,
    tailStart = 0,
    tailEnd = tail.length,
  ): number {
    assert(this.#pending() < RING_RECORDS, 'JOURNAL_RESERVE_SPENT')
    return this.#write(kind, cells, count, tail, tailStart, tailEnd)
  }

  /** Appends `count` doubles if there is room beside the reserve. @returns the position, or RING_FULL. */
  offerCells(kind: RecordKind, cells: Float64Array, count: number): number {
    return this.#fits(1) ? this.#write(kind, cells, count, NO_TAIL, 0, 0) : RING_FULL
  }

  /** Appends bytes if there is room beside the reserve. @returns the position, or RING_FULL. */
  offerBytes(kind: RecordKind, bytes: Uint8Array): number {
    return this.#fits(1) ? this.#write(kind, NO_CELLS, 0, bytes, 0, bytes.length) : RING_FULL
  }

  /** Appends `count` doubles, or counts that there was no room for them; the count itself is recorded later. */
  noteCells(kind: RecordKind, cells: Float64Array, count: number): void {
    if (!this.#fits(2)) {
      this.#omitted++
      this.omittedTotal++
      return
    }
    if (this.#omitted > 0) {
      this.#omittedCells[OmittedCell.count] = this.#omitted
      this.#omitted = 0
      this.#write(RecordKind.Omitted, this.#omittedCells, OMITTED_CELLS, NO_TAIL, 0, 0)
    }
    this.#write(kind, cells, count, NO_TAIL, 0, 0)
  }

  /**
   * Wakes the writer, which otherwise looks by itself every millisecond. A system call of some ten microseconds when
   * it sleeps: for records that somebody waits for, never on the path of a decision.
   */
  wake(): void {
    Atomics.notify(this.#header, RingCell.Published)
  }

  /** How many records have been appended so far: the position that the next one gets. */
  get published(): number {
    return this.#published
  }

  /** How many records are durable: every position below it. */
  get durable(): number {
    return this.#published - this.#pending()
  }

  /** Whether a writer is there, and so many more records leave the reserve free. */
  #fits(records: number): boolean {
    return (
      this.#pending() + records <= RING_RECORDS - RESERVED_RECORDS &&
      Atomics.load(this.#header, RingCell.Failed) === 0
    )
  }

  #pending(): number {
    return ((this.#published | 0) - Atomics.load(this.#header, RingCell.Durable)) | 0
  }

  #write(
    kind: RecordKind,
    cells: Float64Array,
    count: number,
    tail: Uint8Array,
    tailStart: number,
    tailEnd: number,
  ): number {
    const length = count * 8 + tailEnd - tailStart
    assert(length <= RECORD_PAYLOAD_BYTES, 'JOURNAL_RECORD_TOO_LONG')
    const place = (this.#published & (RING_RECORDS - 1)) * RECORD_BYTES
    this.#words[place >> 2] = kind
    this.#words[(place >> 2) + 1] = length
    const start = place + RECORD_HEAD_BYTES
    for (let i = 0; i < count; i++) this.#cells[(start >> 3) + i] = cells[i]
    const tailAt = start + count * 8
    for (let i = tailStart; i < tailEnd; i++) this.#bytes[tailAt + i - tailStart] = tail[i]
    const position = this.#published++
    Atomics.store(this.#header, RingCell.Published, this.#published | 0)
    return position
  }
}
