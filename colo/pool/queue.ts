import { assert } from '@tandem/shared/assert.ts'

/**
 * Lines that may have something to sign, nearest to crossing first: a binary heap of (priority, line) that also knows
 * where each line stands, so that a line is in it once and moves when its touch moves.
 */
export class RefillQueue {
  readonly #priority: Float64Array
  readonly #heap: Int32Array
  /** By line: its place in the heap, or -1. */
  readonly #place: Int32Array
  #count = 0

  constructor(lines: number) {
    this.#priority = new Float64Array(lines)
    this.#heap = new Int32Array(lines)
    this.#place = new Int32Array(lines).fill(-1)
  }

  /** The line with the lowest priority number, or -1. */
  get first(): number {
    return this.#count === 0 ? -1 : this.#heap[0]
  }

  /** Adds the line, or moves it. */
  set(line: number, priority: number): void {
    assert(!Number.isNaN(priority), 'POOL_PRIORITY_IS_NUMBER')
    let at = this.#place[line]
    if (at >= 0 && this.#priority[line] === priority) return
    this.#priority[line] = priority
    if (at < 0) at = this.#count++
    this.#settle(at, line)
  }

  remove(line: number): void {
    const at = this.#place[line]
    if (at < 0) return
    this.#place[line] = -1
    const last = this.#heap[--this.#count]
    if (last !== line) this.#settle(at, last)
  }

  /** Puts the line where it belongs, starting from a hole at `at`. */
  #settle(hole: number, line: number): void {
    const priority = this.#priority[line]
    let at = hole
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.#priority[this.#heap[parent]] <= priority) break
      this.#write(at, this.#heap[parent])
      at = parent
    }
    for (;;) {
      let child = 2 * at + 1
      if (child >= this.#count) break
      if (
        child + 1 < this.#count &&
        this.#priority[this.#heap[child + 1]] < this.#priority[this.#heap[child]]
      ) {
        child++
      }
      if (this.#priority[this.#heap[child]] >= priority) break
      this.#write(at, this.#heap[child])
      at = child
    }
    this.#write(at, line)
  }

  #write(at: number, line: number): void {
    this.#heap[at] = line
    this.#place[line] = at
  }
}
