import type { Order } from './order.ts'

export type TradeStatus = 'MATCHED' | 'MINED' | 'CONFIRMED' | 'RETRYING' | 'FAILED'

/** One maker's part in a trade, in terms of its own token. */
export interface MakerLeg {
  readonly order: Order
  readonly microShares: number
  /** Paid by a buyer, received by a seller. */
  readonly costMicroUsd: number
}

/** All that one taker took at one price: what is settled, and fails, together. */
export interface Trade {
  readonly id: string
  readonly taker: Order
  /** Of the taker's token. */
  readonly price: number
  readonly microShares: number
  readonly costMicroUsd: number
  readonly feeMicroUsd: number
  readonly makers: readonly MakerLeg[]
  /** Sets the trades of one taker apart. */
  readonly bucket: number
  readonly matchedMs: number
  /** Will end FAILED. A sale is found to when its turn comes, where what was sold never came. */
  fails: boolean
  status: TradeStatus
  updatedMs: number
  transactionHash: string
}
