import { Failure } from '@tandem/shared/failure.ts'
import { Command } from 'commander'
import type { Io, Register } from './command.ts'
import { EXIT_FAILURE, exitCodeOf, failureLine } from './failure.ts'

// `tandem`: one file a command, imported only when that command is called, so that `config check` does not wait for
// the signer's native code. What a command may print and how it fails: command.ts.

interface Listed {
  summary: string
  load: () => Promise<{ register: Register }>
}

const commands: Record<string, Listed> = {
  start: { summary: 'trade on both venues on loopback, in the terminal', load: () => import('./start.ts') },
  status: { summary: 'say how a running executor is', load: () => import('./status.ts') },
  positions: { summary: 'list what is held, by pair and venue', load: () => import('./positions.ts') },
  orders: { summary: 'list the orders whose end is not known', load: () => import('./orders.ts') },
  halt: { summary: 'stop new entries', load: () => import('./halt.ts') },
  resume: { summary: 'allow entries again after a halt', load: () => import('./resume.ts') },
  unwind: { summary: 'sell what is held of a pair', load: () => import('./unwind.ts') },
  price: { summary: 'show mirrored prices of a pair', load: () => import('./price.ts') },
  stream: { summary: 'read what was streamed to Redis', load: () => import('./stream.ts') },
  replay: { summary: 'run a recorded tape through the executor', load: () => import('./replay.ts') },
  ensemble: {
    summary: 'judge the fair value of both venues’ books on a tape',
    load: () => import('./ensemble.ts'),
  },
  record: { summary: 'write what the venues say into tapes', load: () => import('./record.ts') },
  explain: {
    summary: 'say what one pair of books is worth, and what would be sent',
    load: () => import('./explain.ts'),
  },
  config: { summary: 'check a configuration and show what is in force', load: () => import('./config.ts') },
  journal: {
    summary: 'read back and check what an executor wrote down',
    load: () => import('./journal.ts'),
  },
  generate: { summary: 'make a tape of two venues from a seed', load: () => import('./generate.ts') },
}

/** Runs one command line (without node and script). Never throws; the outcome is what `io.fail` was given, if anything. */
export async function run(args: readonly string[], io: Io): Promise<void> {
  const program = new Command('tandem')
    .description(
      'Buys the opposite sides of one question on two venues when their books cross by more than the fees.',
    )
    .option('--verbose', 'show the stack of an unexpected error')
    .exitOverride()
    .configureOutput({ writeOut: io.stdout, writeErr: io.stderr, outputError: () => {} })

  const words = args.filter((arg) => !arg.startsWith('-'))
  const called = words[0] === 'help' ? words[1] : words[0]
  try {
    for (const [name, { summary, load }] of Object.entries(commands)) {
      if (name === called) (await load()).register(program, io)
      else program.command(name).description(summary)
    }
    if (args.length === 0) program.outputHelp()
    else await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    io.fail(error)
  }
}

function unwritable(cause: NodeJS.ErrnoException): Failure {
  return new Failure({
    code: 'OUTPUT_UNWRITABLE',
    what: `the result could not be written (${cause.code})`,
    where: 'stdout',
    todo: 'free space on that disk and run it again',
    cause,
  })
}

/** The process as a command sees it. */
function processIo(args: readonly string[]): Io {
  // A reader that has seen enough (`| head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // EIO: the terminal is closed.
    if (error.code === 'EPIPE' || error.code === 'EIO') process.exit(0)
    process.stderr.write(failureLine(unwritable(error), false))
    process.exit(EXIT_FAILURE)
  })
  // Whoever listens no more must not end what goes on.
  process.stderr.on('error', () => {})
  const stderr = (text: string): void => void process.stderr.write(text)
  return {
    stdout: (text) => void process.stdout.write(text),
    stderr,
    fail(error) {
      const code = exitCodeOf(error)
      if (code === 0) return
      stderr(failureLine(error, args.includes('--verbose')))
      process.exitCode = code
    },
  }
}

if (import.meta.main) {
  const args = process.argv.slice(2)
  await run(args, processIo(args))
}
