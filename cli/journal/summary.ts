import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { LastCheckpoint } from '@tandem/colo/journal/checkpoint.ts'
import { damaged } from '@tandem/colo/journal/journal.ts'
import { type Fault, type JournalVisitor, listSegments, readJournal } from '@tandem/colo/journal/reader.ts'
import { readRecord } from '@tandem/colo/journal/record.ts'
import { Failure } from '@tandem/shared/failure.ts'
import { unreadable } from '@tandem/shared/file.ts'

/** What a journal holds, and whether all of it holds. */
export interface JournalSummary {
  directory: string
  runs: number
  segments: number
  records: number
  first_sequence: number
  next_sequence: number
  /** Pins everything before it: kept elsewhere, it shows whether the journal was changed since. */
  chain: string
  /** Of the last whole checkpoint's first row. */
  checkpoint_sequence: number | null
  torn: readonly Fault[]
  damage: readonly Fault[]
}

/** The directory of a journal that a person named. Throws a Failure when there is none in it. */
export function existingJournal(path: string): string {
  const directory = resolve(path)
  const isThere = statSync(directory, { throwIfNoEntry: false })?.isDirectory()
  if (isThere && readable(directory, () => listSegments(directory)).length > 0) return directory
  throw new Failure({
    code: 'JOURNAL_MISSING',
    what: 'there is no journal',
    where: directory,
    todo: 'name the directory that `start --journal DIR` wrote',
  })
}

/** Reads and checks a journal, telling a visitor of all that holds. */
export function readWhole(directory: string, visitor: JournalVisitor = {}): JournalSummary {
  const runs = new Set<string>()
  const checkpoint = new LastCheckpoint()
  const told: JournalVisitor = {
    segment(header) {
      runs.add(`${header.runId} ${header.wallAtZeroMs}`)
      visitor.segment?.(header)
    },
    record(sequence, kind, payload) {
      const read = readRecord(kind, payload)
      if (read !== undefined) checkpoint.take(sequence, read)
      visitor.record?.(sequence, kind, payload)
    },
  }
  const reading = readable(directory, () => readJournal(directory, told))
  const { segments, records, firstSequence, place, faults } = reading
  return {
    directory,
    runs: runs.size,
    segments,
    records,
    first_sequence: firstSequence,
    next_sequence: place.sequence,
    chain: Buffer.from(place.chain).toString('hex'),
    checkpoint_sequence: checkpoint.whole?.sequence ?? null,
    torn: faults.filter(({ kind }) => kind === 'torn'),
    damage: faults.filter(({ kind }) => kind === 'damage'),
  }
}

/** One line for a person, and one for each torn tail. */
export function summaryText(summary: JournalSummary): string {
  const { directory, runs, segments, records, torn, chain, first_sequence, next_sequence } = summary
  const range = records === 0 ? '' : ` (${first_sequence} to ${next_sequence - 1})`
  const checkpoint =
    summary.checkpoint_sequence === null ? '' : `, last checkpoint at ${summary.checkpoint_sequence}`
  return [
    `journal ${directory}: ${count(records, 'record')}${range} of ${count(runs, 'run')} in ${count(segments, 'segment')}${checkpoint}; every checksum and the chain hold, ${chain}`,
    ...torn.map(
      ({ file, offset }) =>
        `torn tail in ${file}, offset ${offset}: a write that never ended; nothing in it was acknowledged`,
    ),
    '',
  ].join('\n')
}

/** The first damage as what a command fails with; undefined when there is none. */
export function firstDamage({ directory, damage }: JournalSummary): Failure | undefined {
  return damage.length === 0 ? undefined : damaged(directory, damage[0])
}

/** Does it, or says which file the system does not let us read. */
function readable<T>(directory: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    const { errno, path } = error as NodeJS.ErrnoException
    throw errno === undefined ? error : unreadable(path ?? directory, error)
  }
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
