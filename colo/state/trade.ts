import { Lifecycle } from './lifecycle.ts'

// The life of a trade, a bundle being bought, or sold by hand. It moves only when none of its orders is under way:
//
//   Entering --Equal----------------------------> Hedged
//      |     --Empty----------------------------> Nothing
//      |     --SoldBack-------------------------> SoldBack    (an operator's sale)
//      '------Unequal--> Exposed --Completed----> Completed
//                          |     --SoldBack-----> SoldBack
//                       Overdue                      ^
//                          '---> Parked -------------'   (retried until the venue lets us)
//   any of the three --Settle--> Settled
//
// What is taken back, or appears, after the end is a trade of its own that begins Exposed.

export const TradeState = {
  /** Its first orders are on their way. */
  Entering: 0,
  /** The legs differ by a lot or more: what is over is naked, and is being closed. */
  Exposed: 1,
  /** As Exposed, for longer than an exit may take: the pair stands still, people are told, and it is tried again. */
  Parked: 2,
  /** Both legs filled, less than a lot apart. */
  Hedged: 3,
  /** The legs differed, and the short one was bought. */
  Completed: 4,
  /** The legs differed, and some or all of the long one was sold; or an operator sold both. */
  SoldBack: 5,
  /** Neither leg filled: nothing happened but the attempt. */
  Nothing: 6,
  /** A venue settled one of its markets before its legs were equal: what the other holds is paid with that one's market. */
  Settled: 7,
} as const
export type TradeState = (typeof TradeState)[keyof typeof TradeState]

export const TradeEvent = {
  Equal: 0,
  Empty: 1,
  Unequal: 2,
  Completed: 3,
  SoldBack: 4,
  Overdue: 5,
  Settle: 6,
} as const
export type TradeEvent = (typeof TradeEvent)[keyof typeof TradeEvent]

const { Entering, Exposed, Parked, Hedged, Completed, SoldBack, Nothing, Settled } = TradeState

export const TRADE_LIFE = new Lifecycle('a trade', TradeState, TradeEvent, [
  [Entering, TradeEvent.Equal, Hedged],
  [Entering, TradeEvent.Empty, Nothing],
  [Entering, TradeEvent.Unequal, Exposed],
  [Entering, TradeEvent.SoldBack, SoldBack],
  [Exposed, TradeEvent.Completed, Completed],
  [Exposed, TradeEvent.SoldBack, SoldBack],
  [Exposed, TradeEvent.Overdue, Parked],
  [Parked, TradeEvent.Completed, Completed],
  [Parked, TradeEvent.SoldBack, SoldBack],
  [Entering, TradeEvent.Settle, Settled],
  [Exposed, TradeEvent.Settle, Settled],
  [Parked, TradeEvent.Settle, Settled],
])
