import { once } from 'node:events'
import type { Worker, WorkerOptions } from 'node:worker_threads'
import type { CounterCells } from '@tandem/shared/counters.ts'
import type { RedisPlace } from '../cache/redis.ts'
import type { Durability } from '../journal/ring.ts'
import { newSignalMemory, SignalWriter } from './signal-ring.ts'

/** Whose entries they are: the journal that is followed, and its present run. */
export interface StreamSource {
  /** The executor's: ends the streams' names. */
  readonly name: string
  readonly place: RedisPlace
  /** The journal's. */
  readonly directory: string
  readonly durability: Durability
  readonly runId: string
  readonly wallAtZeroMs: number
  /**
   * When the lease was taken, by Redis's clock: this run follows all that the streams hold, whenever it began. Undefined
   * without a lease.
   */
  readonly takenMs: number | undefined
  /** Ids of the run's pairs, by bundle. */
  readonly pairs: readonly string[]
}

/** What the streams' thread is given. */
export interface StreamOrder extends StreamSource {
  /** Of the ring of signals. */
  readonly signals: SharedArrayBuffer
  /** Of the counters. */
  readonly cells: SharedArrayBuffer
}

/** What the thread says: its run is not streamed, since the streams hold entries of a later one. */
export const SUPERSEDED = 'superseded'

export interface StreamOptions extends StreamSource {
  readonly cells: CounterCells
  readonly newWorker: (file: URL, options: WorkerOptions) => Worker
  /** Streams hold entries of a run that began later: an executor of this name on another machine, or a clock was set back. */
  readonly onSuperseded: () => void
  /** The thread has ended by itself: nothing is streamed any more, and everything else goes on. */
  readonly onLost: (error: Error) => void
}

export interface Streams {
  readonly signals: SignalWriter
  /** Streams what is durable, if Redis takes it within a moment, and ends the thread. After the journal was closed. */
  close(): Promise<void>
}

/** Starts the thread that follows a journal into Redis, whether there is one now or not. */
export function startStreams(options: StreamOptions): Streams {
  const { cells, newWorker, onSuperseded, onLost, ...source } = options
  const memory = newSignalMemory()
  const order: StreamOrder = { ...source, signals: memory, cells: cells.memory }
  const worker = newWorker(new URL('./main.ts', import.meta.url), { workerData: order, env: {} })
  worker.on('error', onLost)
  worker.on('message', onSuperseded)
  const exited = once(worker, 'exit').catch(() => {})
  worker.unref()
  return {
    signals: new SignalWriter(memory),
    async close() {
      worker.ref()
      worker.postMessage('close')
      await exited
    },
  }
}
