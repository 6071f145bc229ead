import { assert } from '@tandem/shared/assert.ts'

/** The first wait: a venue that restarts is back within seconds, and a dropped connection at once. */
export const RETRY_NS_MIN = 250_000_000
/** No wait is longer: an hour's outage must not cost a minute more. */
export const RETRY_NS_MAX = 30_000_000_000

assert(RETRY_NS_MIN < RETRY_NS_MAX, 'BACKOFF_GROWS')

/**
 * How long to wait before the next attempt: doubled with each, and anywhere in the upper half of that, so that the
 * sockets which one restart threw off do not all come back in the same millisecond.
 *
 * @param attempts that have failed since it last stood, 0 or more
 * @param chance 0 to 1
 */
export function backoffNs(attempts: number, chance: number): number {
  assert(attempts >= 0 && chance >= 0 && chance <= 1, 'BACKOFF_ARGUMENTS')
  const wholeNs = Math.min(RETRY_NS_MAX, RETRY_NS_MIN * 2 ** attempts)
  return Math.round((wholeNs * (1 + chance)) / 2)
}
