import { lotsOf } from '@tandem/sandbox/engine/kalshi/listing.ts'
import { priceOf } from '@tandem/sandbox/engine/polymarket/market.ts'
import type { Random } from '@tandem/sandbox/engine/random.ts'
import type { VenueName } from '@tandem/sandbox/faults.ts'
import type { World } from '@tandem/sandbox/world.ts'
import { scaledFromDecimal } from '@tandem/shared/decimal.ts'
import { PRICE_ONE, SIDE_ASK, SIDE_BID, type Side } from '@tandem/shared/units.ts'

// Somebody who is at the venue a moment before an order of ours.

const HOUSE = 'house'
/** How much better a rival quotes. */
const BETTER_TICKS_MAX = 3

/** Takes so much that less is left for the order than it wants, perhaps nothing. */
export function rivalTakes(world: World, venue: VenueName, body: string, random: Random): void {
  const order = JSON.parse(body)
  const left = random.fraction()
  if (venue === 'kalshi') {
    const market = world.kalshi.markets.get(order.ticker)
    const house = world.kalshi.accounts.get(HOUSE)
    if (market === undefined || house === undefined) return
    const side: Side = order.side === 'bid' ? SIDE_BID : SIDE_ASK
    const price = scaledFromDecimal(order.price, 4) as number
    const wanted = scaledFromDecimal(order.count, 2) as number
    const there = sumWithin(market.book.levels(opposite(side)), side, price)
    const lots = lotsOf(there) - Math.floor(wanted * left)
    if (lots < 1) return
    world.kalshi.placeOrder(house, {
      ticker: order.ticker,
      side,
      price,
      lots,
      timeInForce: 'immediate_or_cancel',
      selfTradePrevention: 'maker',
      clientOrderId: '',
      expirationMs: undefined,
      postOnly: false,
      reduceOnly: false,
      cancelOnPause: false,
      orderGroupId: undefined,
      exchangeIndex: undefined,
    })
    return
  }
  const { tokenId, makerAmount, takerAmount, side: word } = order.order
  const found = world.polymarket.find(tokenId)
  if (found === undefined || word !== 'BUY') return
  const [market, outcome] = found
  const side: Side = outcome === 0 ? SIDE_BID : SIDE_ASK
  const limit = priceOf(outcome, Math.floor((Number(makerAmount) / Number(takerAmount)) * PRICE_ONE))
  const there = sumWithin(market.book.levels(opposite(side)), side, limit)
  const microShares = there - Math.floor(Number(takerAmount) * left)
  if (microShares > 0 && !market.closed) world.polymarket.hit(market, side, limit, microShares)
}

/** Quotes better than the touch that an order to buy is about to take: its dollars bring more shares. */
export function rivalBetters(world: World, body: string, random: Random): void {
  const { tokenId, takerAmount, side: word } = JSON.parse(body).order
  const found = world.polymarket.find(tokenId)
  if (found === undefined || word !== 'BUY' || found[0].closed) return
  const [market, outcome] = found
  const side: Side = outcome === 0 ? SIDE_ASK : SIDE_BID
  const better = random.between(1, BETTER_TICKS_MAX) * market.tick
  const price = market.book.best(side) + (side === SIDE_ASK ? -better : better)
  if (market.book.best(side) < 0 || market.book.crosses(side, price) || price <= 0 || price >= PRICE_ONE)
    return
  world.polymarket.quote(market, side, price, Number(takerAmount) * 2)
}

function opposite(side: Side): Side {
  return side === SIDE_BID ? SIDE_ASK : SIDE_BID
}

/** What an order could take at once, in micro-shares. */
export function sumWithin(
  levels: Iterable<{ readonly price: number; readonly microShares: number }>,
  side: Side,
  limit: number,
): number {
  let sum = 0
  for (const { price, microShares } of levels) {
    if (side === SIDE_BID ? price > limit : price < limit) break
    sum += microShares
  }
  return sum
}
