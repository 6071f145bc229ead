import { Replay } from '@tandem/cli/replay/run.ts'
import { JournalRing } from '@tandem/colo/journal/ring.ts'
import { Refusal, Risk } from '@tandem/colo/risk/check.ts'
import { benchTape } from './path/tape.ts'
import { histogram, PathTimes, percentilesUs } from './path/times.ts'

// From a frame's bytes to both requests' final bytes, over a whole tape through the real executor: codec, books, edge,
// plan, risk, pool, header, both requests. Not in it: sockets. The recorded tape where it is, else the example.
//
// Every second decision is taken without what risk checks and what the journal writes: what the two add is told as well.
//
// The crossings of the recorded tape are thin, so the minimum edge is low, and a crossing is traded again and again
// (`replay --stress`). The journal's ring is written, its writer thread runs, the signer process signs refills.

/** The first rounds warm code and caches; the last is reported. */
const ROUNDS = 4

/** Whether the decision in hand does without risk and journal. */
let isBare = false

const { check } = Risk.prototype
const { appendCells, noteCells } = JournalRing.prototype

/** Everything is approved, and nothing of what happens is written down, while `isBare`. Hashes and ids are, off the path. */
function makeStrippable(): void {
  Risk.prototype.check = function (intent, nowNs, journalHasRoom) {
    if (!isBare) return check.call(this, intent, nowNs, journalHasRoom)
    this.refusal = Refusal.None
    return this.approveExit(intent)
  }
  JournalRing.prototype.appendCells = function (kind, cells, count, tail, start, end) {
    return isBare ? 0 : appendCells.call(this, kind, cells, count, tail, start, end)
  }
  JournalRing.prototype.noteCells = function (kind, cells, count) {
    if (!isBare) noteCells.call(this, kind, cells, count)
  }
}

/** Every second decision is a bare one. */
class Times extends PathTimes {
  readonly bareNs = histogram()

  protected override decided(tookNs: number): void {
    if (isBare) this.bareNs.recordValue(tookNs)
    else super.decided(tookNs)
  }

  override done(): void {
    super.done()
    if (this.isDecided) isBare = !isBare
  }
}

export async function run(): Promise<object> {
  const { tape, pairs, settings, isRecorded } = await benchTape()
  makeStrippable()
  let times = new Times()
  for (let round = 0; round < ROUNDS; round++) {
    times = new Times()
    await Replay.run(tape, pairs, settings, { stress: true, stopwatch: times })
  }
  const decide_us = percentilesUs(times.decideNs)
  const without_risk_and_journal_us = percentilesUs(times.bareNs)
  return {
    tape: isRecorded ? 'recorded' : 'example',
    decide_us,
    without_risk_and_journal_us,
    risk_and_journal_add_us: {
      p50: decide_us.p50 - without_risk_and_journal_us.p50,
      p99: decide_us.p99 - without_risk_and_journal_us.p99,
    },
    frame_us: percentilesUs(times.frameNs),
  }
}
