import { resolve } from 'node:path'
import { openRuntimeDirectory } from '@tandem/colo/control/runtime-directory.ts'
import type { Register } from './command.ts'
import { newRunDirectory } from './control/run-directory.ts'
import { liveLines } from './live/lines.ts'
import { ledgerProfitMicroUsd } from './live/profit.ts'
import type { LiveReport } from './live/report.ts'
import { ended, SandboxRun } from './live/sandbox.ts'
import { wholeOption } from './option.ts'
import { HOME_AND_CLEAR, screen } from './view.ts'

// `tandem start`: both venues on loopback, the executor between them, and what it does on the terminal.

interface Options {
  seconds?: string
  seed: string
  markets: string
  faults: string
  run?: string
  json?: boolean
}

/**
 * Made-up money has no end: a run should not stop because a pair has had its share. The other traders of the sandbox
 * close an edge of nine cents within a moment, and a leg that came too late has to be sold into that.
 */
const SANDBOX_SETTINGS = {
  flattenLossMicroUsd: 200_000,
  limits: {
    marketMicroUsd: 1_000_000_000_000,
    eventMicroUsd: 1_000_000_000_000,
    venueMicroUsd: 1_000_000_000_000,
    totalMicroUsd: 1_000_000_000_000,
    dayMicroUsd: 1_000_000_000_000,
  },
}
const SECONDS_MAX = 86_400
const SEED_MAX = 0xffff_ffff
const MARKETS_MAX = 500

export const register: Register = (program, io) => {
  program
    .command('start')
    .description('trade on the loopback venues, with a view of it in the terminal')
    .option('--seconds <number>', 'how long; without it until Ctrl-C')
    .option('--seed <number>', 'what the other traders do', '7')
    .option('--markets <number>', 'how many questions both venues ask', '8')
    .option('--faults <names>', 'what goes wrong on purpose: names, or all (see sandbox/faults.ts)', '')
    .option('--run <folder>', 'where the sockets of status, halt and the others are; only ours, mode 0700')
    .option('--json', 'no view: one JSON document at the end')
    .action(async (options: Options) => {
      const seconds =
        options.seconds === undefined ? undefined : wholeOption(options.seconds, '--seconds', SECONDS_MAX)
      const watched = !options.json && process.stdout.isTTY
      if (!watched)
        io.stderr(
          `tandem: trading on the loopback venues${seconds === undefined ? ' until Ctrl-C' : ` for ${seconds} s`} ...\n`,
        )
      const runDirectory = options.run === undefined ? newRunDirectory() : resolve(options.run)
      const sandbox = {
        markets: wholeOption(options.markets, '--markets', MARKETS_MAX),
        seed: wholeOption(options.seed, '--seed', SEED_MAX),
        faults: options.faults,
        runDirectory,
      }
      openRuntimeDirectory(runDirectory)
      const run = await SandboxRun.start(sandbox, SANDBOX_SETTINGS)
      const beganMs = performance.now()
      let isStopping = false
      const stop = (): void => {
        if (!isStopping) run.stop()
        isStopping = true
      }
      process.on('SIGINT', stop)
      process.on('SIGTERM', stop)
      io.stderr(
        `tandem: metrics at ${run.metricsUrl}/metrics, health at ${run.metricsUrl}/health, control in ${runDirectory}\n`,
      )
      const timer = seconds === undefined ? undefined : setTimeout(stop, seconds * 1_000)
      try {
        const before = await run.ledgers()
        let report: LiveReport | undefined
        for (
          let said = await run.next();
          said !== undefined && report === undefined;
          said = await run.next()
        ) {
          if (said.kind === 'report') report = said.report
          else if (said.kind === 'snapshot' && watched) {
            const title = `Tandem: ${((performance.now() - beganMs) / 1_000).toFixed(0)} s on the loopback venues. No real money. Ctrl-C ends it.\ncontrol in ${runDirectory}`
            io.stdout(`${HOME_AND_CLEAR}${screen(title, said.snapshot)}\n`)
          }
          if (report !== undefined) break
        }
        if (report === undefined) throw ended('the executor ended by itself')
        const ledgers = ledgerProfitMicroUsd(run.started.pairs, before, await run.ledgers())
        const document = { ...report, pnl_micro_usd: { ...report.pnl_micro_usd, ledgers } }
        io.stdout(options.json ? `${JSON.stringify(document)}\n` : liveLines(document))
      } finally {
        clearTimeout(timer)
        await run.close()
      }
    })
}
