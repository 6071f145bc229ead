import type { Random } from '../random.ts'
import type { Trade, TradeStatus } from './trade.ts'

// MATCHED -> MINED -> CONFIRMED, or MATCHED -> RETRYING -> FAILED: Polymarket fact sheet, section 4.

export interface SettlementTimes {
  /** From the match to the block; the chain's blocks are 2 s apart. */
  readonly minedMs: number
  /** From the match to the final status. */
  readonly finalMs: number
}

export const SETTLEMENT: SettlementTimes = { minedMs: 2_000, finalMs: 4_000 }

interface Step {
  readonly dueMs: number
  readonly trade: Trade
}

/** Carries trades through the chain. Steps fall due in the order of the matches. */
export class Settlement {
  readonly #times: SettlementTimes
  readonly #random: Random
  readonly #unmined: Step[] = []
  readonly #unfinal: Step[] = []

  constructor(times: SettlementTimes, random: Random) {
    this.#times = times
    this.#random = random
  }

  add(trade: Trade): void {
    this.#unmined.push({ dueMs: trade.matchedMs + this.#times.minedMs, trade })
    this.#unfinal.push({ dueMs: trade.matchedMs + this.#times.finalMs, trade })
  }

  /** Purchases of an account that will be found not to have been, in micro-shares of one outcome of a market. */
  failing({ account, market, outcome }: Trade['taker']): number {
    return this.#unfinal.reduce((sum, { trade: { taker, fails, microShares } }) => {
      const isSame = taker.account === account && taker.market === market && taker.outcome === outcome
      return fails && isSame && taker.side === 'BUY' ? sum + microShares : sum
    }, 0)
  }

  /**
   * Moves on what is due, and hands over each trade whose status changed.
   *
   * @param isCovered whether a taker has what he gives, when the chain takes it
   */
  advance(nowMs: number, isCovered: (trade: Trade) => boolean, moved: (trade: Trade) => void): void {
    const step = (trade: Trade, status: TradeStatus): void => {
      trade.status = status
      trade.updatedMs = nowMs
      moved(trade)
    }
    for (const { trade } of takeDue(this.#unmined, nowMs)) {
      trade.fails ||= !isCovered(trade)
      if (!trade.fails) trade.transactionHash = `0x${this.#random.hex(64)}`
      step(trade, trade.fails ? 'RETRYING' : 'MINED')
    }
    for (const { trade } of takeDue(this.#unfinal, nowMs)) step(trade, trade.fails ? 'FAILED' : 'CONFIRMED')
  }
}

function takeDue(steps: Step[], nowMs: number): Step[] {
  const waiting = steps.findIndex(({ dueMs }) => dueMs > nowMs)
  return steps.splice(0, waiting === -1 ? steps.length : waiting)
}
