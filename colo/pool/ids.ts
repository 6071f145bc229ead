import { assert } from '@tandem/shared/assert.ts'
import { ascii, writeDigits } from '../venue/ascii.ts'

// Kalshi's client_order_id: how an order whose answer never came is found again, so no id may ever be used twice, not
// even after a crash. An id is the run's prefix and a counter; counters come in blocks, and a block is used only once
// its reservation is durable.
//
//   |<- used ->|<- usable ->|<- reserved, not durable yet ->|
//   first ...  next     ... end                     reservedEnd

/** Ids reserved at once: some minutes of the busiest day by one journal record. */
export const ID_BLOCK = 1_024
/** The next block is reserved when fewer than this are left: a burst while the disk syncs must not run dry. */
export const ID_BLOCK_AHEAD = 512
/** Digits of the counter: as many ids as no run will use, and an exact integer. */
export const ID_COUNTER_DIGITS = 10
const ID_COUNTER_END = 10 ** ID_COUNTER_DIGITS
/** Kalshi fact sheet, section 4.4 (a rule of its FIX interface). */
const ID_LENGTH_MAX = 64
const ID_PREFIX = /^[\w:+=/-]+$/

assert(ID_BLOCK_AHEAD < ID_BLOCK, 'IDS_AHEAD_WITHIN_BLOCK')
assert(Number.isSafeInteger(ID_COUNTER_END), 'IDS_COUNTER_EXACT')

/** No id may be used now: the next block's reservation is not durable yet. */
export const ID_NONE = -1

export class ClientOrderIds {
  /** Bytes of every id. */
  readonly length: number
  readonly #prefix: Uint8Array
  readonly #reserve: (first: number, count: number) => number
  #next = 0
  #end = 0
  #reservedEnd = 0
  /** Where the journal put the open reservation; -1 when there is none. */
  #position = -1

  /**
   * @param prefix names the run: no other run may ever have had it
   * @param reserve appends a reservation to the journal; its position, or a negative number when it has no room
   */
  constructor(prefix: string, reserve: (first: number, count: number) => number) {
    assert(ID_PREFIX.test(prefix), 'IDS_PREFIX_CHARACTERS')
    this.length = prefix.length + ID_COUNTER_DIGITS
    assert(this.length <= ID_LENGTH_MAX, 'IDS_LENGTH')
    this.#prefix = ascii(prefix)
    this.#reserve = reserve
  }

  /** How many ids may be used now. */
  get left(): number {
    return this.#end - this.#next
  }

  /** Reserves the next block when it is time to. Call it often, off the path of a decision. */
  replenish(): void {
    if (this.#position >= 0 || this.left >= ID_BLOCK_AHEAD) return
    assert(this.#reservedEnd + ID_BLOCK <= ID_COUNTER_END, 'IDS_COUNTER_EXHAUSTED')
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

  /** The counter of a new id, or ID_NONE. */
  next(): number {
    return this.#next < this.#end ? this.#next++ : ID_NONE
  }

  /** Writes an id's text: `length` bytes from `start`. */
  write(counter: number, target: Uint8Array, start: number): void {
    assert(counter >= 0 && counter < this.#end, 'IDS_COUNTER_RESERVED')
    target.set(this.#prefix, start)
    writeDigits(target, start + this.#prefix.length, counter, ID_COUNTER_DIGITS)
  }
}
