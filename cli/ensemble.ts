import { feesOf } from '@tandem/shared/mapping.ts'
import type { Register } from './command.ts'
import { evaluate } from './ensemble/evaluate.ts'
import { evaluationLines } from './ensemble/lines.ts'
import { tellFaults } from './replay/faults.ts'
import { readPairs } from './replay/pairs.ts'

// `tandem ensemble eval TAPE --pairs FILE`: whether the venue that is said to lag then moves to the fair value.

export const register: Register = (program, io) => {
  program
    .command('ensemble')
    .description('judge the fair value that the books of both venues make together')
    .command('eval')
    .description('replay a tape and say whether the lagging venue then moves towards the fair value')
    .argument('<tape>', 'a tape of both venues: .ndjson or .ndjson.gz')
    .requiredOption('--pairs <file>', 'which markets are the same question')
    .option('--json', 'one JSON document')
    .action(async (path: string, { pairs: pairsPath, json }: { pairs: string; json?: boolean }) => {
      const mapping = readPairs(pairsPath, io)
      // Fees move no fair value: whichever set comes first will do.
      const [fees] = Object.keys(mapping.fees)
      const pairs = mapping.pairs.map((pair) => ({ pair, fees: feesOf(mapping, pair, fees, pairsPath) }))
      const { evaluation, faults } = await evaluate(path, pairs)
      io.stdout(json ? `${JSON.stringify(evaluation)}\n` : evaluationLines(evaluation))
      tellFaults(faults, io)
    })
}
