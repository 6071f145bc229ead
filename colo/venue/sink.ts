import type { Lots, Price, Side } from '@tandem/shared/units.ts'

/** A message's `venueMs` when it has no timestamp: some of Kalshi's have none. */
export const MS_NONE = -1

/**
 * What a codec tells about one frame, in frame order. One object is made at start and called for every frame;
 * it must not throw and must not keep what it is given. Prices are always those of the book's own outcome: a
 * codec mirrors the complement's before it calls (a NO bid at q is a YES ask at 1 - q).
 *
 * `book` is the index that the venue's `Symbols` gave to the market when it was registered.
 */
export interface FrameSink {
  /** Kalshi: the message carries a sequence number; called before its content, for acknowledgements too. */
  sequence(sid: number, seq: number): void
  /** The book is replaced: `level` calls follow, then `snapshotEnd`. `tick` is PRICE_NONE when not told. */
  snapshot(book: number, tick: Price, venueMs: number): void
  /** `commandId` is the id of the get_snapshot command that this answers, -1 otherwise. */
  snapshotEnd(book: number, commandId: number): void
  /** Absolute size at a level: 0 removes it, LOTS_DUST is a level of less than one lot. `mirrored` when the message spoke of the complement. */
  level(book: number, side: Side, price: Price, lots: Lots, mirrored: boolean): void
  /** Signed change of a level's size (Kalshi). */
  change(book: number, side: Side, price: Price, lots: Lots, venueMs: number): void
  /** The venue's own top after this message, called after its last `level` of that book; PRICE_NONE for an empty side. */
  top(book: number, bid: Price, ask: Price, venueMs: number): void
  tickSize(book: number, tick: Price, venueMs: number): void
  trade(book: number, price: Price, lots: Lots, takerSide: Side, venueMs: number): void
  /** Everything that is no market data: see `Control` for the kinds and what `a` and `b` are. */
  control(kind: Control, a: number, b: number): void
}

export const Control = {
  /** Polymarket's answer to our PING. */
  Pong: 1,
  /** Kalshi: a = command id, b = sid. */
  Subscribed: 2,
  /** Kalshi: a = command id, b = sid (-1 when absent). */
  Acknowledged: 3,
  /** Kalshi: a = command id, b = sid. */
  Unsubscribed: 4,
  /** Kalshi: a = error code, b = sid (-1 when the error is the connection's). */
  Refused: 5,
  /** The market's outcome is decided: a = book. It must not be traded again. */
  Resolved: 6,
  /** The market's state changed (paused, resumed, closing time, new price structure): a = book, b = `Lifecycle`. */
  Lifecycle: 7,
  /** A message type that this codec knows and has no use for: a ticker, a market we do not follow. */
  Ignored: 8,
  /** A message of the private channels, which are read elsewhere. */
  Private: 9,
} as const
export type Control = (typeof Control)[keyof typeof Control]

export const Lifecycle = {
  Activated: 1,
  Deactivated: 2,
  CloseMoved: 3,
  Determined: 4,
  Settled: 5,
  PriceStructure: 6,
  Other: 7,
} as const
export type Lifecycle = (typeof Lifecycle)[keyof typeof Lifecycle]

/** What `parse` says of a frame: the number of messages in it (0 or more), or one of these. */
export const ParseOutcome = {
  /** Not JSON, or not the shape of its type. What it may have changed before that is not to be trusted. */
  Malformed: -1,
  /** Valid, but of a type this codec has never seen: count it, log the type once. */
  UnknownType: -2,
  /** A price that is no multiple of the book's unit or outside 0..1 dollar, or a size that is no number. */
  BadNumber: -3,
} as const
