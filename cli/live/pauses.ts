import { openSync, readSync } from 'node:fs'

/** A while in which an event loop did not turn. Times are of the machine's monotonic clock, so processes may compare them. */
export interface Pause {
  readonly startMs: number
  readonly endMs: number
  /** What our thread used of a core meanwhile. */
  readonly cpuMs: number
  /** How long it was ready to run and no core was given to it; 0 where the system does not tell. */
  readonly queuedMs: number
}

const LOOK_MS = 5
const MS_PER_US = 1e-3
const MS_PER_NS = 1e-6
/** Linux's, of the thread that opens it: nanoseconds on a core, nanoseconds in the queue for one, turns. */
const SCHEDULED = '/proc/thread-self/schedstat'
const SCHEDULED_BYTES_MAX = 64
/** From `performance.now()` to the machine's clock: both are libuv's, with another zero. */
const ZERO_MS = Number(process.hrtime.bigint()) / 1e6 - performance.now()

/** `performance.now()` by the machine's monotonic clock. */
export function machineMs(nowMs: number): number {
  return ZERO_MS + nowMs
}

/** Watches the loop of the thread that makes it, by a timer, for as long as the process lives. */
export class Pauses {
  #found: Pause[] = []
  #lookedMs = performance.now()
  #cpuMs = cpuMs()
  readonly #scheduled = openScheduled()
  readonly #text = Buffer.alloc(SCHEDULED_BYTES_MAX)
  #queuedMs = this.#queued()

  /** @param overMs pauses beyond it are noted */
  constructor(overMs: number) {
    setInterval(() => this.#look(overMs), LOOK_MS).unref()
  }

  /** Those since the last time. */
  take(): Pause[] {
    const found = this.#found
    this.#found = []
    return found
  }

  #look(overMs: number): void {
    const nowMs = performance.now()
    const dueMs = this.#lookedMs + LOOK_MS
    const usedMs = cpuMs()
    const queuedMs = this.#queued()
    if (nowMs - dueMs > overMs)
      this.#found.push({
        startMs: machineMs(dueMs),
        endMs: machineMs(nowMs),
        cpuMs: usedMs - this.#cpuMs,
        queuedMs: queuedMs - this.#queuedMs,
      })
    this.#lookedMs = nowMs
    this.#cpuMs = usedMs
    this.#queuedMs = queuedMs
  }

  #queued(): number {
    if (this.#scheduled === undefined) return 0
    const bytes = readSync(this.#scheduled, this.#text, 0, SCHEDULED_BYTES_MAX, 0)
    return Number(this.#text.toString('latin1', 0, bytes).split(' ')[1]) * MS_PER_NS
  }
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) * MS_PER_US
}

function openScheduled(): number | undefined {
  try {
    return openSync(SCHEDULED, 'r')
  } catch {
    // Not Linux.
    return undefined
  }
}
