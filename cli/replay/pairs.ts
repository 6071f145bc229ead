import { type Mapping, readMapping } from '@tandem/shared/mapping.ts'
import type { Io } from '../command.ts'
import { readJson } from '../input.ts'

/** A pairs file; keys in it that we do not know are told, one a line. */
export function readPairs(path: string, io: Io): Mapping {
  const { mapping, ignored } = readMapping(readJson(path), path)
  for (const key of ignored) io.stderr(`tandem: ${path}: ${key} is not known and was left out\n`)
  return mapping
}
