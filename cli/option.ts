import { Failure } from '@tandem/shared/failure.ts'

/** A whole number from `min` to `max` given as an option. Throws a Failure that names the option. */
export function wholeOption(text: string, option: string, max: number, min = 0): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw new Failure({
    code: 'OPTION_BAD',
    what: `${text} is no whole number from ${min} to ${max}`,
    where: option,
    todo: 'give one',
  })
}
