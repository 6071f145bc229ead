import {
  CHECKPOINT_HEAD_CELLS,
  CHECKPOINT_LAYOUT,
  CHECKPOINT_VALUES,
  CheckpointCell,
  type ReadRecord,
  RecordKind,
} from './record.ts'
import type { JournalRing } from './ring.ts'

/** A row: which of CHECKPOINT_VALUES it holds, and they. */
export interface CheckpointRow {
  readonly section: number
  readonly values: readonly number[]
}

/** What the books of account held at a moment. */
export interface Checkpoint {
  /** Of its first row. */
  readonly sequence: number
  readonly atNs: number
  readonly rows: readonly CheckpointRow[]
}

/**
 * Appends a checkpoint, whole or not at all: it can be made again, so it takes nothing of the reserve. Not for the path: it
 * allocates.
 *
 * @returns whether there was room
 */
export function offerCheckpoint(ring: JournalRing, atNs: number, rows: readonly CheckpointRow[]): boolean {
  if (!ring.hasRoom(rows.length)) return false
  for (const [row, { section, values }] of rows.entries()) {
    const cells = Float64Array.of(atNs, CHECKPOINT_LAYOUT, row, rows.length, section, ...values)
    ring.appendCells(RecordKind.Checkpoint, cells, cells.length)
  }
  return true
}

/** Finds the last whole checkpoint while a journal is read. A run that died in the middle of one leaves the one before it. */
export class LastCheckpoint {
  whole: Checkpoint | undefined
  #rows: CheckpointRow[] = []
  #first = 0

  take(sequence: number, { kind, cells }: ReadRecord): void {
    const place = cells[CheckpointCell.row]
    const goesOn =
      kind === RecordKind.Checkpoint &&
      cells[CheckpointCell.layout] === CHECKPOINT_LAYOUT &&
      (place === 0 || (this.#rows.length === place && sequence === this.#first + place))
    if (!goesOn || place === 0) this.#rows = []
    if (!goesOn) return
    if (place === 0) this.#first = sequence
    const section = cells[CheckpointCell.section]
    const count = CHECKPOINT_VALUES[section]?.length ?? 0
    this.#rows.push({
      section,
      values: [...cells.subarray(CHECKPOINT_HEAD_CELLS, CHECKPOINT_HEAD_CELLS + count)],
    })
    if (this.#rows.length === cells[CheckpointCell.rows])
      this.whole = { sequence: this.#first, atNs: cells[CheckpointCell.atNs], rows: this.#rows }
  }
}
