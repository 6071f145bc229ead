// The writer thread: drains the ring into segments, one write and one sync for all that is there. What the disk refuses
// stays in the ring and is tried again; nothing is acknowledged, skipped or lost meanwhile.
import { workerData } from 'node:worker_threads'
import { RECORD_BYTES } from './record.ts'
import { RING_RECORDS, RingCell, type RingViews, ringViews } from './ring.ts'
import {
  BATCH_BYTES_MAX,
  BATCH_RECORDS_MAX,
  BatchEncoder,
  encodeHeader,
  headerChain,
  type Place,
} from './segment.ts'
import { SegmentFile } from './segment-file.ts'

/**
 * When a batch counts as durable.
 *
 *   always     once the disk has it; written as soon as there is one
 *   interval   the same, but once in SYNC_INTERVAL_MS, or with a full batch: fewer syncs, later acknowledgements
 *   none       once the kernel has it: survives the process, not the machine. For replays and benchmarks
 */
export type SyncPolicy = 'always' | 'interval' | 'none'

export interface WriterOrder {
  readonly memory: SharedArrayBuffer
  readonly directory: string
  /** What the first segment begins with, as bytes that travel to a thread. */
  readonly number: number
  readonly place: Place
  readonly wallAtZeroMs: number
  readonly runId: string
  readonly sync: SyncPolicy
}

const SYNC_INTERVAL_MS = 10
/** How long the thread sleeps when nobody wakes it: how late a record is seen whose writer did not want to pay for a wake-up. */
const IDLE_WAIT_MS = 1
/** Between two attempts on a disk that refuses. */
const RETRY_MS = 1_000

class Writer {
  readonly #order: WriterOrder
  readonly #header: Int32Array
  readonly #records: Uint8Array
  readonly #encoder: BatchEncoder
  #number: number
  #segment: SegmentFile | undefined
  #written = 0

  constructor(order: WriterOrder, { header, records }: RingViews) {
    this.#order = order
    this.#header = header
    this.#records = records
    this.#encoder = new BatchEncoder(order.place)
    this.#number = order.number
  }

  /** Writes until it is told to close and nothing is left. @returns false when the disk refused to the end */
  run(): boolean {
    let isWritten = this.#persist(() => this.#nextSegment())
    while (isWritten) {
      const count = this.#await()
      if (count === 0) break
      if (!this.#segment?.hasRoom(BATCH_BYTES_MAX)) isWritten = this.#persist(() => this.#nextSegment())
      if (!isWritten) break
      const batch = this.#encoder.encode(
        this.#records,
        RECORD_BYTES,
        this.#written & (RING_RECORDS - 1),
        count,
      )
      isWritten = this.#persist(() => this.#segment?.write(batch))
      if (!isWritten) break
      this.#written = (this.#written + count) | 0
      Atomics.store(this.#header, RingCell.Durable, this.#written)
      Atomics.notify(this.#header, RingCell.Durable)
    }
    if (!isWritten) this.#trim()
    this.#segment?.close()
    return isWritten
  }

  /** Waits for records. @returns how many of them lie in a row, up to a batch; 0 when there are none and none will come */
  #await(): number {
    for (;;) {
      const published = Atomics.load(this.#header, RingCell.Published)
      const isClosing = Atomics.load(this.#header, RingCell.Closing) === 1
      if (published !== this.#written) {
        const isFew = ((published - this.#written) | 0) < BATCH_RECORDS_MAX
        if (this.#order.sync === 'interval' && isFew && !isClosing)
          Atomics.wait(this.#header, RingCell.Closing, 0, SYNC_INTERVAL_MS)
        const first = this.#written & (RING_RECORDS - 1)
        const pending = (Atomics.load(this.#header, RingCell.Published) - this.#written) | 0
        return Math.min(pending, RING_RECORDS - first, BATCH_RECORDS_MAX)
      }
      if (isClosing) return 0
      Atomics.wait(this.#header, RingCell.Published, published, IDLE_WAIT_MS)
    }
  }

  #nextSegment(): void {
    const { directory, wallAtZeroMs, runId, sync } = this.#order
    const header = { ...this.#encoder.place, number: this.#number, wallAtZeroMs, runId }
    const segment = SegmentFile.create(directory, header, sync !== 'none')
    this.#segment?.close()
    this.#segment = segment
    this.#number++
    this.#encoder.begin(headerChain(encodeHeader(header)))
  }

  /** Does something to the disk, again and again until it works. @returns false when it did not before the end */
  #persist(act: () => void): boolean {
    for (;;) {
      const isClosing = Atomics.load(this.#header, RingCell.Closing) === 1
      try {
        act()
        Atomics.store(this.#header, RingCell.Blocked, 0)
        return true
      } catch (error) {
        const { errno } = error as NodeJS.ErrnoException
        // Not the disk: a mistake of ours.
        if (errno === undefined) throw error
        Atomics.store(this.#header, RingCell.Blocked, -errno)
        if (isClosing) return false
        Atomics.wait(this.#header, RingCell.Closing, 0, RETRY_MS)
      }
    }
  }

  #trim(): void {
    try {
      this.#segment?.trim()
    } catch {
      // The reader knows a write that did not come to its end.
    }
  }
}

const order = workerData as WriterOrder
const views = ringViews(order.memory)
let isWritten = false
try {
  isWritten = new Writer(order, views).run()
} finally {
  // The hot thread reads this before every offer: a writer that is gone halts new intents there.
  if (!isWritten) Atomics.store(views.header, RingCell.Failed, 1)
  Atomics.notify(views.header, RingCell.Durable)
}
