import { assert } from '@tandem/shared/assert.ts'
import { REQUEST_BYTES_MAX, WAITING_MAX } from './frames.ts'

/** Request frames that wait, first in, first out; copied, since the chunk that they came in is gone by then. */
export class Lane {
  readonly bytes = Buffer.alloc(WAITING_MAX * REQUEST_BYTES_MAX)
  #first = 0
  #count = 0

  get isEmpty(): boolean {
    return this.#count === 0
  }

  /** False when the lane is full. */
  push(frame: Buffer, at: number, length: number): boolean {
    if (this.#count === WAITING_MAX) return false
    const slot = (this.#first + this.#count) % WAITING_MAX
    frame.copy(this.bytes, slot * REQUEST_BYTES_MAX, at, at + length)
    this.#count++
    return true
  }

  /** Removes the first frame and returns where in `bytes` it lies, until the next push. */
  shift(): number {
    assert(this.#count > 0, 'SIGNER_LANE_EMPTY')
    const at = this.#first * REQUEST_BYTES_MAX
    this.#first = (this.#first + 1) % WAITING_MAX
    this.#count--
    return at
  }
}
