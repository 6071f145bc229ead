import { assert } from '@tandem/shared/assert.ts'

// Signals on their way from the thread that trades to the streams' thread, in shared memory. They are rare, and nobody's
// money hangs on them: where there is no room one is dropped, and counted.

/** Power of two, so that a position becomes a place by a mask. */
const RING_SIGNALS = 4_096
assert((RING_SIGNALS & (RING_SIGNALS - 1)) === 0, 'SIGNAL_RING_POWER_OF_TWO')
const Cell = { Written: 0, Read: 1, Dropped: 2 } as const
/** Doubles behind it stay aligned. */
const HEADER_BYTES = 16
const CELLS = 5

/** A spread before fees that began or ended: see detector/signal.ts. */
export interface Signal {
  readonly bundle: number
  readonly direction: number
  readonly change: number
  readonly grossMicroUsd: number
  readonly atNs: number
}

export function newSignalMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEADER_BYTES + RING_SIGNALS * CELLS * Float64Array.BYTES_PER_ELEMENT)
}

/** The side that writes: on the path, so nothing is allocated and nobody is woken. */
export class SignalWriter {
  readonly #header: Int32Array
  readonly #cells: Float64Array

  constructor(memory: SharedArrayBuffer) {
    this.#header = new Int32Array(memory, 0, HEADER_BYTES / 4)
    this.#cells = new Float64Array(memory, HEADER_BYTES)
  }

  write(bundle: number, direction: number, change: number, grossMicroUsd: number, atNs: number): void {
    const written = this.#header[Cell.Written]
    if (((written - Atomics.load(this.#header, Cell.Read)) | 0) === RING_SIGNALS) {
      Atomics.add(this.#header, Cell.Dropped, 1)
      return
    }
    const at = (written & (RING_SIGNALS - 1)) * CELLS
    this.#cells[at] = bundle
    this.#cells[at + 1] = direction
    this.#cells[at + 2] = change
    this.#cells[at + 3] = grossMicroUsd
    this.#cells[at + 4] = atNs
    Atomics.store(this.#header, Cell.Written, (written + 1) | 0)
  }
}

/** The side that reads: what was looked at stays until it is released. */
export class SignalReader {
  readonly #header: Int32Array
  readonly #cells: Float64Array

  constructor(memory: SharedArrayBuffer) {
    this.#header = new Int32Array(memory, 0, HEADER_BYTES / 4)
    this.#cells = new Float64Array(memory, HEADER_BYTES)
  }

  /** Those that found no room. */
  get dropped(): number {
    return Atomics.load(this.#header, Cell.Dropped)
  }

  /** The oldest that were not released, at most so many. */
  look(max: number): Signal[] {
    const read = this.#header[Cell.Read]
    const count = Math.min((Atomics.load(this.#header, Cell.Written) - read) | 0, max)
    return Array.from({ length: count }, (_, i) => {
      const at = ((read + i) & (RING_SIGNALS - 1)) * CELLS
      const [bundle, direction, change, grossMicroUsd, atNs] = this.#cells.subarray(at, at + CELLS)
      return { bundle, direction, change, grossMicroUsd, atNs }
    })
  }

  /** Gives the place of the oldest back. */
  release(count: number): void {
    Atomics.store(this.#header, Cell.Read, (this.#header[Cell.Read] + count) | 0)
  }
}
