import { createReadStream, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { constants, createGunzip } from 'node:zlib'
import { Failure } from '@tandem/shared/failure.ts'

/** One recorded frame: a line `{"recv_ts_ns","venue","raw"}` of a tape. `socket` may stand beside them. */
export interface TapeFrame {
  /** 1 for the first; counted on through the files of a folder. */
  line: number
  /** The tape's own text: nanoseconds since 1970 do not fit a double. */
  recvTsNs: string
  /** Nanoseconds after the tape's first frame. */
  atNs: number
  venue: 'polymarket' | 'kalshi'
  /** Which of the venue's connections it came on; 0 where the tape does not say. */
  socket: number
  /** As the socket delivered it. */
  bytes: Uint8Array
}

/** A connection opened (`"opened":[ids]` instead of `raw`) or was lost (`"closed":"why"`). */
export interface TapeChange {
  /** The place in `frames` of the frame after it. */
  before: number
  recvTsNs: string
  /** As a frame's; not before the first frame. */
  atNs: number
  venue: TapeFrame['venue']
  socket: number
  /** What it carries from now on: token ids or tickers; undefined when it is lost. */
  opened: string[] | undefined
}

/** A line that is no frame: skipped and told, since all others still count. */
export interface TapeFault {
  line: number
  failure: Failure
}

export interface Tape {
  /** Nanoseconds since 1970 at `atNs` 0. */
  zeroNs: bigint
  frames: TapeFrame[]
  /** Empty where the tape does not say: then one connection of each venue made all of it. */
  changes: TapeChange[]
  /** Every line, frames and faults. */
  lines: number
  faults: TapeFault[]
}

/** Lines are read whole: a frame of 64 MiB is the longest that a venue sends (Kalshi fact sheet, section 1). */
const FRAME_BYTES_MAX = 64 * 1024 * 1024
const NEWLINE = 0x0a
/** Of one venue at once: 5,000 markets need a hundred. */
const SOCKET_MAX = 1_023

/**
 * Reads a tape into memory: `.ndjson`, `.gz` of it, or a folder of both, by name in the order of time. A file that ends
 * in the middle, because its recorder was killed, gives what is whole of it, and a fault.
 *
 * @throws Failure TAPE_MISSING, TAPE_BROKEN (unreadable as a whole: no gzip, no frame in it).
 */
export async function readTape(path: string): Promise<Tape> {
  const tape: Tape = { zeroNs: 0n, frames: [], changes: [], lines: 0, faults: [] }
  for (const file of filesOf(path)) {
    const { frames, changes, lines, faults } = tape
    const before = [frames.length, changes.length, lines, faults.length]
    try {
      await readFile(file, tape, false)
    } catch (error) {
      const isTorn = (error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR'
      if (!isTorn)
        throw unreadable(file, tape.lines - lines, error)
        // What a stream held back when it failed is gone, so it is read again by one that expects the end.
      ;[frames.length, changes.length, tape.lines, faults.length] = before
      await readFile(file, tape, true)
      faults.push({ line: tape.lines, failure: torn(`${file}:${tape.lines - lines}`) })
    }
  }
  if (tape.frames.length === 0) throw tape.faults[0]?.failure ?? unreadable(path, 0, new Error('it is empty'))
  tape.zeroNs = BigInt(tape.frames[0].recvTsNs)
  for (const each of [...tape.frames, ...tape.changes])
    each.atNs = Math.max(0, Number(BigInt(each.recvTsNs) - tape.zeroNs))
  return tape
}

function filesOf(path: string): string[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path]
  return readdirSync(path)
    .filter((name) => /\.ndjson(\.gz)?$/.test(name))
    .sort()
    .map((name) => join(path, name))
}

/** Adds a file to the tape. @param isTorn of its last line only a part is there: it is left out */
async function readFile(path: string, tape: Tape, isTorn: boolean): Promise<void> {
  const file = createReadStream(path)
  const finishFlush = isTorn ? constants.Z_SYNC_FLUSH : constants.Z_FINISH
  const input = path.endsWith('.gz') ? file.pipe(createGunzip({ finishFlush })) : file
  file.on('error', (error) => input.destroy(error))
  let line = 0
  let last: Failure | undefined
  for await (const text of linesOf(input)) {
    line++
    tape.lines++
    last = text.trim() === '' ? undefined : addLine(tape, text, `${path}:${line}`)
    if (last !== undefined) tape.faults.push({ line: tape.lines, failure: last })
  }
  if (isTorn && last !== undefined) tape.faults.pop()
}

/** Ended by \n alone: node's readline would also break frames that hold a U+2028. */
async function* linesOf(input: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let parts: Buffer[] = []
  for await (const chunk of input) {
    let from = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      parts.push(chunk.subarray(from, end))
      yield Buffer.concat(parts).toString()
      parts = []
      from = end + 1
    }
    parts.push(chunk.subarray(from))
  }
  const last = Buffer.concat(parts).toString()
  if (last !== '') yield last
}

/** Adds what a line says, or returns what is wrong with it. */
function addLine(tape: Tape, text: string, where: string): Failure | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return broken(where, 'this line of the tape is no JSON')
  }
  const line = (value ?? {}) as Record<string, unknown>
  const { recv_ts_ns: recvTsNs, venue, socket = 0, opened, closed } = line
  if (typeof recvTsNs !== 'string' || !/^\d{1,19}$/.test(recvTsNs))
    return broken(where, 'recv_ts_ns is no string of nanoseconds')
  if (venue !== 'polymarket' && venue !== 'kalshi')
    return broken(where, 'venue is neither polymarket nor kalshi')
  if (!Number.isInteger(socket) || Number(socket) < 0 || Number(socket) > SOCKET_MAX)
    return broken(where, 'socket is no small number')
  const common = { recvTsNs, atNs: 0, venue, socket: Number(socket) } as const
  if (opened !== undefined || closed !== undefined) {
    if (opened !== undefined && !isIdList(opened)) return broken(where, 'opened is no list of ids')
    tape.changes.push({ ...common, before: tape.frames.length, opened })
    return undefined
  }
  const bytes = bytesOf(line)
  if (bytes === undefined) return broken(where, 'raw is no string of a frame')
  tape.frames.push({ ...common, line: tape.lines, bytes })
  return undefined
}

function isIdList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((id) => typeof id === 'string')
}

function bytesOf({ raw, raw_base64: base64 }: Record<string, unknown>): Uint8Array | undefined {
  const text = raw ?? base64
  if (typeof text !== 'string' || text.length > FRAME_BYTES_MAX) return undefined
  return raw === undefined ? Buffer.from(text, 'base64') : Buffer.from(text)
}

function torn(where: string): Failure {
  return new Failure({
    code: 'TAPE_TORN',
    what: 'the file ends in the middle: its recorder was killed, or it was not copied whole',
    where,
    todo: 'nothing, if what came before is enough: it was replayed',
  })
}

function broken(where: string, what: string): Failure {
  return new Failure({
    code: 'TAPE_FRAME_BROKEN',
    what,
    where,
    todo: 'record it again or cut the line; the other frames were replayed',
  })
}

function unreadable(path: string, line: number, cause: unknown): Failure {
  if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
    return new Failure({
      code: 'TAPE_MISSING',
      what: 'no such tape',
      where: path,
      todo: 'check the path',
      cause,
    })
  return new Failure({
    code: 'TAPE_BROKEN',
    what: `the tape cannot be read: ${(cause as Error).message}`,
    where: `${path}:${line}`,
    todo: 'give a .ndjson or .ndjson.gz tape, one {"recv_ts_ns","venue","raw"} a line',
    cause,
  })
}
