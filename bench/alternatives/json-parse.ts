import { LOTS_DUST, LOTS_MAX } from '@tandem/shared/units.ts'

// What the two codecs on JSON.parse share. Written apart from the byte scanner, from the fact sheets, so that the
// property tests compare two readings of them; and with care for speed, so that the bench compares fairly.

/** Fields of a JSON object, none of them trusted. */
export type Fields = Record<string, unknown>

// What a reader answers instead of a number of -1 or more.
export const MISSING = -2
export const BLANK = -3
export const BAD_NUMBER = -4
export const BAD_TYPE = -5

/** The frame's value, or undefined when it is no JSON. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function textOf(bytes: Uint8Array, start: number, end: number): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return buffer.toString('utf8', start, end)
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** MISSING, or BAD_TYPE, for what should have been a string. */
function notText(value: unknown): number {
  return value === undefined || value === null ? MISSING : BAD_TYPE
}

/** Units of 1e-4, from "0.5", ".48", "0.0900". */
export function priceOf(value: unknown): number {
  if (typeof value !== 'string') return notText(value)
  if (value === '') return BLANK
  const scaled = scaledFloor(value, 4)
  return scaled > 10_000 || inexact ? BAD_NUMBER : scaled
}

/** Units of 0.01, less than one is LOTS_DUST. */
export function lotsFloorOf(value: unknown): number {
  if (typeof value !== 'string') return notText(value)
  if (value === '') return BLANK
  const scaled = scaledFloor(value, 2)
  if (scaled === 0 && inexact) return LOTS_DUST
  return Math.min(scaled, LOTS_MAX)
}

/** Units of 0.01, nothing beyond. */
export function lotsExactOf(value: unknown): number {
  if (typeof value !== 'string') return notText(value)
  if (value === '') return BLANK
  const scaled = scaledFloor(value, 2)
  return inexact ? BAD_NUMBER : Math.min(scaled, LOTS_MAX)
}

/** A string of digits. */
export function digitsOf(value: unknown): number {
  if (typeof value !== 'string') return notText(value)
  if (value === '') return BLANK
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN
  return Number.isSafeInteger(number) ? number : BAD_NUMBER
}

/** A JSON number that is an integer of 0 or more. */
export function integerOf(value: unknown): number {
  if (typeof value !== 'number') return notText(value)
  return Number.isSafeInteger(value) && value >= 0 ? value + 0 : BAD_NUMBER
}

/** Whether the last scaledFloor cut off digits that matter. */
let inexact = false

/** A plain decimal times 10^places, cut off; BAD_NUMBER when it is none. Beyond 2^53 not exact, and not looked at. */
function scaledFloor(text: string, places: number): number {
  inexact = false
  let value = 0
  let digits = 0
  let decimals = -1
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 46 && decimals < 0) {
      decimals = 0
      continue
    }
    if (code < 48 || code > 57) return scaledWithExponent(text, places)
    digits++
    if (decimals < 0 || decimals < places) value = value * 10 + (code - 48)
    else if (code !== 48) inexact = true
    if (decimals >= 0) decimals++
  }
  if (digits === 0) return BAD_NUMBER
  for (let i = Math.max(decimals, 0); i < places; i++) value *= 10
  return value
}

/** "1.21727e+06": the point is moved in the text. */
function scaledWithExponent(text: string, places: number): number {
  const match = /^(\d*)(?:\.(\d*))?[eE]([+-]?\d+)$/.exec(text)
  if (match === null) return BAD_NUMBER
  const [, whole, fraction = '', exponent] = match
  const digits = whole + fraction
  if (digits === '') return BAD_NUMBER
  if (/^0+$/.test(digits)) return 0
  // A point moved beyond a thousand digits, or beyond the digits there are, is as good as there.
  const reach = digits.length + 1000
  const point = Math.max(-reach, Math.min(reach, whole.length + Number(exponent) + places))
  const kept = point <= 0 ? '' : digits.slice(0, point).padEnd(point, '0')
  inexact = /[1-9]/.test(digits.slice(Math.max(point, 0)))
  return Number(kept)
}

/** The worst of some fields: 0, BAD_NUMBER or BAD_TYPE. */
export function worstOf(required: number[], optional: number[]): number {
  let worst = 0
  for (const value of required) {
    if (value === MISSING || value === BAD_TYPE) return BAD_TYPE
    if (value < -1) worst = BAD_NUMBER
  }
  for (const value of optional) {
    if (value === BAD_TYPE) return BAD_TYPE
    if (value === BAD_NUMBER) worst = BAD_NUMBER
  }
  return worst
}
