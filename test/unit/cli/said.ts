import { exitCodeOf, failureLine } from '@tandem/cli/failure.ts'
import { run } from '@tandem/cli/main.ts'

/** Runs a command in this process and keeps what it said. */
export async function said(...args: string[]): Promise<{ stdout: string; stderr: string; code: number }> {
  const told = { stdout: '', stderr: '', code: 0 }
  await run(args, {
    stdout(text) {
      told.stdout += text
    },
    stderr(text) {
      told.stderr += text
    },
    fail(error) {
      told.code = exitCodeOf(error)
      if (told.code !== 0) told.stderr += failureLine(error, false)
    },
  })
  return told
}
