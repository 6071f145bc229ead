import { assert } from '@tandem/shared/assert.ts'
import type { Price } from '@tandem/shared/units.ts'
import { isSignedRequest, SIGNED_MESSAGE_MAX, writeSignedMessage } from '../venue/kalshi/auth.ts'
import { amountStep } from '../venue/polymarket/amounts.ts'
import { exchangeOf, type OrderAccount, OrderHash } from '../venue/polymarket/eip712.ts'
import { type Limits, orderRefusal, Pace } from './bounds.ts'
import {
  AnswerKind,
  FRAME_HEAD_BYTES,
  headerId,
  ORDER_SIGNATURE_AT,
  TOKENS_MAX,
  ticketOf,
  writeFrameHead,
  writeRefused,
} from './frames.ts'
import type { HeaderKey, OrderKey } from './keys.ts'
import { Refusal } from './signer.ts'

const TOKEN_ID_BYTES = 32
const COMPACT_BYTES = 64

/** An exchange's number is kept one higher, so that a zero is a token nobody registered. */
const NOT_REGISTERED = 0

/**
 * Where a request frame becomes an answer frame: registered tokens, bounds, keys. Knows neither sockets nor clocks.
 */
export class Desk {
  readonly #limits: Limits
  readonly #pace: Pace
  readonly #orderKey: OrderKey
  readonly #headerKey: HeaderKey
  readonly #hash: OrderHash
  readonly #compact = new Uint8Array(COMPACT_BYTES)
  readonly #message = Buffer.alloc(SIGNED_MESSAGE_MAX)
  readonly #exchange = new Uint8Array(TOKENS_MAX)
  readonly #tick = new Uint16Array(TOKENS_MAX)
  readonly #tokenIds = Buffer.alloc(TOKENS_MAX * TOKEN_ID_BYTES)
  /** Views made once: hashing takes an array, and a view per order would be garbage. */
  readonly #tokenId: Uint8Array[] = []

  constructor(account: OrderAccount, orderKey: OrderKey, headerKey: HeaderKey, limits: Limits) {
    this.#limits = limits
    this.#pace = new Pace(limits)
    this.#orderKey = orderKey
    this.#headerKey = headerKey
    this.#hash = new OrderHash(account)
  }

  get orderSignatureBytes(): number {
    return this.#hash.signatureBytes
  }

  /** A new client starts without tokens. What was signed before still counts against the pace. */
  forgetTokens(): void {
    this.#exchange.fill(NOT_REGISTERED)
  }

  /**
   * Reads a Register frame. An unknown domain version or tick leaves the token unregistered, so that its orders are refused.
   *
   * @returns false when the index is taken by another token: the two sides no longer mean the same
   */
  register(frame: Buffer, at: number): boolean {
    const token = ticketOf(frame, at)
    if (token >= TOKENS_MAX) return false
    const exchange = exchangeOf(String(frame[at + 3]), frame[at + 8] === 1)
    const tick = frame.readUInt16LE(at + 10)
    const isKnown = exchange >= 0 && amountStep(tick as Price) > 0
    const id = token * TOKEN_ID_BYTES
    const idAt = at + 16
    const isSame = this.#tokenIds.compare(frame, idAt, idAt + TOKEN_ID_BYTES, id, id + TOKEN_ID_BYTES) === 0
    if (this.#exchange[token] !== NOT_REGISTERED && !isSame) return false
    frame.copy(this.#tokenIds, id, idAt, idAt + TOKEN_ID_BYTES)
    this.#tokenId[token] ??= this.#tokenIds.subarray(id, id + TOKEN_ID_BYTES)
    this.#exchange[token] = isKnown ? exchange + 1 : NOT_REGISTERED
    this.#tick[token] = tick
    return true
  }

  /** Reads an Order frame and writes the answer at `to` of `out`. Returns the offset after it. */
  order(frame: Buffer, at: number, out: Buffer, to: number, nowNs: number, wallMs: number): number {
    const ticket = ticketOf(frame, at)
    const token = frame.readUInt32LE(at + 8)
    const side = frame.readUInt32LE(at + 12)
    const makerAmount = frame.readDoubleLE(at + 16)
    const takerAmount = frame.readDoubleLE(at + 24)
    const salt = frame.readDoubleLE(at + 32)
    const timestampMs = frame.readDoubleLE(at + 40)

    if (token >= TOKENS_MAX || this.#exchange[token] === NOT_REGISTERED) {
      return writeRefused(out, to, ticket, Refusal.UnknownToken)
    }
    const tick = this.#tick[token] as Price
    let refusal = orderRefusal(this.#limits, tick, side, makerAmount, takerAmount, salt, timestampMs)
    if (refusal === Refusal.None && this.#isTooFarAhead(timestampMs, wallMs)) refusal = Refusal.TooFarAhead
    if (refusal === Refusal.None) refusal = this.#pace.refusal(makerAmount, nowNs)
    if (refusal !== Refusal.None) return writeRefused(out, to, ticket, refusal)

    const hash = this.#hash
    const exchange = this.#exchange[token] - 1
    hash.hash(exchange, this.#tokenId[token], side, makerAmount, takerAmount, salt, timestampMs)
    const recovery = this.#orderKey.sign(hash.signedHash, this.#compact)
    const length = ORDER_SIGNATURE_AT + hash.signatureBytes
    writeFrameHead(out, to, length, AnswerKind.OrderSigned, 0, ticket)
    out.set(hash.orderHash, to + FRAME_HEAD_BYTES)
    hash.writeSignature(out, to + ORDER_SIGNATURE_AT, this.#compact, recovery)
    return to + length
  }

  /** Reads a Header frame and writes the answer at `to` of `out`. Returns the offset after it. */
  header(frame: Buffer, at: number, out: Buffer, to: number, wallMs: number): number {
    const ticket = ticketOf(frame, at)
    const request = frame[at + 3]
    const timestampMs = frame.readDoubleLE(at + 8)
    const id = headerId(frame, at)
    if (!isSignedRequest(request, id)) return writeRefused(out, to, ticket, Refusal.UnknownRequest)
    if (!Number.isSafeInteger(timestampMs) || timestampMs <= 0) {
      return writeRefused(out, to, ticket, Refusal.BadNumber)
    }
    if (this.#isTooFarAhead(timestampMs, wallMs)) return writeRefused(out, to, ticket, Refusal.TooFarAhead)

    const messageBytes = writeSignedMessage(this.#message, request, timestampMs, id)
    const signature = this.#headerKey.sign(this.#message.subarray(0, messageBytes)).toString('base64')
    const { signatureLength } = this.#headerKey.facts
    assert(signature.length === signatureLength, 'SIGNER_HEADER_LENGTH')
    writeFrameHead(out, to, FRAME_HEAD_BYTES + signatureLength, AnswerKind.HeaderSigned, 0, ticket)
    out.write(signature, to + FRAME_HEAD_BYTES, signatureLength, 'latin1')
    return to + FRAME_HEAD_BYTES + signatureLength
  }

  #isTooFarAhead(timestampMs: number, wallMs: number): boolean {
    return timestampMs - wallMs > this.#limits.aheadMsMax
  }
}
