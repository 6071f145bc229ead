// Text written straight into request bytes: on the hot path no string is built.

/** Off the hot path: a constant's bytes. */
export function ascii(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}

/** Writes a non-negative safe integer in decimal and returns the offset after it. */
export function writeInteger(target: Uint8Array, at: number, value: number): number {
  let digits = 1
  for (let power = 10; power <= value; power *= 10) digits++
  writeDigits(target, at, value, digits)
  return at + digits
}

/** Writes the last `width` digits of a non-negative safe integer, with leading zeros. */
export function writeDigits(target: Uint8Array, at: number, value: number, width: number): void {
  let rest = value
  for (let i = at + width - 1; i >= at; i--) {
    const tenth = Math.floor(rest / 10)
    // The difference first: near 2^53 the sum would be rounded.
    target[i] = 0x30 + (rest - tenth * 10)
    rest = tenth
  }
}

const HEX = ascii('0123456789abcdef')

/** Writes bytes in lower-case hex and returns the offset after them. */
export function writeHex(target: Uint8Array, at: number, bytes: Uint8Array): number {
  let to = at
  for (let i = 0; i < bytes.length; i++) {
    target[to++] = HEX[bytes[i] >> 4]
    target[to++] = HEX[bytes[i] & 15]
  }
  return to
}
