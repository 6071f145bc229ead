import { LAYOUTS } from '@tandem/colo/journal/record.ts'
import type { SegmentHeader } from '@tandem/colo/journal/segment.ts'
import { Failure } from '@tandem/shared/failure.ts'
import type { Register } from './command.ts'
import { recordLine, shown } from './journal/line.ts'
import { existingJournal, firstDamage, readWhole, summaryText } from './journal/summary.ts'
import { wholeOption } from './option.ts'

// `tandem journal verify|show [DIR]`: what an executor wrote down, read back and checked.

interface ShowOptions {
  json?: boolean
  from: string
  kind?: string
  trade?: string
}

const DIRECTORY = 'journal'
const DIRECTORY_HELP = 'the journal’s directory'

export const register: Register = (program, io) => {
  const journal = program.command('journal').description('read back and check what an executor wrote down')
  journal
    .command('verify')
    .description('check every checksum and the hash chain; exit code 2 names the first damage')
    .argument('[directory]', DIRECTORY_HELP, DIRECTORY)
    .option('--json', 'one JSON document')
    .action((directory: string, options: { json?: boolean }) => {
      const summary = readWhole(existingJournal(directory))
      const failure = firstDamage(summary)
      if (options.json) io.stdout(`${JSON.stringify(summary)}\n`)
      else if (failure === undefined) io.stdout(summaryText(summary))
      if (failure !== undefined) io.fail(failure)
    })
  journal
    .command('show')
    .description('print records, oldest first; what does not hold is left out, and told at the end')
    .argument('[directory]', DIRECTORY_HELP, DIRECTORY)
    .option('--from <sequence>', 'begin with this record', '0')
    .option('--kind <name>', `only one kind: ${kindNames().join(', ')}`)
    .option(
      '--trade <number>',
      'only what names this trade; a run gives a number again once its trade has ended',
    )
    .option('--json', 'one JSON document: an array of records')
    .action((directory: string, options: ShowOptions) => {
      const from = wholeOption(options.from, '--from', Number.MAX_SAFE_INTEGER)
      const trade =
        options.trade === undefined
          ? undefined
          : wholeOption(options.trade, '--trade', Number.MAX_SAFE_INTEGER)
      const kind = options.kind === undefined ? undefined : kindName(options.kind)
      let header: SegmentHeader
      let separator = '[\n'
      const summary = readWhole(existingJournal(directory), {
        segment(next) {
          header = next
        },
        record(sequence, number, payload) {
          if (sequence < from) return
          const record = shown(header, sequence, number, payload)
          if (kind !== undefined && record.kind !== kind) return
          if (trade !== undefined && record.cells.trade !== trade) return
          io.stdout(options.json ? separator + JSON.stringify(record) : `${recordLine(record)}\n`)
          separator = ',\n'
        },
      })
      if (options.json) io.stdout(separator === ',\n' ? '\n]\n' : '[]\n')
      const failure = firstDamage(summary)
      if (failure !== undefined) io.fail(failure)
    })
}

function kindNames(): string[] {
  return Object.values(LAYOUTS).map(({ name }) => name)
}

function kindName(text: string): string {
  const name = kindNames().find((known) => known.toLowerCase() === text.toLowerCase())
  if (name !== undefined) return name
  throw new Failure({
    code: 'OPTION_BAD',
    what: `${text} is no kind of record`,
    where: '--kind',
    todo: `give one of ${kindNames().join(', ')}`,
  })
}
