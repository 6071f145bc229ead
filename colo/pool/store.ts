import { assert } from '@tandem/shared/assert.ts'

/** The life of a slot, and of the one signed order in it. */
export const SlotState = {
  Free: 0,
  /** The signer was asked. */
  Requested: 1,
  /** The body's bytes are here; its hash is not durable yet, so it must not leave. */
  Signed: 2,
  /** Its hash is durable: may be taken. */
  Usable: 3,
  /** Handed out, once and for ever; the slot is the taker's until it is released. */
  Taken: 4,
} as const
export type SlotState = (typeof SlotState)[keyof typeof SlotState]

//    Free -> Requested -> Signed -> Usable -> Taken -> Free
//              |            |         |
//              `------------+---------'--> Free   refused, lost, dropped, expired
//
// Nothing leads back to Usable but a new signature: that is what makes an order single-use.
const NEXT_STATES: readonly (readonly SlotState[])[] = [
  [SlotState.Requested],
  [SlotState.Signed, SlotState.Free],
  [SlotState.Usable, SlotState.Free],
  [SlotState.Taken, SlotState.Free],
  [SlotState.Free],
]
/** By state, a bit for every state that may follow. */
const NEXT_BITS = Uint8Array.from(NEXT_STATES, (next) =>
  next.reduce<number>((bits, state) => bits | (1 << state), 0),
)

export const DIGEST_BYTES = 32

/** A slot's `cell` when its order is not in the grid: handed out, or nobody waits for it any more. */
export const CELL_NONE = -1

/**
 * Signed orders in slots of fixed size: one typed array for each of an order's fields, one slab for all bodies.
 *
 * A signed order is a bearer instrument: its bytes exist here and in the request that sends it, nowhere else, and are
 * wiped when the slot is freed.
 */
export class OrderStore {
  readonly slots: number
  /** Room for a body, the distance between two in `bodies`. */
  readonly bodyBytes: number
  readonly bodies: Uint8Array
  readonly bodyLength: Uint16Array
  readonly digests: Uint8Array
  readonly state: Uint8Array
  /** Counts the orders that have been in the slot, modulo 2^16: a late answer for an earlier one is told by it. */
  readonly generation: Uint16Array
  readonly line: Int32Array
  /** The place in the grid that refers to the slot, or CELL_NONE. */
  readonly cell: Int32Array
  readonly limit: Int16Array
  readonly cents: Int32Array
  readonly takerAmount: Float64Array
  readonly salt: Float64Array
  readonly timestampMs: Float64Array
  /** By our monotonic clock: when the order was asked for, and from when on it is too old to be sent. */
  readonly requestedNs: Float64Array
  readonly expiryNs: Float64Array

  readonly #free: Int32Array
  #freeCount: number

  constructor(slots: number, bodyBytes: number) {
    assert(bodyBytes > 0 && bodyBytes <= 0xffff, 'POOL_BODY_LENGTH_FITS')
    this.slots = slots
    this.bodyBytes = bodyBytes
    this.bodies = new Uint8Array(slots * bodyBytes)
    this.bodyLength = new Uint16Array(slots)
    this.digests = new Uint8Array(slots * DIGEST_BYTES)
    this.state = new Uint8Array(slots)
    this.generation = new Uint16Array(slots)
    this.line = new Int32Array(slots)
    this.cell = new Int32Array(slots).fill(CELL_NONE)
    this.limit = new Int16Array(slots)
    this.cents = new Int32Array(slots)
    this.takerAmount = new Float64Array(slots)
    this.salt = new Float64Array(slots)
    this.timestampMs = new Float64Array(slots)
    this.requestedNs = new Float64Array(slots)
    this.expiryNs = new Float64Array(slots)
    // A stack, lowest slot on top: the slots in use stay together, and memory that was never needed is never touched.
    this.#free = Int32Array.from({ length: slots }, (_, at) => slots - 1 - at)
    this.#freeCount = slots
  }

  get freeCount(): number {
    return this.#freeCount
  }

  /** A free slot, now Requested, or -1. The caller fills in its fields. */
  allocate(): number {
    if (this.#freeCount === 0) return -1
    const slot = this.#free[--this.#freeCount]
    this.move(slot, SlotState.Requested)
    return slot
  }

  /** Wipes the order and gives the slot back. The grid must not refer to it any more. */
  free(slot: number): void {
    assert(this.cell[slot] === CELL_NONE, 'POOL_FREED_SLOT_IN_GRID')
    this.move(slot, SlotState.Free)
    const start = this.bodyStart(slot)
    this.bodies.fill(0, start, start + this.bodyLength[slot])
    this.bodyLength[slot] = 0
    this.generation[slot]++
    this.#free[this.#freeCount++] = slot
  }

  move(slot: number, to: SlotState): void {
    assert((NEXT_BITS[this.state[slot]] & (1 << to)) !== 0, 'POOL_SLOT_LIFE')
    this.state[slot] = to
  }

  /** Where the slot's body starts in `bodies`. */
  bodyStart(slot: number): number {
    return slot * this.bodyBytes
  }

  setDigest(slot: number, digest: Uint8Array): void {
    assert(digest.length === DIGEST_BYTES, 'POOL_DIGEST_LENGTH')
    this.digests.set(digest, slot * DIGEST_BYTES)
  }

  /** All memory that the store holds when every slot is full. */
  get bytes(): number {
    let bytes = 0
    for (const field of Object.values(this)) if (ArrayBuffer.isView(field)) bytes += field.byteLength
    return bytes + this.#free.byteLength
  }
}
