import { assert } from '@tandem/shared/assert.ts'
import { TURN_CELLS } from '../turn.ts'

// One record is RECORD_BYTES long, in the ring and in the file, little-endian:
//
//   0        4        8                                              256
//   | kind   | length | payload .................... | zeros ........ |
//
// Fixed, so that a reader can step over a torn or unknown record and the ring needs no wrap handling inside one.

export const RECORD_BYTES = 256
export const RECORD_HEAD_BYTES = 8
export const RECORD_PAYLOAD_BYTES = RECORD_BYTES - RECORD_HEAD_BYTES

/** First bytes of a file: says what follows. Then the wall-clock anchor (milliseconds at ns zero) as a double. */
export const JOURNAL_MAGIC = 'TANDEMJ1'
export const JOURNAL_HEADER_BYTES = RECORD_BYTES

export const RecordKind = {
  /** Payload: the cells of a Turn, as doubles. */
  Turn: 1,
  /** A signed order exists: its 32-byte hash. Never the order's bytes: they are a bearer instrument. */
  OrderHash: 2,
  /** client_order_ids are reserved: first counter and how many, as doubles. */
  IdBlock: 3,
  /** What a venue reported of a leg: see `FillCell`. */
  Fill: 4,
} as const
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind]

/** The cells of a Fill record. */
export const FillCell = {
  atNs: 0,
  trade: 1,
  venue: 2,
  bundle: 3,
  outcome: 4,
  filledMicroShares: 5,
  costMicroUsd: 6,
  feeMicroUsd: 7,
} as const
export const FILL_CELLS = 8

assert(TURN_CELLS * 8 <= RECORD_PAYLOAD_BYTES, 'JOURNAL_TURN_FITS_RECORD')
assert(FILL_CELLS * 8 <= RECORD_PAYLOAD_BYTES, 'JOURNAL_FILL_FITS_RECORD')
assert(RECORD_HEAD_BYTES % 8 === 0 && RECORD_BYTES % 8 === 0, 'JOURNAL_CELLS_ALIGNED')
