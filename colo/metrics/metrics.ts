import { once } from 'node:events'
import type { Worker, WorkerOptions } from 'node:worker_threads'
import type { CounterCells } from '@tandem/shared/counters.ts'
import { Failure } from '@tandem/shared/failure.ts'

/** What the metrics thread is given. */
export interface MetricsOrder {
  readonly memory: SharedArrayBuffer
  readonly port: number
}

/** What it says, once: where it listens, or why it does not. */
export type MetricsWord = { readonly port: number } | { readonly failed: string }

export interface MetricsOptions {
  readonly cells: CounterCells
  /** On loopback; 0 leaves the choice to the kernel. */
  readonly port: number
  readonly newWorker: (file: URL, options: WorkerOptions) => Worker
  /** The thread has ended by itself: nothing is published any more, and everything else goes on. */
  readonly onLost: (error: Error) => void
}

export interface Metrics {
  /** The origin of /metrics and /health. */
  readonly url: string
  close(): Promise<void>
}

/** Starts the thread that publishes `cells`. Throws a Failure METRICS_PORT where it cannot listen. */
export async function startMetrics({ cells, port, newWorker, onLost }: MetricsOptions): Promise<Metrics> {
  const order: MetricsOrder = { memory: cells.memory, port }
  const worker = newWorker(new URL('./main.ts', import.meta.url), { workerData: order, env: {} })
  const [word] = (await once(worker, 'message')) as [MetricsWord]
  if ('failed' in word) {
    await worker.terminate()
    throw new Failure({
      code: 'METRICS_PORT',
      what: `the metrics cannot be published on 127.0.0.1:${port}, ${word.failed}`,
      todo: 'give another port, or stop what listens there (a second Tandem, perhaps)',
    })
  }
  worker.on('error', onLost)
  worker.unref()
  return {
    url: `http://127.0.0.1:${word.port}`,
    async close() {
      worker.ref()
      await worker.terminate()
    },
  }
}
