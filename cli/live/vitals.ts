import {
  constants,
  type NodeGCPerformanceDetail,
  type PerformanceEntry,
  PerformanceObserver,
} from 'node:perf_hooks'
import { machineMs, type Pause, Pauses } from './pauses.ts'

/** How the executor's process is doing: counts since its start, and what happened since the last time. */
export interface Vitals {
  /** Of the machine's monotonic clock. */
  readonly atMs: number
  /** Frames handed over, by venue. */
  readonly frames: readonly number[]
  readonly rssBytes: number
  readonly heapUsedBytes: number
  /** Measured right after a full collection that was asked for: what is left is in use. */
  readonly isCollected: boolean
  /** Of all threads. */
  readonly cpuMs: number
  readonly pauses: readonly Pause[]
  readonly collections: readonly Collection[]
}

/** One of V8's collections of garbage: the loop stands still for it. */
export interface Collection {
  readonly kind: string
  /** Asked for by `collect`. */
  readonly isForced: boolean
  readonly startMs: number
  readonly endMs: number
}

type CollectionEntry = PerformanceEntry & { readonly detail: NodeGCPerformanceDetail }

const KINDS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'scavenge',
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'mark_sweep',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weak_callbacks',
}
/** What is told: pauses of the loop over it. */
export const PAUSE_TOLD_MS = 20
const MS_PER_US = 1e-3

export class VitalSigns {
  readonly #pauses = new Pauses(PAUSE_TOLD_MS)
  #collections: Collection[] = []

  constructor() {
    new PerformanceObserver((list) => {
      // The types leave `detail` out where it is a collection's.
      for (const { startTime, duration, detail } of list.getEntries() as CollectionEntry[]) {
        const kind = KINDS[detail.kind ?? -1] ?? 'other'
        const startMs = machineMs(startTime)
        const isForced = ((detail.flags ?? 0) & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) !== 0
        this.#collections.push({ kind, isForced, startMs, endMs: startMs + duration })
      }
    }).observe({ entryTypes: ['gc'] })
  }

  /** Collects all garbage first: only in a process with --expose-gc. */
  collect(frames: Float64Array): Vitals {
    globalThis.gc?.()
    return { ...this.take(frames), isCollected: true }
  }

  take(frames: Float64Array): Vitals {
    const { rss, heapUsed } = process.memoryUsage()
    const { user, system } = process.cpuUsage()
    const collections = this.#collections
    this.#collections = []
    return {
      atMs: machineMs(performance.now()),
      frames: [...frames],
      rssBytes: rss,
      heapUsedBytes: heapUsed,
      isCollected: false,
      cpuMs: (user + system) * MS_PER_US,
      pauses: this.#pauses.take(),
      collections,
    }
  }
}
