// The writer thread: drains the ring to an append-only file, one write (and one sync) for all that is there.
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import { JOURNAL_HEADER_BYTES, JOURNAL_MAGIC, RECORD_BYTES } from './record.ts'
import { RING_RECORDS, RingCell, ringViews } from './ring.ts'

export interface WriterOrder {
  readonly memory: SharedArrayBuffer
  readonly path: string
  readonly wallAtZeroMs: number
  /** `each`: a batch is durable when the disk says so. `none`: when the kernel has it (replays, benchmarks). */
  readonly sync: 'each' | 'none'
}

/** How long the thread sleeps when nobody wakes it: how late a record is seen whose writer did not want to pay for a wake-up. */
const IDLE_WAIT_MS = 1

function main(order: WriterOrder): void {
  const { header, records } = ringViews(order.memory)
  const file = openSync(order.path, 'wx', 0o600)
  const head = Buffer.alloc(JOURNAL_HEADER_BYTES)
  head.write(JOURNAL_MAGIC, 0, 'latin1')
  head.writeDoubleLE(order.wallAtZeroMs, 8)
  writeSync(file, head)
  let written = 0
  for (;;) {
    const published = Atomics.load(header, RingCell.Published)
    if (published === written) {
      if (Atomics.load(header, RingCell.Closing) === 1) break
      Atomics.wait(header, RingCell.Published, published, IDLE_WAIT_MS)
      continue
    }
    const first = written & (RING_RECORDS - 1)
    const count = Math.min((published - written) | 0, RING_RECORDS - first)
    writeAll(file, records.subarray(first * RECORD_BYTES, (first + count) * RECORD_BYTES))
    if (order.sync === 'each') fdatasyncSync(file)
    written = (written + count) | 0
    Atomics.store(header, RingCell.Durable, written)
    Atomics.notify(header, RingCell.Durable)
  }
  closeSync(file)
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let from = 0; from < bytes.length; ) from += writeSync(file, bytes, from, bytes.length - from)
}

const order = workerData as WriterOrder
try {
  main(order)
} catch (error) {
  // The hot thread reads this flag before every append: a failed writer halts new intents there.
  const { header } = ringViews(order.memory)
  Atomics.store(header, RingCell.Failed, 1)
  Atomics.notify(header, RingCell.Durable)
  throw error
}
