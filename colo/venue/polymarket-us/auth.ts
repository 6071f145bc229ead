import { createPrivateKey, type KeyObject, sign } from 'node:crypto'

// Polymarket US signs `timestamp + METHOD + path` with Ed25519, the path without its query, the body not at all:
// Polymarket US fact sheet, section 2. A venue of its own beside Polymarket, and a later one: this keeps its slot.

const SEED_BYTES = 32
/** PKCS#8 of an Ed25519 key, up to its seed. */
const PKCS8_START = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The key from the secret as the venue shows it: base64 of the seed, or of seed and public key. */
export function keyOfSecret(secret: string): KeyObject | undefined {
  const decoded = Buffer.from(secret, 'base64')
  if (decoded.length !== SEED_BYTES && decoded.length !== 2 * SEED_BYTES) return undefined
  const key = Buffer.concat([PKCS8_START, decoded.subarray(0, SEED_BYTES)])
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
}

/** What is signed. `target` is the request's target, with or without a query. */
export function signedMessage(timestampMs: number, method: string, target: string): string {
  return `${timestampMs}${method}${target.split('?', 1)[0]}`
}

/** The headers of one request. Nothing binds them to a body: the venue takes them again within 30 seconds. */
export function signedHeaders(
  key: KeyObject,
  keyId: string,
  timestampMs: number,
  method: string,
  target: string,
): Record<string, string> {
  const message = signedMessage(timestampMs, method, target)
  return {
    'X-PM-Access-Key': keyId,
    'X-PM-Timestamp': String(timestampMs),
    'X-PM-Signature': sign(null, Buffer.from(message), key).toString('base64'),
  }
}
