import type { Predecessor, Taking } from './cache/lease.ts'
import type { Recovered } from './recovery.ts'

// What an executor does that follows another, before it sends anything:
//
//   1  At the venues it stops whoever held the lease before and may not know yet that it is over.
//   2  It reads what that one has left, of the journal that was mirrored as it was written.
//   3  The rest is a restart like any other (restart.ts): orders without an end are looked up, orders that left before they
//      could be mirrored are asked of the venues, and exposure is closed.

const AGAIN_MS = 1_000

export interface TakeoverParts {
  /** What this host's own journal says. */
  readonly own: Recovered
  /** Stops a run at the venues. Safe to repeat. */
  readonly stop: (predecessor: Predecessor) => Promise<void>
  /** It need not be stopped again. */
  readonly stopped: (predecessor: Predecessor) => Promise<void>
  /** What the mirrored journal says; undefined where it does not reach back to a base. */
  readonly readMirrored: () => Promise<Recovered | undefined>
  /** Hears that nobody knows what a predecessor has left: pairs of which a venue shows more than our books stand still. */
  readonly onUnknown: (owner: string) => void
  readonly sleep: (ms: number) => Promise<void>
}

/** @returns what there is to go on from */
export async function takeOver({ owner, predecessors }: Taking, parts: TakeoverParts): Promise<Recovered> {
  const { own, stop, stopped, readMirrored, onUnknown, sleep } = parts
  const insist = async <Result>(act: () => Promise<Result>): Promise<Result> => {
    for (;;) {
      try {
        return await act()
      } catch {
        await sleep(AGAIN_MS)
      }
    }
  }
  for (const predecessor of predecessors) {
    await insist(() => stop(predecessor))
    await insist(() => stopped(predecessor))
  }
  if (owner === '' || own.runIds.has(owner)) return own
  const mirrored = await insist(readMirrored)
  if (mirrored === undefined) {
    onUnknown(owner)
    return own
  }
  // What an operator has stopped on either host stays stopped.
  return { ...mirrored, halts: mirrored.halts | own.halts }
}
