import { FillCell } from '@tandem/colo/journal/record.ts'
import { TradeState } from '@tandem/colo/state/trade.ts'
import { VENUE_NAMES, type Venue } from '@tandem/colo/venue/venue.ts'
import type { VenueName } from '@tandem/sandbox/faults.ts'

interface Trade {
  readonly bundle: number
  readonly orders: (readonly [VenueName, string])[]
  readonly booked: Set<number>
}

const NAMES: Readonly<Partial<Record<TradeState, string>>> = {
  [TradeState.Hedged]: 'hedged',
  [TradeState.Completed]: 'completed-late',
  [TradeState.SoldBack]: 'sold-back',
  [TradeState.Nothing]: 'nothing',
  [TradeState.Settled]: 'settled',
}

/** Which ways trades took, counted. */
export class Paths {
  readonly counts: Record<string, number> = {}
  readonly #trades = new Map<number, Trade>()
  readonly #unknown: string[] = []
  /** Orders that the executor has booked as not filled at all. */
  readonly #absent = new Set<string>()
  readonly #appeared = new Set<string>()

  began(trade: number, bundle: number, orders: Trade['orders']): void {
    this.#trades.set(trade, { bundle, orders, booked: new Set() })
  }

  /** An order of an entry that left after the first one. */
  followed(trade: number, venue: VenueName, id: string): void {
    this.#trades.get(trade)?.orders.push([venue, id])
    this.#count('released')
  }

  leg(cells: Float64Array): void {
    const trade = this.#trades.get(cells[FillCell.trade])
    const venue = cells[FillCell.venue]
    if (trade === undefined) return
    const filled = cells[FillCell.filledMicroShares]
    const order = trade.orders.find(([name]) => name === VENUE_NAMES[venue])
    if (!trade.booked.has(venue) && filled === 0 && order !== undefined) this.#absent.add(order[1])
    trade.booked.add(venue)
  }

  ended(place: number, state: TradeState): void {
    // What no decision began, a correction or dust that has added up, is counted by what it corrects.
    if (!this.#trades.delete(place)) return
    const name = NAMES[state]
    if (name !== undefined) this.#count(name)
  }

  parked(): void {
    this.#count('parked')
  }

  refused(): void {
    this.#count('refused')
  }

  tripped(): void {
    this.#count('tripped')
  }

  diverged(): void {
    this.#count('diverged')
  }

  closedEarly(): void {
    this.#count('closed-early')
  }

  moneyMoved(): void {
    this.#count('money-moved')
  }

  unknown(place: number, venue: Venue): void {
    const order = this.#trades.get(place)?.orders.find(([name]) => name === VENUE_NAMES[venue])
    if (order !== undefined) this.#unknown.push(order[1])
  }

  reverted(): void {
    this.#count('reverted')
  }

  isBookedAbsent(id: string): boolean {
    if (!this.#absent.has(id) || this.#appeared.has(id)) return false
    this.#appeared.add(id)
    return true
  }

  appeared(): void {
    this.#count('absent-then-appeared')
  }

  end(filledMicroShares: (id: string) => number): void {
    for (const id of this.#unknown)
      this.#count(filledMicroShares(id) > 0 ? 'unknown-then-filled' : 'unknown-then-absent')
  }

  #count(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1
  }
}
