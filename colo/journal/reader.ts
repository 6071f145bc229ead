import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  decodeBatch,
  decodeFrame,
  decodeHeader,
  FrameFault,
  HEADER_BYTES,
  headerChain,
  NO_CHAIN,
  nextMarker,
  type Place,
  type SegmentHeader,
  segmentName,
  segmentNumber,
} from './segment.ts'

// Reads a journal back: only batches whose every check holds are handed out, in order. What does not hold is one of two
// things, and the difference is proven, not guessed:
//
//   torn     The end of what a run wrote when it died. A batch is acknowledged after its sync and the next one begins
//            only then, so a batch that nothing follows was acknowledged to nobody if its bytes are not all there: the
//            file ends inside it, or holds zeros where the disk never wrote. Where another run has gone on, its segment
//            says to which batch it chained itself; that what came after was never acknowledged is then certain.
//   damage   Everything else: bytes that were written and are others now, or a segment that is missing.
//
// After damage it goes on with the next commit frame that is whole, whose chain value says how to check what follows.

export interface JournalVisitor {
  segment?(header: SegmentHeader): void
  record?(sequence: number, kind: number, payload: Buffer): void
}

export interface Fault {
  readonly kind: 'torn' | 'damage'
  readonly file: string
  readonly offset: number
  readonly what: string
  /** Records [first, end) are not to be had; `end` is undefined when nothing says how many there were. */
  readonly first: number
  readonly end: number | undefined
}

/** What a read found. */
export interface Reading {
  readonly segments: number
  readonly records: number
  /** Of the first record that is there. */
  readonly firstSequence: number
  readonly faults: readonly Fault[]
  /** Where the next run goes on: behind the last batch that holds. */
  readonly place: Place
  /** Whether any header said where the journal stands; without one the place is that of an empty journal. */
  readonly isAnchored: boolean
  /** The last segment's number; 0 when there is none. */
  readonly lastNumber: number
}

/** So many zeros in a row are no part of a batch: no payload is that long. */
const ZERO_RUN = Buffer.alloc(512)
/** A batch ends in a chain value and a crc: that it ends in so many zeros happens once in 2^64, and never by one flipped byte. */
const ZERO_END_BYTES = 8

/** The numbers of a directory's segments, rising. */
export function listSegments(directory: string): number[] {
  return readdirSync(directory)
    .map((name) => segmentNumber(name))
    .filter((number) => number !== undefined)
    .sort((a, b) => a - b)
}

/** Reads a directory's segments, each whole and one after the other. */
export function readJournal(
  directory: string,
  visitor: JournalVisitor = {},
  numbers = listSegments(directory),
): Reading {
  const reader = new JournalReader(visitor)
  for (const number of numbers) reader.read(number, readFileSync(join(directory, segmentName(number))))
  return reader.finish()
}

/** The bytes of one segment after the other, without the files. */
export class JournalReader {
  readonly #visitor: JournalVisitor
  readonly #faults: Fault[] = []
  #segments = 0
  #records = 0
  #firstSequence: number | undefined
  /** The number of the segment read last. */
  #number = 0
  #sequence = 0
  #chain: Uint8Array = NO_CHAIN
  /** A fault at the end of a segment: what it is, the next one says. */
  #open: { offset: number; what: string; file: string; isTorn: boolean } | undefined

  constructor(visitor: JournalVisitor) {
    this.#visitor = visitor
  }

  /** Takes the next segment. */
  read(number: number, bytes: Buffer): void {
    const file = segmentName(number)
    if (this.#segments > 0 && number !== this.#number + 1)
      this.#open ??= { offset: 0, what: 'it is missing', file: segmentName(this.#number + 1), isTorn: false }
    this.#number = number
    this.#segments++
    const header = decodeHeader(bytes)
    if (header === undefined || header.number !== number) {
      this.#badHeader(file, bytes)
      return
    }
    this.#join(header, file)
    this.#visitor.segment?.(header)
    this.#chain = headerChain(bytes)
    this.#batches(file, bytes, HEADER_BYTES)
  }

  /** What was found, when no segment is left. */
  finish(): Reading {
    const open = this.#open
    if (open !== undefined) this.#fault(open.isTorn ? 'torn' : 'damage', open, undefined)
    this.#open = undefined
    return {
      segments: this.#segments,
      records: this.#records,
      firstSequence: this.#firstSequence ?? this.#sequence,
      faults: this.#faults,
      place: { sequence: this.#sequence, chain: this.#chain },
      isAnchored: this.#firstSequence !== undefined,
      lastNumber: this.#number,
    }
  }

  /** A header tells what went before it, and so what an open fault was. */
  #join(header: SegmentHeader, file: string): void {
    const isFirst = this.#firstSequence === undefined
    const goesOn = header.sequence === this.#sequence && Buffer.compare(header.chain, this.#chain) === 0
    if (!isFirst && !goesOn) {
      this.#open ??= {
        offset: 0,
        what: 'it does not go on where the one before it ends',
        file,
        isTorn: false,
      }
      this.#fault('damage', this.#open, header.sequence)
    } else if (this.#open !== undefined) this.#fault('torn', this.#open, undefined)
    this.#open = undefined
    // Older segments may have been moved away: a journal begins where its first one does.
    this.#firstSequence ??= header.sequence
    this.#sequence = header.sequence
  }

  /** A segment that was never begun, if the next one joins what went before; else its batches are looked for. */
  #badHeader(file: string, bytes: Buffer): void {
    const isTorn = bytes.length < HEADER_BYTES || isUnwritten(bytes, 0)
    this.#open ??= { offset: 0, what: 'its header is broken, or of another version', file, isTorn }
    if (!isTorn) this.#resync(file, bytes, 0)
  }

  #batches(file: string, bytes: Buffer, from: number): void {
    for (let at = from; at < bytes.length; ) {
      const batch = decodeBatch(bytes, at, { sequence: this.#sequence, chain: this.#chain })
      if ('frames' in batch) {
        const { frames, place, end } = batch
        for (const { sequence, kind, payload } of frames) this.#visitor.record?.(sequence, kind, payload)
        this.#records += frames.length
        this.#sequence = place.sequence
        this.#chain = place.chain
        at = end
        continue
      }
      const { fault, offset } = batch
      const isTorn = fault === FrameFault.Cut || isUnwritten(bytes, at)
      const what = isTorn ? 'a write did not come to its end' : 'its bytes are not what was written'
      this.#open ??= { offset, what, file, isTorn }
      this.#resync(file, bytes, at)
      return
    }
  }

  /** Goes on behind the next commit frame that is whole. A batch that follows proves that the broken one was acknowledged. */
  #resync(file: string, bytes: Buffer, from: number): void {
    for (let at = nextMarker(bytes, from + 1); at < bytes.length; at = nextMarker(bytes, at + 1)) {
      const frame = decodeFrame(bytes, at)
      if (typeof frame === 'string' || !frame.isCommit || frame.sequence < this.#sequence) continue
      // Of the one batch that was on its way the commit frame may have reached the disk before the rest of it did.
      if (this.#open?.isTorn && frame.sequence - frame.records === this.#sequence) continue
      if (this.#open !== undefined) this.#fault('damage', this.#open, frame.sequence)
      this.#open = undefined
      this.#firstSequence ??= frame.sequence
      this.#sequence = frame.sequence
      this.#chain = frame.payload
      this.#batches(file, bytes, frame.end)
      return
    }
  }

  #fault(
    kind: Fault['kind'],
    at: { file: string; offset: number; what: string },
    end: number | undefined,
  ): void {
    const { file, offset, what } = at
    this.#faults.push({ kind, file, offset, what, first: this.#sequence, end })
  }
}

/** Whether a part of bytes [from, end) was never written: zeros where a batch has none. */
function isUnwritten(bytes: Buffer, from: number): boolean {
  const rest = bytes.subarray(from)
  const end = rest.subarray(Math.max(0, rest.length - ZERO_END_BYTES))
  return rest.includes(ZERO_RUN) || (end.length === ZERO_END_BYTES && end.every((byte) => byte === 0))
}
