import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '@tandem/shared/assert.ts'
import { listSegments } from './reader.ts'
import {
  BATCH_BYTES_MAX,
  decodeBatch,
  decodeHeader,
  type Frame,
  HEADER_BYTES,
  headerChain,
  NO_CHAIN,
  type Place,
  type SegmentHeader,
  segmentName,
} from './segment.ts'

// Follows a journal while it is written: whole batches that are durable, once each, in order. What is not there yet is
// asked for again. Where a run died in the middle of a batch the next segment says so; of damage, which `tandem journal
// verify` names, the rest of the segment is left out.

/** What a tail hands out: a batch, or where a segment begins none. */
export interface TailedBatch {
  readonly header: SegmentHeader
  /** Whether its run begins here, and not only a further segment of it. */
  readonly isBeginning: boolean
  readonly frames: readonly Frame[]
}

const READ_BYTES = 1024 * 1024
assert(READ_BYTES >= BATCH_BYTES_MAX, 'JOURNAL_TAIL_READS_A_BATCH')

/**
 * @returns the number of the first segment whose run began at that wall clock or later; where there is none, of the
 * segment that comes next
 */
export function firstSegmentSince(directory: string, wallMs: number): number {
  const numbers = listSegments(directory)
  const first = numbers.find((number) => {
    const header = headerOf(directory, number)
    return header !== undefined && header.wallAtZeroMs >= wallMs
  })
  return first ?? (numbers.at(-1) ?? 0) + 1
}

export class JournalTail {
  readonly #directory: string
  readonly #durable: () => number
  /** Of the segment that is read, or to be opened. */
  #number: number
  #file: number | undefined
  #header: SegmentHeader | undefined
  #place: Place
  /** Of the file, from the batch at `#offset` on as far as it was read. */
  #bytes = Buffer.alloc(0)
  #at = 0
  #offset = 0

  /** @param durable gives the sequence below which everything is durable */
  constructor(directory: string, number: number, durable: () => number) {
    this.#directory = directory
    this.#number = number
    this.#durable = durable
    this.#place = { sequence: durable(), chain: NO_CHAIN }
    const before = listSegments(directory).filter((other) => other < number)
    for (let other = before.pop(); other !== undefined && this.#header === undefined; other = before.pop())
      this.#header = headerOf(directory, other)
  }

  /** Of the record that comes next; of the next durable one before the first segment is opened. */
  get sequence(): number {
    return this.#place.sequence
  }

  /** The next batch; its frames' bytes stay what they are. @returns undefined when there is none yet */
  next(): TailedBatch | undefined {
    for (;;) {
      if (this.#file === undefined) return this.#open()
      if (this.#place.sequence >= this.#durable()) return undefined
      const batch = this.#decode() ?? this.#decodeAnew()
      if (batch !== undefined) return batch
      const next = listSegments(this.#directory).find((number) => number > this.#number)
      if (next === undefined) return undefined
      // Before there was a next one, the writer was done with this one: now all of it can be read.
      const last = this.#decodeAnew()
      if (last !== undefined) return last
      this.close()
      this.#number = next
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }

  #open(): TailedBatch | undefined {
    const numbers = listSegments(this.#directory).filter((number) => number >= this.#number)
    for (const number of numbers) {
      const file = openSync(join(this.#directory, segmentName(number)), 'r')
      const bytes = Buffer.alloc(HEADER_BYTES)
      const header =
        readSync(file, bytes, 0, HEADER_BYTES, 0) === HEADER_BYTES ? decodeHeader(bytes) : undefined
      const isDurable = header !== undefined && header.sequence < this.#durable()
      if (!isDurable) closeSync(file)
      // Not there yet; or, where others follow, never begun.
      if (header === undefined) continue
      if (!isDurable) return undefined
      const before = this.#header
      const isBeginning =
        before === undefined
          ? header.sequence === 0
          : before.runId !== header.runId || before.wallAtZeroMs !== header.wallAtZeroMs
      this.#file = file
      this.#number = number
      this.#header = header
      this.#place = { sequence: header.sequence, chain: headerChain(bytes) }
      this.#bytes = Buffer.alloc(0)
      this.#at = 0
      this.#offset = HEADER_BYTES
      return { header, isBeginning, frames: [] }
    }
    return undefined
  }

  /** What was read before a batch was durable may not be what it became. */
  #decodeAnew(): TailedBatch | undefined {
    const file = this.#file as number
    const bytes = Buffer.allocUnsafe(Math.min(fstatSync(file).size - this.#offset, READ_BYTES))
    this.#bytes = bytes.subarray(0, readSync(file, bytes, 0, bytes.length, this.#offset))
    this.#at = 0
    return this.#decode()
  }

  #decode(): TailedBatch | undefined {
    const batch = decodeBatch(this.#bytes, this.#at, this.#place)
    if (!('frames' in batch)) return undefined
    this.#offset += batch.end - this.#at
    this.#at = batch.end
    this.#place = batch.place
    return { header: this.#header as SegmentHeader, isBeginning: false, frames: batch.frames }
  }
}

function headerOf(directory: string, number: number): SegmentHeader | undefined {
  const file = openSync(join(directory, segmentName(number)), 'r')
  try {
    const bytes = Buffer.alloc(HEADER_BYTES)
    return readSync(file, bytes, 0, HEADER_BYTES, 0) === HEADER_BYTES ? decodeHeader(bytes) : undefined
  } finally {
    closeSync(file)
  }
}
