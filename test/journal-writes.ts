import assert from 'node:assert/strict'
import { type CheckpointRow, offerCheckpoint } from '@tandem/colo/journal/checkpoint.ts'
import { Journal } from '@tandem/colo/journal/journal.ts'
import {
  CheckpointSection,
  COMMAND_CELLS,
  CommandCell,
  FILL_CELLS,
  FillCell,
  LISTING_CELLS,
  RecordKind,
  SEND_CELLS,
  SETTLEMENT_CELLS,
  SendCell,
  SettlementCell,
  STATE_CELLS,
  StateCell,
} from '@tandem/colo/journal/record.ts'
import { OrderKind } from '@tandem/colo/state/orders.ts'
import type { TradeState } from '@tandem/colo/state/trade.ts'
import { KALSHI, type Venue } from '@tandem/colo/venue/venue.ts'

// What a run writes into its journal, a record each.

export const NOON_MS = Date.UTC(2026, 10, 22, 12)
export const MIDNIGHT_MS = Date.UTC(2026, 10, 23)
export const SHARE = 1_000_000
export const HASH = `0x${'ab'.repeat(32)}`

export type Write = (ring: Journal['ring']) => void

export function listing(...ids: string[]): Write {
  return (ring) => {
    for (const [bundle, id] of ids.entries())
      ring.appendCells(RecordKind.Listing, Float64Array.of(bundle), LISTING_CELLS, Buffer.from(id))
  }
}

export function send(
  order: number,
  venue: Venue,
  name: string,
  bundle = 0,
  worstMicroUsd = 5 * SHARE,
): Write {
  const cells = new Float64Array(SEND_CELLS)
  cells[SendCell.order] = order
  cells[SendCell.bundle] = bundle
  cells[SendCell.venue] = venue
  cells[SendCell.kind] = OrderKind.Entry
  cells[SendCell.sentMs] = NOON_MS
  cells[SendCell.worstMicroUsd] = worstMicroUsd
  const tail = venue === KALSHI ? Buffer.from(name) : Buffer.from(name.slice(2), 'hex')
  return (ring) => ring.appendCells(RecordKind.Send, cells, SEND_CELLS, tail)
}

export function fill(order: number, venue: Venue, microShares: number, costMicroUsd: number, end = 1): Write {
  const cells = new Float64Array(FILL_CELLS)
  cells[FillCell.order] = order
  cells[FillCell.venue] = venue
  cells[FillCell.filledMicroShares] = microShares
  cells[FillCell.costMicroUsd] = costMicroUsd
  cells[FillCell.feeMicroUsd] = 10
  cells[FillCell.end] = end
  return (ring) => ring.appendCells(RecordKind.Fill, cells, FILL_CELLS)
}

export function settlement(microShares: number, paidMicroUsd: number): Write {
  const cells = new Float64Array(SETTLEMENT_CELLS)
  cells[SettlementCell.venue] = KALSHI
  cells[SettlementCell.microShares] = microShares
  cells[SettlementCell.paidMicroUsd] = paidMicroUsd
  return (ring) => ring.appendCells(RecordKind.Settlement, cells, SETTLEMENT_CELLS)
}

export function checkpoint(approvedMicroUsd: number, ...positions: number[][]): Write {
  const rows: CheckpointRow[] = [
    { section: CheckpointSection.Day, values: [MIDNIGHT_MS, approvedMicroUsd, 0] },
    ...positions.map((values) => ({ section: CheckpointSection.Position, values })),
  ]
  return (ring) => assert.ok(offerCheckpoint(ring, 0, rows))
}

export function command(told: number, reasons: number): Write {
  const cells = new Float64Array(COMMAND_CELLS)
  cells[CommandCell.command] = told
  cells[CommandCell.reasons] = reasons
  return (ring) => ring.appendCells(RecordKind.Command, cells, COMMAND_CELLS)
}

export function ended(to: TradeState, netMicroUsd: number): Write {
  const cells = new Float64Array(STATE_CELLS)
  cells[StateCell.to] = to
  cells[StateCell.netMicroUsd] = netMicroUsd
  return (ring) => ring.appendCells(RecordKind.State, cells, STATE_CELLS)
}

export function hashed(hash: Uint8Array): Write {
  return (ring) => ring.offerBytes(RecordKind.OrderHash, hash)
}

/** Opens the journal of the run that began so many milliseconds after noon. */
export function openRun(directory: string, afterMs: number): Journal {
  return new Journal({
    directory,
    wallAtZeroMs: NOON_MS + afterMs,
    runId: `run${afterMs}-`,
    sync: 'interval',
  })
}

/** A whole run. */
export async function writeRun(directory: string, afterMs: number, writes: readonly Write[]): Promise<void> {
  const journal = openRun(directory, afterMs)
  for (const write of writes) write(journal.ring)
  await journal.close()
}
