import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { Account } from '../engine/kalshi/account.ts'
import { type Answer, BAD_SIGNATURE, NO_SIGNATURE, TIMESTAMP_EXPIRED, UNKNOWN_KEY } from './errors.ts'

// Kalshi fact sheet, section 2: what is signed is timestamp + METHOD + path, the path from the root and without its
// query. Not the body.

/** RSASSA-PSS with a salt as long as the digest; a longer one, as many libraries choose, is refused. */
const SALT_BYTES = 32
/** Three observations of how far a stamp may be off contradict each other; this window contains what all accepted. */
const PAST_MS = 15_000
const FUTURE_MS = 30_000

export type Scope = 'read' | 'write'

export interface ApiKey {
  readonly id: string
  readonly account: Account
  readonly scopes: readonly Scope[]
}

interface Registered extends ApiKey {
  readonly publicKey: KeyObject
}

export type Headers = Readonly<Record<string, string | string[] | undefined>>

/** Whether a signature is a key's over a message. */
export type Verify = (publicKey: KeyObject, message: Buffer, signature: Buffer) => boolean

export class ApiKeys {
  readonly #keys = new Map<string, Registered>()
  readonly #verifies: Verify

  constructor(verify: Verify = verifies) {
    this.#verifies = verify
  }

  /**
   * @param pem an RSA or Ed25519 public key
   * @throws when the text is none
   */
  register(id: string, pem: string, account: Account, scopes: readonly Scope[] = ['read', 'write']): void {
    this.#keys.set(id, { id, account, scopes, publicKey: createPublicKey(pem) })
  }

  /** @param path of the URL, without its query */
  check(headers: Headers, method: string, path: string, nowMs: number): ApiKey | { refusal: Answer } {
    const signature = headers['kalshi-access-signature']
    const timestamp = headers['kalshi-access-timestamp']
    if (typeof signature !== 'string') return { refusal: NO_SIGNATURE }
    if (typeof timestamp !== 'string' || !/^\d{1,15}$/.test(timestamp)) return { refusal: TIMESTAMP_EXPIRED }
    const ageMs = nowMs - Number(timestamp)
    if (ageMs > PAST_MS || -ageMs > FUTURE_MS) return { refusal: TIMESTAMP_EXPIRED }
    const key = this.#keys.get(String(headers['kalshi-access-key']))
    if (key === undefined) return { refusal: UNKNOWN_KEY }
    const message = Buffer.from(timestamp + method + path)
    return this.#verifies(key.publicKey, message, Buffer.from(signature, 'base64'))
      ? key
      : { refusal: BAD_SIGNATURE }
  }
}

/** Whether a request says who sends it. Public data may be asked for without. */
export function isSigned(headers: Headers): boolean {
  return headers['kalshi-access-key'] !== undefined || headers['kalshi-access-signature'] !== undefined
}

function verifies(publicKey: KeyObject, message: Buffer, signature: Buffer): boolean {
  if (publicKey.asymmetricKeyType === 'ed25519') return verify(null, message, publicKey, signature)
  const pss = { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: SALT_BYTES }
  return verify('sha256', message, pss, signature)
}
