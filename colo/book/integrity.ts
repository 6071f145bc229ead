/** Whether a book may be traded on: only Live may. */
export const BookState = {
  /** No snapshot yet, or one is being applied. */
  Empty: 0,
  /** Continuity is proven up to the last message. The only tradable state. */
  Live: 1,
  /** In doubt since a moment: the top disagrees, the book is crossed, or our loop paused. Settles by itself or turns Suspect. */
  Unsettled: 2,
  /** Something was missed. Nothing heals it but a fresh snapshot. */
  Suspect: 3,
  /** Complete, as far as is known, but old: what the venue sends is late. */
  Stale: 4,
  /** Past its close by our clock, or decided. */
  Closed: 5,
} as const
export type BookState = (typeof BookState)[keyof typeof BookState]
