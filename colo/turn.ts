// One Turn is what one decision saw, decided and sent: a fixed layout of doubles, copied whole into the
// journal's ring. All its integers are exact as doubles.

/** The cells of a Turn. Units are in the names; -1 where a thing does not apply. */
export const TurnCell = {
  /** The chunk's arrival. */
  t0Ns: 0,
  /** Both requests' bytes are final. */
  t1Ns: 1,
  /** Both requests are written. */
  t2Ns: 2,
  bundle: 3,
  direction: 4,
  outcome: 5,
  /** Refused: risk's reason. Missed: the pool's. Not planned: the planner's. */
  reason: 6,
  polymarketEpoch: 7,
  kalshiEpoch: 8,
  polymarketCostPrice: 9,
  kalshiCostPrice: 10,
  polymarketCents: 11,
  polymarketLimitPrice: 12,
  expectedMicroShares: 13,
  kalshiPrice: 14,
  kalshiLots: 15,
  edgeMicroUsd: 16,
  poolSlot: 17,
  clientOrderId: 18,
  headerIndex: 19,
  trade: 20,
} as const

export const TURN_CELLS = 21

export const TurnOutcome = {
  /** Nothing crossed: no decision was due. */
  Quiet: 0,
  /** Both orders were handed to the gateways. */
  Sent: 1,
  /** The edge is real, but no plan of it is legal and large enough. */
  NotPlanned: 2,
  /** Risk said no; the reason is risk's. */
  Refused: 3,
  /** Approved, but the pool held no fitting order and the policy is to let it pass. */
  Missed: 4,
  /** Approved; the order is being signed now, and the plan is made again when it is there. */
  Signing: 5,
  /** The books cross, but one of them is not LIVE: signals only. */
  NotLive: 6,
  /** A dry Turn: everything but the write. */
  Dry: 7,
} as const
export type TurnOutcome = (typeof TurnOutcome)[keyof typeof TurnOutcome]
