import { Worker } from 'node:worker_threads'
import { Failure } from '@tandem/shared/failure.ts'
import { JournalRing, newRingMemory, RingCell, ringViews } from './ring.ts'
import type { WriterOrder } from './writer.ts'

/** How long `flush` waits for the writer before it says that the disk does not answer. */
const FLUSH_WAIT_MS = 5_000

/** The journal as the composition root holds it: the ring for the hot thread, and the writer thread's life. */
export class Journal {
  readonly ring: JournalRing
  readonly path: string
  readonly #header: Int32Array
  readonly #worker: Worker
  readonly #exited: Promise<unknown>
  #cause: unknown

  /** Starts the writer on a new file; an existing one is never written over. */
  constructor(path: string, wallAtZeroMs: number, sync: WriterOrder['sync']) {
    const memory = newRingMemory()
    const order: WriterOrder = { memory, path, wallAtZeroMs, sync }
    this.path = path
    this.ring = new JournalRing(memory)
    this.#header = ringViews(memory).header
    this.#worker = new Worker(new URL('./writer.ts', import.meta.url), { workerData: order, env: {} })
    this.#worker.on('error', (error) => {
      this.#cause = error
    })
    this.#exited = new Promise((exited) => this.#worker.once('exit', exited))
  }

  /** Blocks until all that was appended is durable. For the ends of a run and for replays, never on the path. */
  flush(): void {
    this.ring.wake()
    for (;;) {
      const durable = Atomics.load(this.#header, RingCell.Durable)
      if (durable === Atomics.load(this.#header, RingCell.Published)) return
      if (Atomics.load(this.#header, RingCell.Failed) === 1) throw this.#failure()
      if (Atomics.wait(this.#header, RingCell.Durable, durable, FLUSH_WAIT_MS) === 'timed-out')
        throw this.#failure()
    }
  }

  /** Writes what is left and ends the thread. */
  async close(): Promise<void> {
    Atomics.store(this.#header, RingCell.Closing, 1)
    Atomics.notify(this.#header, RingCell.Published)
    await this.#exited
    if (Atomics.load(this.#header, RingCell.Failed) === 1) throw this.#failure()
  }

  #failure(): Failure {
    return new Failure({
      code: 'JOURNAL_WRITE_FAILED',
      what: 'the journal could not be written',
      where: this.path,
      todo: 'free space on that disk or make the path writable; nothing is sent until a new start',
      cause: this.#cause,
    })
  }
}
