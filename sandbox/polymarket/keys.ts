import { createHmac, timingSafeEqual } from 'node:crypto'
import { type Hex, recoverTypedDataAddress } from 'viem'

// Who sends a request: Polymarket fact sheet, section 7.

export interface Credentials {
  readonly apiKey: string
  readonly secret: string
  readonly passphrase: string
}

export type Headers = Readonly<Record<string, string | string[] | undefined>>

interface Registered extends Credentials {
  /** The wallet that the key was derived from, in lower case. */
  readonly address: string
}

/** How far a stamp may be off. The venue's tolerance is not documented; users report about a minute. */
const SKEW_MS = 60_000

const CLOB_AUTH = {
  ClobAuth: [
    { name: 'address', type: 'address' },
    { name: 'timestamp', type: 'string' },
    { name: 'nonce', type: 'uint256' },
    { name: 'message', type: 'string' },
  ],
} as const
const ATTESTATION = 'This message attests that I control the given wallet'

export class ApiKeys {
  readonly #chainId: number
  /** All credentials derive from it: the same wallet and nonce have the same ones, deleted and made again too. */
  readonly #root: string
  readonly #keys = new Map<string, Registered>()

  constructor(chainId: number, root: string) {
    this.#chainId = chainId
    this.#root = root
  }

  /** Makes the key of a wallet and nonce; undefined when there is one. */
  create(address: string, nonce: number): Credentials | undefined {
    const registered = this.#registered(address, nonce)
    if (this.#keys.has(registered.apiKey)) return undefined
    this.#keys.set(registered.apiKey, registered)
    return credentialsOf(registered)
  }

  /** The key of a wallet and nonce once more; undefined when there is none. */
  derive(address: string, nonce: number): Credentials | undefined {
    const known = this.#keys.get(this.#registered(address, nonce).apiKey)
    return known === undefined ? undefined : credentialsOf(known)
  }

  #registered(address: string, nonce: number): Registered {
    const wallet = address.toLowerCase()
    const part = (name: string): Buffer =>
      createHmac('sha256', this.#root).update(`${name} ${wallet} ${nonce}`).digest()
    const id = part('key').toString('hex')
    const apiKey = `${id.slice(0, 8)}-${id.slice(8, 12)}-4${id.slice(13, 16)}-8${id.slice(17, 20)}-${id.slice(20, 32)}`
    const secret = part('secret').toString('base64').replaceAll('+', '-').replaceAll('/', '_')
    return { apiKey, secret, passphrase: part('passphrase').toString('hex'), address: wallet }
  }

  has(apiKey: string): boolean {
    return this.#keys.has(apiKey)
  }

  forget(apiKey: string): void {
    this.#keys.delete(apiKey)
  }

  keysOf(address: string): string[] {
    return [...this.#keys.values()].filter((key) => key.address === address).map(({ apiKey }) => apiKey)
  }

  /** The wallet and nonce that signed an L1 request, or undefined when it is not in order. */
  async wallet(headers: Headers, nowMs: number): Promise<{ address: string; nonce: number } | undefined> {
    const {
      poly_address: address,
      poly_signature: signature,
      poly_timestamp: timestamp,
      poly_nonce: nonce,
    } = headers
    if (typeof address !== 'string' || !/^0x[0-9a-fA-F]{40}$/.test(address)) return undefined
    if (typeof signature !== 'string' || !/^0x[0-9a-fA-F]{130}$/.test(signature)) return undefined
    if (typeof nonce !== 'string' || !/^\d{1,15}$/.test(nonce)) return undefined
    if (typeof timestamp !== 'string' || !isFresh(timestamp, nowMs)) return undefined
    const signer = await recoverTypedDataAddress({
      domain: { name: 'ClobAuthDomain', version: '1', chainId: this.#chainId },
      types: CLOB_AUTH,
      primaryType: 'ClobAuth',
      message: { address: address as Hex, timestamp, nonce: BigInt(nonce), message: ATTESTATION },
      signature: signature as Hex,
    }).catch(() => undefined)
    if (signer?.toLowerCase() !== address.toLowerCase()) return undefined
    return { address: address.toLowerCase(), nonce: Number(nonce) }
  }

  /**
   * The key of an L2 request, or undefined when it is not in order.
   *
   * @param path without its query: that is not signed
   */
  check(headers: Headers, method: string, path: string, body: string, nowMs: number): Registered | undefined {
    const { poly_timestamp: timestamp, poly_signature: signature, poly_address: address } = headers
    const key = this.#find(headers.poly_api_key, headers.poly_passphrase)
    if (key === undefined || typeof timestamp !== 'string' || !isFresh(timestamp, nowMs)) return undefined
    if (typeof address !== 'string' || address.toLowerCase() !== key.address) return undefined
    const mac = createHmac('sha256', Buffer.from(key.secret, 'base64url'))
    const expected = mac.update(timestamp + method + path + body).digest('base64')
    return same(expected.replaceAll('+', '-').replaceAll('/', '_'), signature) ? key : undefined
  }

  /** The key of a user channel's subscription, which carries the secret itself. */
  checkSecret(apiKey: unknown, secret: unknown, passphrase: unknown): Registered | undefined {
    const key = this.#find(apiKey, passphrase)
    return key !== undefined && same(key.secret, secret) ? key : undefined
  }

  #find(apiKey: unknown, passphrase: unknown): Registered | undefined {
    const key = typeof apiKey === 'string' ? this.#keys.get(apiKey) : undefined
    return key !== undefined && same(key.passphrase, passphrase) ? key : undefined
  }
}

function credentialsOf({ apiKey, secret, passphrase }: Registered): Credentials {
  return { apiKey, secret, passphrase }
}

function isFresh(timestamp: string, nowMs: number): boolean {
  return /^\d{1,12}$/.test(timestamp) && Math.abs(Number(timestamp) * 1_000 - nowMs) <= SKEW_MS
}

function same(expected: string, given: unknown): boolean {
  if (typeof given !== 'string' || given.length !== expected.length) return false
  return timingSafeEqual(Buffer.from(expected), Buffer.from(given))
}
