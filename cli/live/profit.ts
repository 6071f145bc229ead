import type { Ledgers } from './sandbox.ts'

/** The parts of a pair that its two positions are found by. */
interface PairDocument {
  polarity: 'same' | 'inverse'
  kalshi: { ticker: string }
  polymarket: { yes_token: string; no_token: string }
}

/**
 * What a run has earned by the venues' own books: the change of both balances, and a dollar for every share that is
 * covered by one of the other outcome, wherever the two lie. Shares without their other side count for nothing, as in
 * our own figure.
 */
export function ledgerProfitMicroUsd(pairs: readonly unknown[], before: Ledgers, after: Ledgers): number {
  let profit = 0
  for (const venue of ['polymarket', 'kalshi'] as const)
    profit += after[venue].balanceMicroUsd - before[venue].balanceMicroUsd
  for (const { polarity, kalshi, polymarket } of pairs as readonly PairDocument[]) {
    const yes = after.polymarket.tokens[polymarket.yes_token] ?? 0
    const no = after.polymarket.tokens[polymarket.no_token] ?? 0
    const held = (after.kalshi.positions[kalshi.ticker] ?? 0) * (polarity === 'same' ? 1 : -1)
    const named = yes + Math.max(held, 0)
    const complement = no + Math.max(-held, 0)
    profit += Math.min(named, complement)
  }
  return profit
}
