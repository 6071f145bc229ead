import { resolve } from 'node:path'
import { readRedisUrl } from '@tandem/colo/cache/redis-url.ts'
import { openRuntimeDirectory } from '@tandem/colo/control/runtime-directory.ts'
import { recover } from '@tandem/colo/recovery.ts'
import { NAME_DEFAULT, readExecutorName } from '@tandem/colo/stream/stream.ts'
import { FAULTS, isFaultName } from '@tandem/sandbox/faults.ts'
import { Failure } from '@tandem/shared/failure.ts'
import { unreadable } from '@tandem/shared/file.ts'
import type { Io, Register } from './command.ts'
import { newRunDirectory } from './control/run-directory.ts'
import { liveLines } from './live/lines.ts'
import { ledgerProfitMicroUsd } from './live/profit.ts'
import type { LiveReport, StartReport } from './live/report.ts'
import { ended, SandboxRun } from './live/sandbox.ts'
import { WireTimes } from './live/wire.ts'
import { wholeOption } from './option.ts'
import { fitted, HOME_AND_CLEAR, screen } from './view.ts'

// `tandem start`: both venues on loopback, the executor between them, and what it does on the terminal.

interface Options {
  seconds?: string
  seed: string
  markets: string
  faults: string
  journal?: string
  redis?: string
  redisName: string
  run?: string
  json?: boolean
}

const SECONDS_MAX = 86_400
const SEED_MAX = 0xffff_ffff
const MARKETS_MAX = 5_000
/** npm hands on to us what the terminal has already sent to all of its group: one key press is two signals. */
const SAME_PRESS_MS = 500
/** How much later than what it ended a signal may be heard. */
const LATE_SIGNAL_MS = 100
/** The venues keep their times for some thousand frames. */
const TIMINGS_MS = 1_000

export const register: Register = (program, io) => {
  program
    .command('start')
    .description('trade on the loopback venues, with a view of it in the terminal')
    .option('--seconds <number>', 'how long; without it until Ctrl-C')
    .option('--seed <number>', 'what the other traders do', '7')
    .option('--markets <number>', 'how many questions both venues ask', '8')
    .option('--faults <names>', 'what goes wrong on purpose: names, or all (see docs/SANDBOX.md)', '')
    .option('--journal <directory>', 'where the journal is kept; without it it goes with the run')
    .option('--redis <url>', 'where prices are mirrored and the journal is streamed; without it nowhere')
    .option('--redis-name <name>', 'what this executor is called there', NAME_DEFAULT)
    .option('--run <folder>', 'where the sockets of status, halt and the others are; only ours, mode 0700')
    .option('--json', 'no view: one JSON document at the end')
    .action((options: Options) => start(options, io))
}

async function start(options: Options, io: Io): Promise<void> {
  const seconds =
    options.seconds === undefined ? undefined : wholeOption(options.seconds, '--seconds', SECONDS_MAX, 1)
  const isWatched = !options.json && process.stdout.isTTY && process.env.TERM !== 'dumb'
  const sandbox = {
    watched: isWatched,
    markets: wholeOption(options.markets, '--markets', MARKETS_MAX, 1),
    seed: wholeOption(options.seed, '--seed', SEED_MAX),
    faults: checkedFaults(options.faults),
    journal: options.journal === undefined ? undefined : newJournal(options.journal),
    redis: options.redis === undefined ? undefined : readRedisUrl(options.redis, undefined, '--redis'),
    redisName: readExecutorName(options.redisName, '--redis-name'),
    runDirectory: options.run === undefined ? newRunDirectory() : resolve(options.run),
  }
  // Before any process is started.
  if (options.run !== undefined) openRuntimeDirectory(sandbox.runDirectory)
  let run: SandboxRun | undefined
  let report: LiveReport | undefined
  let document: StartReport | undefined
  const abort = new AbortController()
  // The first asks for an orderly end, once there is something to end; the second does not wait for it.
  let askedMs: number | undefined
  const stop = (): void => {
    const nowMs = performance.now()
    if (run === undefined) abort.abort()
    else if (askedMs === undefined) run.stop()
    else if (nowMs - askedMs > SAME_PRESS_MS) abort.abort()
    askedMs ??= nowMs
  }
  const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of SIGNALS) process.on(signal, stop)
  const timers: NodeJS.Timeout[] = []
  // From the first word on Ctrl-C is heard.
  if (!isWatched)
    io.stderr(
      `tandem: trading on the loopback venues${seconds === undefined ? ' until Ctrl-C' : ` for ${seconds} s`} ...\n`,
    )
  try {
    run = await SandboxRun.start(sandbox, abort.signal)
    const trading = run
    const beganMs = performance.now()
    io.stderr(
      `tandem: metrics at ${run.metricsUrl}/metrics, health at ${run.metricsUrl}/health, control in ${sandbox.runDirectory}\n`,
    )
    const before = await run.ledgers()
    const wire = new WireTimes()
    const takeTimes = async (): Promise<void> => wire.take(await trading.timings(wire.afterNs))
    if (seconds !== undefined) timers.push(setTimeout(() => trading.stop(), seconds * 1_000))
    // What is not known of them now is asked for again, or at the end.
    timers.push(setInterval(() => takeTimes().catch(() => {}), TIMINGS_MS))
    while (report === undefined) {
      const said = await run.next()
      if (said === undefined)
        throw ended(
          `the executor ended by itself (${(await run.executorEnd()) ?? 'code 0'}), its journal is kept in ${run.journalPath}`,
        )
      if (said.kind === 'report') report = said.report
      else if (said.kind === 'sent') wire.sent(said.sent)
      else if (said.kind === 'snapshot') {
        const title = `Tandem: ${((performance.now() - beganMs) / 1_000).toFixed(0)} s on the loopback venues. No real money. Ctrl-C ends it.\ncontrol in ${sandbox.runDirectory}`
        const { columns, rows } = process.stdout
        io.stdout(`${HOME_AND_CLEAR}${fitted(screen(title, said.snapshot), columns, rows)}\n`)
      }
    }
    document = {
      ...report,
      pnl_micro_usd: { ...report.pnl_micro_usd, ledgers: null },
      latency_us: { ...report.latency_us, wire: wire.percentiles() },
    }
    if (run.sandboxEnd !== undefined)
      throw ended(
        `the sandbox has ended (${run.sandboxEnd}): ${report.trades.open} trades are without their end, and nothing is compared with the venues' books`,
      )
    await takeTimes()
    document.latency_us.wire = wire.percentiles()
    document.pnl_micro_usd.ledgers = ledgerProfitMicroUsd(run.started.pairs, before, await run.ledgers())
    const end = await run.executorEnd()
    if (end !== undefined)
      throw ended(`the executor was in trouble (${end}), its journal is kept in ${run.journalPath}`)
  } catch (error) {
    // Ctrl-C reaches the whole group: what it has ended may be heard of before the signal itself.
    await new Promise((resolve) => setTimeout(resolve, LATE_SIGNAL_MS))
    if (!abort.signal.aborted) throw error
    throw new Failure({
      code: 'INTERRUPTED',
      what: `stopped before there was a report, as asked${run === undefined ? '' : `; the journal is kept in ${run.journalPath}`}`,
      todo: 'to get one, interrupt once and wait',
    })
  } finally {
    for (const timer of timers) clearTimeout(timer)
    await run?.close()
    for (const signal of SIGNALS) process.off(signal, stop)
    // Last: a reader that has gone away ends this process.
    if (document !== undefined)
      io.stdout(
        options.json ? `${JSON.stringify(document)}\n` : liveLines(document, options.journal !== undefined),
      )
  }
}

/** The venues here are new at each start: beside what a journal of earlier ones holds, no pair could be traded. */
function newJournal(path: string): string {
  const directory = resolve(path)
  let holds: boolean
  try {
    const { positions, orders } = recover(directory, Date.now())
    holds = orders.length > 0 || positions.some(({ heldMicroShares }) => heldMicroShares !== 0)
  } catch (cause) {
    throw unreadable(directory, cause)
  }
  if (!holds) return directory
  throw new Failure({
    code: 'JOURNAL_OF_OTHER_VENUES',
    what: 'what this journal holds is of an earlier start, and each start makes venues that know nothing of it',
    where: directory,
    todo: 'name another directory',
  })
}

function checkedFaults(names: string): string {
  const unknown = names.split(',').find((name) => name !== '' && name !== 'all' && !isFaultName(name))
  if (unknown === undefined) return names
  throw new Failure({
    code: 'OPTION_BAD',
    what: `${unknown} is no fault`,
    where: '--faults',
    todo: `give all, or some of ${Object.keys(FAULTS).join(',')}`,
  })
}
