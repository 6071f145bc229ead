import type { Pause } from '@tandem/cli/live/pauses.ts'

/** From when until when something was so. */
interface Span {
  readonly startMs: number
  readonly endMs: number
}

/** A collection of garbage; what was asked for is nobody's fault. */
interface Collected extends Span {
  readonly isForced: boolean
}

interface Share {
  readonly count: number
  readonly worst_ms: number
}

interface Told extends Share {
  /** The most that our thread used of a core in one of them. */
  readonly longest_cpu_ms: number
  /** With a collection of garbage in them. */
  readonly in_gc: number
  /** In most of the time of which our thread was ready to run and had no core. */
  readonly queued: number
  /** While a process that does nothing stood still too. */
  readonly seen_by_control: number
}

export interface PausesByMaker {
  readonly seen: Share
  /** In which our thread itself kept a core for longer than the limit. */
  readonly ours: Told
  /** In which it did not: the rest of the time it waited, for a core, the disk or another thread. */
  readonly not_ours: Told
  /** Of a process that does nothing. */
  readonly control: Share
}

/**
 * Who made a loop's pauses. A pause is ours when our thread was on a core for more than `overMs` of it: then it would
 * have been one on a machine of our own too.
 *
 * @param collections of garbage, in our process
 * @param control pauses of a process that does nothing
 */
export function pausesByMaker(
  seen: readonly Pause[],
  collections: readonly Collected[],
  control: readonly Pause[],
  overMs: number,
): PausesByMaker {
  const forced = collections.filter(({ isForced }) => isForced)
  const own = seen.filter((pause) => !meetsAny(pause, forced))
  const told = (some: readonly Pause[]): Told => ({
    ...shareOf(some),
    longest_cpu_ms: Math.max(0, ...some.map(({ cpuMs }) => cpuMs)),
    in_gc: some.filter((pause) => meetsAny(pause, collections)).length,
    queued: some.filter(({ startMs, endMs, queuedMs }) => queuedMs > (endMs - startMs) / 2).length,
    seen_by_control: some.filter((pause) => meetsAny(pause, control)).length,
  })
  return {
    seen: shareOf(own),
    ours: told(own.filter(({ cpuMs }) => cpuMs > overMs)),
    not_ours: told(own.filter(({ cpuMs }) => cpuMs <= overMs)),
    control: shareOf(control),
  }
}

function shareOf(pauses: readonly Span[]): Share {
  return {
    count: pauses.length,
    worst_ms: Math.max(0, ...pauses.map(({ startMs, endMs }) => endMs - startMs)),
  }
}

function meetsAny(one: Span, others: readonly Span[]): boolean {
  return others.some(({ startMs, endMs }) => startMs < one.endMs && endMs > one.startMs)
}
