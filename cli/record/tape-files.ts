import { createWriteStream, mkdirSync, openSync, rmSync, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { constants, createGzip, type Gzip } from 'node:zlib'
import { Failure } from '@tandem/shared/failure.ts'

export interface Rotation {
  /** A file that has as much on the disk is followed by a new one. */
  readonly bytesMax: number
  readonly msMax: number
}

/** How much may wait for the disk. A disk so far behind will not catch up, and memory is not where frames are kept. */
const WAITING_BYTES_MAX = 64 * 1024 * 1024

interface TapeFile {
  readonly gzip: Gzip
  readonly file: WriteStream
  readonly written: Promise<void>
  readonly beganMs: number
}

/**
 * Lines into gzip files, one after the other: `20261122T165600123Z-0000.ndjson.gz`, by name in the order of time. What
 * was flushed survives the death of the process, though the file then lacks its end.
 */
export class TapeFiles {
  readonly names: string[] = []
  readonly #folder: string
  readonly #prefix: string
  readonly #rotation: Rotation
  readonly #onFailure: (failure: Failure) => void
  #current: TapeFile
  readonly #all: TapeFile[] = []
  #isEmpty = true

  /**
   * @param nowMs wall clock: it names the files
   * @param onFailure the disk refused; nothing more is written
   * @throws Failure OUT_UNWRITABLE
   */
  constructor(folder: string, rotation: Rotation, nowMs: number, onFailure: (failure: Failure) => void) {
    this.#folder = folder
    this.#prefix = new Date(nowMs).toISOString().replace(/[-:.]/g, '')
    this.#rotation = rotation
    this.#onFailure = onFailure
    try {
      mkdirSync(folder, { recursive: true })
      this.#current = this.#open(nowMs)
    } catch (cause) {
      throw unwritable(folder, cause)
    }
  }

  /** Bytes on the disk, of all files. */
  get bytes(): number {
    return this.#all.reduce((sum, { file }) => sum + file.bytesWritten, 0)
  }

  write(line: string): void {
    const { gzip } = this.#current
    this.#isEmpty = false
    gzip.write(line)
    if (gzip.writableLength > WAITING_BYTES_MAX) gzip.destroy(new Error('the disk cannot keep up'))
  }

  /** Makes what was written so far outlive us, and begins a new file when it is time. Called about every second. */
  flush(nowMs: number): void {
    const { gzip, file, beganMs } = this.#current
    if (file.bytesWritten < this.#rotation.bytesMax && nowMs - beganMs < this.#rotation.msMax) {
      gzip.flush(constants.Z_SYNC_FLUSH)
      return
    }
    try {
      const next = this.#open(nowMs)
      gzip.end()
      this.#current = next
    } catch (cause) {
      this.#onFailure(unwritable(this.#folder, cause))
    }
  }

  /** Ends the last file. Resolves when all of them are whole, or cannot be; leaves nothing where nothing was written. */
  async close(): Promise<void> {
    this.#current.gzip.end()
    await Promise.all(this.#all.map(({ written }) => written))
    if (!this.#isEmpty) return
    this.#all.length = 0
    for (const name of this.names.splice(0)) rmSync(join(this.#folder, name), { force: true })
  }

  #open(nowMs: number): TapeFile {
    const name = `${this.#prefix}-${String(this.names.length).padStart(4, '0')}.ndjson.gz`
    const file = createWriteStream('', { fd: openSync(join(this.#folder, name), 'wx', 0o644) })
    this.names.push(name)
    const gzip = createGzip()
    gzip.on('error', (error) => file.destroy(error))
    file.on('error', () => gzip.destroy())
    gzip.pipe(file)
    const written = finished(file).catch((cause) => this.#onFailure(unwritable(this.#folder, cause)))
    const opened = { gzip, file, written, beganMs: nowMs }
    this.#all.push(opened)
    return opened
  }
}

function unwritable(folder: string, cause: unknown): Failure {
  return new Failure({
    code: 'OUT_UNWRITABLE',
    what: (cause as Error).message,
    where: folder,
    todo: 'name a folder that you may write to, with room on its disk; what is on the disk already can be replayed',
    cause,
  })
}
