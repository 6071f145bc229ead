import { assert } from '@tandem/shared/assert.ts'
import { LadderOutcome } from './ladder.ts'

// When a book may be traded on. Every rule is a function of plain values that answers the book's next state, so that
// the whole of it can be read, and tested, as a table. "After" in a name means: it has been applied to the ladders,
// what now?
//
//   from                      to                    because
//   all but Closed            Live, or Unsettled    a snapshot, uncrossed or crossed: the only way out of Suspect
//   Live, Stale               Unsettled             the top disagrees, or the book is crossed
//   Live                      Unsettled             our loop paused
//   Live, Unsettled           Stale                 what comes is late, or a Kalshi socket stalled
//   Unsettled, Stale          Live                  agreement in time; after a pause, the socket has caught up
//   Unsettled                 Suspect               a later message still disagrees, or 250 ms passed
//   Live, Unsettled, Stale    Suspect               a gap, a lost connection, a stalled Polymarket socket
//   all but Closed            Suspect               a level was not stored or fell below zero
//   all                       Closed                our clock, or the venue's decision; from there only to Suspect
//
// Polled is no state of a feed's book, and nothing leads out of it: see feed/poller.ts.

/** Whether a book may be traded on: only Live may. */
export const BookState = {
  /** No snapshot yet, or one is being applied. */
  Empty: 0,
  /** Continuity is proven up to the last message. The only tradable state. */
  Live: 1,
  /** In doubt since a moment: the top disagrees, the book is crossed, or our loop paused. Settles or turns Suspect. */
  Unsettled: 2,
  /** Something was missed. Nothing heals it but a fresh snapshot. */
  Suspect: 3,
  /** Complete, as far as is known, but old: what the venue sends arrives late, or not at all. */
  Stale: 4,
  /** Past its close by our clock, or decided. */
  Closed: 5,
  /** No feed has it: by REST, of some time within the last seconds. To be looked at, never traded on. */
  Polled: 6,
} as const
export type BookState = (typeof BookState)[keyof typeof BookState]

/** How long a doubt may last before it is a loss. Long against a burst, short against the snapshot that heals it. */
export const SETTLE_NS = 250_000_000
/** A venue timestamp further than this behind our wall clock makes a book Stale. Polymarket's p95 far away was 1.3 s. */
export const LAG_MS_MAX = 1_500
/** A pause of our loop longer than this leaves frames unread for long enough that somebody else has acted on them. */
export const PAUSE_NS_MAX = 50_000_000

// A pause too short to be noticed must not let a doubt expire while the message that settles it lies unread.
assert(SETTLE_NS > PAUSE_NS_MAX, 'INTEGRITY_DOUBT_OUTLIVES_A_PAUSE')

/**
 * The `doubtMs` of a book that is Unsettled because our loop paused, and for no fault of the venue's: later than any
 * message, so that no message is "a later one that still disagrees" and no time is up.
 */
export const DOUBT_PAUSE = Number.POSITIVE_INFINITY

/** The levels of a snapshot are all applied. It proves itself, since neither venue claims a top with it, unless it is crossed. */
export function afterSnapshot(state: BookState, crossed: boolean): BookState {
  // Suspect here means that a level of this very snapshot was refused: `Book.beginSnapshot` had made it Empty.
  if (state === BookState.Closed || state === BookState.Suspect) return state
  return crossed ? BookState.Unsettled : BookState.Live
}

/** A level was applied. One that was not stored, or that fell below zero, means that the book is not the venue's. */
export function afterLevel(state: BookState, outcome: LadderOutcome): BookState {
  if (outcome !== LadderOutcome.OffTick && outcome !== LadderOutcome.Negative) return state
  return state === BookState.Closed ? state : BookState.Suspect
}

/**
 * Polymarket told its top after a message. There is no sequence: that our top equals it is the only proof.
 *
 * @param agrees our top equals the claimed one and is not crossed.
 * @param venueMs the message's timestamp.
 * @param doubtMs the timestamp of the message that raised the present doubt. Inside a burst of one timestamp the
 *   claimed tops run ahead of the levels sent so far; only a later message that disagrees is a verdict.
 * @param lagMs how far `venueMs` lies behind our wall clock.
 */
export function afterTop(
  state: BookState,
  agrees: boolean,
  venueMs: number,
  doubtMs: number,
  lagMs: number,
): BookState {
  if (!mayMove(state)) return state
  if (agrees) return lagMs > LAG_MS_MAX ? BookState.Stale : BookState.Live
  return state === BookState.Unsettled && venueMs > doubtMs ? BookState.Suspect : BookState.Unsettled
}

/**
 * A Kalshi delta came in sequence and was applied. The sequence proves continuity; crossed is still not believed,
 * because the engine matches such orders: the rest of the match is on its way, or a message was misread.
 *
 * @param lagMs how far the message's timestamp lies behind our wall clock; 0 when it has none.
 */
export function afterDelta(state: BookState, crossed: boolean, doubtMs: number, lagMs: number): BookState {
  if (!mayMove(state)) return state
  if (crossed) return BookState.Unsettled
  if (state === BookState.Unsettled && doubtMs === DOUBT_PAUSE) return state
  return lagMs > LAG_MS_MAX ? BookState.Stale : BookState.Live
}

/**
 * Something is known to be missing: a gap in the sid's sequence (every book of that sid), the connection was lost,
 * or a Polymarket socket stalled (it has no sequence that could show later that nothing was lost).
 */
export function afterLoss(state: BookState): BookState {
  return mayMove(state) ? BookState.Suspect : state
}

/** A Kalshi socket stalled. Not a loss: the sequence goes on and will tell, so a timely delta makes the book Live again. */
export function afterKalshiStall(state: BookState): BookState {
  return mayMove(state) ? BookState.Stale : state
}

/** Time passed. A doubt that the venue did not settle is a loss. */
export function afterDoubt(state: BookState, doubtMs: number, doubtNs: number, nowNs: number): BookState {
  const expired = doubtMs !== DOUBT_PAUSE && nowNs - doubtNs >= SETTLE_NS
  return state === BookState.Unsettled && expired ? BookState.Suspect : state
}

/** Our loop did not run for `pauseNs`. Whatever came meanwhile is still unread. */
export function afterPause(state: BookState, pauseNs: number): BookState {
  return state === BookState.Live && pauseNs > PAUSE_NS_MAX ? BookState.Unsettled : state
}

/**
 * The book's socket has delivered something that was made after our loop's pause ended (`madeAfterPause`), so all
 * that had piled up before it is read and applied: TCP keeps the order. The doubt was about our reading and not
 * about the venue, so it ends for every book of the socket, those of which the venue had nothing to say included.
 *
 * For Kalshi this is the only way out of such a doubt, since there is no top to agree with: the next delta in
 * sequence proves that nothing is missing *before* it, not that nothing is waiting *behind* it. A Polymarket book
 * may also settle sooner, by agreement. A pause is no loss, so the doubt never turns Suspect by time: else every
 * long collection of garbage would ask for a snapshot of every quiet book at once.
 */
export function afterCatchUp(state: BookState, crossed: boolean, doubtMs: number): BookState {
  return state === BookState.Unsettled && doubtMs === DOUBT_PAUSE && !crossed ? BookState.Live : state
}

/**
 * Whether a message proves that its socket was read up to the end of our pause: it carries a timestamp of that
 * moment or later, or answers a command or PING sent after it (a quiet Kalshi sid: get_snapshot of one ticker).
 * Clocks that differ by a few ms make the proof wrong by those few ms; the skew is checked elsewhere.
 */
export function madeAfterPause(
  venueMs: number,
  resumedWallMs: number,
  answersLaterCommand: boolean,
): boolean {
  return answersLaterCommand || venueMs >= resumedWallMs
}

/**
 * Closes a book by our own clock, since Kalshi sends nothing at close time; a decided market has
 * `closeMs` = -Infinity. When the close is moved into the future the book is Suspect: what it missed is not known.
 */
export function afterClock(state: BookState, wallMs: number, closeMs: number): BookState {
  if (wallMs >= closeMs) return BookState.Closed
  return state === BookState.Closed ? BookState.Suspect : state
}

/** Polymarket's REST answers a stale 0.01/0.99 for books that are full (py-clob-client issue 180): never to be believed. */
export function isGhostTop(bid: number, ask: number): boolean {
  return bid === 100 && ask === 9_900
}

/** Whether nothing but a snapshot brings the book (back). */
export function isMissing(state: BookState): boolean {
  return state === BookState.Empty || state === BookState.Suspect
}

/** Whether messages move the state: not before a snapshot, not after a loss, not when closed. */
function mayMove(state: BookState): boolean {
  return state === BookState.Live || state === BookState.Unsettled || state === BookState.Stale
}
