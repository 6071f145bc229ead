import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { Failure } from '@tandem/shared/failure.ts'

/** One recorded frame: a line `{"recv_ts_ns","venue","raw"}` of a tape. */
export interface TapeFrame {
  /** 1 for the first. */
  line: number
  /** The tape's own text: nanoseconds since 1970 do not fit a double. */
  recvTsNs: string
  /** Nanoseconds after the tape's first frame. */
  atNs: number
  venue: 'polymarket' | 'kalshi'
  /** As the socket delivered it. */
  bytes: Uint8Array
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
  /** Every line, frames and faults. */
  lines: number
  faults: TapeFault[]
}

/** Lines are read whole: a frame of 64 MiB is the longest that a venue sends (Kalshi fact sheet, section 1). */
const FRAME_BYTES_MAX = 64 * 1024 * 1024

/**
 * Reads a tape (`.ndjson`, or `.gz` of it) into memory.
 *
 * @throws Failure TAPE_MISSING, TAPE_BROKEN (unreadable as a whole: no gzip, no frame in it).
 */
export async function readTape(path: string): Promise<Tape> {
  const frames: TapeFrame[] = []
  const faults: TapeFault[] = []
  let line = 0
  let firstNs: bigint | undefined
  try {
    const file = createReadStream(path)
    const input = path.endsWith('.gz') ? file.pipe(createGunzip()) : file
    file.on('error', (error) => input.destroy(error))
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      line++
      if (text.trim() === '') continue
      const frame = frameOf(text, line, `${path}:${line}`)
      if (frame instanceof Failure) {
        faults.push({ line, failure: frame })
        continue
      }
      const recvNs = BigInt(frame.recvTsNs)
      firstNs ??= recvNs
      frame.atNs = Number(recvNs - firstNs)
      frames.push(frame)
    }
  } catch (error) {
    throw unreadable(path, line, error)
  }
  if (firstNs === undefined) throw faults[0]?.failure ?? unreadable(path, line, new Error('it is empty'))
  return { zeroNs: firstNs, frames, lines: line, faults }
}

function frameOf(text: string, line: number, where: string): TapeFrame | Failure {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return broken(where, 'this line of the tape is no JSON')
  }
  const { recv_ts_ns: recvTsNs, venue, raw } = (value ?? {}) as Record<string, unknown>
  if (typeof recvTsNs !== 'string' || !/^\d{1,19}$/.test(recvTsNs))
    return broken(where, 'recv_ts_ns is no string of nanoseconds')
  if (venue !== 'polymarket' && venue !== 'kalshi')
    return broken(where, 'venue is neither polymarket nor kalshi')
  if (typeof raw !== 'string' || raw.length > FRAME_BYTES_MAX)
    return broken(where, 'raw is no string of a frame')
  return { line, recvTsNs, atNs: 0, venue, bytes: Buffer.from(raw) }
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
