/** Times without all books, from the first loss until the last of them was whole again; the start is one. */
export interface Outages {
  count: number
  lastNs: number
  worstNs: number
}

const WHOLE = -1

/** Since when books are missing, if they are; counts the outage when they are back. */
export class OutageWatch {
  readonly #outages: Outages
  /** When the first of them was missing; WHOLE when none is. */
  #downNs: number

  /** @param outages where it is counted, by this one and others */
  constructor(outages: Outages, nowNs: number) {
    this.#outages = outages
    this.#downNs = nowNs
  }

  get isDown(): boolean {
    return this.#downNs !== WHOLE
  }

  note(isMissing: boolean, nowNs: number): void {
    if (isMissing === this.isDown) return
    if (!isMissing) {
      const outages = this.#outages
      outages.count++
      outages.lastNs = nowNs - this.#downNs
      outages.worstNs = Math.max(outages.worstNs, outages.lastNs)
    }
    this.#downNs = isMissing ? nowNs : WHOLE
  }
}
