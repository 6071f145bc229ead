import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { ApiKeys } from '@tandem/sandbox/polymarket/keys.ts'
import { readPosted } from '@tandem/sandbox/polymarket/payload.ts'
import { digestOf, exchangeOf, isForOtherVersion, signerOf } from '@tandem/sandbox/polymarket/signature.ts'
import { vectorFile } from '../../../reference.ts'

const vectors = JSON.parse(readFileSync(vectorFile('polymarket-vectors.json'), 'utf8'))
const wallet = vectors.address.toLowerCase()

describe('orders that the official client signed', () => {
  for (const { name, inputs, eip712_hash, post_body_string } of vectors.orders) {
    it(name, async () => {
      const { chainId, orderVersion, negRisk } = inputs
      const posted = readPosted(JSON.parse(post_body_string))
      if (orderVersion === 1) {
        assert.equal(posted, 'old-version')
        return
      }
      assert.ok(typeof posted === 'object')
      const { signed } = posted
      const exchange = exchangeOf(chainId, { version: orderVersion === 3 ? 'v2' : 'v1', negRisk })
      assert.ok(exchange)
      assert.equal(digestOf(signed, exchange, chainId), eip712_hash)
      assert.equal(await signerOf(signed, exchange, chainId), wallet)
      const next = { ...signed, makerAmount: signed.makerAmount + 1 }
      assert.notEqual(await signerOf(next, exchange, chainId), wallet)
      const other = exchangeOf(chainId, { version: orderVersion === 3 ? 'v1' : 'v2', negRisk: false })
      assert.ok(other)
      assert.notEqual(await signerOf(signed, other, chainId), wallet)
      assert.ok(await isForOtherVersion(signed, other, chainId, wallet))
      assert.ok(!(await isForOtherVersion(signed, exchange, chainId, wallet)))
    })
  }
})

describe('wallets that ask for a key', () => {
  const { l1, l1_nonce_23_amoy } = vectors.auth
  for (const { timestamp, nonce, chainId, headers } of [l1, l1_nonce_23_amoy]) {
    it(`chain ${chainId}, nonce ${nonce}`, async () => {
      const keys = new ApiKeys(chainId, 'root')
      const given = Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
      )
      const ask = (change: object, nowMs = timestamp * 1_000) =>
        keys.wallet({ ...(given as Record<string, string>), ...change }, nowMs)
      assert.deepEqual(await ask({}), { address: wallet, nonce })
      assert.equal(await ask({ poly_nonce: String(nonce + 1) }), undefined)
      assert.equal(await ask({ poly_address: '0x0000000000000000000000000000000000000001' }), undefined)
      assert.equal(await ask({ poly_signature: '0x12' }), undefined)
      assert.equal(await ask({}, timestamp * 1_000 + 60_001), undefined)
      assert.equal(await ask({}, timestamp * 1_000 - 60_001), undefined)
    })
  }
})

it('takes a body whatever the order of its keys, and nothing that is no order', () => {
  const { post_body } = vectors.orders[0]
  const order = Object.fromEntries(Object.entries(post_body.order).reverse())
  assert.deepEqual(readPosted({ orderType: 'GTC', order, owner: post_body.owner }), readPosted(post_body))
  for (const [name, value] of [
    ['salt', '895000000000'],
    ['salt', 2 ** 53],
    ['makerAmount', 52_000_000],
    ['makerAmount', '0'],
    ['takerAmount', '1.5'],
    ['side', 0],
    ['signatureType', 4],
    ['signature', '0x'],
    ['tokenId', '-1'],
    ['metadata', '0x00'],
    ['maker', 'me'],
  ] as const) {
    assert.equal(readPosted({ ...post_body, order: { ...post_body.order, [name]: value } }), 'invalid', name)
  }
  for (const value of [
    null,
    [],
    'order',
    { ...post_body, orderType: 'IOC' },
    { ...post_body, postOnly: 1 },
  ]) {
    assert.equal(readPosted(value), 'invalid')
  }
})
