import { DIRECTION_NAMES } from '@tandem/colo/detector/direction.ts'
import { PlanOutcome } from '@tandem/colo/detector/plan.ts'
import { SignalChange } from '@tandem/colo/detector/signal.ts'
import {
  AnswerKind,
  CHECKPOINT_HEAD_CELLS,
  CHECKPOINT_VALUES,
  CheckpointCell,
  CheckpointSection,
  JournalCommand,
  LAYOUTS,
  type ReadRecord,
  RecordKind,
  readRecord,
  type Tail,
} from '@tandem/colo/journal/record.ts'
import type { SegmentHeader } from '@tandem/colo/journal/segment.ts'
import { PoolMiss } from '@tandem/colo/pool/miss.ts'
import { Refusal } from '@tandem/colo/risk/check.ts'
import { haltNames } from '@tandem/colo/risk/halt.ts'
import { OrderKind } from '@tandem/colo/state/orders.ts'
import { TradeState } from '@tandem/colo/state/trade.ts'
import { TurnCell, TurnOutcome } from '@tandem/colo/turn.ts'
import { LegEnd } from '@tandem/colo/venue/leg.ts'
import { KALSHI, VENUE_NAMES } from '@tandem/colo/venue/venue.ts'
import { nameOf } from '@tandem/shared/named-integer.ts'
import { NS_PER_MS } from '@tandem/shared/units.ts'

/** A record as `journal show --json` prints it. */
export interface ShownRecord {
  sequence: number
  run_id: string
  /** Wall clock; null for a kind that has no time of its own. */
  at: string | null
  kind: string
  cells: Record<string, number>
  /** A hash in hex, or what the venue or a person wrote. */
  tail?: string
}

/** Reads a record for showing; one of a later version is shown by its kind's number alone. */
export function shown(
  header: SegmentHeader,
  sequence: number,
  kind: number,
  payload: Uint8Array,
): ShownRecord {
  const record = readRecord(kind, payload)
  if (record === undefined) return { sequence, run_id: header.runId, at: null, kind: String(kind), cells: {} }
  const { name, tail } = LAYOUTS[record.kind]
  const cells = cellsOf(record)
  const ns = cells.atNs ?? cells.t0Ns
  return {
    sequence,
    run_id: header.runId,
    at: ns === undefined ? null : new Date(header.wallAtZeroMs + ns / NS_PER_MS).toISOString(),
    kind: name,
    cells,
    ...(record.tail.length === 0 ? {} : { tail: textOf(record.tail, tail, cells.venue) }),
  }
}

/** Kinds of amounts that are never negative: there -1 says that a thing does not apply. */
const MINUS_ONE_IS_NONE = new Set(['Turn', 'Send', 'Answer', 'Fill'])

/** One line: `      17 2026-11-22T18:00:00.123Z Fill       trade=3 venue=kalshi ...`. Cells that do not apply are left out. */
export function recordLine({ sequence, at, kind, cells, tail }: ShownRecord): string {
  const words = Object.entries(cells)
    .filter(([name, value]) => name !== 'atNs' && (value !== -1 || !MINUS_ONE_IS_NONE.has(kind)))
    .map(([name, value]) => `${name}=${valueName(kind, name, value, cells)}`)
  if (tail !== undefined) words.push(tail)
  return `${String(sequence).padStart(8)} ${(at ?? '').padEnd(24)} ${kind.padEnd(10)} ${words.join(' ')}`.trimEnd()
}

function cellsOf({ kind, cells }: ReadRecord): Record<string, number> {
  const named = Object.entries(LAYOUTS[kind].cells).map(([name, at]): [string, number] => [name, cells[at]])
  if (kind !== RecordKind.Checkpoint) return Object.fromEntries(named)
  const names = CHECKPOINT_VALUES[cells[CheckpointCell.section]] ?? []
  const values = [...names].map((name, i): [string, number] => [name, cells[CHECKPOINT_HEAD_CELLS + i]])
  return Object.fromEntries([...named, ...values])
}

/** Whatever bytes a venue sent: nothing of them may move a terminal's cursor. */
function textOf(tail: Uint8Array, kind: Tail, venue: number | undefined): string {
  const isText = kind === 'text' || (kind === 'name' && venue === KALSHI)
  if (!isText) return Buffer.from(tail).toString('hex')
  return Buffer.from(tail)
    .toString('latin1')
    .replace(/[^\x20-\x7e]/g, '?')
}

const TABLES: Record<string, Record<string, number>> = {
  'Turn outcome': TurnOutcome,
  'Answer kind': AnswerKind,
  'Send kind': OrderKind,
  'State from': TradeState,
  'State to': TradeState,
  'Fill end': LegEnd,
  'Command command': JournalCommand,
  'Checkpoint section': CheckpointSection,
  'Signal change': SignalChange,
}
/** A Turn's reason is a number of whoever said no. */
const REASONS: Record<number, Record<string, number>> = {
  [TurnOutcome.Refused]: Refusal,
  [TurnOutcome.NotPlanned]: PlanOutcome,
  [TurnOutcome.Missed]: PoolMiss,
  [TurnOutcome.Signing]: PoolMiss,
}

function valueName(kind: string, cell: string, value: number, cells: Record<string, number>): string {
  if (cell === 'venue') return VENUE_NAMES[value] ?? String(value)
  if (cell === 'direction') return DIRECTION_NAMES[value] ?? String(value)
  if (cell === 'reasons') return haltNames(value).join('+')
  const isReason = kind === 'Turn' && cell === 'reason'
  const table = isReason ? REASONS[cells[Object.keys(TurnCell)[TurnCell.outcome]]] : TABLES[`${kind} ${cell}`]
  return table === undefined ? String(value) : nameOf(table, value)
}
