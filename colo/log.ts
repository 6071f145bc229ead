import { type CounterCells, Counters } from '@tandem/shared/counters.ts'
import { type Logger, pino, transport } from 'pino'
import type { LogOrder } from './log-writer.ts'

export interface LogOptions {
  /** Appended to; undefined means stderr. */
  readonly file: string | undefined
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error'
  /** Where lost lines are counted. */
  readonly cells: CounterCells
}

export interface Log {
  readonly logger: Logger
  /** Writes what is left. A writer that hangs is given up after ten seconds, during which this thread waits. */
  close(): Promise<void>
}

/**
 * A log of JSON lines, written and cleaned of secrets by a thread of its own (log-writer.ts). Whoever logs waits for
 * nothing: what the thread cannot take is dropped and counted, and no error of the log ends the process.
 */
export function openLog({ file, level, cells }: LogOptions): Log {
  const order: LogOrder = { file, memory: cells.memory }
  const thread = transport({
    target: new URL('./log-writer.ts', import.meta.url).href,
    options: order,
    worker: { env: {} },
  })
  let isFull = false
  let isOpen = true
  thread.on('drain', () => {
    isFull = false
  })
  const ready = new Promise((resolve) => thread.once('ready', resolve))
  const closed = new Promise((resolve) => thread.once('close', resolve)).then(() => {
    isOpen = false
  })
  // `close` follows, and from then on every line counts as dropped.
  thread.on('error', () => {})
  const logger = pino(
    { level, base: null },
    {
      write(line: string) {
        if (isFull || !isOpen) cells.add(Counters.logDropped)
        // False: this line is kept, and with it 4 MiB wait to be read by the thread.
        else isFull = !thread.write(line)
      },
    },
  )
  return {
    logger,
    async close() {
      await Promise.race([ready, closed])
      thread.end()
      await closed
    },
  }
}
