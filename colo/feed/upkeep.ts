import type { Ns } from '@tandem/shared/units.ts'
import type { Control } from '../venue/sink.ts'
import type { Intake } from './intake.ts'
import type { Link } from './link.ts'

/** What a feed offers to whoever keeps its subscriptions. */
export interface Carried {
  readonly intake: Intake
  /** By book: what it is subscribed by. Polymarket: its tokens, the one of the book's own outcome first. */
  readonly ids: readonly (readonly string[])[]
  readonly links: readonly Link[]
  /** By socket: its books. */
  readonly books: readonly Int32Array[]
  readonly random: () => number
  /** For how long the socket has told nothing of the markets. */
  readonly silenceNs: (socket: number, nowNs: Ns) => number
  /** Books were changed outside of a frame: whoever decides must look at those that `intake.touched` lists. */
  readonly changed: (nowNs: Ns) => void
}

/**
 * Keeps one venue's subscriptions standing and its books whole: what is said when, and what is done about what was
 * missed. It is called between reads, never in the middle of a frame, except where it says so.
 */
export interface Upkeep {
  /** The socket stands, nothing was said on it yet. */
  subscribe(socket: number, nowNs: Ns): void
  /** In the middle of a frame: something that is no market data. Remembers; acts in `look`. */
  controlled(socket: number, kind: Control, a: number, b: number): void
  /** In the middle of a frame: a snapshot came. */
  snapshotTaken(socket: number, book: number, commandId: number, nowNs: Ns): void
  /** In the middle of a frame. */
  gapFound(socket: number): void
  /** In the middle of a frame: a snapshot that was asked for is not the book that was thought LIVE. */
  contradicted(socket: number): void
  /** Asks something whose answer proves that all before it was read: `Intake.caughtUp` is called when it comes. */
  prove(socket: number, nowNs: Ns): void
  /** Compares LIVE books with what the venue says when it is asked, beginning with this one. */
  audit(socket: number, book: number, nowNs: Ns): void
  /** The socket has nothing to say although it should: makes it speak, or makes it anew. */
  revive(socket: number, nowNs: Ns): void
  /** Looks after what is missing, and what is overdue. */
  look(socket: number, nowNs: Ns): void
  lost(socket: number): void
}
