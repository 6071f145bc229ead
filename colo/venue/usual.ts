import { assert } from '@tandem/shared/assert.ts'
import { LOTS_PER_CONTRACT, PRICE_ONE } from '@tandem/shared/units.ts'
import { DOT, QUOTE, ZERO } from './punctuation.ts'

// What the venues write nearly always, read without asking what else JSON allows. These readers refuse (-1) everything
// that is not of their form, numbers and strings that are perfectly legal included: the caller then reads the whole
// object again with the Scanner, whose word is final. They take a position inside the quotes and leave the closing quote.

const ZERO_DOT = 0x2e30
export const HASH_BYTES = 40
export const MS_DIGITS = 13

/** A fixed text between two values, 8 to 24 bytes, compared eight at a time (see Symbols): `","price":"`. */
export class Between {
  readonly #length: number
  readonly #head: number
  readonly #middle: number
  readonly #tail: number

  constructor(text: string) {
    assert(text.length >= 8 && text.length <= 24, 'BETWEEN_LENGTH')
    const view = new DataView(Uint8Array.from(text, (character) => character.charCodeAt(0)).buffer)
    this.#length = text.length
    this.#head = view.getFloat64(0, true)
    this.#middle = view.getFloat64(text.length > 16 ? 8 : 0, true)
    this.#tail = view.getFloat64(text.length - 8, true)
  }

  /** The position after this text when it stands at `p` (which may be -1) and something follows before `end`, else -1. */
  after(view: DataView, p: number, end: number): number {
    const stop = p + this.#length
    if (p < 0 || stop >= end) return -1
    if (view.getFloat64(p, true) !== this.#head || view.getFloat64(stop - 8, true) !== this.#tail) return -1
    return this.#length <= 16 || view.getFloat64(p + 8, true) === this.#middle ? stop : -1
  }
}

// A price or size with its width, in one integer:
//
//     price   width * 2^14 + price, which is at most 10,000
//     lots    width * 2^27 + lots, of which there are less than 10^8

export const PRICE_BITS = 14
export const PRICE_MASK = (1 << PRICE_BITS) - 1
export const LOTS_BITS = 27
export const LOTS_MASK = (1 << LOTS_BITS) - 1
const CONTRACT_DIGITS = 6
/** Polymarket's sizes have up to six decimals; Kalshi's have two, and more would not be exact. */
export const MICRO_DECIMALS = 6
export const LOT_DECIMALS = 2
const LOTS_WIDTH_MAX = CONTRACT_DIGITS + 1 + MICRO_DECIMALS

assert(PRICE_ONE <= PRICE_MASK, 'USUAL_PRICE_FITS')
assert(10 ** (CONTRACT_DIGITS + LOT_DECIMALS) <= LOTS_MASK, 'USUAL_LOTS_FIT')
assert(LOTS_WIDTH_MAX < 2 ** (31 - LOTS_BITS), 'USUAL_WIDTH_FITS')

/** A price "0.5" to "0.9999" up to its quote, with its width; -1 for any other, and within 8 bytes of the end. */
export function usualPrice(view: DataView, p: number, end: number): number {
  if (p < 0 || p + 8 > end) return -1
  const head = view.getInt32(p, true)
  if ((head & 0xffff) !== ZERO_DOT) return -1
  const first = ((head >>> 16) & 0xff) - ZERO
  const second = (head >>> 24) - ZERO
  if (first < 0 || first > 9) return -1
  if (second === QUOTE - ZERO) return (3 << PRICE_BITS) | (first * 1000)
  if (second < 0 || second > 9) return -1
  const tail = view.getInt32(p + 4, true)
  const price = first * 1000 + second * 100
  const third = (tail & 0xff) - ZERO
  if (third === QUOTE - ZERO) return (4 << PRICE_BITS) | price
  const fourth = ((tail >>> 8) & 0xff) - ZERO
  if (third < 0 || third > 9) return -1
  if (fourth === QUOTE - ZERO) return (5 << PRICE_BITS) | (price + third * 10)
  if (fourth < 0 || fourth > 9 || ((tail >>> 16) & 0xff) !== QUOTE) return -1
  return (6 << PRICE_BITS) | (price + third * 10 + fourth)
}

/**
 * A size below a million with at most `decimalsMax` decimals (2 to 6) up to its quote, rounded down, with its width; -1
 * for any other, for less than a lot that is not nothing, and within 15 bytes of the end.
 */
export function usualLots(view: DataView, p: number, end: number, decimalsMax: number): number {
  if (p < 0 || p + LOTS_WIDTH_MAX + 2 > end) return -1
  const from = p
  let digit = view.getUint8(p) - ZERO
  if (digit < 0 || digit > 9) return -1
  let lots = 0
  do {
    lots = lots * 10 + digit
    digit = view.getUint8(++p) - ZERO
  } while (digit >= 0 && digit <= 9 && p - from < CONTRACT_DIGITS)
  lots *= LOTS_PER_CONTRACT
  if (digit === DOT - ZERO) {
    const last = p + decimalsMax
    digit = view.getUint8(++p) - ZERO
    if (digit < 0 || digit > 9) return -1
    lots += digit * 10
    digit = view.getUint8(++p) - ZERO
    if (digit >= 0 && digit <= 9) {
      lots += digit
      let rest = 0
      for (
        digit = view.getUint8(++p) - ZERO;
        digit >= 0 && digit <= 9 && p <= last;
        digit = view.getUint8(++p) - ZERO
      ) {
        rest |= digit
      }
      if (rest !== 0 && lots === 0) return -1
    }
  }
  return digit === QUOTE - ZERO ? ((p - from) << LOTS_BITS) | lots : -1
}

/** Whether 40 bytes of digits and small letters, which is a hash, stand at `p`, and something after them. */
export function usualHash(view: DataView, p: number, end: number): boolean {
  if (p < 0 || p + HASH_BYTES >= end) return false
  let plain = 0x20202020
  // Bit 5 and one of bits 4 and 6 in every byte: so it is neither quote nor backslash nor control.
  for (let stop = p + HASH_BYTES; p < stop; p += 4) {
    const word = view.getInt32(p, true)
    plain &= word & ((word >>> 1) | (word << 1))
  }
  return plain === 0x20202020
}

/**
 * Thirteen digits, which are milliseconds from 2001 to 2286, with something after them; -1 for anything else. The first
 * is not 0: in a JSON number that would be no digit to begin with.
 */
export function usualMs(view: DataView, p: number, end: number): number {
  if (p < 0 || p + MS_DIGITS >= end) return -1
  const high = view.getInt32(p, true)
  const middle = view.getInt32(p + 4, true)
  const low = view.getInt32(p + 8, true)
  const last = view.getUint8(p + 12) - ZERO
  if (
    (high & 0xff) === ZERO ||
    !areDigits(high) ||
    !areDigits(middle) ||
    !areDigits(low) ||
    last < 0 ||
    last > 9
  )
    return -1
  return fourDigits(high) * 1_000_000_000 + (fourDigits(middle) * 100_000 + fourDigits(low) * 10 + last)
}

/** Whether four bytes are digits: 0x3 above, and nothing that six more carry into it. */
function areDigits(word: number): boolean {
  return ((word & 0xf0f0f0f0) | (((word + 0x06060606) & 0xf0f0f0f0) >>> 4)) === 0x33333333
}

/** Four digits as they lie in memory: first pairs, then the pair of pairs. */
function fourDigits(word: number): number {
  const pairs = (Math.imul(word & 0x0f0f0f0f, 10 * 256 + 1) >>> 8) & 0x00ff00ff
  return Math.imul(pairs, 100 * 65536 + 1) >>> 16
}
