import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Failure } from '@tandem/shared/failure.ts'
import { unreadable } from '@tandem/shared/file.ts'

/** Reads a JSON file that a person named. Throws a Failure that says what is wrong with it and where. */
export function readJson(path: string): unknown {
  const file = resolve(path)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw unreadable(file, cause)
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Failure({
      code: 'JSON_BROKEN',
      what: `it is not JSON: ${(cause as Error).message}`,
      where: file,
      todo: 'correct it there',
      cause,
    })
  }
}
