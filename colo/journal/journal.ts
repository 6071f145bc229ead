import { existsSync, mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { getSystemErrorName } from 'node:util'
import { Worker } from 'node:worker_threads'
import { Failure } from '@tandem/shared/failure.ts'
import { lockDirectory } from './lock.ts'
import { type Fault, listSegments, type Reading, readJournal } from './reader.ts'
import { type Durability, JournalRing, newRingMemory, RingCell, ringViews } from './ring.ts'
import type { SyncPolicy, WriterOrder } from './writer.ts'

/** How long `flush` waits for the writer before it says that the disk does not answer. */
const FLUSH_WAIT_MS = 5_000

export interface JournalOptions {
  /** Made when it is not there, in a folder that is. Earlier segments in it are gone on with. */
  readonly directory: string
  /** The wall clock at ns 0 of the run. */
  readonly wallAtZeroMs: number
  readonly runId: string
  readonly sync: SyncPolicy
}

/** The journal as the composition root holds it: the ring for the hot thread, and the writer thread's life. */
export class Journal {
  readonly ring: JournalRing
  readonly directory: string
  readonly durability: Durability
  readonly #header: Int32Array
  readonly #worker: Worker
  readonly #exited: Promise<unknown>
  readonly #unlock: () => void
  #cause: unknown

  /** Takes the directory and starts the writer. Throws a Failure when it is held, cannot be written, or is damaged. */
  constructor({ directory, wallAtZeroMs, runId, sync }: JournalOptions) {
    this.directory = resolve(directory)
    const { unlock, place, lastNumber } = taken(this.directory)
    this.#unlock = unlock
    const memory = newRingMemory()
    const order: WriterOrder = {
      memory,
      directory: this.directory,
      number: lastNumber + 1,
      place,
      wallAtZeroMs,
      runId,
      sync,
    }
    this.ring = new JournalRing(memory)
    this.durability = { memory, firstSequence: place.sequence }
    this.#header = ringViews(memory).header
    this.#worker = new Worker(new URL('./writer.ts', import.meta.url), { workerData: order, env: {} })
    this.#worker.on('error', (error) => {
      this.#cause = error
    })
    this.#exited = new Promise((exited) => this.#worker.once('exit', exited))
  }

  /** Why nothing is written at the moment, as the system names it (ENOSPC, EIO); undefined while it is. */
  get blocked(): string | undefined {
    const errno = this.ring.blockedErrno
    if (errno !== 0) return getSystemErrorName(-errno)
    return Atomics.load(this.#header, RingCell.Failed) === 1 ? 'WRITER_ENDED' : undefined
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

  /** Writes what is left and ends the thread. Throws a Failure when the disk does not take it. */
  async close(): Promise<void> {
    Atomics.store(this.#header, RingCell.Closing, 1)
    Atomics.notify(this.#header, RingCell.Closing)
    Atomics.notify(this.#header, RingCell.Published)
    await this.#exited
    this.#unlock()
    if (Atomics.load(this.#header, RingCell.Failed) === 1) throw this.#failure()
  }

  #failure(): Failure {
    const why = this.blocked
    const pending = this.ring.published - this.ring.durable
    return new Failure({
      code: 'JOURNAL_WRITE_FAILED',
      what: `${pending} records could not be written${why === undefined ? '' : `, ${why}`}`,
      where: this.directory,
      todo: 'free space on that disk or make the path writable; nothing is sent until a new start',
      cause: this.#cause,
    })
  }
}

/** Makes the directory, locks it, and finds where the run before ended. */
function taken(directory: string): Reading & { unlock: () => void } {
  let unlock: (() => void) | undefined
  try {
    if (!existsSync(directory)) mkdirSync(directory, { mode: 0o700 })
    unlock = lockDirectory(directory)
    return { unlock, ...lastReading(directory) }
  } catch (cause) {
    unlock?.()
    const { errno, code } = cause as NodeJS.ErrnoException
    if (errno === undefined) throw cause
    throw new Failure({
      code: 'JOURNAL_UNWRITABLE',
      what: `the journal cannot be begun, ${code}`,
      where: directory,
      todo: 'make that directory writable, or name another one',
      cause,
    })
  }
}

/** Only the last segment is read, unless it does not say where the journal stands; all of them: `tandem journal verify`. */
function lastReading(directory: string): Reading {
  const numbers = listSegments(directory)
  for (let from = numbers.length - 1; ; from--) {
    const reading = readJournal(directory, {}, numbers.slice(Math.max(from, 0)))
    const damage = reading.faults.find(({ kind }) => kind === 'damage')
    if (damage !== undefined) throw damaged(directory, damage)
    // A segment that was never begun does not say where the journal stands: the one before it does.
    if (reading.isAnchored || from <= 0) return reading
  }
}

/** The Failure for damage, wherever it is found. */
export function damaged(directory: string, { file, offset, what, first, end }: Fault): Failure {
  const range = end === undefined ? `from record ${first} on` : `records ${first} to ${end - 1}`
  return new Failure({
    code: 'JOURNAL_DAMAGED',
    what: `${what}, ${range}`,
    where: `${resolve(directory, file)}, offset ${offset}`,
    todo: 'keep a copy, hold what it lost against the venues, then move the directory away and begin a new one',
  })
}
