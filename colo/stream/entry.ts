import { NS_PER_MS } from '@tandem/shared/units.ts'
import {
  FillCell,
  LAYOUTS,
  ListingCell,
  RECOVERED_KINDS,
  type ReadRecord,
  RecordKind,
  readRecord,
} from '../journal/record.ts'
import type { Frame, SegmentHeader } from '../journal/segment.ts'
import type { TailedBatch } from '../journal/tail.ts'
import { TurnCell } from '../turn.ts'
import type { StreamId } from './id.ts'
import { Stream, type TradeStream } from './stream.ts'
import { encodeValue } from './value.ts'

// What stands in an entry of Redis:
//
//   journal   run | wall      a run begins: its id, and its wall clock at ns 0 as text
//             kind | payload  a record of it (journal/record.ts)
//   hashes    hash            32 bytes
//   others    value           MessagePack (value.ts)

export const RUN_FIELD = 'run'
export const WALL_FIELD = 'wall'
export const KIND_FIELD = 'kind'
export const PAYLOAD_FIELD = 'payload'
export const HASH_FIELD = 'hash'
export const VALUE_FIELD = 'value'

export interface Entry {
  readonly stream: Stream
  readonly id: StreamId
  /** Names and values in turn. */
  readonly fields: readonly (string | Buffer)[]
}

/** Of a run's entries: Redis counts whole milliseconds. */
export function runMs(wallAtZeroMs: number): number {
  return Math.floor(wallAtZeroMs)
}

/** Makes entries of a journal's batches, in their order. */
export class JournalEntries {
  readonly #msOf: (header: SegmentHeader) => number
  /** Of the run that is read. */
  #pairs: string[] = []

  /** @param msOf of the ids of a run's entries */
  constructor(msOf: (header: SegmentHeader) => number) {
    this.#msOf = msOf
  }

  of({ header, isBeginning, frames }: TailedBatch): Entry[] {
    if (isBeginning) this.#pairs = []
    const entries = frames.flatMap((frame) => this.#ofRecord(header, frame))
    if (!isBeginning) return entries
    const { runId, wallAtZeroMs, sequence } = header
    const id = { ms: this.#msOf(header), sequence }
    return [
      { stream: Stream.Journal, id, fields: [RUN_FIELD, runId, WALL_FIELD, String(wallAtZeroMs)] },
      ...entries,
    ]
  }

  #ofRecord(header: SegmentHeader, { sequence, kind, payload }: Frame): Entry[] {
    const id = { ms: this.#msOf(header), sequence: sequence + 1 }
    if (kind === RecordKind.OrderHash) return [{ stream: Stream.Hashes, id, fields: [HASH_FIELD, payload] }]
    const record = readRecord(kind, payload)
    if (record === undefined) return []
    const entries: Entry[] = []
    if (RECOVERED_KINDS.has(kind)) {
      const fields = [KIND_FIELD, String(kind), PAYLOAD_FIELD, payload]
      entries.push({ stream: Stream.Journal, id, fields })
    }
    const { cells, tail } = record
    if (kind === RecordKind.Listing)
      this.#pairs[cells[ListingCell.bundle]] = Buffer.from(tail).toString('utf8')
    if (kind === RecordKind.Turn)
      entries.push(this.#trade(Stream.Turns, id, header, record, TurnCell.t0Ns, TurnCell.bundle))
    if (kind === RecordKind.Fill)
      entries.push(this.#trade(Stream.Fills, id, header, record, FillCell.atNs, FillCell.bundle))
    return entries
  }

  #trade(
    stream: TradeStream,
    id: StreamId,
    { runId, wallAtZeroMs }: SegmentHeader,
    { kind, cells }: ReadRecord,
    at: number,
    bundle: number,
  ): Entry {
    const places = LAYOUTS[kind].cells
    const whose: Record<string, string | number> = {
      runId,
      atMs: wallAtZeroMs + cells[at] / NS_PER_MS,
      pair: this.#pairs[cells[bundle]] ?? '',
    }
    const value = encodeValue(stream, (name) => whose[name] ?? cells[places[name]])
    return { stream, id, fields: [VALUE_FIELD, value] }
  }
}
