import { FillCell } from '@tandem/colo/journal/record.ts'
import { TradeOutcome } from '@tandem/colo/state/trades.ts'
import { KALSHI, VENUE_NAMES, type Venue } from '@tandem/colo/venue/venue.ts'
import type { VenueName } from '@tandem/sandbox/faults.ts'

interface Trade {
  readonly bundle: number
  readonly orders: readonly (readonly [VenueName, string])[]
  soldBack: boolean
  readonly booked: Set<number>
}

const OUTCOMES: Readonly<Record<string, string>> = { Exposed: 'parked', Nothing: 'nothing', Hedged: 'hedged' }

/** Which ways trades took, counted. */
export class Paths {
  readonly counts: Record<string, number> = {}
  readonly #trades = new Map<number, Trade>()
  readonly #unknown: string[] = []
  /** Orders that the executor has booked as not filled at all. */
  readonly #absent = new Set<string>()
  readonly #appeared = new Set<string>()

  began(trade: number, bundle: number, orders: Trade['orders']): void {
    this.#trades.set(trade, { bundle, orders, soldBack: false, booked: new Set() })
  }

  leg(cells: Float64Array): void {
    const trade = this.#trades.get(cells[FillCell.trade])
    const venue = cells[FillCell.venue]
    if (trade === undefined) return
    const filled = cells[FillCell.filledMicroShares]
    if (venue === KALSHI && filled < 0) trade.soldBack = true
    const order = trade.orders.find(([name]) => name === VENUE_NAMES[venue])
    if (!trade.booked.has(venue) && filled === 0 && order !== undefined) this.#absent.add(order[1])
    trade.booked.add(venue)
  }

  /** @returns its bundle */
  ended(place: number, outcome: number): number | undefined {
    const trade = this.#trades.get(place)
    if (trade === undefined) return undefined
    this.#trades.delete(place)
    const name = Object.entries(TradeOutcome).find(([, value]) => value === outcome)?.[0] ?? String(outcome)
    if (name === 'Flattened') this.#count(trade.soldBack ? 'sold-back' : 'completed-late')
    else this.#count(OUTCOMES[name] ?? name.toLowerCase())
    return trade.bundle
  }

  unknown(place: number, venue: Venue): number | undefined {
    const trade = this.#trades.get(place)
    const order = trade?.orders.find(([name]) => name === VENUE_NAMES[venue])
    if (order !== undefined) this.#unknown.push(order[1])
    return trade?.bundle
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
