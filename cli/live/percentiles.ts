import { build, type Histogram } from 'hdr-histogram-js'

export interface Percentiles {
  p50: number
  p99: number
  p999: number
  samples: number
}

/** Of nanoseconds, to three digits, up to 100 s. */
export function histogram(): Histogram {
  return build({ lowestDiscernibleValue: 1, highestTrackableValue: 1e11, numberOfSignificantValueDigits: 3 })
}

export function percentilesUs(of: Histogram): Percentiles {
  const us = (percentile: number): number => of.getValueAtPercentile(percentile) / 1_000
  return { p50: us(50), p99: us(99), p999: us(99.9), samples: of.totalCount }
}
