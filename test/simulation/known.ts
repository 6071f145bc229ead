import type { ViolationKind } from './auditor.ts'
import type { Outcome } from './simulation.ts'

interface Known {
  /** What the executor lacks. */
  readonly why: string
  /** Only then it is excused. */
  readonly when: (outcome: Outcome) => boolean
}

const wasUnknown = ({ paths }: Outcome): boolean =>
  'unknown-then-filled' in paths || 'unknown-then-absent' in paths
const wasReverted = ({ paths }: Outcome): boolean => 'reverted' in paths

/**
 * Rules that the executor is known to break, and where it is excused for now. A kind that is not here fails the test, and
 * so does one that is here and does not occur any more: the list can only shrink.
 */
export const KNOWN: Partial<Record<ViolationKind, Known>> = {}
