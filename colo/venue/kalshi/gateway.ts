import { NS_PER_S } from '@tandem/shared/units.ts'
import type { Approved } from '../../risk/intent.ts'
import { TokenBucket } from '../buckets.ts'
import type { Gateway } from '../gateway.ts'
import type { PrivateOutcome } from '../leg.ts'
import { type AbsenceRule, type GatewayParts, type OrderDialect, OrderEntry } from '../order-entry.ts'
import { KALSHI } from '../venue.ts'
import { kalshiAnswerOf } from './answer.ts'
import { readKalshiPrivate } from './private.ts'
import { KalshiPath } from './urls.ts'

/** Kalshi fact sheet, section 4.1: an order costs 10 tokens of the write bucket, of which Basic, the lowest tier, has 100. */
export const ORDER_TOKENS = 10
const BASIC_TOKENS_PER_S = 100
const BASIC_CAPACITY = 100
/** Orders that only an exit may send: one to complete the short leg, one to sell the long one back. */
const EXIT_ORDERS = 2

/** A request is refused whose stamp is older (Kalshi fact sheet, section 2): so late may an order still arrive. */
const STAMP_NS_MAX = 15 * NS_PER_S

/**
 * The portfolio says how fresh it is, so one look counts, if it shows the account as of two seconds after the sending
 * (rest.ts asks for that).
 */
const ABSENCE: AbsenceRule = {
  looks: 1,
  spanNs: 0,
  pauseNsMax: NS_PER_S,
  watchNs: STAMP_NS_MAX + 5 * NS_PER_S,
}

/**
 * Orders to Kalshi over raw, warm TLS connections.
 *
 * One bucket stands for all shards, though each of them bills its own: whatever shard an order goes to, the venue has at
 * least the tokens that are counted here.
 */
export class KalshiGateway extends OrderEntry implements Gateway {
  /** Set by whoever has groups. */
  groupTriggered: (orderGroupId: string) => void = () => {}

  constructor(parts: GatewayParts) {
    const bucket = new TokenBucket(
      BASIC_TOKENS_PER_S,
      BASIC_CAPACITY,
      EXIT_ORDERS * ORDER_TOKENS,
      parts.clock.nowNs(),
    )
    super(DIALECT, parts, bucket)
  }

  send(_approved: Approved, order: number, request: Buffer, length: number): void {
    this.write(order, request, length)
  }

  /** One frame of the private channels. */
  onPrivate(text: string): PrivateOutcome {
    return readKalshiPrivate(text, this)
  }
}

const DIALECT: OrderDialect = {
  venue: KALSHI,
  keptFrom: '"client_order_id":"',
  namesOrders: false,
  readAnswer: kalshiAnswerOf,
  orderTokens: ORDER_TOKENS,
  absence: ABSENCE,
  // Public, unsigned, and free of tokens (section 2).
  warmPath: KalshiPath.ExchangeStatus,
}
