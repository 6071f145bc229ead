import type { Failure } from '@tandem/shared/failure.ts'
import type { Io } from '../command.ts'

/** Faults are told one a line; beyond this many only their number is. */
const FAULTS_TOLD_MAX = 20

/** What was wrong with a tape, after the result, which stands. */
export function tellFaults(faults: readonly Failure[], io: Io): void {
  for (const fault of faults.slice(0, FAULTS_TOLD_MAX)) io.fail(fault)
  if (faults.length > FAULTS_TOLD_MAX)
    io.stderr(`tandem: and ${faults.length - FAULTS_TOLD_MAX} more like these\n`)
}
