import { assert } from '@tandem/shared/assert.ts'
import { Failure } from '@tandem/shared/failure.ts'

/** Polymarket token ids have up to 78 digits, Kalshi tickers are shorter. */
const ID_BYTES_MAX = 128
const NOT_FOUND = -1

/**
 * Small integers for names that arrive as bytes: token ids, tickers, and the codecs' own field names. Filled once,
 * then asked for every field of every frame, without making a string.
 *
 * An open-addressed table. An id's bytes are compared eight at a time, as doubles, which is the widest load JavaScript
 * has: bytes of ASCII make finite doubles that are not zero, and those are equal only when their bits are. The last
 * eight bytes overlap, so that there is no odd tail. An id shorter than that is two integers of four bytes:
 *
 *     "market_resolved"  ->  "market_r" "resolved"        "price"  ->  "pric" "rice"        "sid"  ->  "sid" "sid"
 */
export class Symbols {
  readonly capacity: number
  readonly #mask: number
  /** Codes by hash, NOT_FOUND where there is none; the rest is by code. */
  readonly #table: Int32Array
  readonly #hashes: Int32Array
  readonly #lengths: Int32Array
  readonly #offsets: Int32Array
  readonly #ids: string[] = []
  #groups = new Float64Array(64)
  #groupCount = 0

  /** @param capacity the most ids there will be; their codes are below it */
  constructor(capacity: number) {
    assert(Number.isSafeInteger(capacity) && capacity > 0, 'SYMBOLS_CAPACITY')
    this.capacity = capacity
    let size = 4
    while (size < capacity * 2) size *= 2
    this.#mask = size - 1
    this.#table = new Int32Array(size).fill(NOT_FOUND)
    this.#hashes = new Int32Array(capacity)
    this.#lengths = new Int32Array(capacity)
    this.#offsets = new Int32Array(capacity)
  }

  /** A fixed set of names, whose codes are their places in the list. */
  static of(...ids: string[]): Symbols {
    const symbols = new Symbols(ids.length)
    for (const [code, id] of ids.entries()) symbols.add(id, code)
    return symbols
  }

  /**
   * Registers an id. Off the path.
   *
   * @throws Failure when the id is empty, too long or not plain ASCII, or when it or its code is already taken
   */
  add(id: string, code: number): void {
    if (!/^[!#-[\]-~]+$/.test(id) || id.length > ID_BYTES_MAX) {
      throw new Failure({
        code: 'SYMBOL_ID_INVALID',
        what: 'a market id is empty, too long or not plain ASCII',
        where: JSON.stringify(id.slice(0, ID_BYTES_MAX)),
        todo: 'use the id exactly as the venue writes it',
      })
    }
    assert(Number.isSafeInteger(code) && code >= 0 && code < this.capacity, 'SYMBOLS_CODE_IN_RANGE')
    const view = new DataView(Uint8Array.from(id, (character) => character.charCodeAt(0)).buffer)
    const length = id.length
    if (this.#lengths[code] !== 0 || this.find(view, 0, length) !== NOT_FOUND) {
      throw new Failure({
        code: 'SYMBOL_TAKEN',
        what: 'a market id or its index is registered twice',
        where: `${id} as ${code}`,
        todo: 'list each market once',
      })
    }
    const hash = hashOf(view, 0, length)
    let slot = hash & this.#mask
    while (this.#table[slot] !== NOT_FOUND) slot = (slot + 1) & this.#mask
    this.#table[slot] = code
    this.#hashes[code] = hash
    this.#lengths[code] = length
    this.#offsets[code] = this.#groupCount
    this.#ids[code] = id
    if (length >= 8) {
      for (let at = 0; at + 8 <= length; at += 8) this.#push(view.getFloat64(at, true))
      this.#push(view.getFloat64(length - 8, true))
    } else {
      this.#push(firstWord(view, 0, length))
      this.#push(lastWord(view, 0, length))
    }
  }

  #push(group: number): void {
    if (this.#groupCount === this.#groups.length) {
      const grown = new Float64Array(this.#groups.length * 2)
      grown.set(this.#groups)
      this.#groups = grown
    }
    this.#groups[this.#groupCount++] = group
  }

  /** The code of the id whose bytes are [start, end) of `view`, or -1. */
  find(view: DataView, start: number, end: number): number {
    const length = end - start
    if (length <= 0) return NOT_FOUND
    const hash = hashOf(view, start, length)
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const code = this.#table[slot]
      if (code === NOT_FOUND) return NOT_FOUND
      if (this.#hashes[code] === hash && this.endOf(code, view, start, end) === end) return code
    }
  }

  /**
   * Where the id of `code` ends if it stands at `start` of `view` and reaches no further than `end`, else -1. Checks a
   * guess in a fraction of what finding its end and then `find` cost. False for codes that no id has.
   */
  endOf(code: number, view: DataView, start: number, end: number): number {
    const length = code >= 0 && code < this.capacity ? this.#lengths[code] : 0
    const stop = start + length
    if (length === 0 || stop > end) return NOT_FOUND
    const groups = this.#groups
    let group = this.#offsets[code]
    if (length < 8) {
      const same =
        firstWord(view, start, length) === groups[group] &&
        lastWord(view, start, length) === groups[group + 1]
      return same ? stop : NOT_FOUND
    }
    const last = stop - 8
    for (let at = start; at <= last; at += 8) {
      if (view.getFloat64(at, true) !== groups[group++]) return NOT_FOUND
    }
    return view.getFloat64(last, true) === groups[group] ? stop : NOT_FOUND
  }

  /** @throws AssertionFailed for a code that no id has */
  idOf(code: number): string {
    const id = this.#ids[code]
    assert(id !== undefined, 'SYMBOLS_CODE_KNOWN')
    return id
  }
}

/** The first four bytes, or all of a shorter id. */
function firstWord(view: DataView, start: number, length: number): number {
  return length >= 4 ? view.getInt32(start, true) : lastWord(view, start, length)
}

/** The last four bytes, or all of a shorter id. */
function lastWord(view: DataView, start: number, length: number): number {
  if (length >= 4) return view.getInt32(start + length - 4, true)
  let word = view.getUint8(start)
  if (length > 1) word |= view.getUint8(start + 1) << 8
  if (length > 2) word |= view.getUint8(start + 2) << 16
  return word
}

/**
 * Five words spread over the id: all of a field name, most of a ticker (whose dates and strikes differ in the middle
 * and whose ends repeat), and enough of a token id, which is random throughout.
 */
function hashOf(view: DataView, start: number, length: number): number {
  const last = lastWord(view, start, length)
  let hash = Math.imul(last, 0x2c1b3c6d) ^ Math.imul(length, 0x297a2d39)
  if (length > 4) {
    const stride = (length - 4) >> 2
    hash =
      (hash + Math.imul(view.getInt32(start, true), 0x1b873593)) ^
      Math.imul(view.getInt32(start + stride, true), 0x5bd1e995) ^
      Math.imul(view.getInt32(start + stride * 2, true), 0x27d4eb2f) ^
      Math.imul(view.getInt32(start + stride * 3, true), 0x165667b1)
  }
  return hash ^ (hash >>> 15)
}
