import { readdirSync } from 'node:fs'
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { Failure } from '@tandem/shared/failure.ts'

// `npm run -s bench -- NAME [--json]`: runs bench/NAME.ts and prints what it found, as one JSON document or as a table.
// The object is the result; progress and remarks go to stderr. A bench may have options of its own.

interface Bench {
  readonly options?: ParseArgsOptionsConfig
  run(options: Readonly<Record<string, unknown>>): Promise<object>
}

const names = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.ts') && name !== 'main.ts')
  .map((name) => name.slice(0, -3))

/** Rows of key and value, nested keys joined with a dot. */
function table(result: object, prefix = ''): string[] {
  return Object.entries(result).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null
      ? table(value, `${prefix}${key}.`)
      : [`${(prefix + key).padEnd(32)} ${readable(value)}`],
  )
}

/** Three digits that mean something are more than a busy machine gives. */
function readable(value: unknown): string {
  if (typeof value !== 'number' || Number.isInteger(value)) return String(value)
  return String(Number(value.toPrecision(4)))
}

function refuse(problem: string): void {
  process.stderr.write(`bench: ${problem}\n`)
  process.exitCode = 2
}

async function main([name = '', ...args]: readonly string[]): Promise<void> {
  if (!names.includes(name))
    return refuse(
      `${name === '' ? 'no name given' : `there is no bench ${name}`}: name one of ${names.join(', ')}`,
    )
  const bench: Bench = await import(`./${name}.ts`)
  const options: ParseArgsOptionsConfig = { json: { type: 'boolean' }, ...bench.options }
  const known = Object.keys(options).map((option) => `--${option}`)
  try {
    const { values } = parseArgs({ args, options })
    const result = await bench.run(values)
    process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : `${table(result).join('\n')}\n`)
  } catch (error) {
    if (error instanceof Failure) return refuse(error.message)
    if (!isUsage(error)) throw error
    refuse(`${error.message.split('. ')[0]}: ${name} knows ${known.join(', ')}`)
  }
}

/** Of parseArgs. */
function isUsage(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_')
}

await main(process.argv.slice(2))
