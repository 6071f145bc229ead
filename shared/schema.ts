import type { z } from 'zod'
import { Failure } from './failure.ts'

/** Whose error it is when a value does not fit its schema. */
export interface SchemaSource {
  /** The failure's code: `SETTINGS_BAD`. */
  code: string
  /** The file, or what else a person can open. */
  where: string
}

/** Checks a value read from outside. Throws one Failure that names the key, what is wrong with it, and how many more are. */
export function checked<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  source: SchemaSource,
): z.output<Schema> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw failureOf(result.error, source)
}

/**
 * Like `checked`, for files that others write too: keys that the schema does not know are left out and told, so that
 * the caller may warn, or refuse where much depends on it.
 */
export function checkedTolerant<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  source: SchemaSource,
): { data: z.output<Schema>; ignored: string[] } {
  const result = schema.safeParse(value)
  if (result.success) return { data: result.data, ignored: [] }
  const known = structuredClone(value)
  const ignored: string[] = []
  for (const issue of result.error.issues) {
    if (issue.code !== 'unrecognized_keys') throw failureOf(result.error, source)
    // biome-ignore lint/suspicious/noExplicitAny: a path that the schema has just walked
    const holder: any = issue.path.reduce((at: any, key) => at[key], known)
    for (const key of issue.keys) {
      delete holder[key]
      ignored.push(keyPath([...issue.path, key]))
    }
  }
  return { data: checked(schema, known, source), ignored }
}

function failureOf(error: z.ZodError, source: SchemaSource): Failure {
  // A key that is not known may stand beside one that is wrong: the wrong one says more.
  const issue = error.issues.find(({ code }) => code !== 'unrecognized_keys') ?? error.issues[0]
  const what =
    issue.code === 'unrecognized_keys'
      ? `${keyPath([...issue.path, issue.keys[0]])}: there is no such key`
      : `${keyPath(issue.path)}: ${issue.message.replace(/^Invalid input: /, '')}`
  const more = error.issues.length - 1
  return new Failure({
    code: source.code,
    what,
    where: source.where,
    todo: more === 0 ? 'correct that key' : `correct that key, and ${more} more`,
    cause: error,
  })
}

/** `pairs[0].kalshi.ticker`, as one would write it in code. */
function keyPath(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'the whole of it'
  return path
    .map((key, at) => (typeof key === 'number' ? `[${key}]` : at === 0 ? String(key) : `.${String(key)}`))
    .join('')
}
