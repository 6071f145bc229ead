import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { OrderKey } from '@tandem/colo/signer/keys.ts'
import {
  amountStep,
  marketBuyMaker,
  marketBuyTakerFloor,
  notionalMicroUsd,
  sharesMicro,
} from '@tandem/colo/venue/polymarket/amounts.ts'
import { SEAL_LENGTH, Seal } from '@tandem/colo/venue/polymarket/auth.ts'
import {
  addressText,
  clobAuthHash,
  exchangeOf,
  OrderHash,
  readAddress,
  wordOfDecimal,
} from '@tandem/colo/venue/polymarket/eip712.ts'
import { OrderBody, OrderRequest, OrderType, setOrderType } from '@tandem/colo/venue/polymarket/encode.ts'
import { scaledFromDecimal } from '@tandem/shared/decimal.ts'
import type { Lots, Price } from '@tandem/shared/units.ts'
import { KeyFolder } from '../key-file.ts'
import { vectorFile } from '../reference.ts'

// Made by the venue's own client, unmodified: orders, L1 and L2 authentication, amounts, and one order hash that was
// read from the deployed contract. Polymarket fact sheet, section 15.

interface Order {
  salt: string
  maker: string
  signer: string
  tokenId: string
  makerAmount: string
  takerAmount: string
  timestamp: string
  side: 0 | 1
  signatureType: number
  metadata: string
  builder: string
}

interface OrderVector {
  name: string
  inputs: {
    chainId: number
    negRisk: boolean
    tickSize: string
    kind: 'limit' | 'market'
    userOrder: { price: number; size?: number; amount?: number; side: 'BUY' | 'SELL' }
    orderType: keyof typeof OrderType
    postOnly: boolean
    deferExec: boolean
  }
  domain: { version: string; chainId: number }
  message: Order
  eip712_hash: string
  signature: string
  recovered_signer: string
  post_body: { order: { expiration: string; signature: string } }
  post_body_string: string
  l2_headers_for_POST_order: Record<string, string>
}

interface L2Vector {
  timestamp: number
  method: string
  requestPath: string
  body: string | null
  secret?: string
  signature?: string
  headers?: Record<string, string>
}

interface AmountVector {
  kind: 'limit' | 'market'
  tick: string
  side: 'BUY' | 'SELL'
  price: number
  size?: number
  amount?: number
  makerAmount: string
  takerAmount: string
}

const vectors = JSON.parse(readFileSync(vectorFile('polymarket-vectors.json'), 'utf8')) as {
  private_key: string
  address: string
  api_creds: { key: string; secret: string; passphrase: string }
  orders: OrderVector[]
  auth: {
    l1: L1Vector
    l1_nonce_23_amoy: L1Vector
    l2: L2Vector[]
    l2_base64url_secret: L2Vector
    l2_official_test_vector: L2Vector
  }
  orderbook_hash: { preimage: string; sha1: string }[]
  amounts: AmountVector[]
  eip712: { order_type_string: string }
  onchain_crosscheck: { order: Order; digest: string }
}
interface L1Vector {
  timestamp: number
  nonce: number
  chainId: number
  headers: Record<string, string>
  eip712_hash?: string
}

using folder = new KeyFolder()
const key = OrderKey.read(folder.file('key', vectors.private_key))
const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}`
const bytes = (text: string) => Buffer.from(text.slice(2), 'hex')
const ascii = (text: string) => Buffer.from(text, 'latin1')

function hashOf(order: Order, chainId: number, exchange: number): OrderHash {
  const { signatureType, metadata, builder } = order
  const [maker, signer] = [readAddress(order.maker)!, readAddress(order.signer)!]
  const hash = new OrderHash({
    chainId,
    signatureType,
    maker,
    signer,
    metadata: bytes(metadata),
    builder: bytes(builder),
  })
  const [makerAmount, takerAmount] = [Number(order.makerAmount), Number(order.takerAmount)]
  const token = wordOfDecimal(order.tokenId)
  hash.hash(
    exchange,
    token,
    order.side,
    makerAmount,
    takerAmount,
    Number(order.salt),
    Number(order.timestamp),
  )
  return hash
}

/** Lots from a size as a user gives it: more than two decimals are cut off, as the venue's client does. */
const lotsOf = (size: number) => scaledFromDecimal(String(size).replace(/(\.\d\d)\d+$/, '$1'), 2) as Lots
const priceOf = (price: number | string) => scaledFromDecimal(String(price), 4) as Price

function amountsOf(
  kind: string,
  tick: string,
  side: string,
  price: number,
  size: number,
): [maker: number, taker: number] {
  const lots = lotsOf(size)
  const [usd, shares] = [notionalMicroUsd(priceOf(price), lots), sharesMicro(lots)]
  if (side === 'SELL') return [shares, usd]
  if (kind === 'limit') return [usd, shares]
  return [marketBuyMaker(lots), marketBuyTakerFloor(lots, priceOf(price), priceOf(tick))]
}

for (const vector of vectors.orders) {
  const { message, inputs } = vector
  const exchange = exchangeOf(vector.domain.version, inputs.negRisk)

  if (vector.domain.version === '1') {
    test(`${vector.name}: an order of the dead V1 finds no exchange`, () => assert.equal(exchange, -1))
    continue
  }

  test(`${vector.name}: same hash, same signature, same bytes, same seal`, () => {
    const hash = hashOf(message, inputs.chainId, exchange)
    assert.equal(hex(hash.orderHash), vector.eip712_hash)

    const compact = new Uint8Array(64)
    const signature = new Uint8Array(hash.signatureBytes)
    hash.writeSignature(signature, 0, compact, key.sign(hash.signedHash, compact))
    assert.equal(hex(signature), vector.post_body.order.signature)

    const body = new OrderBody({
      maker: message.maker,
      signer: message.signer,
      signatureType: message.signatureType,
      owner: vectors.api_creds.key,
      metadata: message.metadata,
      builder: message.builder,
      postOnly: inputs.postOnly,
      expirationS: Number(vector.post_body.order.expiration),
    })
    const target = Buffer.alloc(body.bytesMax + 7)
    const [maker, taker] = [Number(message.makerAmount), Number(message.takerAmount)]
    const [salt, timestampMs] = [Number(message.salt), Number(message.timestamp)]
    const end = body.write(
      target,
      7,
      ascii(message.tokenId),
      message.side,
      maker,
      taker,
      salt,
      timestampMs,
      signature,
    )
    setOrderType(target, end, OrderType[inputs.orderType])
    assert.equal(target.toString('latin1', 7, end), vector.post_body_string)

    const headers = vector.l2_headers_for_POST_order
    const { secret, key: apiKey, passphrase } = vectors.api_creds
    const parts = { host: 'clob.polymarket.com', address: vectors.address, apiKey, passphrase }
    const request = new OrderRequest(parts, new Seal(secret))
    const wire = Buffer.alloc(request.headBytes + body.bytesMax)
    const type = OrderType[inputs.orderType]
    const length = request.write(wire, target, 7, end, type, Number(headers.POLY_TIMESTAMP))
    const [head, sent] = wire.toString('latin1', 0, length).split('\r\n\r\n')
    assert.equal(sent, vector.post_body_string)
    const [start, ...lines] = head.split('\r\n')
    assert.equal(start, 'POST /order HTTP/1.1')
    const told = Object.fromEntries(
      lines.map((line) => [line.split(':')[0], line.slice(line.indexOf(':') + 1).trim()]),
    )
    for (const [name, value] of Object.entries(headers)) assert.equal(told[name], value, name)
    assert.equal(Number(told['Content-Length']), sent.length)
  })

  test(`${vector.name}: same amounts from integers`, () => {
    const { kind, tickSize, userOrder } = inputs
    const size = userOrder.size ?? userOrder.amount!
    const [maker, taker] = amountsOf(kind, tickSize, userOrder.side, userOrder.price, size)
    assert.deepEqual([String(maker), String(taker)], [message.makerAmount, message.takerAmount])
  })
}

test('the deployed contract computes the same order hash', () => {
  const { order, digest } = vectors.onchain_crosscheck
  assert.equal(hex(hashOf(order, 137, exchangeOf('2', false)).orderHash), digest)
})

for (const [name, vector] of Object.entries({
  l1: vectors.auth.l1,
  'l1 on Amoy': vectors.auth.l1_nonce_23_amoy,
})) {
  test(`${name}: same attestation of the wallet`, () => {
    assert.equal(addressText(key.address), vector.headers.POLY_ADDRESS)
    const hash = clobAuthHash(vector.chainId, key.address, vector.timestamp, vector.nonce)
    if (vector.eip712_hash !== undefined) assert.equal(hex(hash), vector.eip712_hash)
    const signature = new Uint8Array(65)
    signature[64] = 27 + key.sign(hash, signature.subarray(0, 64))
    assert.equal(hex(signature), vector.headers.POLY_SIGNATURE)
  })
}

const { l2, l2_base64url_secret, l2_official_test_vector } = vectors.auth
for (const vector of [...l2, l2_base64url_secret, l2_official_test_vector]) {
  test(`l2 ${vector.method} ${vector.requestPath}: same seal`, () => {
    const seal = new Seal(vector.secret ?? vectors.api_creds.secret)
    const body = Buffer.from(vector.body ?? '')
    const target = Buffer.alloc(SEAL_LENGTH)
    const request = ascii(vector.method + vector.requestPath)
    seal.write(target, 0, vector.timestamp, request, body, 0, body.length)
    assert.equal(target.toString('latin1'), vector.signature ?? vector.headers?.POLY_SIGNATURE)
  })
}

test('same amounts for every tick, kind and side', () => {
  assert.ok(vectors.amounts.length >= 36)
  for (const vector of vectors.amounts) {
    const { kind, tick, side, price, makerAmount, takerAmount } = vector
    const amounts = amountsOf(kind, tick, side, price, vector.size ?? vector.amount!)
    assert.deepEqual(amounts.map(String), [makerAmount, takerAmount], JSON.stringify(vector))
    assert.equal(amounts[side === 'BUY' && kind === 'limit' ? 0 : 1] % amountStep(priceOf(tick)), 0)
  }
})

test('a book hashes over its keys in the documented order', () => {
  // A change token to us, since a frame lacks what it covers (section 3.4); the sandbox's books must carry a right one.
  const order = 'market asset_id timestamp hash bids asks min_order_size tick_size neg_risk last_trade_price'
  for (const { preimage, sha1 } of vectors.orderbook_hash) {
    const book = JSON.parse(preimage) as Record<string, unknown>
    const ordered = Object.fromEntries(order.split(' ').map((key) => [key, book[key]]))
    assert.equal(
      createHash('sha1')
        .update(JSON.stringify({ ...ordered, hash: '' }))
        .digest('hex'),
      sha1,
    )
  }
})
