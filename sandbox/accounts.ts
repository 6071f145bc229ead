import type { Account } from './engine/kalshi/account.ts'
import type { KalshiVenue } from './engine/kalshi/venue.ts'
import { COLLATERAL } from './engine/polymarket/funds.ts'
import type { PolymarketVenue } from './engine/polymarket/venue.ts'

/** Grants money, and tells what accounts have, in the integers that both engines count in. */
export class Accounts {
  readonly #kalshi: KalshiVenue
  readonly #polymarket: PolymarketVenue

  constructor(kalshi: KalshiVenue, polymarket: PolymarketVenue) {
    this.#kalshi = kalshi
    this.#polymarket = polymarket
  }

  /** Grants an address collateral. Its API key it derives over the wire. */
  grantPolymarket(address: string, microUsd: number): void {
    this.#polymarket.ledger.add(address.toLowerCase(), COLLATERAL, microUsd)
  }

  /** An account by its user id, made where there is none, with `microUsd` more on each of these shards. */
  grantKalshi(userId: string, shards: readonly number[], microUsd: number): Account {
    const account = this.#kalshi.accounts.get(userId) ?? this.#kalshi.openAccount(userId)
    for (const shard of shards) this.#kalshi.fund(account, shard, microUsd)
    return account
  }

  /** What an address has; shares by token. */
  polymarketLedger(address: string): object {
    const assets = new Map(this.#polymarket.ledger.assets(address.toLowerCase()))
    const balanceMicroUsd = assets.get(COLLATERAL) ?? 0
    assets.delete(COLLATERAL)
    return { address, balanceMicroUsd, tokens: Object.fromEntries(assets) }
  }

  /** What an account has; shares by ticker, above 0 for YES. */
  kalshiLedger(userId: string): object | undefined {
    const account = this.#kalshi.accounts.get(userId)
    if (account === undefined) return undefined
    let balanceMicroUsd = 0
    for (const microUsd of account.cashMicroUsd.values()) balanceMicroUsd += microUsd
    const held = [...account.holdings.values()]
    return {
      userId,
      balanceMicroUsd,
      reservedMicroUsd: held.reduce((sum, { reservedMicroUsd }) => sum + reservedMicroUsd, 0),
      feesMicroUsd: held.reduce((sum, { feesMicroUsd }) => sum + feesMicroUsd, 0),
      shards: Object.fromEntries(account.cashMicroUsd),
      positions: Object.fromEntries(
        held
          .filter(({ lots }) => lots !== 0)
          .map(({ market, lots }) => [market.ticker, lots * MICRO_SHARES_PER_LOT]),
      ),
    }
  }
}

const MICRO_SHARES_PER_LOT = 10_000
