import type { Account, Settlement } from '../engine/kalshi/account.ts'
import type { Market } from '../engine/kalshi/listing.ts'
import type { Occurrence, PositionView } from '../engine/kalshi/occurrence.ts'
import type { Fill, OrderView } from '../engine/kalshi/order.ts'

// What GETs answer of an account. It lags behind the engine, as the venue's does (Kalshi fact sheet, section 4: an
// order that was cancelled still rested 360 ms later): everything that happens is seen only after a while.

export class Portfolio {
  readonly orders = new Map<string, OrderView>()
  readonly fills: Fill[] = []
  readonly positions = new Map<Market, PositionView>()
  readonly settlements: Settlement[] = []
  balances: readonly (readonly [number, number])[] = []
  balancesMs = 0
}

export class Portfolios {
  /** How long it takes until what happened is seen. */
  lagMs: number
  readonly #portfolios = new Map<Account, Portfolio>()
  readonly #unseen: { occurrence: Occurrence; ms: number }[] = []

  constructor(lagMs: number) {
    this.lagMs = lagMs
  }

  hear(occurrence: Occurrence, nowMs: number): void {
    if ('account' in occurrence && !occurrence.account.house) this.#unseen.push({ occurrence, ms: nowMs })
  }

  /** An account as it is seen now. */
  of(account: Account, nowMs: number): Portfolio {
    this.#see(nowMs)
    return this.#portfolio(account)
  }

  /** Everything up to here is seen. */
  asOfMs(nowMs: number): number {
    this.#see(nowMs)
    return this.#unseen.length === 0 ? nowMs : nowMs - this.lagMs
  }

  #see(nowMs: number): void {
    let seen = 0
    while (seen < this.#unseen.length && this.#unseen[seen].ms + this.lagMs <= nowMs) {
      this.#apply(this.#unseen[seen].occurrence)
      seen++
    }
    if (seen > 0) this.#unseen.splice(0, seen)
  }

  #apply(occurrence: Occurrence): void {
    if (!('account' in occurrence)) return
    const portfolio = this.#portfolio(occurrence.account)
    switch (occurrence.type) {
      case 'order':
        portfolio.orders.set(occurrence.order.id, occurrence.order)
        break
      case 'fill':
        portfolio.fills.push(occurrence.fill)
        break
      case 'position':
        portfolio.positions.set(occurrence.position.market, occurrence.position)
        break
      case 'settlement':
        portfolio.settlements.push(occurrence.settlement)
        break
      case 'balance':
        portfolio.balances = occurrence.balances
        portfolio.balancesMs = occurrence.ms
        break
    }
  }

  #portfolio(account: Account): Portfolio {
    let portfolio = this.#portfolios.get(account)
    if (portfolio === undefined) {
      portfolio = new Portfolio()
      this.#portfolios.set(account, portfolio)
    }
    return portfolio
  }
}
