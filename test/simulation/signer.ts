import {
  LANE_URGENT,
  type Lane,
  ORDER_BUY,
  type OrderSide,
  type Signer,
  type SignerFacts,
  type SignerListener,
} from '@tandem/colo/signer/signer.ts'
import type { OrderSignatures } from '@tandem/sandbox/polymarket/signature.ts'
import type { Hex } from 'viem'
import type { Scheduler } from './scheduler.ts'

// Signatures that cost nothing: an order's id is its salt, and whether it is as it was signed is looked up. That real
// ones are right is what the vectors and the wire's own tests are for.

/** BENCHMARKS.md, `pool` and `sign`. */
const URGENT_NS = 300_000
const REFILL_NS = 200_000
/** Refills that are answered together, so that a seed has fewer steps. */
const BATCH = 16
const OWNER = '0x00000000000000000000000000000000000acc01'
const SIGNATURE_BYTES = 65
const HEADER_SIGNATURE = Buffer.alloc(88, 'A')

interface Signed {
  readonly tokenId: string
  readonly version: string
  readonly side: 'BUY' | 'SELL'
  readonly maker: number
  readonly taker: number
}

export const SIGNER_FACTS: SignerFacts = {
  pid: 0,
  chainId: 137,
  signatureType: 0,
  maker: OWNER,
  signer: OWNER,
  owner: OWNER,
  orderSignatureBytes: SIGNATURE_BYTES,
  kalshi: {
    keyId: '00000000-0000-4000-8000-00000000acc0',
    keyType: 'ed25519',
    signatureLength: HEADER_SIGNATURE.length,
    publicKey: new Uint8Array(),
  },
}

export class SimulatedSigner implements Signer {
  readonly facts = SIGNER_FACTS
  listener: SignerListener | undefined
  /** Tells the venue what was signed. */
  readonly signatures: OrderSignatures = {
    digestOf: ({ salt }) => digestText(salt),
    signerOf: async (order, exchange) => {
      const signed = this.#signed.get(Number(order.salt))
      const isSame =
        signed !== undefined &&
        signed.tokenId === order.tokenId &&
        signed.version === exchange.version &&
        signed.side === order.side &&
        signed.maker === order.makerAmount &&
        signed.taker === order.takerAmount
      return isSame ? OWNER : undefined
    },
  }
  readonly #scheduler: Scheduler
  readonly #tokens: { readonly tokenId: string; readonly version: string }[] = []
  readonly #signed = new Map<number, Signed>()
  #waiting: (() => void)[] = []
  #isServing = false

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  registerToken(tokenId: string, version: string): number {
    const known = this.#tokens.findIndex((token) => token.tokenId === tokenId)
    return known === -1 ? this.#tokens.push({ tokenId, version }) - 1 : known
  }

  order(
    lane: Lane,
    ticket: number,
    token: number,
    side: OrderSide,
    maker: number,
    taker: number,
    salt: number,
  ): boolean {
    this.#signed.set(salt, {
      ...this.#tokens[token],
      side: side === ORDER_BUY ? 'BUY' : 'SELL',
      maker,
      taker,
    })
    const answer = (): void =>
      this.listener?.orderSigned(ticket, digestBytes(salt), new Uint8Array(SIGNATURE_BYTES))
    if (lane === LANE_URGENT) this.#scheduler.after(URGENT_NS, answer)
    else this.#queue(answer)
    return true
  }

  header(ticket: number): boolean {
    this.#queue(() => {
      // Some of them are awaited.
      this.#scheduler.isSettling = true
      this.listener?.headerSigned(ticket, HEADER_SIGNATURE)
    })
    return true
  }

  #queue(answer: () => void): void {
    this.#waiting.push(answer)
    if (!this.#isServing) this.#serveAfter(1)
  }

  #serve(): void {
    for (const answer of this.#waiting.splice(0, BATCH)) answer()
    this.#isServing = false
    const { length } = this.#waiting
    if (length > 0) this.#serveAfter(Math.min(length, BATCH))
  }

  #serveAfter(signatures: number): void {
    this.#isServing = true
    this.#scheduler.after(REFILL_NS * signatures, () => this.#serve())
  }
}

function digestText(salt: bigint): Hex {
  return `0x${salt.toString(16).padStart(64, '0')}`
}

function digestBytes(salt: number): Uint8Array {
  return Buffer.from(digestText(BigInt(salt)).slice(2), 'hex')
}
