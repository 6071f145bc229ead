/**
 * True time, and what is still to happen in it. What falls on the same moment happens in the order in which it was
 * asked for: nothing depends on how a heap breaks ties.
 */
export class Scheduler {
  nowNs = 0
  /** Promises were settled: what waits for them must run before anything else happens. */
  isSettling = false
  readonly #heap: Happening[] = []
  #asked = 0

  get nextNs(): number {
    return this.#heap.length === 0 ? Number.POSITIVE_INFINITY : this.#heap[0].atNs
  }

  at(atNs: number, happen: () => void): void {
    const heap = this.#heap
    const added = { atNs: Math.max(Math.ceil(atNs), this.nowNs), order: this.#asked++, happen }
    let at = heap.length
    heap.push(added)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (isBefore(heap[parent], added)) break
      heap[at] = heap[parent]
      at = parent
    }
    heap[at] = added
  }

  after(waitNs: number, happen: () => void): void {
    this.at(this.nowNs + waitNs, happen)
  }

  /** Lets the next thing happen, which must be due. */
  step(): void {
    this.#take().happen()
  }

  #take(): Happening {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop() as Happening
    const count = heap.length
    if (count === 0) return first
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= count) break
      if (child + 1 < count && isBefore(heap[child + 1], heap[child])) child++
      if (isBefore(last, heap[child])) break
      heap[at] = heap[child]
      at = child
    }
    heap[at] = last
    return first
  }
}

interface Happening {
  readonly atNs: number
  readonly order: number
  readonly happen: () => void
}

function isBefore(one: Happening, other: Happening): boolean {
  return one.atNs < other.atNs || (one.atNs === other.atNs && one.order < other.order)
}
