import { RECORD_BYTES, RECORD_HEAD_BYTES, type RecordKind } from '@tandem/colo/journal/record.ts'
import { JournalRing, newRingMemory, RING_RECORDS, RingCell, ringViews } from '@tandem/colo/journal/ring.ts'
import type { Scheduler } from './scheduler.ts'

/** From a record to its being durable: a write and a flush. */
const DURABLE_NS = 800_000

/** Hears every record in the order of the journal, once it is durable. */
export type Hear = (kind: RecordKind, payload: Uint8Array) => void

/** The journal's other end: takes what the ring holds after a while, as the writer's thread does. */
export class SimulatedJournal {
  readonly ring: JournalRing
  readonly #views: ReturnType<typeof ringViews>
  readonly #scheduler: Scheduler
  readonly #hear: Hear
  #written = 0
  #isWriting = false
  #isBroken = false

  constructor(scheduler: Scheduler, hear: Hear) {
    const memory = newRingMemory()
    this.#scheduler = scheduler
    this.#hear = hear
    this.ring = new JournalRing(memory)
    this.#views = ringViews(memory)
  }

  /** After every step: what was appended is on its way to the disk. */
  look(): void {
    if (this.#isWriting || this.#isBroken || this.ring.published === this.#written) return
    this.#isWriting = true
    const end = this.ring.published
    this.#scheduler.after(DURABLE_NS, () => this.#write(end))
  }

  /** The disk takes nothing more. */
  fail(): void {
    this.#isBroken = true
    Atomics.store(this.#views.header, RingCell.Failed, 1)
  }

  #write(end: number): void {
    this.#isWriting = false
    if (this.#isBroken) return
    const { header, records } = this.#views
    for (; this.#written < end; this.#written++) {
      const at = (this.#written & (RING_RECORDS - 1)) * RECORD_BYTES
      const view = new DataView(records.buffer, records.byteOffset + at, RECORD_HEAD_BYTES)
      const start = at + RECORD_HEAD_BYTES
      this.#hear(
        view.getInt32(0, true) as RecordKind,
        records.subarray(start, start + view.getInt32(4, true)),
      )
    }
    Atomics.store(header, RingCell.Durable, end | 0)
    this.look()
  }
}
