import type { Lane, OrderSide, Signer } from '@tandem/colo/signer/signer.ts'

export interface AskedOrder {
  lane: Lane
  ticket: number
  token: number
  side: OrderSide
  makerAmount: number
  takerAmount: number
  salt: number
  timestampMs: number
}

export interface AskedHeader {
  ticket: number
  request: number
  timestampMs: number
}

/** A signer that answers nothing by itself: a test takes what was asked out of it and answers as it likes. */
export class HeldSigner implements Pick<Signer, 'order' | 'header'> {
  orders: AskedOrder[] = []
  headers: AskedHeader[] = []
  /** How many orders may wait before it takes no more. */
  room = Number.POSITIVE_INFINITY

  order(
    lane: Lane,
    ticket: number,
    token: number,
    side: OrderSide,
    makerAmount: number,
    takerAmount: number,
    salt: number,
    timestampMs: number,
  ): boolean {
    if (this.orders.length >= this.room) return false
    this.orders.push({ lane, ticket, token, side, makerAmount, takerAmount, salt, timestampMs })
    return true
  }

  header(ticket: number, request: number, timestampMs: number): boolean {
    if (this.headers.length >= this.room) return false
    this.headers.push({ ticket, request, timestampMs })
    return true
  }
}

/** A digest that names its order's salt, so that a test recognises the order wherever it turns up. */
export function digestOfSalt(salt: number): Uint8Array {
  const digest = new Uint8Array(32)
  new DataView(digest.buffer).setBigUint64(24, BigInt(salt))
  return digest
}

export function saltOfDigest(digests: Uint8Array, slot: number): number {
  const view = new DataView(digests.buffer, digests.byteOffset)
  return Number(view.getBigUint64(slot * 32 + 24))
}
