import { parseArgs } from 'node:util'
import { wholeOption } from '@tandem/cli/option.ts'
import { killRounds } from './rounds.ts'

// `npm run -s restarts -- --rounds N [--seed S]`: kills and restarts the executor that many times on one journal, and prints
// one JSON document. Exit code 1 when the books, the ledgers and the journal do not agree at the end.

const ROUNDS_MAX = 100_000

if (import.meta.main) {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '50' }, seed: { type: 'string', default: '1' } },
  })
  const rounds = wholeOption(values.rounds, '--rounds', ROUNDS_MAX, 1)
  const seed = wholeOption(values.seed, '--seed', Number.MAX_SAFE_INTEGER)
  process.stdout.write(`${JSON.stringify(await killRounds(rounds, seed))}\n`)
}
