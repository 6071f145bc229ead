import {
  concat,
  type Hex,
  hashDomain,
  hashStruct,
  hashTypedData,
  numberToHex,
  recoverAddress,
  size,
  slice,
  stringToHex,
  zeroHash,
} from 'viem'
import type { SignedOrder } from './payload.ts'

// Who signed an order, and for which exchange: Polymarket fact sheet, sections 8.1, 8.2 and 8.4.

export interface Exchange {
  /** Of the EIP-712 domain. */
  readonly version: '2' | '3'
  readonly address: Hex
}

interface Exchanges {
  readonly standard: Exchange
  readonly negRisk: Exchange
  readonly v3: Exchange
}

const ON_CHAIN_V2 = {
  standard: { version: '2', address: '0xE111180000d2663C0091e4f400237545B87B996B' },
  negRisk: { version: '2', address: '0xe2222d279d744050d28e00520010520000310F59' },
} as const
const EXCHANGES: Readonly<Record<number, Exchanges>> = {
  137: { ...ON_CHAIN_V2, v3: { version: '3', address: '0xe3333700cA9d93003F00f0F71f8515005F6c00Aa' } },
  80002: { ...ON_CHAIN_V2, v3: { version: '3', address: '0x9fE6e61422AdB6F610d8597F9684b16912D50C3D' } },
}

const ORDER_FIELDS = [
  { name: 'salt', type: 'uint256' },
  { name: 'maker', type: 'address' },
  { name: 'signer', type: 'address' },
  { name: 'tokenId', type: 'uint256' },
  { name: 'makerAmount', type: 'uint256' },
  { name: 'takerAmount', type: 'uint256' },
  { name: 'side', type: 'uint8' },
  { name: 'signatureType', type: 'uint8' },
  { name: 'timestamp', type: 'uint256' },
  { name: 'metadata', type: 'bytes32' },
  { name: 'builder', type: 'bytes32' },
] as const
const ORDER_TYPE = `Order(${ORDER_FIELDS.map(({ type, name }) => `${type} ${name}`).join(',')})`
const WALLET_FIELDS = [
  { name: 'contents', type: 'Order' },
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
  { name: 'salt', type: 'bytes32' },
] as const
const DOMAIN_FIELDS = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
] as const

export const SignatureType = { Eoa: 0, Proxy: 1, Safe: 2, Wallet: 3 } as const

/** An ECDSA signature: r, s, v. */
const ECDSA_BYTES = 65

/** Reads signed orders: whose they are, and what id they have. */
export interface OrderSignatures {
  digestOf(order: SignedOrder, exchange: Exchange, chainId: number): Hex
  signerOf(order: SignedOrder, exchange: Exchange, chainId: number): Promise<string | undefined>
}

/** Where a market's orders are signed for, or undefined for a version that does not exist. */
export function exchangeOf(
  chainId: number,
  market: { readonly version: string; readonly negRisk: boolean },
): Exchange | undefined {
  const exchanges = EXCHANGES[chainId]
  if (market.version === 'v1') return market.negRisk ? exchanges?.negRisk : exchanges?.standard
  return market.version === 'v2' ? exchanges?.v3 : undefined
}

/** All contracts that are allowed to take from a balance. */
export function spenders(chainId: number): Hex[] {
  return Object.values(EXCHANGES[chainId] ?? {}).map(({ address }) => address)
}

/** The order's id: its EIP-712 digest. */
export function digestOf(order: SignedOrder, exchange: Exchange, chainId: number): Hex {
  return hashTypedData({
    domain: domainOf(exchange, chainId),
    types: { Order: ORDER_FIELDS },
    primaryType: 'Order',
    message: messageOf(order),
  })
}

/** The wallet whose key signed, in lower case; undefined for a signature that is none, or of another order. */
export async function signerOf(
  order: SignedOrder,
  exchange: Exchange,
  chainId: number,
): Promise<string | undefined> {
  const { signature } = order
  const wrapped = order.signatureType === SignatureType.Wallet
  if (wrapped && !(size(signature) > ECDSA_BYTES && tailOf(order, exchange, chainId) === tail(signature))) {
    return undefined
  }
  if (!wrapped && size(signature) !== ECDSA_BYTES) return undefined
  const hash = wrapped ? walletDigest(order, exchange, chainId) : digestOf(order, exchange, chainId)
  const signer = await recoverAddress({ hash, signature: slice(signature, 0, ECDSA_BYTES) }).catch(
    () => undefined,
  )
  return signer?.toLowerCase()
}

/** Whether the order was signed by the same wallet for an exchange of another version. */
export async function isForOtherVersion(
  order: SignedOrder,
  exchange: Exchange,
  chainId: number,
  wallet: string,
): Promise<boolean> {
  for (const other of Object.values<Exchange>({ ...EXCHANGES[chainId] })) {
    if (other.version === exchange.version) continue
    if ((await signerOf(order, other, chainId)) === wallet) return true
  }
  return false
}

/** As the venue and the chain do. */
export const ORDER_SIGNATURES: OrderSignatures = { digestOf, signerOf }

function domainOf({ version, address }: Exchange, chainId: number) {
  return { name: 'Polymarket CTF Exchange', version, chainId, verifyingContract: address }
}

function messageOf(order: SignedOrder) {
  return {
    salt: order.salt,
    maker: order.maker,
    signer: order.signer,
    tokenId: BigInt(order.tokenId),
    makerAmount: BigInt(order.makerAmount),
    takerAmount: BigInt(order.takerAmount),
    side: order.side === 'BUY' ? 0 : 1,
    signatureType: order.signatureType,
    timestamp: order.timestamp,
    metadata: order.metadata,
    builder: order.builder,
  }
}

/** What the owner of a deposit wallet signs: the order, wrapped so that it counts for this wallet alone. */
function walletDigest(order: SignedOrder, exchange: Exchange, chainId: number): Hex {
  return hashTypedData({
    domain: domainOf(exchange, chainId),
    types: { TypedDataSign: WALLET_FIELDS, Order: ORDER_FIELDS },
    primaryType: 'TypedDataSign',
    message: {
      contents: messageOf(order),
      name: 'DepositWallet',
      version: '1',
      chainId: BigInt(chainId),
      verifyingContract: order.maker,
      salt: zeroHash,
    },
  })
}

/** What follows the ECDSA signature of a deposit wallet: the exchange's domain, the order's hash, its type. */
function tailOf(order: SignedOrder, exchange: Exchange, chainId: number): Hex {
  const domain = hashDomain({
    domain: { ...domainOf(exchange, chainId), chainId: BigInt(chainId) },
    types: { EIP712Domain: DOMAIN_FIELDS },
  })
  const contents = hashStruct({
    data: messageOf(order),
    types: { Order: ORDER_FIELDS },
    primaryType: 'Order',
  })
  return concat([domain, contents, stringToHex(ORDER_TYPE), numberToHex(ORDER_TYPE.length, { size: 2 })])
}

function tail(signature: Hex): Hex {
  return slice(signature, ECDSA_BYTES).toLowerCase() as Hex
}
