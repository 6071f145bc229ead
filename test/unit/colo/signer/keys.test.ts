import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { HeaderKey, OrderKey } from '@tandem/colo/signer/keys.ts'
import { addressText } from '@tandem/colo/venue/polymarket/eip712.ts'
import { privateKeyToAccount } from 'viem/accounts'
import { KeyFolder } from '../../../key-file.ts'

const folder = new KeyFolder()
after(() => folder[Symbol.dispose]())

const digits = '4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318'
const address = privateKeyToAccount(`0x${digits}`).address
let files = 0
const file = (content: string | Uint8Array, mode?: number) => folder.file(String(files++), content, mode)

test('a wallet’s key is read as people paste it', () => {
  const mixed = digits.toUpperCase().replace('A6', 'a6')
  for (const text of [digits, `0x${digits}`, `0X${mixed}\n`, `${mixed} \r\n\n`])
    assert.equal(addressText(OrderKey.read(file(text)).address), address)
})

test('what is no key of secp256k1 is refused without being quoted', () => {
  const order = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141'
  const wrong = [
    '',
    digits.slice(1),
    `${digits}0`,
    digits.replace('4c', '4g'),
    '0'.repeat(64),
    order,
    `${digits}\n${digits}`,
  ]
  for (const text of wrong)
    assert.throws(
      () => OrderKey.read(file(text)),
      (error: Error & { code: string }) => {
        assert.equal(error.code, 'KEY_NOT_SECP256K1')
        return text === '' || !`${error.message}${error.stack}`.includes(text.slice(0, 20))
      },
    )
})

test('a file that others can use is refused, and so is one that is not there', () => {
  for (const mode of [0o604, 0o602, 0o601, 0o620])
    assert.throws(() => OrderKey.read(file(digits, mode)), { code: 'KEY_FILE_OPEN' })
  assert.equal(addressText(OrderKey.read(file(digits, 0o440)).address), address)
  assert.throws(() => OrderKey.read(join(folder.path, 'none')), { code: 'FILE_UNREADABLE' })
  assert.throws(() => OrderKey.read(folder.path), /FILE_UNREADABLE|KEY_FILE_OPEN/)
  assert.throws(() => OrderKey.read(file('a'.repeat(20_000))), { code: 'KEY_FILE_LARGE' })
})

test('Kalshi’s key is read as PKCS#1 and PKCS#8, RSA and Ed25519', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey
  const ed25519 = generateKeyPairSync('ed25519').privateKey
  const pems = [
    rsa.export({ type: 'pkcs1', format: 'pem' }),
    rsa.export({ type: 'pkcs8', format: 'pem' }),
    ed25519.export({ type: 'pkcs8', format: 'pem' }),
  ]
  assert.deepEqual(
    pems.map((pem) => {
      const { keyId, keyType, signatureLength } = HeaderKey.read(file(pem), 'id').facts
      return [keyId, keyType, signatureLength]
    }),
    [
      ['id', 'rsa', 344],
      ['id', 'rsa', 344],
      ['id', 'ed25519', 88],
    ],
  )
})

test('a key that Kalshi does not take, or no key at all, is refused without being quoted', () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1_024 }).privateKey
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  for (const key of [weak, curve])
    assert.throws(() => HeaderKey.read(file(key.export({ type: 'pkcs8', format: 'pem' })), 'id'), {
      code: 'KEY_NOT_KALSHI',
    })
  const pem = String(curve.export({ type: 'pkcs8', format: 'pem' }))
  for (const text of ['', digits, pem.replace('BEGIN', 'BEGAN'), pem.slice(0, 90)])
    assert.throws(
      () => HeaderKey.read(file(text), 'id'),
      (error: Error & { code: string }) => error.code === 'KEY_NOT_PEM' && error.cause === undefined,
    )
})

test('made-up keys differ from each other', () => {
  assert.notDeepEqual(OrderKey.generate().address, OrderKey.generate().address)
})
