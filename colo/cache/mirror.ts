import type { Worker, WorkerOptions } from 'node:worker_threads'
import type { CounterCells } from '@tandem/shared/counters.ts'
import { newBoardMemory, QuoteWriter } from './quote-board.ts'
import type { RedisPlace } from './redis.ts'

/** What the mirror's thread is given. */
export interface MirrorOrder {
  readonly memory: SharedArrayBuffer
  /** By book: the keys of its price, one for each pair that it is in. */
  readonly keys: readonly (readonly string[])[]
  readonly place: RedisPlace
  /** Of the counters. */
  readonly cells: SharedArrayBuffer
}

export interface MirrorOptions {
  readonly keys: MirrorOrder['keys']
  readonly place: RedisPlace
  /** Above that of every run before. */
  readonly epoch: number
  readonly cells: CounterCells
  readonly newWorker: (file: URL, options: WorkerOptions) => Worker
  /** The thread has ended by itself: nothing is mirrored any more, and everything else goes on. */
  readonly onLost: (error: Error) => void
}

export interface Mirror {
  readonly quotes: QuoteWriter
  close(): Promise<void>
}

/** Starts the thread that mirrors books to Redis, whether there is one now or not. */
export function startMirror({ keys, place, epoch, cells, newWorker, onLost }: MirrorOptions): Mirror {
  const memory = newBoardMemory(keys.length)
  const order: MirrorOrder = { memory, keys, place, cells: cells.memory }
  const worker = newWorker(new URL('./main.ts', import.meta.url), { workerData: order, env: {} })
  worker.on('error', onLost)
  worker.unref()
  return {
    quotes: new QuoteWriter(memory, keys.length, epoch),
    async close() {
      await worker.terminate()
    },
  }
}
