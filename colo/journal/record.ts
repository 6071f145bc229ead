import { assert } from '@tandem/shared/assert.ts'
import { TURN_CELLS, TurnCell } from '../turn.ts'

// What the journal can say. A record is a kind and a payload: first the kind's cells, little-endian doubles in the order
// of its table below, then, where the kind has one, a tail of bytes up to the payload's end.
//
//   | cell 0 | cell 1 | ... | cell n-1 | tail: a hash, or ASCII as the venue wrote it |
//
// In the ring a record takes RECORD_BYTES whatever its length, so that none wraps around the ring's end:
//
//   0        4        8                                              256
//   | kind   | length | payload .................... | zeros ........ |

export const RECORD_BYTES = 256
export const RECORD_HEAD_BYTES = 8
export const RECORD_PAYLOAD_BYTES = RECORD_BYTES - RECORD_HEAD_BYTES

/** A kind's number stays what it is for ever; 0 is the file's own (segment.ts). */
export const RecordKind = {
  /** What one decision saw, decided and sent: a Turn. */
  Turn: 1,
  /** A signed order exists. Tail: its 32-byte hash. Never the order's bytes: they are a bearer instrument. */
  OrderHash: 2,
  /** client_order_ids are reserved. */
  IdBlock: 3,
  /** An order has ended, and what it brought, which may be nothing; or a correction of that. */
  Fill: 4,
  /** A pair of this run, by the number that its records use. Tail: its id. */
  Listing: 5,
  /** An order is about to be sent: before its first byte leaves. Tail: our name of it, as the venue knows it. */
  Send: 6,
  /** What was heard of an order before its end, or after. */
  Answer: 7,
  /** A trade went from one state to another. */
  State: 8,
  /** Somebody told the executor to do something. Tail: their words. */
  Command: 9,
  /** One row of what the books of account held at a moment: see `CheckpointCell`. */
  Checkpoint: 10,
  /** A market was settled: what was held of one outcome is gone, and what it paid is there. */
  Settlement: 12,
  /** Turns without an order that could not be written down while the ring was full. */
  Omitted: 11,
} as const
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind]

/** Kinds that a later run reads (recovery.ts), beside the hashes. */
export const RECOVERED_KINDS: ReadonlySet<number> = new Set([
  RecordKind.Listing,
  RecordKind.Checkpoint,
  RecordKind.Send,
  RecordKind.Fill,
  RecordKind.State,
  RecordKind.Command,
  RecordKind.Settlement,
])
/** Hashes that may have been used and whose Send is missing: signed orders live two minutes, at some hundred a second. */
export const HASHES_KEPT = 200_000

const IdBlockCell = { first: 0, count: 1 } as const

export const FillCell = {
  atNs: 0,
  order: 1,
  /** -1 for a correction that is of no open trade. */
  trade: 2,
  venue: 3,
  bundle: 4,
  outcome: 5,
  /** Below zero for what was sold, or taken back. */
  filledMicroShares: 6,
  costMicroUsd: 7,
  feeMicroUsd: 8,
  /** What the numbers rest on (LegEnd in venue/leg.ts), or CORRECTION. */
  end: 9,
  /** The venue's error, where it refused; else 0. */
  refusal: 10,
} as const
export const FILL_CELLS = 11
/** In place of what a Fill's numbers rest on: they put right what was told before. */
export const CORRECTION = -1

export const SettlementCell = {
  atNs: 0,
  bundle: 1,
  venue: 2,
  outcome: 3,
  microShares: 4,
  paidMicroUsd: 5,
} as const
export const SETTLEMENT_CELLS = 6

export const ListingCell = { bundle: 0 } as const
export const LISTING_CELLS = 1

export const SendCell = {
  atNs: 0,
  order: 1,
  trade: 2,
  bundle: 3,
  direction: 4,
  venue: 5,
  /** OrderKind in state/orders.ts. */
  kind: 6,
  /** By the venue's clock as far as that is known: where it is looked for. */
  sentMs: 7,
  /** What it may cost at worst: reserved until its end. */
  worstMicroUsd: 8,
} as const
export const SEND_CELLS = 9

export const AnswerKind = {
  /** The venue has it, and tells later what it fills. */
  Taken: 0,
  /** Nobody knows what became of it: it is looked up. */
  Unknown: 1,
  /** What it filled is settled. */
  Settled: 2,
} as const

/** `reason`: UnknownReason in venue/leg.ts, or -1. */
export const AnswerCell = { atNs: 0, order: 1, venue: 2, kind: 3, reason: 4 } as const
export const ANSWER_CELLS = 5

/**
 * States as TradeState in state/trade.ts numbers them. `netMicroUsd`: what the trade brings when its markets are resolved,
 * if what is naked then pays nothing.
 */
export const StateCell = { atNs: 0, trade: 1, bundle: 2, from: 3, to: 4, netMicroUsd: 5 } as const
export const STATE_CELLS = 6

export const JournalCommand = {
  /** No new entry. */
  Halt: 0,
  Resume: 1,
} as const

/** `reasons`: whose halt it is, bits of HaltReason in risk/halt.ts. */
export const CommandCell = { atNs: 0, command: 1, reasons: 2 } as const
export const COMMAND_CELLS = 3

/** The meaning of checkpoint rows may grow; whoever reads one of another layout stops. */
export const CHECKPOINT_LAYOUT = 2

export const CheckpointSection = { Position: 0, Day: 1 } as const

/** By section: the values that follow a row's head. Bundles are those of the Listing records before it. */
export const CHECKPOINT_VALUES = [
  ['bundle', 'venue', 'outcome', 'heldMicroShares', 'costMicroUsd'],
  ['dayEndsMs', 'approvedMicroUsd', 'lostMicroUsd'],
] as const

/** A checkpoint is `rows` records with neighbouring sequence numbers; a part of one is none (checkpoint.ts). */
export const CheckpointCell = { atNs: 0, layout: 1, row: 2, rows: 3, section: 4 } as const
export const CHECKPOINT_HEAD_CELLS = 5
const CHECKPOINT_VALUES_MAX = Math.max(...CHECKPOINT_VALUES.map(({ length }) => length))

export const OmittedCell = { count: 0 } as const
export const OMITTED_CELLS = 1

/** What follows the cells; of a name, Polymarket's are bytes and Kalshi's are text. */
export type Tail = 'none' | 'hex' | 'text' | 'name'

interface Layout {
  readonly name: string
  readonly cells: Readonly<Record<string, number>>
  readonly tail: Tail
  /** Further cells without a name, up to the payload's end. */
  readonly open?: true
}

/** By kind: how its payload is read. */
export const LAYOUTS: Readonly<Record<RecordKind, Layout>> = {
  [RecordKind.Turn]: { name: 'Turn', cells: TurnCell, tail: 'none' },
  [RecordKind.OrderHash]: { name: 'OrderHash', cells: {}, tail: 'hex' },
  [RecordKind.IdBlock]: { name: 'IdBlock', cells: IdBlockCell, tail: 'none' },
  [RecordKind.Fill]: { name: 'Fill', cells: FillCell, tail: 'none' },
  [RecordKind.Listing]: { name: 'Listing', cells: ListingCell, tail: 'text' },
  [RecordKind.Send]: { name: 'Send', cells: SendCell, tail: 'name' },
  [RecordKind.Answer]: { name: 'Answer', cells: AnswerCell, tail: 'none' },
  [RecordKind.State]: { name: 'State', cells: StateCell, tail: 'none' },
  [RecordKind.Command]: { name: 'Command', cells: CommandCell, tail: 'text' },
  [RecordKind.Checkpoint]: { name: 'Checkpoint', cells: CheckpointCell, tail: 'none', open: true },
  [RecordKind.Settlement]: { name: 'Settlement', cells: SettlementCell, tail: 'none' },
  [RecordKind.Omitted]: { name: 'Omitted', cells: OmittedCell, tail: 'none' },
}

/** A record as read back. */
export interface ReadRecord {
  readonly kind: RecordKind
  readonly cells: Float64Array
  readonly tail: Uint8Array
}

/** Reads a payload by its kind's layout; undefined when it does not fit it, or the kind is of a later version. */
export function readRecord(kind: number, payload: Uint8Array): ReadRecord | undefined {
  const layout = LAYOUTS[kind as RecordKind] as Layout | undefined
  if (layout === undefined) return undefined
  const named = Object.keys(layout.cells).length
  const count = layout.open ? payload.length >> 3 : named
  const isWhole = layout.open
    ? payload.length % 8 === 0 && count >= named
    : layout.tail === 'none'
      ? payload.length === count * 8
      : payload.length >= count * 8
  if (!isWhole) return undefined
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  const cells = new Float64Array(count)
  for (let i = 0; i < count; i++) cells[i] = view.getFloat64(i * 8, true)
  return { kind: kind as RecordKind, cells, tail: payload.subarray(count * 8) }
}

/** The longest tail: a pair's id (shared/mapping.ts). */
const TAIL_BYTES_MAX = 100
const WIDEST_CELLS = Math.max(FILL_CELLS, SEND_CELLS, ANSWER_CELLS, STATE_CELLS, COMMAND_CELLS)
assert(WIDEST_CELLS * 8 + TAIL_BYTES_MAX <= RECORD_PAYLOAD_BYTES, 'JOURNAL_CELLS_AND_TAIL_FIT')
assert(TURN_CELLS * 8 <= RECORD_PAYLOAD_BYTES, 'JOURNAL_TURN_FITS_RECORD')
assert(
  (CHECKPOINT_HEAD_CELLS + CHECKPOINT_VALUES_MAX) * 8 <= RECORD_PAYLOAD_BYTES,
  'JOURNAL_CHECKPOINT_FITS_RECORD',
)
assert(RECORD_HEAD_BYTES % 8 === 0 && RECORD_BYTES % 8 === 0, 'JOURNAL_CELLS_ALIGNED')
for (const [cells, count] of [
  [TurnCell, TURN_CELLS],
  [FillCell, FILL_CELLS],
  [ListingCell, LISTING_CELLS],
  [SettlementCell, SETTLEMENT_CELLS],
  [SendCell, SEND_CELLS],
  [AnswerCell, ANSWER_CELLS],
  [StateCell, STATE_CELLS],
  [CommandCell, COMMAND_CELLS],
  [CheckpointCell, CHECKPOINT_HEAD_CELLS],
  [OmittedCell, OMITTED_CELLS],
] as const)
  assert(
    Object.values(cells).every((at, i) => at === i) && Object.keys(cells).length === count,
    'JOURNAL_CELLS_DENSE',
  )
