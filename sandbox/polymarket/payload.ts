import type { Hex } from 'viem'
import type { OrderTerms } from '../engine/polymarket/order.ts'

// The body of an order: Polymarket fact sheet, section 6.1. The order of its keys does not matter.

/** What was signed, as posted. */
export interface SignedOrder {
  readonly salt: bigint
  readonly maker: Hex
  readonly signer: Hex
  readonly tokenId: string
  readonly makerAmount: number
  readonly takerAmount: number
  readonly side: 'BUY' | 'SELL'
  readonly signatureType: number
  readonly timestamp: bigint
  readonly metadata: Hex
  readonly builder: Hex
  readonly signature: Hex
  /** Seconds. Not signed. */
  readonly expiration: number
}

export interface Posted {
  readonly signed: SignedOrder
  readonly owner: string
  readonly type: OrderTerms['type']
  readonly postOnly: boolean
}

/** An order of the exchange that was shut on 2026-04-28 is told by these. */
const OLD_FIELDS = ['taker', 'nonce', 'feeRateBps']

const ADDRESS = /^0x[0-9a-fA-F]{40}$/
const WORD = /^0x[0-9a-fA-F]{64}$/
const DIGITS = /^\d{1,80}$/
const TYPES: readonly string[] = ['GTC', 'GTD', 'FOK', 'FAK']

export type Unreadable = 'invalid' | 'old-version'

export function readPosted(value: unknown): Posted | Unreadable {
  const body = fields(value)
  const order = fields(body?.order)
  if (body === undefined || order === undefined) return 'invalid'
  if (OLD_FIELDS.some((name) => name in order)) return 'old-version'
  const { salt, maker, signer, tokenId, makerAmount, takerAmount, side, signatureType } = order
  const { timestamp, expiration = '0', metadata, builder, signature } = order
  const valid =
    Number.isSafeInteger(salt) &&
    (salt as number) >= 0 &&
    [maker, signer].every((text) => matches(ADDRESS, text)) &&
    [tokenId, makerAmount, takerAmount, timestamp, expiration].every((text) => matches(DIGITS, text)) &&
    [makerAmount, takerAmount].every((text) => isAmount(Number(text))) &&
    (side === 'BUY' || side === 'SELL') &&
    [0, 1, 2, 3].includes(signatureType as number) &&
    [metadata, builder].every((text) => matches(WORD, text)) &&
    matches(/^0x([0-9a-fA-F]{2})+$/, signature) &&
    typeof body.owner === 'string' &&
    TYPES.includes(body.orderType as string) &&
    [body.deferExec, body.postOnly].every((flag) => flag === undefined || typeof flag === 'boolean')
  if (!valid) return 'invalid'
  return {
    signed: {
      salt: BigInt(salt as number),
      maker: maker as Hex,
      signer: signer as Hex,
      tokenId: tokenId as string,
      makerAmount: Number(makerAmount),
      takerAmount: Number(takerAmount),
      side: side as 'BUY' | 'SELL',
      signatureType: signatureType as number,
      timestamp: BigInt(timestamp as string),
      metadata: metadata as Hex,
      builder: builder as Hex,
      signature: signature as Hex,
      expiration: Number(expiration),
    },
    owner: body.owner as string,
    type: body.orderType as Posted['type'],
    postOnly: body.postOnly === true,
  }
}

/** JSON, or undefined for what is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The fields of a JSON object, or undefined for anything else. */
export function fields(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}

function matches(pattern: RegExp, value: unknown): boolean {
  return typeof value === 'string' && pattern.test(value)
}

function isAmount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0
}
