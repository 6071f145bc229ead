import { assert } from '@tandem/shared/assert.ts'

/** A small set of slots that can be walked. */
export class SlotSet {
  readonly #slots: Int32Array
  /** By slot: its place in the set, or -1. */
  readonly #place: Int32Array
  #count = 0

  constructor(capacity: number, slots: number) {
    this.#slots = new Int32Array(capacity)
    this.#place = new Int32Array(slots).fill(-1)
  }

  get count(): number {
    return this.#count
  }

  at(place: number): number {
    return this.#slots[place]
  }

  add(slot: number): void {
    assert(this.#count < this.#slots.length, 'POOL_SLOT_SET_FULL')
    assert(this.#place[slot] < 0, 'POOL_SLOT_SET_HAS_IT')
    this.#place[slot] = this.#count
    this.#slots[this.#count++] = slot
  }

  /** The last one takes its place: walk from the end when removing on the way. */
  remove(slot: number): void {
    const place = this.#place[slot]
    assert(place >= 0, 'POOL_SLOT_SET_LACKS_IT')
    const last = this.#slots[--this.#count]
    this.#slots[place] = last
    this.#place[last] = place
    this.#place[slot] = -1
  }
}
