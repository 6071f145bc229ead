import type { Command } from 'commander'

/**
 * How a command talks to the world. Its result goes to stdout, and with `--json` that is exactly one JSON document;
 * everything else goes to stderr, so that a pipe gets nothing but the result.
 */
export interface Io {
  /** Written as it is: end lines yourself. */
  stdout(text: string): void
  stderr(text: string): void
  /**
   * Prints the one line that says what failed and sets the exit code (2 for a Failure, 70 for a bug). A command that
   * can go on does so after it; one that cannot throws the error instead, which ends in the same call.
   */
  fail(error: unknown): void
}

/** What `cli/<name>.ts` exports as `register`: adds its command to the program. Imported only when it is called. */
export type Register = (program: Command, io: Io) => void
