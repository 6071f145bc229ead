import { type Pause, Pauses } from '@tandem/cli/live/pauses.ts'
import { PAUSE_TOLD_MS } from '@tandem/cli/live/vitals.ts'

// A process that does nothing but watch its loop: what it sees too is the machine's.

export interface ControlTold {
  readonly pauses: readonly Pause[]
}

if (import.meta.main) {
  const pauses = new Pauses(PAUSE_TOLD_MS)
  process.on('message', () => process.send?.({ pauses: pauses.take() } satisfies ControlTold))
  process.on('disconnect', () => process.exit())
}
