import { assert } from '@tandem/shared/assert.ts'

/**
 * Who has what: whole amounts of named assets (micro-dollars, micro-shares of a token, a shard's cash) by account.
 * It only counts. Whether an account may go below zero is its venue's rule.
 */
export class Ledger {
  readonly #accounts = new Map<string, Map<string, number>>()

  /** 0 for what was never held. */
  balance(account: string, asset: string): number {
    return this.#accounts.get(account)?.get(asset) ?? 0
  }

  /** Adds a whole amount, which may be negative. */
  add(account: string, asset: string, amount: number): void {
    assert(Number.isSafeInteger(amount), 'LEDGER_AMOUNT_IS_WHOLE')
    if (amount === 0) return
    let assets = this.#accounts.get(account)
    if (assets === undefined) {
      assets = new Map()
      this.#accounts.set(account, assets)
    }
    const balance = (assets.get(asset) ?? 0) + amount
    assert(Number.isSafeInteger(balance), 'LEDGER_BALANCE_IS_WHOLE')
    if (balance === 0) assets.delete(asset)
    else assets.set(asset, balance)
  }

  /** Moves an amount from one account to another. */
  move(from: string, to: string, asset: string, amount: number): void {
    this.add(from, asset, -amount)
    this.add(to, asset, amount)
  }

  /** What an account holds, without what it holds nothing of. */
  assets(account: string): ReadonlyMap<string, number> {
    return this.#accounts.get(account) ?? NOTHING
  }

  /** What all accounts hold of an asset together: constant unless it is minted, burnt or granted. */
  total(asset: string): number {
    let sum = 0
    for (const assets of this.#accounts.values()) sum += assets.get(asset) ?? 0
    return sum
  }
}

const NOTHING: ReadonlyMap<string, number> = new Map()
