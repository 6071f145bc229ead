import { assert } from '@tandem/shared/assert.ts'
import { CLIENT_ORDER_COUNTER_MAX } from '../venue/kalshi/encode.ts'

// Kalshi's client_order_id, the run's prefix and a counter, is how an order whose answer never came is found again: no
// id may ever be used twice. Counters come in blocks, and a block is used only once its reservation is durable, so that
// after a crash the journal says which ids may have been sent.
//
//   |<- used ->|<- usable ->|<- reserved, not durable yet ->|
//   0 ....... next ....... end ...................... reservedEnd

/** Counters reserved by one journal record: some minutes of the busiest day. */
export const ID_BLOCK = 1_024
/** The next block is reserved when fewer than this are left: a burst while the disk syncs must not run dry. */
export const ID_BLOCK_AHEAD = 512

assert(ID_BLOCK_AHEAD < ID_BLOCK, 'IDS_AHEAD_WITHIN_BLOCK')

/** No counter may be used now: the next block's reservation is not durable yet. */
export const ID_NONE = -1

/** The counters of one run's client_order_ids. venue/kalshi/encode.ts writes them, behind the run's prefix. */
export class ClientOrderIds {
  readonly #reserve: (first: number, count: number) => number
  #next = 0
  #end = 0
  #reservedEnd = 0
  /** Where the journal put the open reservation; -1 when there is none. */
  #position = -1

  /** @param reserve appends a reservation to the journal: its position, or a negative number when there is no room */
  constructor(reserve: (first: number, count: number) => number) {
    this.#reserve = reserve
  }

  /** How many counters may be used now. */
  get left(): number {
    return this.#end - this.#next
  }

  /** Reserves the next block when it is time to. Call it often, off the path of a decision. */
  replenish(): void {
    if (this.#position >= 0 || this.left >= ID_BLOCK_AHEAD) return
    assert(this.#reservedEnd + ID_BLOCK <= CLIENT_ORDER_COUNTER_MAX, 'IDS_COUNTER_EXHAUSTED')
    const position = this.#reserve(this.#reservedEnd, ID_BLOCK)
    if (position < 0) return
    this.#position = position
    this.#reservedEnd += ID_BLOCK
  }

  /** @param durable how many records of the journal are durable: every position below it */
  onDurable(durable: number): void {
    if (this.#position < 0 || this.#position >= durable) return
    this.#position = -1
    this.#end = this.#reservedEnd
  }

  /** A counter that was never given out before, or ID_NONE. */
  next(): number {
    return this.#next < this.#end ? this.#next++ : ID_NONE
  }
}
