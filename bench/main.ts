import { readdirSync } from 'node:fs'
import { parseArgs } from 'node:util'

// `npm run -s bench -- NAME [--json]`: runs bench/NAME.ts and prints what it found, as one JSON document or as a table.
// The object is the result; progress and remarks go to stderr.

interface Bench {
  run(options: { json: boolean }): Promise<object>
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

function usage(problem: string): void {
  process.stderr.write(`bench: ${problem}: name one of ${names.join(', ')}, with --json if you like\n`)
  process.exitCode = 2
}

async function main(): Promise<void> {
  let name: string | undefined
  let json: boolean
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { json: { type: 'boolean' } },
    })
    name = positionals[0]
    json = values.json ?? false
  } catch (error) {
    return usage((error as Error).message)
  }
  if (name === undefined || !names.includes(name)) {
    return usage(name === undefined ? 'no name given' : `there is no bench ${name}`)
  }
  const bench: Bench = await import(`./${name}.ts`)
  const result = await bench.run({ json })
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${table(result).join('\n')}\n`)
}

await main()
