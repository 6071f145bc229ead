import { assert } from '@tandem/shared/assert.ts'
import { ascii, writeDigits, writeHex, writeInteger } from '../ascii.ts'
import { SEAL_LENGTH, type Seal } from './auth.ts'
import { WRAPPED_SIGNATURE_BYTES } from './eip712.ts'

// POST /order: Polymarket fact sheet, section 6.1. Keys stand in the order in which the venue's own client sends them.
// The signature covers neither the order's type nor the second of sending nor the HMAC, so a body is built when its
// order is signed, and those three are filled in when it is sent.

export const OrderType = { GTC: 0, GTD: 1, FOK: 2, FAK: 3 } as const
export type OrderType = (typeof OrderType)[keyof typeof OrderType]

const ORDER_TYPES = ascii('GTCGTDFOKFAK')
const ORDER_TYPE_LENGTH = 3
const BODY_END = ascii('GTC"}')
const SIDES = [ascii('BUY'), ascii('SELL')] as const
const SAFE_INTEGER_DIGITS = 16
const ZERO_WORD = `0x${'0'.repeat(64)}`

/** What all orders of an account share. Addresses as text; `owner` is the API key. */
export interface OrderBodyParts {
  readonly maker: string
  readonly signer: string
  readonly signatureType: number
  readonly owner: string
  /** 32 bytes in hex with 0x; zero unless said. They are signed: the same as in `OrderAccount`. */
  readonly metadata?: string
  readonly builder?: string
  readonly postOnly?: boolean
  /** Unix seconds, for GTD. Not signed. */
  readonly expirationS?: number
}

/** Writes the bodies of one account's orders. Nothing is allocated per order. */
export class OrderBody {
  /** No body is longer. */
  readonly bytesMax: number
  readonly #start: Uint8Array
  readonly #account: Uint8Array
  readonly #makerAmount = ascii('","makerAmount":"')
  readonly #takerAmount = ascii('","takerAmount":"')
  readonly #side = ascii('","side":"')
  readonly #timestamp: Uint8Array
  readonly #constants: Uint8Array
  readonly #end: Uint8Array

  constructor(parts: OrderBodyParts) {
    const { maker, signer, signatureType, owner } = parts
    this.#start = ascii(`{"deferExec":false,"postOnly":${parts.postOnly ?? false},"order":{"salt":`)
    this.#account = ascii(`,"maker":"${maker}","signer":"${signer}","tokenId":"`)
    this.#timestamp = ascii(`","signatureType":${signatureType},"timestamp":"`)
    this.#constants = ascii(
      `","expiration":"${parts.expirationS ?? 0}","metadata":"${parts.metadata ?? ZERO_WORD}",` +
        `"builder":"${parts.builder ?? ZERO_WORD}","signature":"0x`,
    )
    this.#end = ascii(`"},"owner":"${owner}","orderType":"GTC"}`)
    const fixed = [
      this.#start,
      this.#account,
      this.#makerAmount,
      this.#takerAmount,
      this.#side,
      this.#timestamp,
      this.#constants,
      this.#end,
    ]
    const tokenDigits = 78
    this.bytesMax =
      fixed.reduce((sum, part) => sum + part.length, 0) +
      tokenDigits +
      4 * SAFE_INTEGER_DIGITS +
      SIDES[1].length +
      2 * WRAPPED_SIGNATURE_BYTES
  }

  /**
   * Writes one signed order at `at` and returns the offset after it. Its type is GTC until `setOrderType` says another.
   *
   * @param tokenId decimal, in ASCII
   * @param side 0 BUY, 1 SELL
   * @param signature as `OrderHash.writeSignature` gives it
   */
  write(
    target: Uint8Array,
    at: number,
    tokenId: Uint8Array,
    side: 0 | 1,
    makerAmount: number,
    takerAmount: number,
    salt: number,
    timestampMs: number,
    signature: Uint8Array,
  ): number {
    let end = put(target, at, this.#start)
    end = writeInteger(target, end, salt)
    end = put(target, end, this.#account)
    end = put(target, end, tokenId)
    end = put(target, end, this.#makerAmount)
    end = writeInteger(target, end, makerAmount)
    end = put(target, end, this.#takerAmount)
    end = writeInteger(target, end, takerAmount)
    end = put(target, end, this.#side)
    end = put(target, end, SIDES[side])
    end = put(target, end, this.#timestamp)
    end = writeInteger(target, end, timestampMs)
    end = put(target, end, this.#constants)
    end = writeHex(target, end, signature)
    return put(target, end, this.#end)
  }
}

/** Sets the type of the order whose body ends at `bodyEnd`. All types have three letters. */
export function setOrderType(target: Uint8Array, bodyEnd: number, type: OrderType): void {
  const at = bodyEnd - BODY_END.length
  const from = type * ORDER_TYPE_LENGTH
  target[at] = ORDER_TYPES[from]
  target[at + 1] = ORDER_TYPES[from + 1]
  target[at + 2] = ORDER_TYPES[from + 2]
}

function put(target: Uint8Array, at: number, bytes: Uint8Array): number {
  target.set(bytes, at)
  return at + bytes.length
}

export interface OrderRequestParts {
  readonly host: string
  /** The address that the API key belongs to: the key's own, not the wallet's. */
  readonly address: string
  readonly apiKey: string
  readonly passphrase: string
}

const TIMESTAMP_DIGITS = 10
/** A body has 850 to 1,450 bytes. */
const CONTENT_LENGTH_DIGITS = 4

/**
 * Writes whole HTTP/1.1 requests for POST /order. The head has holes of fixed width, so its length never changes.
 * A content length of three digits leaves a second space before it, which HTTP allows before any value (RFC 9112,
 * section 5); zeros would be legal too, but are what a request smuggler would send.
 */
export class OrderRequest {
  readonly headBytes: number
  readonly #head: Buffer
  readonly #seal: Seal
  readonly #sealAt: number
  readonly #timestampAt: number
  readonly #lengthAt: number
  readonly #request = ascii('POST/order')

  constructor(parts: OrderRequestParts, seal: Seal) {
    for (const value of Object.values(parts)) assert(/^[\x21-\x7e]+$/.test(value), 'POLYMARKET_HEADER_VALUE')
    const lines = [
      'POST /order HTTP/1.1',
      `Host: ${parts.host}`,
      'User-Agent: tandem',
      'Accept: */*',
      'Connection: keep-alive',
      'Content-Type: application/json',
      `POLY_ADDRESS: ${parts.address}`,
      `POLY_API_KEY: ${parts.apiKey}`,
      `POLY_PASSPHRASE: ${parts.passphrase}`,
      `POLY_TIMESTAMP: ${'0'.repeat(TIMESTAMP_DIGITS)}`,
      `POLY_SIGNATURE: ${'0'.repeat(SEAL_LENGTH)}`,
      `Content-Length: ${'0'.repeat(CONTENT_LENGTH_DIGITS)}`,
    ]
    const text = `${lines.join('\r\n')}\r\n\r\n`
    const startOf = (name: string) => text.indexOf(`\r\n${name}: `) + name.length + 4
    this.#head = Buffer.from(text, 'latin1')
    this.headBytes = this.#head.length
    this.#seal = seal
    this.#timestampAt = startOf('POLY_TIMESTAMP')
    this.#sealAt = startOf('POLY_SIGNATURE')
    this.#lengthAt = startOf('Content-Length')
  }

  /**
   * Writes the request for the body at `bodyStart..bodyEnd` into `target`, from its start, and returns its length.
   *
   * @param target at least `headBytes` and the body long; the bytes must stay until they are on the wire
   * @param timestampS unix seconds
   */
  write(
    target: Buffer,
    body: Uint8Array,
    bodyStart: number,
    bodyEnd: number,
    type: OrderType,
    timestampS: number,
  ): number {
    const end = this.headBytes + bodyEnd - bodyStart
    target.set(this.#head, 0)
    target.set(body.subarray(bodyStart, bodyEnd), this.headBytes)
    setOrderType(target, end, type)
    writeDigits(target, this.#timestampAt, timestampS, TIMESTAMP_DIGITS)
    writeLength(target, this.#lengthAt, bodyEnd - bodyStart)
    this.#seal.write(target, this.#sealAt, timestampS, this.#request, target, this.headBytes, end)
    return end
  }
}

function writeLength(target: Uint8Array, at: number, length: number): void {
  assert(length >= 100 && length < 10_000, 'POLYMARKET_BODY_LENGTH')
  writeDigits(target, at, length, CONTENT_LENGTH_DIGITS)
  if (length < 1_000) target[at] = 0x20
}
