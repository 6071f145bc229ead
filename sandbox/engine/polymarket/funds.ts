import type { Ledger } from '../ledger.ts'
import { takerFee } from './fee.ts'
import { type Market, priceOf } from './market.ts'
import type { Order } from './order.ts'
import { costFloor, Tally } from './tally.ts'

/** The asset that every market is paid in. Tokens are assets by their ids. */
export const COLLATERAL = 'pUSD'

// An order needs what it can cost, beside what the account's other orders need in the same market (Polymarket fact
// sheet, section 8.7). Orders in different markets share one balance: what no longer fits is cancelled later.

/** What an order would get now, without touching the book. */
export function preview(order: Order): Tally {
  const tally = new Tally(order.goal)
  const { book } = order.market
  const makers = order.bookSide === 0 ? 1 : 0
  for (const level of book.levels(makers)) {
    if (order.bookSide === 0 ? level.price > order.bookPrice : level.price < order.bookPrice) break
    const price = priceOf(order.outcome, level.price)
    const microShares = Math.min(tally.want(price), level.microShares)
    if (microShares === 0) break
    tally.add(price, microShares)
    if (tally.complete) break
  }
  return tally
}

function feeOf(market: Market, tally: Tally): number {
  return tally.buckets.reduce(
    (sum, { price, microShares }) => sum + takerFee(market.terms.fee, price, microShares),
    0,
  )
}

/** The asset that an order pays with. */
function assetOf(order: Order): string {
  return order.side === 'BUY' ? COLLATERAL : order.market.terms.tokens[order.outcome]
}

/** What an order that rests may still take from its account. */
function reserved(order: Order): number {
  const left = 'microShares' in order.goal ? order.goal.microShares - order.filledMicroShares : 0
  return order.side === 'BUY' ? costFloor(order.price, left) : left
}

/** What a new order may take from its account: what it would take now with the fee, and what would rest. */
function needed(order: Order, now: Tally): number {
  if (order.side === 'SELL') return 'microShares' in order.goal ? order.goal.microShares : 0
  const fee = feeOf(order.market, now)
  if ('microUsd' in order.goal) return Math.max(order.goal.microUsd, now.costMicroUsd) + fee
  return now.costMicroUsd + fee + costFloor(order.price, order.goal.microShares - now.microShares)
}

/** Whether two orders draw on the same reserve: the collateral for one market, or one token. */
function together(a: Order, b: Order): boolean {
  return a.market === b.market && assetOf(a) === assetOf(b)
}

/** Whether a new order fits beside the open ones of its account. */
export function fits(ledger: Ledger, open: Iterable<Order>, order: Order, now: Tally): boolean {
  let sum = needed(order, now)
  for (const other of open) if (together(other, order)) sum += reserved(other)
  return sum <= ledger.balance(order.account, assetOf(order))
}

/** Open orders that their account can no longer pay, the oldest being served first. */
export function unfunded(ledger: Ledger, open: Iterable<Order>): Order[] {
  const kept: Order[] = []
  const lost: Order[] = []
  for (const order of open) {
    let sum = reserved(order)
    for (const other of kept) if (together(other, order)) sum += reserved(other)
    if (sum <= ledger.balance(order.account, assetOf(order))) kept.push(order)
    else lost.push(order)
  }
  return lost
}
