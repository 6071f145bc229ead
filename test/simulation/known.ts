import type { ViolationKind } from './auditor.ts'

/**
 * Rules that the executor is known to break, each with what it lacks. A kind that is not here fails the test; one that
 * is here and does not occur any more does too: the list can only shrink.
 */
export const KNOWN: Partial<Record<ViolationKind, string>> = {
  'dust-left': 'dust of several trades is not trued up: beyond two lots the pair stands still for good',
  'naked-beyond-approved':
    'a failed trade, or a leg that is called unknown, is not counted into what is naked',
  'parked-with-exit': 'an unknown leg is not looked up, and nothing is sold back on Polymarket',
  'shares-differ': 'an unknown leg is never booked, a failed trade is not taken back',
  'money-differs': 'an unknown leg is never booked, a failed trade is not taken back',
  unresolved: 'an unknown leg keeps its trade open until a person has looked it up',
}
