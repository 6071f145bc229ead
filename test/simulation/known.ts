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
export const KNOWN: Partial<Record<ViolationKind, Known>> = {
  'dust-left': {
    why: 'dust of several trades is not trued up: beyond two lots the pair stands still for good',
    when: () => true,
  },
  'naked-beyond-approved': {
    why: 'a pair is entered again before its last trade is final: if both fail, both are naked',
    when: wasReverted,
  },
  'parked-with-exit': {
    why: 'an unknown leg is not looked up, a failed trade is not made whole, what five orders on Kalshi did not close is left',
    when: (outcome) => wasUnknown(outcome) || wasReverted(outcome) || 'parked' in outcome.paths,
  },
  'shares-differ': {
    why: 'an unknown leg is never booked, a failed trade not taken back, a settlement not told',
    when: (outcome) => wasUnknown(outcome) || wasReverted(outcome) || 'determination' in outcome.faults,
  },
  'money-differs': {
    why: 'an unknown leg is never booked, a failed trade not taken back, money that others move not seen; a fee that was reckoned from an answer is not put right by fills that are told later',
    when: (outcome) =>
      wasUnknown(outcome) ||
      wasReverted(outcome) ||
      'withdrawal' in outcome.faults ||
      'stale-reads' in outcome.faults,
  },
  unresolved: {
    why: 'an unknown leg keeps its trade open until a person has looked it up',
    when: wasUnknown,
  },
}
