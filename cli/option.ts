import { Failure } from '@tandem/shared/failure.ts'

/** A whole number from 0 to `max` given as an option. Throws a Failure that names the option. */
export function wholeOption(text: string, option: string, max: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value <= max) return value
  throw new Failure({
    code: 'OPTION_BAD',
    what: `${text} is no whole number up to ${max}`,
    where: option,
    todo: 'give one',
  })
}
