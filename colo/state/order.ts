import { Lifecycle } from './lifecycle.ts'

// The life of one order, from the moment that its number is given out:
//
//             .--> Rejected <--------------.
//             |       |                    | Refuse: looked up, and not there
//   Planned --+--> Sent --+--> Acked --+--> Unknown
//             |       |   |     |      |      |
//             |       '---+-----+------+------+--Fill--> Filled --Confirm--> Final
//             '-- Refuse: never sent                        |                  |
//                                                           '---- Revert ------'--> Reverted
//
// Fill means that everything the order filled is known, which may be nothing. A venue may tell of a fill after it was
// thought to be over: an order that was called absent appears (Rejected --Fill--> Filled), one that was taken back is
// matched anew. Nothing that a venue does is illegal, what we do may be.

export const OrderState = {
  /** It has a number, and its worst case may be reserved; no byte has left. */
  Planned: 0,
  /** Its bytes are on their way, or there. */
  Sent: 1,
  /** The venue has taken it and will tell what it fills. */
  Acked: 2,
  /** Nobody knows what became of it: it is looked up, its worst case stays reserved, and it is never sent again. */
  Unknown: 3,
  /** Nothing was filled and nothing will be: refused, never sent, or looked up and absent. */
  Rejected: 4,
  /** All that it filled is known, but may still fail to settle. */
  Filled: 5,
  /** What it filled is settled. */
  Final: 6,
  /** Some of what it filled was taken back. */
  Reverted: 7,
} as const
export type OrderState = (typeof OrderState)[keyof typeof OrderState]

export const OrderEvent = {
  Send: 0,
  Take: 1,
  Doubt: 2,
  Refuse: 3,
  Fill: 4,
  Confirm: 5,
  Revert: 6,
} as const
export type OrderEvent = (typeof OrderEvent)[keyof typeof OrderEvent]

const { Planned, Sent, Acked, Unknown, Rejected, Filled, Final, Reverted } = OrderState
const { Send, Take, Doubt, Refuse, Fill, Confirm, Revert } = OrderEvent

export const ORDER_LIFE = new Lifecycle('an order', OrderState, OrderEvent, [
  [Planned, Send, Sent],
  [Planned, Refuse, Rejected],
  [Sent, Take, Acked],
  [Sent, Doubt, Unknown],
  [Sent, Refuse, Rejected],
  [Sent, Fill, Filled],
  [Acked, Doubt, Unknown],
  [Acked, Fill, Filled],
  [Unknown, Take, Acked],
  [Unknown, Refuse, Rejected],
  [Unknown, Fill, Filled],
  [Rejected, Fill, Filled],
  [Filled, Fill, Filled],
  [Filled, Confirm, Final],
  [Filled, Revert, Reverted],
  [Final, Fill, Filled],
  [Final, Revert, Reverted],
  [Reverted, Fill, Filled],
  [Reverted, Revert, Reverted],
  [Reverted, Confirm, Reverted],
])

/** Whether the venue may still have to tell what it filled. */
export function isUnderWay(state: OrderState): boolean {
  return state === Planned || state === Sent || state === Acked || state === Unknown
}
