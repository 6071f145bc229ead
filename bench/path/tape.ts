import { existsSync } from 'node:fs'
import { readJson } from '@tandem/cli/input.ts'
import { readTape, type Tape } from '@tandem/cli/replay/tape.ts'
import type { PairWithFees } from '@tandem/colo/listing.ts'
import { feesOf, readMapping } from '@tandem/shared/mapping.ts'
import { readSettings, type Settings } from '@tandem/shared/settings.ts'
import { referenceFiles } from '../../test/reference.ts'

const MIN_EDGE_MICRO_USD = 500
const COOLDOWN_MS = 100

/** What is measured on the path: the recorded tape where it is, else the example, and settings under which its thin crossings are traded. */
export async function benchTape(): Promise<{
  tape: Tape
  pairs: PairWithFees[]
  settings: Settings
  isRecorded: boolean
}> {
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
  return { tape: await readTape(tapePath), pairs, settings, isRecorded }
}
