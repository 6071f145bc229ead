import { readConfig } from '@tandem/colo/config.ts'
import { feesOf } from '@tandem/shared/mapping.ts'
import type { Register } from './command.ts'
import { tellFaults } from './replay/faults.ts'
import { summaryLines } from './replay/lines.ts'
import { readPairs } from './replay/pairs.ts'
import { Replay } from './replay/run.ts'
import { readTape } from './replay/tape.ts'

// `tandem replay TAPE --pairs FILE`: a recorded tape through the real executor, on the tape's clock.

interface Options {
  pairs: string
  fees?: string
  config?: string
  stress?: boolean
  json?: boolean
}

export const register: Register = (program, io) => {
  program
    .command('replay')
    .description('run a recorded tape through the executor: episodes, decisions, trades and what they paid')
    .argument('<tape>', 'a tape: .ndjson or .ndjson.gz')
    .requiredOption('--pairs <file>', 'which markets are the same question')
    .option('--fees <name>', 'the set of fees in that file; not needed when it holds one')
    .option('--config <file>', 'settings as a TOML file')
    .option(
      '--stress',
      'trade again and again as if nothing had been taken: measures the pool, not the market',
    )
    .option('--json', 'one JSON document')
    .action(async (path: string, options: Options) => {
      const { settings } = readConfig({ file: options.config, mode: 'replay' })
      const mapping = readPairs(options.pairs, io)
      const pairs = mapping.pairs.map((pair) => ({
        pair,
        fees: feesOf(mapping, pair, options.fees, options.pairs),
      }))
      const replay = await Replay.run(await readTape(path), pairs, settings, {
        stress: options.stress ?? false,
      })
      const report = replay.report()
      io.stdout(options.json ? `${JSON.stringify(report)}\n` : summaryLines(report))
      tellFaults(replay.faults(path), io)
    })
}
