import { existsSync } from 'node:fs'
import { readJson } from '@tandem/cli/input.ts'
import { Replay, type Stopwatch } from '@tandem/cli/replay/run.ts'
import { readTape } from '@tandem/cli/replay/tape.ts'
import { feesOf, readMapping } from '@tandem/shared/mapping.ts'
import { readSettings } from '@tandem/shared/settings.ts'
import { build } from 'hdr-histogram-js'
import { referenceFiles } from '../test/reference.ts'

// From a frame's bytes to both requests' final bytes, over a whole tape through the real executor: codec, books, edge,
// plan, risk, pool, header, both requests. Not in it: sockets. The recorded tape where it is, else the example.
//
// The crossings of the recorded tape are thin, so the minimum edge is low, and a crossing is traded again and again
// (`replay --stress`). The journal's ring is written, its writer thread runs, the signer process signs refills.

/** The first rounds warm code and caches; the last is reported. */
const ROUNDS = 4
const MIN_EDGE_MICRO_USD = 500
const COOLDOWN_MS = 100

/** Microseconds, three digits. */
function histogram() {
  return build({ lowestDiscernibleValue: 1, highestTrackableValue: 1e9, numberOfSignificantValueDigits: 3 })
}

class Times implements Stopwatch {
  readonly decideNs = histogram()
  readonly frameNs = histogram()
  #beganMs = 0
  #isDecided = false

  frame(): void {
    this.#isDecided = false
    this.#beganMs = performance.now()
  }

  /** The first of the two: both requests are final before either is handed over. */
  request(): void {
    if (this.#isDecided) return
    this.#isDecided = true
    this.decideNs.recordValue(Math.round((performance.now() - this.#beganMs) * 1e6))
  }

  /** Frames that ended in a trade are left out: the paper venue reads its orders there. */
  done(): void {
    if (!this.#isDecided) this.frameNs.recordValue(Math.round((performance.now() - this.#beganMs) * 1e6))
  }
}

function percentilesUs(of: ReturnType<typeof histogram>) {
  const us = (percentile: number): number => of.getValueAtPercentile(percentile) / 1_000
  return { p50: us(50), p99: us(99), p999: us(99.9), samples: of.totalCount }
}

export async function run(): Promise<object> {
  const [recorded] = referenceFiles('data/tapes', /^nba-mvp-2026-01-03\.ndjson\.gz$/)
  const recordedPairs = recorded?.replace(/-2026-01-03\.ndjson\.gz$/, '.pairs.json')
  const isRecorded = recorded !== undefined && existsSync(recordedPairs ?? '')
  const tapePath = isRecorded ? recorded : 'examples/tape.ndjson.gz'
  const pairsPath = isRecorded ? (recordedPairs as string) : 'examples/pairs.json'
  const { mapping } = readMapping(readJson(pairsPath), pairsPath)
  const pairs = mapping.pairs.map((pair) => ({
    pair,
    fees: feesOf(mapping, pair, isRecorded ? 'recorded' : undefined, pairsPath),
  }))
  const settings = readSettings({ minEdgeMicroUsd: MIN_EDGE_MICRO_USD, cooldownMs: COOLDOWN_MS }, 'bench')
  const tape = await readTape(tapePath)
  let times = new Times()
  for (let round = 0; round < ROUNDS; round++) {
    times = new Times()
    await Replay.run(tape, pairs, settings, { stress: true, stopwatch: times })
  }
  return {
    tape: isRecorded ? 'recorded' : 'example',
    decide_us: percentilesUs(times.decideNs),
    frame_us: percentilesUs(times.frameNs),
  }
}
