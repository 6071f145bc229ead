/**
 * A small seeded source of integers (xorshift128, Marsaglia 2003), so that one seed gives one tape on every machine and
 * every version of Node. Integer arithmetic only: Math.log and friends may differ between builds.
 */
export class Random {
  #a: number
  #b = 0x9e37_79b9
  #c = 0x243f_6a88
  #d = 0xb7e1_5162

  constructor(seed: number) {
    this.#a = seed >>> 0
    // The first outputs of neighbouring seeds are alike.
    for (let turn = 0; turn < 20; turn++) this.next()
  }

  /** 0 to 2^32 - 1. */
  next(): number {
    const t = this.#a ^ (this.#a << 11)
    this.#a = this.#b
    this.#b = this.#c
    this.#c = this.#d
    this.#d ^= (this.#d >>> 19) ^ t ^ (t >>> 8)
    return this.#d >>> 0
  }

  /** `low` to `high`, both included. The bias of the remainder is below one in a million for our ranges. */
  between(low: number, high: number): number {
    return low + (this.next() % (high - low + 1))
  }

  chance(percent: number): boolean {
    return this.between(1, 100) <= percent
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.between(0, items.length - 1)]
  }

  hex(digits: number): string {
    let text = ''
    while (text.length < digits) text += this.next().toString(16).padStart(8, '0')
    return text.slice(0, digits)
  }
}
