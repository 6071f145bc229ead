import { existsSync } from 'node:fs'
import { MICRO_USD_PER_USD, NS_PER_MS } from '@tandem/shared/units.ts'
import { type CheckpointRow, LastCheckpoint } from './journal/checkpoint.ts'
import { readJournal } from './journal/reader.ts'
import {
  CheckpointSection,
  CORRECTION,
  CommandCell,
  FillCell,
  HASHES_KEPT,
  JournalCommand,
  ListingCell,
  RecordKind,
  readRecord,
  SendCell,
  SettlementCell,
  StateCell,
} from './journal/record.ts'
import { LASTING_HALTS, TRIPS } from './risk/halt.ts'
import { OUTCOME_NAMED } from './state/ledger.ts'
import { OrderKind } from './state/orders.ts'
import { TradeState } from './state/trade.ts'
import { KALSHI, type Venue } from './venue/venue.ts'

// What a run that died has left: read from its journal, before anything is sent. The last checkpoint says what was held when
// that run began; every Fill after it says what changed. An order with a Send and no Fill may have been carried out; a run
// that takes it over sends it anew, by the same name, before its own checkpoint, so that there is no moment to die between
// the two. And
// since bytes may leave before their Send is on the disk, an order may have been carried out of which the journal knows
// only that its name was made: a hash, or a client order id of a reserved block. Those are asked of the venues.

const DAY_MS = 86_400_000
const { Hedged, Completed, SoldBack, Nothing, Settled } = TradeState
const OVER: readonly TradeState[] = [Hedged, Completed, SoldBack, Nothing, Settled]

/** Shares held of one outcome on one venue, and what they cost. */
export interface RecoveredPosition {
  readonly pair: string
  readonly venue: Venue
  readonly outcome: number
  heldMicroShares: number
  costMicroUsd: number
}

/** An order of whose end the journal knows nothing. */
export interface RecoveredOrder {
  readonly pair: string
  readonly direction: number
  readonly venue: Venue
  readonly kind: OrderKind
  readonly sentMs: number
  readonly worstMicroUsd: number
  /** Kalshi's client order id, Polymarket's hash in hex with 0x. */
  readonly name: string
}

/** What a journal says of the runs before. */
export interface Recovered {
  readonly positions: readonly RecoveredPosition[]
  readonly orders: readonly RecoveredOrder[]
  /** Names that were sent; whatever came of those that are not among `orders` is in the positions. */
  readonly sent: ReadonlySet<string>
  /** Hashes of signed orders, which may have been sent. */
  readonly hashes: ReadonlySet<string>
  /** Client order ids of ours begin with one of these. */
  readonly runIds: ReadonlySet<string>
  /** When the last record was made, by the wall clock; undefined for an empty journal. */
  readonly lastMs: number | undefined
  /** The worst cases that were approved within the day that ends then, and what trades lost. */
  readonly day: { readonly endsMs: number; readonly approvedMicroUsd: number; readonly lostMicroUsd: number }
  /** What Kalshi paid for a share of the named outcome of markets that it settled. */
  readonly settlements: readonly { readonly pair: string; readonly paysNamedMicroUsd: number }[]
  /** What stopped entries and was not taken back: bits of HaltReason. */
  readonly halts: number
}

/** Reads what is there of a journal, if anything. Damage is for `Journal` to refuse; a torn tail was never acknowledged. */
export function recover(directory: string, nowMs: number): Recovered {
  const books = new Books(nowMs)
  if (existsSync(directory))
    readJournal(directory, {
      segment: ({ runId, wallAtZeroMs }) => books.run(runId, wallAtZeroMs),
      record: (sequence, kind, payload) => books.record(sequence, kind, payload),
    })
  return books.result()
}

/** Takes up what was written down, record by record, run by run. */
export class Books {
  readonly #positions = new Map<string, RecoveredPosition>()
  /** Without an end, by name. */
  readonly #orders = new Map<string, RecoveredOrder>()
  /** By the number that the present run gave it. */
  #names = new Map<number, string>()
  readonly #sent = new Set<string>()
  readonly #hashes = new Set<string>()
  readonly #runIds = new Set<string>()
  readonly #checkpoint = new LastCheckpoint()
  readonly #dayEndsMs: number
  #approvedMicroUsd = 0
  #lostMicroUsd = 0
  /** By pair. */
  readonly #settlements = new Map<string, number>()
  #halts = 0
  #taken = -1
  #pairs: string[] = []
  #run = ''
  #wallAtZeroMs = 0
  #lastMs: number | undefined

  constructor(nowMs: number) {
    this.#dayEndsMs = (Math.floor(nowMs / DAY_MS) + 1) * DAY_MS
  }

  /** Whether there was a whole checkpoint, so that what was before it need not be known. */
  get hasCheckpoint(): boolean {
    return this.#checkpoint.whole !== undefined
  }

  /** A run's records follow. */
  run(runId: string, wallAtZeroMs: number): void {
    if (runId !== this.#run) {
      this.#pairs = []
      this.#names = new Map()
      this.#halts &= LASTING_HALTS
    }
    this.#run = runId
    this.#wallAtZeroMs = wallAtZeroMs
    this.#runIds.add(runId)
  }

  /** @param sequence rises, over all runs */
  record(sequence: number, kind: number, payload: Uint8Array): void {
    const record = readRecord(kind, payload)
    if (record === undefined) return
    const { cells, tail } = record
    this.#checkpoint.take(sequence, record)
    switch (record.kind) {
      case RecordKind.Listing:
        this.#pairs[cells[ListingCell.bundle]] = Buffer.from(tail).toString('utf8')
        break
      case RecordKind.Checkpoint:
        this.#restart()
        break
      case RecordKind.OrderHash:
        this.hash(tail)
        break
      case RecordKind.Send:
        this.#send(cells, tail)
        break
      case RecordKind.Fill:
        this.#fill(cells)
        break
      case RecordKind.Settlement:
        this.#settlement(cells)
        break
      case RecordKind.State:
        this.#state(cells)
        break
      case RecordKind.Command:
        this.#command(cells)
        break
    }
  }

  result(): Recovered {
    return {
      positions: [...this.#positions.values()],
      orders: [...this.#orders.values()],
      sent: this.#sent,
      hashes: this.#hashes,
      runIds: this.#runIds,
      lastMs: this.#lastMs,
      day: {
        endsMs: this.#dayEndsMs,
        approvedMicroUsd: this.#approvedMicroUsd,
        lostMicroUsd: this.#lostMicroUsd,
      },
      settlements: [...this.#settlements].map(([pair, paysNamedMicroUsd]) => ({ pair, paysNamedMicroUsd })),
      halts: this.#halts & LASTING_HALTS,
    }
  }

  /**
   * A whole checkpoint says all that was held of its run's pairs, so that what was read before it is in it. Orders that the
   * run took over are those it has sent.
   */
  #restart(): void {
    const { whole } = this.#checkpoint
    if (whole === undefined || whole.sequence === this.#taken) return
    this.#taken = whole.sequence
    const isListed = new Set(this.#pairs)
    const isTaken = new Set(this.#names.values())
    for (const [key, { pair }] of this.#positions) if (isListed.has(pair)) this.#positions.delete(key)
    for (const [name, { pair }] of this.#orders)
      if (isListed.has(pair) && !isTaken.has(name)) this.#orders.delete(name)
    this.#approvedMicroUsd = 0
    this.#lostMicroUsd = 0
    for (const row of whole.rows) this.#row(row)
  }

  #row({ section, values }: CheckpointRow): void {
    if (section === CheckpointSection.Day) {
      const [endsMs, approvedMicroUsd, lostMicroUsd] = values
      if (endsMs !== this.#dayEndsMs) return
      this.#approvedMicroUsd = approvedMicroUsd
      this.#lostMicroUsd = lostMicroUsd
      return
    }
    const [bundle, venue, outcome, held, cost] = values
    this.#add(bundle, venue as Venue, outcome, held, cost)
  }

  #send(cells: Float64Array, tail: Uint8Array): void {
    const venue = cells[SendCell.venue] as Venue
    const name = venue === KALSHI ? Buffer.from(tail).toString('latin1') : hexOf(tail)
    const sentMs = cells[SendCell.sentMs]
    const isAnew = this.#sent.has(name)
    this.#sent.add(name)
    this.#note(cells[SendCell.atNs])
    this.#names.set(cells[SendCell.order], name)
    this.#orders.set(name, {
      pair: this.#pairs[cells[SendCell.bundle]],
      direction: cells[SendCell.direction],
      venue,
      kind: cells[SendCell.kind] as OrderKind,
      sentMs,
      worstMicroUsd: cells[SendCell.worstMicroUsd],
      name,
    })
    const isEntry = !isAnew && cells[SendCell.kind] === OrderKind.Entry
    if (isEntry && sentMs >= this.#dayEndsMs - DAY_MS) this.#approvedMicroUsd += cells[SendCell.worstMicroUsd]
  }

  #fill(cells: Float64Array): void {
    this.#note(cells[FillCell.atNs])
    const name = this.#names.get(cells[FillCell.order])
    if (cells[FillCell.end] !== CORRECTION && name !== undefined) this.#orders.delete(name)
    this.#add(
      cells[FillCell.bundle],
      cells[FillCell.venue] as Venue,
      cells[FillCell.outcome],
      cells[FillCell.filledMicroShares],
      cells[FillCell.costMicroUsd] + cells[FillCell.feeMicroUsd],
    )
  }

  #state(cells: Float64Array): void {
    const atMs = this.#wallAtZeroMs + cells[StateCell.atNs] / NS_PER_MS
    const isOver = OVER.includes(cells[StateCell.to] as TradeState)
    if (isOver && atMs >= this.#dayEndsMs - DAY_MS)
      this.#lostMicroUsd += Math.max(0, -cells[StateCell.netMicroUsd])
  }

  #command(cells: Float64Array): void {
    const reasons = cells[CommandCell.reasons]
    if (cells[CommandCell.command] === JournalCommand.Halt) this.#halts |= reasons
    else {
      this.#halts &= ~reasons
      // From there it counts anew.
      if ((reasons & TRIPS) !== 0) this.#lostMicroUsd = 0
    }
  }

  #settlement(cells: Float64Array): void {
    const venue = cells[SettlementCell.venue] as Venue
    const [microShares, paidMicroUsd] = [
      cells[SettlementCell.microShares],
      cells[SettlementCell.paidMicroUsd],
    ]
    const outcome = cells[SettlementCell.outcome]
    this.#add(cells[SettlementCell.bundle], venue, outcome, -microShares, -paidMicroUsd)
    if (venue !== KALSHI) return
    const pays = Math.round((paidMicroUsd * MICRO_USD_PER_USD) / microShares)
    const paysNamedMicroUsd = outcome === OUTCOME_NAMED ? pays : MICRO_USD_PER_USD - pays
    this.#settlements.set(this.#pairs[cells[SettlementCell.bundle]], paysNamedMicroUsd)
  }

  #add(bundle: number, venue: Venue, outcome: number, microShares: number, costMicroUsd: number): void {
    const pair = this.#pairs[bundle]
    const key = `${pair} ${venue} ${outcome}`
    const position = this.#positions.get(key)
    if (position === undefined) {
      this.#positions.set(key, { pair, venue, outcome, heldMicroShares: microShares, costMicroUsd })
      return
    }
    position.heldMicroShares += microShares
    position.costMicroUsd += costMicroUsd
  }

  hash(hash: Uint8Array): void {
    this.#hashes.add(hexOf(hash))
    if (this.#hashes.size <= HASHES_KEPT) return
    for (const oldest of this.#hashes) {
      this.#hashes.delete(oldest)
      break
    }
  }

  #note(atNs: number): void {
    this.#lastMs = this.#wallAtZeroMs + atNs / NS_PER_MS
  }
}

function hexOf(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`
}
