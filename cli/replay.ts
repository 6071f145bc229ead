import { readConfig } from '@tandem/colo/config.ts'
import { feesOf, readMapping } from '@tandem/shared/mapping.ts'
import type { Register } from './command.ts'
import { readJson } from './input.ts'
import { summaryLines } from './replay/lines.ts'
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

/** Faults are told one a line; beyond this many only their number is. */
const FAULTS_TOLD_MAX = 20

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
      const { mapping, ignored } = readMapping(readJson(options.pairs), options.pairs)
      for (const key of ignored) io.stderr(`tandem: ${options.pairs}: ${key} is not known and was left out\n`)
      const pairs = mapping.pairs.map((pair) => ({
        pair,
        fees: feesOf(mapping, pair, options.fees, options.pairs),
      }))
      const replay = await Replay.run(await readTape(path), pairs, settings, {
        stress: options.stress ?? false,
      })
      const report = replay.report()
      io.stdout(options.json ? `${JSON.stringify(report)}\n` : summaryLines(report))
      const faults = replay.faults(path)
      for (const fault of faults.slice(0, FAULTS_TOLD_MAX)) io.fail(fault)
      if (faults.length > FAULTS_TOLD_MAX)
        io.stderr(`tandem: and ${faults.length - FAULTS_TOLD_MAX} more like these\n`)
    })
}
