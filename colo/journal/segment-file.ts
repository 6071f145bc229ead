import { closeSync, fdatasyncSync, fsyncSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { encodeHeader, SEGMENT_BYTES_MAX, type SegmentHeader, segmentName } from './segment.ts'

/** A segment that is being written. Whatever throws may be called again with the same until it does not. */
export class SegmentFile {
  readonly #file: number
  readonly #isSynced: boolean
  /** Behind the last batch that is durable. A batch that failed half way is written over from here. */
  #end: number

  private constructor(file: number, isSynced: boolean, end: number) {
    this.#file = file
    this.#isSynced = isSynced
    this.#end = end
  }

  /** Makes a new segment, durable with its name; one that cannot be made whole leaves nothing behind. */
  static create(directory: string, header: SegmentHeader, isSynced: boolean): SegmentFile {
    const path = join(directory, segmentName(header.number))
    const file = openSync(path, 'wx', 0o600)
    try {
      const bytes = encodeHeader(header)
      writeAt(file, bytes, 0)
      if (isSynced) {
        fdatasyncSync(file)
        syncDirectory(directory)
      }
      return new SegmentFile(file, isSynced, bytes.length)
    } catch (error) {
      closeSync(file)
      rmSync(path, { force: true })
      throw error
    }
  }

  hasRoom(bytes: number): boolean {
    return this.#end + bytes <= SEGMENT_BYTES_MAX
  }

  /**
   * Writes a batch; when it returns, the batch is durable. After a sync that failed the kernel takes the pages for clean:
   * the next attempt writes all of the batch again, so that they are written, and not only waited for.
   */
  write(batch: Uint8Array): void {
    writeAt(this.#file, batch, this.#end)
    if (this.#isSynced) fdatasyncSync(this.#file)
    this.#end += batch.length
  }

  /** Cuts off what a failed batch left. */
  trim(): void {
    ftruncateSync(this.#file, this.#end)
  }

  close(): void {
    closeSync(this.#file)
  }
}

function writeAt(file: number, bytes: Uint8Array, position: number): void {
  for (let from = 0; from < bytes.length; )
    from += writeSync(file, bytes, from, bytes.length - from, position + from)
}

/** A new name is durable when its directory is. */
function syncDirectory(directory: string): void {
  const file = openSync(directory, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
