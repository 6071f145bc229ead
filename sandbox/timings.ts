/**
 * When something happened on the wire, by a key that both ends can read off the frame or the answer: the nanoseconds
 * of the machine's monotonic clock (`process.hrtime.bigint()`), which all its processes share. The oldest are forgotten.
 */
export class Timings {
  readonly #capacity: number
  readonly #at = new Map<string, bigint>()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** The first time counts: a frame written to two sockets was written when the first had it. */
  record(key: string, ns: bigint): void {
    if (this.#at.has(key)) return
    if (this.#at.size === this.#capacity) {
      const [oldest] = this.#at.keys()
      this.#at.delete(oldest)
    }
    this.#at.set(key, ns)
  }

  /** Key and nanoseconds in decimal, since they need not fit a double; oldest first. */
  list(): [key: string, ns: string][] {
    return [...this.#at].map(([key, ns]) => [key, String(ns)])
  }
}
