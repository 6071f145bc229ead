import { Failure } from '@tandem/shared/failure.ts'
import { CommanderError } from 'commander'

/** Bad input or bad use: something the reader can put right. */
export const EXIT_FAILURE = 2
/** Something that we did not foresee (sysexits' EX_SOFTWARE). */
export const EXIT_BUG = 70

/** Commander throws its help and version as errors too: those carry 0 and were printed already. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_FAILURE
  return error instanceof Failure ? EXIT_FAILURE : EXIT_BUG
}

/**
 * One line, whatever the error holds; with `verbose` the stack of what was not foreseen follows.
 *
 *   tandem: no such file (/tape.ndjson): check the path [INPUT_MISSING]
 */
export function failureLine(error: unknown, verbose: boolean): string {
  if (error instanceof Failure) return oneLine(error.message)
  if (error instanceof CommanderError) {
    return oneLine(`${error.message.replace(/^error: |\.$/g, '')}: see \`tandem --help\` [USAGE]`)
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  const line = oneLine(`unexpected ${message}: please report it, with the output of --verbose [BUG]`)
  return verbose && error instanceof Error && error.stack !== undefined ? `${line}${error.stack}\n` : line
}

function oneLine(text: string): string {
  return `tandem: ${text.replace(/\s*\n\s*/g, ' ')}\n`
}
