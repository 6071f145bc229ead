import type { Ns } from '@tandem/shared/units.ts'
import {
  ANSWER_CELLS,
  AnswerCell,
  type AnswerKind,
  FILL_CELLS,
  FillCell,
  RecordKind,
  SEND_CELLS,
  SETTLEMENT_CELLS,
  SendCell,
  STATE_CELLS,
  StateCell,
} from './journal/record.ts'
import type { JournalRing } from './journal/ring.ts'
import type { Orders } from './state/orders.ts'
import type { TradeEvent } from './state/trade.ts'
import type { Trades } from './state/trades.ts'

/**
 * The life of orders and trades, into the journal: each step as it happens, an order before its first byte leaves. All of
 * it is what has happened and is never lost; the ring keeps room for it.
 */
export class TradeLog {
  /** Of the last `fill`: what observers are told. */
  readonly fillCells = new Float64Array(FILL_CELLS)
  readonly #journal: JournalRing
  readonly #orders: Orders
  readonly #trades: Trades
  readonly #send = new Float64Array(SEND_CELLS)
  readonly #answer = new Float64Array(ANSWER_CELLS)
  readonly #state = new Float64Array(STATE_CELLS)

  constructor(journal: JournalRing, orders: Orders, trades: Trades) {
    this.#journal = journal
    this.#orders = orders
    this.#trades = trades
  }

  /** @param name our name of the order, name[start, end) */
  send(order: number, place: number, name: Uint8Array, start: number, end: number, nowNs: number): void {
    const orders = this.#orders
    const cells = this.#send
    cells[SendCell.atNs] = nowNs
    cells[SendCell.order] = order
    cells[SendCell.trade] = orders.trade[place]
    cells[SendCell.bundle] = orders.bundle[place]
    cells[SendCell.direction] = orders.direction[place]
    cells[SendCell.venue] = orders.venue[place]
    cells[SendCell.kind] = orders.kind[place]
    cells[SendCell.sentMs] = orders.sentMs[place]
    cells[SendCell.worstMicroUsd] = orders.reservedMicroUsd[place]
    this.#journal.appendCells(RecordKind.Send, cells, SEND_CELLS, name, start, end)
  }

  answer(
    order: number,
    place: number,
    kind: (typeof AnswerKind)[keyof typeof AnswerKind],
    reason: number,
    nowNs: number,
  ): void {
    const cells = this.#answer
    cells[AnswerCell.atNs] = nowNs
    cells[AnswerCell.order] = order
    cells[AnswerCell.venue] = this.#orders.venue[place]
    cells[AnswerCell.kind] = kind
    cells[AnswerCell.reason] = reason
    this.#journal.appendCells(RecordKind.Answer, cells, ANSWER_CELLS)
  }

  /** @param end -1 for a correction */
  fill(
    order: number,
    place: number,
    outcome: number,
    filledMicroShares: number,
    costMicroUsd: number,
    feeMicroUsd: number,
    end: number,
    refusal: number,
    nowNs: Ns,
  ): void {
    const orders = this.#orders
    const cells = this.fillCells
    cells[FillCell.atNs] = nowNs
    cells[FillCell.order] = order
    cells[FillCell.trade] = orders.trade[place]
    cells[FillCell.venue] = orders.venue[place]
    cells[FillCell.bundle] = orders.bundle[place]
    cells[FillCell.outcome] = outcome
    cells[FillCell.filledMicroShares] = filledMicroShares
    cells[FillCell.costMicroUsd] = costMicroUsd
    cells[FillCell.feeMicroUsd] = feeMicroUsd
    cells[FillCell.end] = end
    cells[FillCell.refusal] = refusal
    this.#journal.appendCells(RecordKind.Fill, cells, FILL_CELLS)
  }

  /** What was held of an outcome is gone, and what it paid is there. */
  settlement(
    bundle: number,
    venue: number,
    outcome: number,
    microShares: number,
    paidMicroUsd: number,
    nowNs: number,
  ): void {
    const cells = Float64Array.of(nowNs, bundle, venue, outcome, microShares, paidMicroUsd)
    this.#journal.appendCells(RecordKind.Settlement, cells, SETTLEMENT_CELLS)
  }

  /** Moves a trade by its table, and writes both states down. */
  move(trade: number, event: TradeEvent, nowNs: number): void {
    const trades = this.#trades
    const cells = this.#state
    cells[StateCell.atNs] = nowNs
    cells[StateCell.trade] = trade
    cells[StateCell.bundle] = trades.bundle[trade]
    cells[StateCell.from] = trades.state[trade]
    trades.move(trade, event)
    cells[StateCell.to] = trades.state[trade]
    cells[StateCell.netMicroUsd] = trades.netMicroUsd(trade)
    this.#journal.appendCells(RecordKind.State, cells, STATE_CELLS)
  }
}
