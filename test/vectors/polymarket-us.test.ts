import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { keyOfSecret, signedHeaders, signedMessage } from '@tandem/colo/venue/polymarket-us/auth.ts'
import {
  fillFeeHalfEvenMicroUsd,
  OrderFees,
  POLYMARKET_US_MAKER_REBATE_RATE,
  POLYMARKET_US_TAKER_RATE,
} from '@tandem/shared/fees/polymarket-us.ts'
import { type Lots, MICRO_USD_PER_CENT, type Price } from '@tandem/shared/units.ts'
import { vectorFile } from '../reference.ts'

// Made by the venue's own client against a recorder; the fees by its published table. Polymarket US fact sheet, sections 2
// and 10.

interface RequestVector {
  name: string
  seed: string
  method: string
  requestTarget: string
  signedString: string
  'X-PM-Timestamp': string
  'X-PM-Signature': string
}

const vectors = JSON.parse(readFileSync(vectorFile('polymarket-us-vectors.json'), 'utf8')) as {
  keyId: string
  keys: Record<
    string,
    { secretKeyBase64_32: string; secretKeyBase64_64_seedPlusPub: string; publicKeyHex: string }
  >
  rest: RequestVector[]
  ws: RequestVector[]
  fees: {
    rows: { price: number; contracts: number; takerFeeCents: number; makerRebateCents: number }[]
    multiFill: { cases: { price: number; contracts: number; chargedCents: number }[][] }
  }
}

const priceOf = (price: number) => Math.round(price * 10_000) as Price
const lotsOf = (contracts: number) => Math.round(contracts * 100) as Lots

for (const [name, { secretKeyBase64_32, secretKeyBase64_64_seedPlusPub, publicKeyHex }] of Object.entries(
  vectors.keys,
)) {
  test(`${name}: a secret with and without its public half is the same key`, () => {
    for (const secret of [secretKeyBase64_32, secretKeyBase64_64_seedPlusPub]) {
      const spki = createPublicKey(keyOfSecret(secret)!).export({ type: 'spki', format: 'der' })
      assert.equal(spki.subarray(-32).toString('hex'), publicKeyHex)
    }
  })
}

test('every request is signed as the client signs it, without query and body', () => {
  assert.ok(vectors.rest.length >= 32 && vectors.ws.length >= 4)
  for (const vector of [...vectors.rest, ...vectors.ws]) {
    const { name, seed, method, requestTarget } = vector
    const timestampMs = Number(vector['X-PM-Timestamp'])
    assert.equal(signedMessage(timestampMs, method, requestTarget), vector.signedString, name)
    const key = keyOfSecret(vectors.keys[seed].secretKeyBase64_32)!
    assert.deepEqual(signedHeaders(key, vectors.keyId, timestampMs, method, requestTarget), {
      'X-PM-Access-Key': vectors.keyId,
      'X-PM-Timestamp': vector['X-PM-Timestamp'],
      'X-PM-Signature': vector['X-PM-Signature'],
    })
  }
})

test('a secret of another length is no key', () => {
  assert.equal(keyOfSecret(Buffer.alloc(33).toString('base64')), undefined)
})

test('every fee and rebate of the published table, to the cent', () => {
  assert.ok(vectors.fees.rows.length >= 14)
  for (const row of vectors.fees.rows) {
    const [price, lots] = [priceOf(row.price), lotsOf(row.contracts)]
    const fee = fillFeeHalfEvenMicroUsd(POLYMARKET_US_TAKER_RATE, price, lots)
    const rebate = fillFeeHalfEvenMicroUsd(POLYMARKET_US_MAKER_REBATE_RATE, price, lots)
    const told = [fee / MICRO_USD_PER_CENT, rebate / MICRO_USD_PER_CENT]
    assert.deepEqual(told, [row.takerFeeCents, row.makerRebateCents], JSON.stringify(row))
  }
})

test('the fills of one order are never charged more than their sum', () => {
  assert.ok(vectors.fees.multiFill.cases.length >= 3)
  for (const fills of vectors.fees.multiFill.cases) {
    const fees = new OrderFees(POLYMARKET_US_TAKER_RATE)
    const charged = fills.map(
      ({ price, contracts }) =>
        fees.chargeHalfEvenMicroUsd(priceOf(price), lotsOf(contracts)) / MICRO_USD_PER_CENT,
    )
    assert.deepEqual(
      charged,
      fills.map(({ chargedCents }) => chargedCents),
    )
  }
})
