/**
 * A seeded stream of numbers (sfc32): the same seed gives the same venue, whatever the machine. Not for secrets.
 */
export class Random {
  #a: number
  #b: number
  #c = 0x9e3779b9
  #counter = 1

  /** @param seed any whole number. @param stream sets streams of the same seed apart. */
  constructor(seed: number, stream = 0) {
    this.#a = seed | 0
    this.#b = (Math.floor(seed / 0x1_0000_0000) ^ Math.imul(stream + 1, 0x85ebca6b)) | 0
    for (let i = 0; i < WARM_UP; i++) this.bits()
  }

  /** 32 bits, 0..2^32 - 1. */
  bits(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter++) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** 0 <= x < 1. */
  fraction(): number {
    return this.bits() / 0x1_0000_0000
  }

  /** A whole number, 0 <= x < bound. */
  below(bound: number): number {
    return Math.floor(this.fraction() * bound)
  }

  /** A whole number, low <= x <= high. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]
  }

  /** Lower-case hex digits. */
  hex(digits: number): string {
    let text = ''
    while (text.length < digits) text += this.bits().toString(16).padStart(8, '0')
    return text.slice(0, digits)
  }

  /** A version 4 UUID by its looks. */
  uuid(): string {
    const hex = this.hex(32)
    const variant = '89ab'[this.below(4)]
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
  }
}

/** Rounds after which nothing of a small seed shows any more. */
const WARM_UP = 15
