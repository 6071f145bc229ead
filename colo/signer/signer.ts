// What the executor sees of the signer: it asks, and answers come back later under the ticket it asked with.

/** Signed before any refill that waits: an approved decision stands still until it is there. */
export const LANE_URGENT = 0
/** Signed when nothing urgent waits, with at most half a core: the pool's stock. */
export const LANE_REFILL = 1
export type Lane = typeof LANE_URGENT | typeof LANE_REFILL

export const ORDER_BUY = 0
export const ORDER_SELL = 1
export type OrderSide = typeof ORDER_BUY | typeof ORDER_SELL

export interface Signer {
  /** What the signer told of itself when it came up; all of it public. */
  readonly facts: SignerFacts
  /**
   * Makes a token known to the signer: it refuses all others. The index that comes back is what `order` takes; the
   * same token gets the same index again, which is how a changed tick is told. Off the hot path.
   *
   * @param tokenId decimal, as the venue writes it
   * @param version of the market's EIP-712 domain, "2" or "3"; the signer refuses others
   * @param tick the market's tick, which bounds an order's price
   */
  registerToken(tokenId: string, version: string, negRisk: boolean, tick: number): number
  /**
   * Asks for one signed order. Amounts in micro-units as they will be signed, `salt` and `timestampMs` at most 2^53-1.
   *
   * @returns false when too much is waiting already: nothing was asked.
   */
  order(
    lane: Lane,
    ticket: number,
    token: number,
    side: OrderSide,
    makerAmount: number,
    takerAmount: number,
    salt: number,
    timestampMs: number,
  ): boolean
  /**
   * Asks for the signature of one of Kalshi's signed requests (`SignedRequest` in venue/kalshi/auth.ts).
   *
   * @param id what its path names, of the one request that names something
   */
  header(ticket: number, request: number, timestampMs: number, id?: string): boolean
}

/** Called from the socket's data event. The arrays are valid only during the call. */
export interface SignerListener {
  /** `digest` is the order's hash, which the venue uses as its id; `signature` as it goes on the wire. */
  orderSigned(ticket: number, digest: Uint8Array, signature: Uint8Array): void
  /** `signature` is base64 in ASCII, as the header carries it. */
  headerSigned(ticket: number, signature: Uint8Array): void
  refused(ticket: number, refusal: Refusal): void
  /** The signer is gone, and with it everything that was asked and not answered. */
  closed(): void
}

export interface SignerFacts {
  readonly pid: number
  readonly chainId: number
  /** 0 EOA, 1 POLY_PROXY, 2 POLY_GNOSIS_SAFE, 3 POLY_1271: Polymarket fact sheet, section 8.4. */
  readonly signatureType: number
  /** The order's `maker` and `signer`, and the address that belongs to the key; with checksums. */
  readonly maker: string
  readonly signer: string
  readonly owner: string
  /** Bytes of an order's signature: 65, or 317 for type 3. */
  readonly orderSignatureBytes: number
  readonly kalshi: KalshiFacts
}

export interface KalshiFacts {
  readonly keyId: string
  readonly keyType: 'rsa' | 'ed25519'
  /** Characters of a header's signature: 344 for RSA-2048, 88 for Ed25519. */
  readonly signatureLength: number
  /** SubjectPublicKeyInfo in DER: a sandbox that checks signatures of a made-up key needs it. */
  readonly publicKey: Uint8Array
}

/** Why the signer did not sign. Anything but `Busy` is a bug of the caller, or somebody who is not our executor. */
export const Refusal = {
  None: 0,
  /** The token was not registered, or its domain version is none that we know. */
  UnknownToken: 1,
  /** The side is no side, or an amount, salt or timestamp is no positive safe integer. */
  BadNumber: 2,
  /** The price that the amounts imply lies outside tick..1-tick. */
  PriceOutOfBounds: 3,
  /** One order may not give away so much: dollars of a BUY, shares at a dollar each of a SELL. */
  OrderTooLarge: 4,
  /** More orders within a second than the limit says. */
  RateExceeded: 5,
  /** The signed orders that may still be alive give away as much as the limit allows. */
  OutstandingExceeded: 6,
  /** The timestamp lies further ahead than the limit allows: it would be good for use long after now. */
  TooFarAhead: 7,
  /** The request is not on the list of signed requests, its id is none, or there is no key for it. */
  UnknownRequest: 8,
  /** More is waiting than the signer keeps. Ask again later. */
  Busy: 9,
} as const
export type Refusal = (typeof Refusal)[keyof typeof Refusal]
