/**
 * Reads a plain decimal ("0.5", ".48", "120", "-3.10") as an integer scaled by 10^places, exactly.
 * Off the hot path only; the codecs read bytes.
 *
 * @returns the scaled integer, or undefined when the text is no plain decimal, has digits that matter beyond
 *   `places`, or does not fit a safe integer.
 */
export function scaledFromDecimal(text: string, places: number): number | undefined {
  const match = /^(-?)(\d*)(?:\.(\d*))?$/.exec(text)
  if (match === null) return undefined
  const [, sign, whole = '', fraction = ''] = match
  if (whole === '' && fraction === '') return undefined
  if (/[1-9]/.test(fraction.slice(places))) return undefined
  const scaled = Number(whole + fraction.slice(0, places).padEnd(places, '0'))
  if (!Number.isSafeInteger(scaled)) return undefined
  return sign === '-' && scaled !== 0 ? -scaled : scaled
}

/** Writes a scaled integer as a decimal with at least `minPlaces` decimals and no needless zeros after them. */
export function decimalFromScaled(scaled: number, places: number, minPlaces = 0): string {
  const digits = String(Math.abs(scaled)).padStart(places + 1, '0')
  const whole = digits.slice(0, digits.length - places)
  let fraction = digits.slice(digits.length - places)
  while (fraction.length > minPlaces && fraction.endsWith('0')) fraction = fraction.slice(0, -1)
  return `${scaled < 0 ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}
