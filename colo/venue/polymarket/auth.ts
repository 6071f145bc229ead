import { hash } from 'node:crypto'
import { assert } from '@tandem/shared/assert.ts'
import { ascii, writeInteger } from '../ascii.ts'

// L2: every authenticated request carries an HMAC-SHA256 over second, method, path and body (Polymarket fact sheet,
// section 7). It covers the exact bytes sent and the second of sending, so nothing of it can be made ahead: the executor
// must hold the API's secret, which is why that secret can place orders only together with a signature that it cannot make.
// Private keys are the signer's alone.

/** Who asks, as every authenticated request says. */
export interface AskingAccount {
  readonly address: string
  readonly apiKey: string
  readonly passphrase: string
}

/** base64url of 32 bytes, with the padding that the venue keeps. */
export const SEAL_LENGTH = 44
/** More than any request of ours: fifteen orders in a batch have 21,000 bytes. */
export const SEAL_MESSAGE_MAX = 65_536
const BLOCK = 64
const DIGEST = 32

/**
 * HMAC spelt out over two one-shot hashes: node's Hmac object costs three times as much (bench/alternatives/hmac.ts).
 *
 *   inner = sha256(key ^ 0x36.. | message)        seal = sha256(key ^ 0x5c.. | inner)
 */
export class Seal {
  readonly #inner = Buffer.alloc(BLOCK + SEAL_MESSAGE_MAX)
  readonly #outer = Buffer.alloc(BLOCK + DIGEST)

  /** @param secret base64url, as the venue handed it out with the API key */
  constructor(secret: string) {
    const decoded = Buffer.from(secret, 'base64')
    assert(decoded.length > 0, 'POLYMARKET_SECRET_EMPTY')
    const key = decoded.length > BLOCK ? hash('sha256', decoded, 'buffer') : decoded
    for (let i = 0; i < BLOCK; i++) {
      const byte = i < key.length ? key[i] : 0
      this.#inner[i] = byte ^ 0x36
      this.#outer[i] = byte ^ 0x5c
    }
  }

  /**
   * Writes the value of POLY_SIGNATURE, SEAL_LENGTH bytes, at `at`.
   *
   * @param timestampS unix seconds, as in POLY_TIMESTAMP
   * @param request method and path in ASCII, nothing between them, the path without its query
   * @param body the exact bytes sent; an empty range for a request without body
   */
  write(
    target: Buffer,
    at: number,
    timestampS: number,
    request: Uint8Array,
    body: Uint8Array,
    bodyStart: number,
    bodyEnd: number,
  ): void {
    const inner = this.#inner
    let end = writeInteger(inner, BLOCK, timestampS)
    inner.set(request, end)
    end += request.length
    assert(end + bodyEnd - bodyStart <= inner.length, 'POLYMARKET_BODY_TOO_LONG')
    inner.set(body.subarray(bodyStart, bodyEnd), end)
    end += bodyEnd - bodyStart
    // As text, since a Buffer would be allocated outside V8's heap.
    this.#outer.write(hash('sha256', inner.subarray(0, end), 'binary'), BLOCK, DIGEST, 'latin1')
    target.write(hash('sha256', this.#outer, 'base64url'), at, SEAL_LENGTH - 1, 'latin1')
    target[at + SEAL_LENGTH - 1] = 0x3d
  }
}

/** The headers of a request without a body, off the hot path. */
export function sealedHeaders(
  { address, apiKey, passphrase }: AskingAccount,
  seal: Seal,
  method: string,
  path: string,
  nowMs: number,
): Record<string, string> {
  const timestampS = Math.floor(nowMs / 1_000)
  const signature = Buffer.alloc(SEAL_LENGTH)
  seal.write(signature, 0, timestampS, ascii(method + path), signature, 0, 0)
  return {
    POLY_ADDRESS: address,
    POLY_SIGNATURE: signature.toString('latin1'),
    POLY_TIMESTAMP: String(timestampS),
    POLY_API_KEY: apiKey,
    POLY_PASSPHRASE: passphrase,
  }
}
