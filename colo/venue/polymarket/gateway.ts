import { assert } from '@tandem/shared/assert.ts'
import { NS_PER_S } from '@tandem/shared/units.ts'
import type { Approved } from '../../risk/intent.ts'
import { TokenBucket } from '../buckets.ts'
import type { Gateway } from '../gateway.ts'
import type { PrivateOutcome } from '../leg.ts'
import { type AbsenceRule, type GatewayParts, type OrderDialect, OrderEntry } from '../order-entry.ts'
import { POLYMARKET } from '../venue.ts'
import { polymarketAnswerOf } from './answer.ts'
import { readPolymarketPrivate } from './private.ts'
import { PolymarketPath } from './urls.ts'

// Polymarket fact sheet, section 6.7: per signer 40 orders a second and 60 at once in the lowest tier. Whether that is
// enforced is uncertain; it is kept to. Per address POST /order may be sent 5,000 times in 10 seconds and 120,000 times
// in 10 minutes.
const ORDERS_PER_S = 40
const ORDERS_AT_ONCE = 60
assert(ORDERS_AT_ONCE + 10 * ORDERS_PER_S <= 5_000, 'POLYMARKET_ADDRESS_BURST')
assert(ORDERS_AT_ONCE + 600 * ORDERS_PER_S <= 120_000, 'POLYMARKET_ADDRESS_SUSTAINED')
/** Orders that only an exit may send: one to complete the short leg, one to sell the long one back. */
const EXIT_ORDERS = 2

/** The longest taker delay that a market may have (Polymarket fact sheet, section 12): an order may appear that late. */
const TAKER_DELAY_NS_MAX = 3 * NS_PER_S
/** The venue says nowhere how fresh its reads are: three of them, the last half a minute after any delay. */
const ABSENCE: AbsenceRule = {
  looks: 3,
  spanNs: TAKER_DELAY_NS_MAX + 30 * NS_PER_S,
  pauseNsMax: 10 * NS_PER_S,
  watchNs: 60 * NS_PER_S,
}

/**
 * Orders to Polymarket over raw, warm TLS connections.
 *
 * The venue has no id of ours: an order is known by its hash, which we know before it is sent.
 */
export class PolymarketGateway extends OrderEntry implements Gateway {
  constructor(parts: GatewayParts) {
    super(DIALECT, parts, new TokenBucket(ORDERS_PER_S, ORDERS_AT_ONCE, EXIT_ORDERS, parts.clock.nowNs()))
  }

  send(_approved: Approved, order: number, request: Buffer, length: number): void {
    this.write(order, request, length)
  }

  /** One frame of the user channel. */
  onPrivate(text: string): PrivateOutcome {
    return readPolymarketPrivate(text, this)
  }
}

const DIALECT: OrderDialect = {
  venue: POLYMARKET,
  keptFrom: '"makerAmount":"',
  namesOrders: true,
  readAnswer: polymarketAnswerOf,
  orderTokens: 1,
  absence: ABSENCE,
  warmPath: PolymarketPath.Time,
}
