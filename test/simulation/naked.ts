/** The outcome that a mapping names, or the other one. */
export type Outcome = 0 | 1

/**
 * What one pair holds without its other side, and what was paid for it. A share of one outcome covers one of the other,
 * on whichever venue they lie: one of the two pays a dollar.
 */
export class Naked {
  /** Above 0: the named outcome is over. */
  microShares = 0
  costMicroUsd = 0
  /** By outcome: all that was ever bought, and what it cost. */
  readonly #bought = [
    { microShares: 0, costMicroUsd: 0 },
    { microShares: 0, costMicroUsd: 0 },
  ]

  buy(outcome: Outcome, microShares: number, costMicroUsd: number): void {
    const bought = this.#bought[outcome]
    bought.microShares += microShares
    bought.costMicroUsd += costMicroUsd
    this.#add(outcome === 0 ? microShares : -microShares, costMicroUsd)
  }

  /** Shares went, or were not there after all: as many of the other outcome stand open, at what they cost. */
  lose(outcome: Outcome, microShares: number): void {
    const other = this.#bought[1 - outcome]
    const costMicroUsd = other.microShares === 0 ? 0 : (other.costMicroUsd * microShares) / other.microShares
    this.#add(outcome === 0 ? -microShares : microShares, costMicroUsd)
  }

  #add(signed: number, costMicroUsd: number): void {
    const before = this.microShares
    const after = before + signed
    if (before === 0 || before > 0 === signed > 0) this.costMicroUsd += costMicroUsd
    else if (after === 0) this.costMicroUsd = 0
    else if (Math.abs(signed) < Math.abs(before)) this.costMicroUsd *= after / before
    else this.costMicroUsd = (costMicroUsd * after) / signed
    this.microShares = after
  }
}
