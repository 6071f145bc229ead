import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OrderKey } from '@tandem/colo/signer/keys.ts'
import {
  addressText,
  clobAuthHash,
  exchangeOf,
  isKnownChain,
  OrderHash,
  readAddress,
  wordOfDecimal,
} from '@tandem/colo/venue/polymarket/eip712.ts'
import { keccak256 as ours } from '@tandem/colo/venue/polymarket/keccak.ts'
import fc from 'fast-check'
import {
  concat,
  domainSeparator,
  encodePacked,
  getAddress,
  type Hex,
  hashStruct,
  hashTypedData,
  hexToBytes,
  keccak256,
  toHex,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { KeyFolder } from '../../../../key-file.ts'

// viem says what EIP-712 is; the fact sheet, section 8, says which structs.

const types = {
  Order: [
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
  ],
  TypedDataSign: [
    { name: 'contents', type: 'Order' },
    { name: 'name', type: 'string' },
    { name: 'version', type: 'string' },
    { name: 'chainId', type: 'uint256' },
    { name: 'verifyingContract', type: 'address' },
    { name: 'salt', type: 'bytes32' },
  ],
} as const
const orderType = `Order(${types.Order.map(({ name, type }) => `${type} ${name}`).join(',')})`

const exchanges = [
  { version: '2', negRisk: false, chainId: 137, contract: '0xE111180000d2663C0091e4f400237545B87B996B' },
  { version: '2', negRisk: true, chainId: 137, contract: '0xe2222d279d744050d28e00520010520000310F59' },
  { version: '3', negRisk: false, chainId: 137, contract: '0xe3333700cA9d93003F00f0F71f8515005F6c00Aa' },
  { version: '3', negRisk: true, chainId: 137, contract: '0xe3333700cA9d93003F00f0F71f8515005F6c00Aa' },
  { version: '2', negRisk: false, chainId: 80_002, contract: '0xE111180000d2663C0091e4f400237545B87B996B' },
  { version: '2', negRisk: true, chainId: 80_002, contract: '0xe2222d279d744050d28e00520010520000310F59' },
  { version: '3', negRisk: false, chainId: 80_002, contract: '0x9fE6e61422AdB6F610d8597F9684b16912D50C3D' },
] as const

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const hex = (length: number) => bytes(length).map((value) => toHex(value))
const count = fc.oneof(fc.maxSafeNat(), fc.nat(1_000), fc.constant(Number.MAX_SAFE_INTEGER))
const order = fc.record({
  exchange: fc.constantFrom(...exchanges),
  signatureType: fc.integer({ min: 0, max: 3 }),
  maker: hex(20),
  signer: hex(20),
  tokenId: hex(32),
  side: fc.constantFrom(0 as const, 1 as const),
  makerAmount: count,
  takerAmount: count,
  salt: count,
  timestamp: count,
  metadata: hex(32),
  builder: hex(32),
})
type Order = typeof order extends fc.Arbitrary<infer Value> ? Value : never

const secret: Hex = '0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318'
const account = privateKeyToAccount(secret)
using folder = new KeyFolder()
const key = OrderKey.read(folder.file('key', secret))

function hasherOf({ exchange, signatureType, maker, signer, metadata, builder }: Order): OrderHash {
  return new OrderHash({
    chainId: exchange.chainId,
    signatureType,
    maker: hexToBytes(maker),
    signer: hexToBytes(signer),
    metadata: hexToBytes(metadata),
    builder: hexToBytes(builder),
  })
}

function hashWith(hasher: OrderHash, order: Order): OrderHash {
  const { exchange, side, makerAmount, takerAmount, salt, timestamp } = order
  const at = exchangeOf(exchange.version, exchange.negRisk)
  const token = wordOfDecimal(BigInt(order.tokenId).toString())
  hasher.hash(at, token, side, makerAmount, takerAmount, salt, timestamp)
  return hasher
}

/** The order as viem takes it. */
function typedDataOf({ exchange, ...order }: Order) {
  const domain = {
    name: 'Polymarket CTF Exchange',
    version: exchange.version,
    chainId: exchange.chainId,
    verifyingContract: exchange.contract,
  } as const
  const message = {
    ...order,
    salt: BigInt(order.salt),
    tokenId: BigInt(order.tokenId),
    makerAmount: BigInt(order.makerAmount),
    takerAmount: BigInt(order.takerAmount),
    timestamp: BigInt(order.timestamp),
  }
  return { domain, types: { Order: types.Order }, primaryType: 'Order', message } as const
}

function signatureOf(hash: OrderHash): Hex {
  const compact = new Uint8Array(64)
  const signature = new Uint8Array(hash.signatureBytes)
  hash.writeSignature(signature, 0, compact, key.sign(hash.signedHash, compact))
  return toHex(signature)
}

test('an order hashes and signs to the bytes of viem, for all exchanges and signature types', async () => {
  await fc.assert(
    fc.asyncProperty(order, async (drawn) => {
      const hash = hashWith(hasherOf(drawn), drawn)
      const typed = typedDataOf(drawn)
      const { domain, message } = typed
      assert.equal(toHex(hash.orderHash), hashTypedData(typed))
      if (drawn.signatureType !== 3) {
        assert.equal(signatureOf(hash), await account.signTypedData(typed))
        return
      }
      const inner = await account.signTypedData({
        domain,
        types,
        primaryType: 'TypedDataSign',
        message: {
          contents: message,
          name: 'DepositWallet',
          version: '1',
          chainId: BigInt(domain.chainId),
          verifyingContract: drawn.signer,
          salt: `0x${'0'.repeat(64)}`,
        },
      })
      const contents = hashStruct({ data: message, primaryType: 'Order', types: { Order: types.Order } })
      const tail = encodePacked(['string', 'uint16'], [orderType, orderType.length])
      assert.equal(signatureOf(hash), concat([inner, domainSeparator({ domain }), contents, tail]))
    }),
    { seed: 3, numRuns: 300 },
  )
})

test('nothing of an order is left in the next one', () => {
  fc.assert(
    fc.property(order, order, (first, second) => {
      const reused = hashWith(hashWith(hasherOf(second), first), second)
      const alone = hashWith(hasherOf(second), second)
      assert.equal(toHex(reused.orderHash), toHex(alone.orderHash))
      assert.equal(signatureOf(reused), signatureOf(alone))
    }),
    { seed: 4, numRuns: 50 },
  )
})

test('a domain version that we do not know has no exchange', () => {
  for (const version of ['', '0', '1', '4', 'v2', '22', ' 2'])
    for (const negRisk of [false, true]) assert.equal(exchangeOf(version, negRisk), -1, version)
})

test('orders exist on Polygon and Amoy only', () => {
  assert.deepEqual([1, 137, 8_453, 80_002].filter(isKnownChain), [137, 80_002])
})

test('the attestation of a wallet hashes as viem does it', () => {
  fc.assert(
    fc.property(
      hex(20),
      fc.nat(),
      fc.maxSafeNat(),
      fc.constantFrom(137, 80_002),
      (address, seconds, nonce, chainId) => {
        const expected = hashTypedData({
          domain: { name: 'ClobAuthDomain', version: '1', chainId },
          types: {
            ClobAuth: [
              { name: 'address', type: 'address' },
              { name: 'timestamp', type: 'string' },
              { name: 'nonce', type: 'uint256' },
              { name: 'message', type: 'string' },
            ],
          },
          primaryType: 'ClobAuth',
          message: {
            address,
            timestamp: String(seconds),
            nonce: BigInt(nonce),
            message: 'This message attests that I control the given wallet',
          },
        })
        assert.equal(toHex(clobAuthHash(chainId, hexToBytes(address), seconds, nonce)), expected)
      },
    ),
    { seed: 5, numRuns: 50 },
  )
})

test('addresses are written with their checksum, and read without looking at it', () => {
  fc.assert(
    fc.property(hex(20), (address) => {
      assert.equal(addressText(hexToBytes(address)), getAddress(address))
      assert.deepEqual(Uint8Array.from(readAddress(getAddress(address))!), hexToBytes(address))
    }),
    { seed: 6 },
  )
  for (const text of ['', '0x', `0x${'1'.repeat(39)}`, `0x${'g'.repeat(40)}`, '1'.repeat(40)])
    assert.equal(readAddress(text), undefined)
  assert.equal(addressText(key.address), account.address)
})

test('Keccak of any length is that of viem', () => {
  for (let length = 0; length <= 600; length++) {
    const preimage = Buffer.alloc(length, length)
    assert.equal(toHex(ours(preimage)), keccak256(preimage), String(length))
  }
})
