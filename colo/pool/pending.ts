import { assert } from '@tandem/shared/assert.ts'

/**
 * Signed orders whose hashes are on their way to the disk, in the journal's order: a ring of (position, ticket).
 * A slot that was freed meanwhile stays in it; its ticket no longer fits and is skipped by whoever takes it out.
 */
export class PendingHashes {
  readonly #positions: Float64Array
  readonly #tickets: Int32Array
  readonly #capacity: number
  #first = 0
  #count = 0
  #last = -1

  constructor(capacity: number) {
    this.#positions = new Float64Array(capacity)
    this.#tickets = new Int32Array(capacity)
    this.#capacity = capacity
  }

  get count(): number {
    return this.#count
  }

  /** @param position where the journal put the hash; rises from call to call */
  add(position: number, ticket: number): void {
    assert(this.#count < this.#capacity, 'POOL_PENDING_FULL')
    assert(position > this.#last, 'POOL_POSITIONS_RISE')
    this.#last = position
    const at = (this.#first + this.#count++) % this.#capacity
    this.#positions[at] = position
    this.#tickets[at] = ticket
  }

  /** The ticket of the oldest hash if its position is below `durable`, removed; else -1. */
  takeBelow(durable: number): number {
    if (this.#count === 0 || this.#positions[this.#first] >= durable) return -1
    const ticket = this.#tickets[this.#first]
    this.#first = (this.#first + 1) % this.#capacity
    this.#count--
    return ticket
  }
}
