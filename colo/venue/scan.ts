import { assert } from '@tandem/shared/assert.ts'
import { LOTS_DUST, LOTS_MAX, LOTS_PER_CONTRACT, PRICE_ONE } from '@tandem/shared/units.ts'
import {
  BACKSLASH,
  BRACE_CLOSE,
  BRACE_OPEN,
  BRACKET_CLOSE,
  BRACKET_OPEN,
  COLON,
  COMMA,
  DOT,
  LETTER_E,
  LETTER_N,
  LETTER_U,
  MINUS,
  NINE,
  PLUS,
  QUOTE,
  SLASH,
  SPACE,
  ZERO,
} from './punctuation.ts'
import type { Shape } from './shape.ts'
import type { Symbols } from './symbols.ts'
import {
  LOT_DECIMALS,
  LOTS_BITS,
  LOTS_MASK,
  MICRO_DECIMALS,
  MS_DIGITS,
  PRICE_BITS,
  PRICE_MASK,
  usualLots,
  usualMs,
  usualPrice,
} from './usual.ts'

// Reading JSON where it lies. A position is an offset into the frame's ArrayBuffer; every reader takes the position
// of what it reads, returns the position after it, or BROKEN when that is no JSON, and leaves what it read in `value`.
// What JSON.parse accepts of the same bytes as UTF-8 is accepted, nothing else, with one named exception: NESTING_MAX.

/** No JSON: a position that no reader accepts. */
export const BROKEN = -1

// What a reader leaves in `value` when there is JSON but no number. Every real value is -1 or more.

/** The key is not there, or its value is null. */
export const ABSENT = -2
/** A string without characters: how Polymarket writes an optional decimal that it has not. */
export const EMPTY = -3
/** A string or a JSON number, but not of the kind that the field needs. */
export const NOT_A_NUMBER = -4
/** A JSON value of another type. */
const WRONG_TYPE = -5

// What is wrong with a message, as bits: no shape of its type outweighs a bad number.
const FAULT_NUMBER = 1
export const FAULT_SHAPE = 2

/** What is wrong when a field that must be there has this value. */
export function faultOf(value: number): number {
  if (value > ABSENT) return 0
  return value === ABSENT || value === WRONG_TYPE ? FAULT_SHAPE : FAULT_NUMBER
}

/** What is wrong when a field that may be absent or empty has this value. */
export function faultOfOptional(value: number): number {
  if (value >= EMPTY) return 0
  return value === WRONG_TYPE ? FAULT_SHAPE : FAULT_NUMBER
}

/** JSON nested deeper than this is refused, which JSON.parse would take; the venues' frames nest 4 deep. */
export const NESTING_MAX = 1024

const PRICE_PLACES = 4
const LOTS_PLACES = 2
/** Where an odd decimal stops growing: above every price and size, and one more digit still fits a safe integer. */
const SCALED_MAX = 100_000_000_000
/** Longer exponents grow no further either: no frame has so many digits. */
const EXPONENT_MAX = 100_000_000_000
assert(10 ** PRICE_PLACES === PRICE_ONE, 'SCAN_PRICE_PLACES')
assert(10 ** LOTS_PLACES === LOTS_PER_CONTRACT, 'SCAN_LOTS_PLACES')
assert(SCALED_MAX > LOTS_MAX && SCALED_MAX > PRICE_ONE, 'SCAN_SCALED_BEYOND_ALL')
assert(Number.isSafeInteger(SCALED_MAX * 10 + 9), 'SCAN_SCALED_EXACT')

// Bytes that end the plain run of a string: control bytes, the quote, the backslash.
const NOT_PLAIN = new Uint8Array(256)
NOT_PLAIN.fill(1, 0, 0x20)
NOT_PLAIN[QUOTE] = 1
NOT_PLAIN[BACKSLASH] = 1

/** Containers that are open while an unknown value is skipped: 1 for an object. */
const containers = new Uint8Array(NESTING_MAX)

/** The position of the first byte from `p` that is not plainly part of a string, or the end. */
export function plainEnd(view: DataView, p: number, end: number): number {
  for (const last = end - 4; p <= last; p += 4) {
    const word = view.getInt32(p, true)
    // Bit 5 and one of bits 4 and 6 in every byte: digits and small letters, most of what the venues write.
    if ((word & ((word >>> 1) | (word << 1)) & 0x20202020) === 0x20202020) continue
    // No byte below 0x20, no quote, no backslash.
    const odd = (word - 0x20202020) | ((word ^ 0x22222222) - 0x01010101) | ((word ^ 0x5c5c5c5c) - 0x01010101)
    if ((odd & ~word & 0x80808080) !== 0) break
  }
  while (p < end && NOT_PLAIN[view.getUint8(p)] === 0) p++
  return p
}

/**
 * A position in a frame moves forward through these readers, each of which leaves what it read in `value`:
 *
 *     for (p = scan.field(p + 1, shape, shape.start); scan.more; p = scan.field(p, shape, field)) {
 *       field = scan.value
 *       if (field === Field.Price) {
 *         p = scan.price(p)
 *         price = scan.value
 *       } else p = scan.skip(p)
 *     }
 *     // p is after the closing brace, or BROKEN
 */
export class Scanner {
  /** The buffer that the frame lies in. Kept from frame to frame: those of one read share it. */
  view: DataView = new DataView(new ArrayBuffer(0))
  /** The position after the frame: nothing is read there. */
  end = 0
  /** The last value read, or one of the states above. */
  value = 0
  /** Whether the last `change` had a minus. */
  negative = false
  /** Whether the last step came to an item or field, not to the end of the list or object. */
  more = false

  // The string read last: bytes [from, to) of `text`, which is `view` unless there were escapes to undo.
  text: DataView = this.view
  from = 0
  to = 0

  #buffer: ArrayBufferLike = this.view.buffer
  #unescaped = new DataView(new ArrayBuffer(256))

  /** Takes bytes [start, end) as the frame and returns the position of the first. */
  open(bytes: Uint8Array, start: number, end: number): number {
    const buffer = bytes.buffer
    if (buffer !== this.#buffer) {
      this.#buffer = buffer
      this.view = new DataView(buffer)
    }
    const base = bytes.byteOffset
    this.end = base + end
    return base + start
  }

  /** The byte at a position, -1 at the end. */
  byte(p: number): number {
    return p < this.end ? this.view.getUint8(p) : -1
  }

  /** The position of the next byte that is no white space. */
  space(p: number): number {
    while (p < this.end) {
      const byte = this.view.getUint8(p)
      if (byte > SPACE || (byte !== SPACE && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) break
      p++
    }
    return p
  }

  /** Whether nothing but white space follows. */
  atEnd(p: number): boolean {
    return this.space(p) === this.end
  }

  /** From a bracket or brace to the first item, or to after the `close` that follows it. */
  first(p: number, close: number): number {
    p = this.space(p + 1)
    this.more = this.byte(p) !== close
    return this.more ? p : p + 1
  }

  /** From after an item (or BROKEN) to the next one, or to after `close`. */
  next(p: number, close: number): number {
    this.more = false
    if (p < 0) return BROKEN
    let byte = this.byte(p)
    if (byte !== COMMA && byte !== close) {
      p = this.space(p)
      byte = this.byte(p)
    }
    if (byte === close) return p + 1
    if (byte !== COMMA) return BROKEN
    this.more = true
    return this.space(p + 1)
  }

  /**
   * From after an opening brace, or after a value (or BROKEN), to the value of the next field, whose code is left in
   * `value`; or to after the closing brace, when `more` is false.
   *
   * @param after the field before, `shape.start` for none
   */
  field(p: number, shape: Shape, after: number): number {
    if (p < 0) return this.#stop()
    if (after >= 0) {
      const stop = shape.match(this.view, p, this.end, after)
      // More space than last time would stand before the value.
      if (stop > 0 && this.view.getUint8(stop) > SPACE) {
        this.more = true
        this.value = shape.next[after]
        return stop
      }
    }
    const from = p
    p = this.space(p)
    let byte = this.byte(p)
    if (byte === BRACE_CLOSE) {
      this.more = false
      return p + 1
    }
    if (after !== shape.start) {
      if (byte !== COMMA) return this.#stop()
      p = this.space(p + 1)
      byte = this.byte(p)
    }
    if (byte !== QUOTE) return this.#stop()
    p = this.string(p + 1)
    if (p < 0) return this.#stop()
    const field = shape.names.find(this.text, this.from, this.to)
    p = this.space(p)
    if (this.byte(p) !== COLON) return this.#stop()
    p = this.space(p + 1)
    shape.learn(this.view, from, p, after, field)
    this.more = true
    this.value = field
    return p
  }

  #stop(): number {
    this.more = false
    return BROKEN
  }

  /** Reads a string from after its opening quote into `text`, `from` and `to`; returns the position after the closing one. */
  string(p: number): number {
    const from = p
    p = plainEnd(this.view, p, this.end)
    if (this.byte(p) !== QUOTE) return this.#escaped(from, p)
    if (this.text !== this.view) this.text = this.view
    this.from = from
    this.to = p
    return p + 1
  }

  /** The rest of a string that has more than plain bytes: `p` is at the first other one. */
  #escaped(from: number, p: number): number {
    const view = this.view
    let length = p - from
    while (this.byte(p) === BACKSLASH) {
      const kind = this.byte(p + 1)
      if (kind === LETTER_U) {
        for (let digit = 2; digit < 6; digit++) if (hexDigit(this.byte(p + digit)) < 0) return BROKEN
        p += 6
      } else if (meaningOf(kind) >= 0) {
        p += 2
      } else return BROKEN
      const next = plainEnd(this.view, p, this.end)
      length += 1 + next - p
      p = next
    }
    if (this.byte(p) !== QUOTE) return BROKEN
    if (this.#unescaped.byteLength < length) this.#unescaped = new DataView(new ArrayBuffer(length * 2))
    const text = this.#unescaped
    let to = 0
    for (let at = from; at < p; ) {
      let byte = view.getUint8(at++)
      if (byte === BACKSLASH) {
        const kind = view.getUint8(at++)
        if (kind === LETTER_U) {
          let unit = 0
          for (let digit = 0; digit < 4; digit++) unit = unit * 16 + hexDigit(view.getUint8(at++))
          // No name, id or number has other than ASCII characters: one byte that is in none of them will do.
          byte = unit < 0x80 ? unit : 0xff
        } else byte = meaningOf(kind)
      }
      text.setUint8(to++, byte)
    }
    this.text = text
    this.from = 0
    this.to = to
    return p + 1
  }

  /** Reads the string value at `p`; `value` is 0, or ABSENT or WRONG_TYPE when it is something else. */
  #text(p: number): number {
    if (this.byte(p) === QUOTE) {
      this.value = 0
      return this.string(p + 1)
    }
    return this.other(p)
  }

  /** Skips a value that is not of the type its field needs; `value` is ABSENT or WRONG_TYPE. */
  other(p: number): number {
    this.value = this.byte(p) === LETTER_N ? ABSENT : WRONG_TYPE
    return this.skip(p)
  }

  /** Reads a string; `value` is its code in `symbols`, or -1. A `guess` at the code that is right saves most of the work. */
  symbol(p: number, symbols: Symbols, guess: number): number {
    if (this.byte(p) === QUOTE) {
      const stop = symbols.endOf(guess, this.view, p + 1, this.end - 1)
      if (stop > 0 && this.view.getUint8(stop) === QUOTE) {
        this.value = guess
        return stop + 1
      }
    }
    p = this.#text(p)
    if (p >= 0 && this.value === 0) this.value = symbols.find(this.text, this.from, this.to)
    return p
  }

  /** Reads a string that is one of two names: `value` is 0 or 1, WRONG_TYPE for another. */
  either(p: number, names: Symbols): number {
    p = this.symbol(p, names, 0)
    if (this.value === -1) this.value = WRONG_TYPE
    return p
  }

  /** Reads a decimal in a string as a Price, exactly. */
  price(p: number): number {
    if (this.byte(p) === QUOTE) {
      const usual = usualPrice(this.view, p + 1, this.end)
      if (usual >= 0) {
        this.value = usual & PRICE_MASK
        return p + 2 + (usual >> PRICE_BITS)
      }
    }
    p = this.#text(p)
    if (p >= 0 && this.value === 0) this.value = priceOf(this.text, this.from, this.to)
    return p
  }

  /** Reads a decimal in a string as Lots, rounded down; less than one is LOTS_DUST. */
  lotsFloor(p: number): number {
    return this.#lots(p, false)
  }

  /** Reads a decimal in a string as Lots; digits beyond a lot are no number. */
  lotsExact(p: number): number {
    return this.#lots(p, true)
  }

  #lots(p: number, exact: boolean): number {
    if (this.byte(p) === QUOTE) {
      const usual = usualLots(this.view, p + 1, this.end, exact ? LOT_DECIMALS : MICRO_DECIMALS)
      if (usual >= 0) {
        this.value = usual & LOTS_MASK
        return p + 2 + (usual >> LOTS_BITS)
      }
    }
    p = this.#text(p)
    if (p >= 0 && this.value === 0) this.value = lotsOf(this.text, this.from, this.to, exact)
    return p
  }

  /** Reads a signed decimal in a string: `value` is its size in Lots. @see negative */
  change(p: number): number {
    p = this.#text(p)
    this.negative = false
    if (p >= 0 && this.value === 0) {
      this.negative = this.from < this.to && this.text.getUint8(this.from) === MINUS
      const from = this.negative ? this.from + 1 : this.from
      this.value = lotsOf(this.text, from, this.to, true)
    }
    return p
  }

  /** Reads digits in a string: milliseconds since 1970. */
  ms(p: number): number {
    if (this.byte(p) === QUOTE) {
      const usual = usualMs(this.view, p + 1, this.end)
      if (usual >= 0 && this.view.getUint8(p + 1 + MS_DIGITS) === QUOTE) {
        this.value = usual
        return p + 2 + MS_DIGITS
      }
    }
    p = this.#text(p)
    if (p >= 0 && this.value === 0) this.value = integerOf(this.text, this.from, this.to)
    return p
  }

  /** Reads a JSON number that is an integer of 0 or more. */
  integer(p: number): number {
    const first = this.byte(p)
    if (first !== MINUS && (first < ZERO || first > NINE)) return this.other(p)
    const from = p
    let byte = first
    while (byte >= ZERO && byte <= NINE) byte = this.byte(++p)
    if (p > from && (byte === COMMA || byte === BRACE_CLOSE) && (first !== ZERO || p - from === 1)) {
      this.value = integerOf(this.view, from, p)
      return p
    }
    p = this.#number(from)
    if (p < 0) return BROKEN
    let text = ''
    for (let at = from; at < p; at++) text += String.fromCharCode(this.view.getUint8(at))
    const number = Number(text)
    // The sum makes -0 a 0.
    this.value = Number.isSafeInteger(number) && number >= 0 ? number + 0 : NOT_A_NUMBER
    return p
  }

  /** Checks a value of any type and returns the position after it. */
  skip(p: number): number {
    if (this.byte(p) === QUOTE) return this.string(p + 1)
    const view = this.view
    const end = this.end
    let depth = 0
    for (;;) {
      // Here a value must start.
      p = this.space(p)
      if (p >= end) return BROKEN
      const byte = view.getUint8(p)
      if (byte === BRACE_OPEN || byte === BRACKET_OPEN) {
        if (depth === NESTING_MAX) return BROKEN
        containers[depth++] = byte === BRACE_OPEN ? 1 : 0
        p = this.space(p + 1)
        if (this.byte(p) !== (byte === BRACE_OPEN ? BRACE_CLOSE : BRACKET_CLOSE)) {
          if (byte === BRACE_OPEN) p = this.#anyKey(p)
          if (p < 0) return BROKEN
          continue
        }
        depth--
        p++
      } else if (byte === QUOTE) p = this.string(p + 1)
      else if (byte === MINUS || (byte >= ZERO && byte <= NINE)) p = this.#number(p)
      else p = this.#literal(p, byte)
      if (p < 0) return BROKEN

      // Here a value has ended: close what it closes, then on to the next one.
      for (;;) {
        if (depth === 0) return p
        p = this.space(p)
        const after = this.byte(p++)
        const object = containers[depth - 1] === 1
        if (after === COMMA) {
          if (object) p = this.#anyKey(this.space(p))
          if (p < 0) return BROKEN
          break
        }
        if (after !== (object ? BRACE_CLOSE : BRACKET_CLOSE)) return BROKEN
        depth--
      }
    }
  }

  #anyKey(p: number): number {
    if (this.byte(p) !== QUOTE) return BROKEN
    p = this.string(p + 1)
    if (p < 0) return BROKEN
    p = this.space(p)
    return this.byte(p) === COLON ? p + 1 : BROKEN
  }

  #number(p: number): number {
    if (this.byte(p) === MINUS) p++
    if (this.byte(p) === ZERO) p++
    else p = this.#someDigits(p)
    if (p >= 0 && this.byte(p) === DOT) p = this.#someDigits(p + 1)
    if (p < 0) return BROKEN
    const byte = this.byte(p)
    if ((byte | 0x20) !== LETTER_E) return p
    const sign = this.byte(p + 1)
    return this.#someDigits(sign === MINUS || sign === PLUS ? p + 2 : p + 1)
  }

  #someDigits(p: number): number {
    const from = p
    let byte = this.byte(p)
    while (byte >= ZERO && byte <= NINE) byte = this.byte(++p)
    return p === from ? BROKEN : p
  }

  #literal(p: number, first: number): number {
    const word = p + 4 <= this.end ? this.view.getInt32(p, true) : 0
    if (word === TRUE || word === NULL) return p + 4
    if (first === 0x66 && p + 5 <= this.end && this.view.getInt32(p + 1, true) === ALSE) return p + 5
    return BROKEN
  }
}

const TRUE = 0x65757274
const NULL = 0x6c6c756e
const ALSE = 0x65736c61

function hexDigit(byte: number): number {
  if (byte >= ZERO && byte <= NINE) return byte - ZERO
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}

/** What a backslash and this byte stand for, -1 when JSON has no such escape. */
function meaningOf(byte: number): number {
  switch (byte) {
    case QUOTE:
    case BACKSLASH:
    case SLASH:
      return byte
    case 0x62:
      return 0x08
    case 0x66:
      return 0x0c
    case 0x6e:
      return 0x0a
    case 0x72:
      return 0x0d
    case 0x74:
      return 0x09
    default:
      return -1
  }
}

/** A decimal from 0 to 1 with no digit that matters after the fourth: "0.5", ".48", "0.0900", "1". */
function priceOf(text: DataView, from: number, to: number): number {
  if (from === to) return EMPTY
  let price = 0
  let at = from
  for (; at < to; at++) {
    const digit = text.getUint8(at) - ZERO
    if (digit < 0 || digit > 9) break
    price = price * 10 + digit
    if (price > 1) return oddPriceOf(text, from, to)
  }
  if (at === to) return price * PRICE_ONE
  if (text.getUint8(at) !== DOT || to - from === 1) return oddPriceOf(text, from, to)
  let scale = PRICE_ONE as number
  price *= scale
  for (at++; at < to; at++) {
    const digit = text.getUint8(at) - ZERO
    if (digit < 0 || digit > 9 || (scale === 1 && digit !== 0)) return oddPriceOf(text, from, to)
    if (scale > 1) scale /= 10
    price += digit * scale
  }
  return price <= PRICE_ONE ? price : NOT_A_NUMBER
}

function oddPriceOf(text: DataView, from: number, to: number): number {
  const price = scaledOf(text, from, to, PRICE_PLACES)
  return price > PRICE_ONE || cutOff ? NOT_A_NUMBER : price
}

/** A decimal of 0 or more in lots, at most LOTS_MAX. What is less than a lot is cut off, or no number when `exact`. */
function lotsOf(text: DataView, from: number, to: number, exact: boolean): number {
  if (from === to) return EMPTY
  let lots = 0
  let at = from
  for (; at < to; at++) {
    const digit = text.getUint8(at) - ZERO
    if (digit < 0 || digit > 9) break
    lots = lots * 10 + digit
    if (lots > LOTS_MAX) return oddLotsOf(text, from, to, exact)
  }
  lots *= LOTS_PER_CONTRACT
  if (at < to) {
    if (text.getUint8(at) !== DOT || to - from === 1) return oddLotsOf(text, from, to, exact)
    let scale = LOTS_PER_CONTRACT
    for (at++; at < to; at++) {
      const digit = text.getUint8(at) - ZERO
      if (digit < 0 || digit > 9 || (scale === 1 && digit !== 0)) return oddLotsOf(text, from, to, exact)
      if (scale > 1) scale /= 10
      lots += digit * scale
    }
  }
  return lots < LOTS_MAX ? lots : LOTS_MAX
}

function oddLotsOf(text: DataView, from: number, to: number, exact: boolean): number {
  const lots = scaledOf(text, from, to, LOTS_PLACES)
  if (cutOff) {
    if (exact) return NOT_A_NUMBER
    if (lots === 0) return LOTS_DUST
  }
  return lots < LOTS_MAX ? lots : LOTS_MAX
}

/** Whether the last `scaledOf` cut off digits that matter. */
let cutOff = false

/**
 * Any decimal of 0 or more times 10^places, cut off; an exponent is one of the forms a size has been recorded in
 * ("1.21727e+06"). At SCALED_MAX it is no longer exact but still greater than any price or size.
 */
function scaledOf(text: DataView, from: number, to: number, places: number): number {
  cutOff = false
  let digits = 0
  let point = -1
  let at = from
  for (; at < to; at++) {
    const byte = text.getUint8(at)
    if (byte >= ZERO && byte <= NINE) digits++
    else if (byte === DOT && point < 0) point = digits
    else break
  }
  if (digits === 0) return NOT_A_NUMBER
  const exponent = at === to ? 0 : exponentOf(text, at, to)
  if (exponent === undefined) return NOT_A_NUMBER

  /** How many of the digits count. */
  const kept = (point < 0 ? digits : point) + exponent + places
  let value = 0
  let seen = 0
  for (at = from; seen < digits; at++) {
    const digit = text.getUint8(at) - ZERO
    if (digit < 0) continue
    if (seen++ >= kept) cutOff ||= digit !== 0
    else if (value < SCALED_MAX) value = value * 10 + digit
  }
  for (; seen < kept && value > 0 && value < SCALED_MAX; seen++) value *= 10
  return value
}

/** "e+06" and the like. */
function exponentOf(text: DataView, from: number, to: number): number | undefined {
  let at = from + 1
  if ((text.getUint8(from) | 0x20) !== LETTER_E || at === to) return undefined
  const sign = text.getUint8(at)
  if (sign === MINUS || sign === PLUS) at++
  if (at === to) return undefined
  let exponent = 0
  for (; at < to; at++) {
    const digit = text.getUint8(at) - ZERO
    if (digit < 0 || digit > 9) return undefined
    if (exponent < EXPONENT_MAX) exponent = exponent * 10 + digit
  }
  return sign === MINUS ? -exponent : exponent
}

/** Digits alone, as a safe integer. */
function integerOf(text: DataView, from: number, to: number): number {
  if (from === to) return EMPTY
  let value = 0
  for (let at = from; at < to; at++) {
    const digit = text.getUint8(at) - ZERO
    if (digit < 0 || digit > 9) return NOT_A_NUMBER
    value = value * 10 + digit
    if (value > Number.MAX_SAFE_INTEGER) return NOT_A_NUMBER
  }
  return value
}
