import { scaledFromDecimal } from '@tandem/shared/decimal.ts'
import { Failure } from '@tandem/shared/failure.ts'
import { MICRO_SHARES_PER_LOT, PRICE_ONE } from '@tandem/shared/units.ts'
import { KALSHI, POLYMARKET, type Venue } from '../venue.ts'

/** An order as a venue would read it off the wire. */
export interface PaperOrder {
  /** Token id or ticker. */
  market: string
  /** Kalshi: buys the complement of the book's outcome (side `ask`). Polymarket tells that by its token, but for a sale. */
  complement: boolean
  /** Polymarket: gives shares away. It is read as buying the other outcome, of which each with one of ours is a dollar. */
  sells: boolean
  /** Cost of one share at most, in Price units, of what is bought. */
  limit: number
  /** Polymarket: what it may spend. Kalshi, and a sale: undefined. */
  spendMicroUsd: number | undefined
  /** Kalshi, and a sale: how much. Polymarket: undefined. */
  lots: number | undefined
  /** All or nothing. */
  killUnlessFull: boolean
}

/**
 * Reads an order out of the request's bytes, with JSON.parse and none of our own encoders: what the paper venue fills
 * is what the bytes say, so a wrong encoder shows as a wrong fill.
 */
export function readOrder(venue: Venue, request: Uint8Array): PaperOrder {
  const text = Buffer.from(request.buffer, request.byteOffset, request.byteLength).toString('latin1')
  const head = text.indexOf('\r\n\r\n')
  try {
    const body = JSON.parse(text.slice(head + 4))
    return venue === POLYMARKET ? polymarketOrder(body) : kalshiOrder(body)
  } catch (cause) {
    throw new Failure({
      code: 'PAPER_ORDER_BROKEN',
      what: `the ${venue === KALSHI ? 'Kalshi' : 'Polymarket'} request holds no order: ${(cause as Error).message}`,
      todo: 'this is a bug of the encoder: report it',
      cause,
    })
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a document off the wire
function polymarketOrder({ order, orderType }: any): PaperOrder {
  const maker = Number(order.makerAmount)
  const taker = Number(order.takerAmount)
  const sells = order.side === 'SELL'
  if (!sells && order.side !== 'BUY') throw new Error('side')
  if (!Number.isSafeInteger(maker) || !Number.isSafeInteger(taker) || taker <= 0) throw new Error('amounts')
  const killUnlessFull = orderType === 'FOK'
  if (sells) {
    const limit = PRICE_ONE - Math.round((taker * PRICE_ONE) / maker)
    const lots = maker / MICRO_SHARES_PER_LOT
    return {
      market: order.tokenId,
      complement: true,
      sells,
      limit,
      spendMicroUsd: undefined,
      lots,
      killUnlessFull,
    }
  }
  return {
    market: order.tokenId,
    complement: false,
    sells,
    // The taker amount is floored at the tick's decimals, so the quotient lies a hair above the limit that was meant.
    limit: Math.round((maker * PRICE_ONE) / taker),
    spendMicroUsd: maker,
    lots: undefined,
    killUnlessFull,
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a document off the wire
function kalshiOrder(order: any): PaperOrder {
  const price = scaledFromDecimal(order.price, 4)
  const lots = scaledFromDecimal(order.count, 2)
  if (price === undefined || lots === undefined || lots <= 0) throw new Error('price or count')
  if (order.side !== 'bid' && order.side !== 'ask') throw new Error('side')
  return {
    market: order.ticker,
    complement: order.side === 'ask',
    sells: false,
    limit: order.side === 'ask' ? PRICE_ONE - price : price,
    spendMicroUsd: undefined,
    lots,
    killUnlessFull: order.time_in_force === 'fill_or_kill',
  }
}
