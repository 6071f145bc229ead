import type { Stopwatch } from '@tandem/cli/replay/run.ts'
import { build, type Histogram } from 'hdr-histogram-js'

/** Of nanoseconds, three digits. */
export function histogram(): Histogram {
  return build({ lowestDiscernibleValue: 1, highestTrackableValue: 1e9, numberOfSignificantValueDigits: 3 })
}

export function percentilesUs(of: Histogram) {
  const us = (percentile: number): number => of.getValueAtPercentile(percentile) / 1_000
  return { p50: us(50), p99: us(99), p999: us(99.9), samples: of.totalCount }
}

/** What frames take on the path: those that end in an order, and the others. */
export class PathTimes implements Stopwatch {
  readonly decideNs = histogram()
  readonly frameNs = histogram()
  protected isDecided = false
  #beganMs = 0

  frame(): void {
    this.isDecided = false
    this.#beganMs = performance.now()
  }

  /** The first of the two: both requests are final before either is handed over. */
  request(): void {
    if (this.isDecided) return
    this.isDecided = true
    this.decided(this.#tookNs())
  }

  /** Frames that ended in a trade are left out: the paper venue reads its orders there. */
  done(): void {
    if (!this.isDecided) this.frameNs.recordValue(this.#tookNs())
  }

  protected decided(tookNs: number): void {
    this.decideNs.recordValue(tookNs)
  }

  #tookNs(): number {
    return Math.round((performance.now() - this.#beganMs) * 1e6)
  }
}
