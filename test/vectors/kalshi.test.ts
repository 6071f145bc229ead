import assert from 'node:assert/strict'
import { constants, createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { HeaderKey } from '@tandem/colo/signer/keys.ts'
import {
  isSignedRequest,
  SIGNED_MESSAGE_MAX,
  SignedRequest,
  writeSignedMessage,
} from '@tandem/colo/venue/kalshi/auth.ts'
import { vectorFile } from '../reference.ts'

// Made by the venue's own client. RSA-PSS is randomised, so theirs are verified as ours are: salt of 32 bytes, nothing
// guessed. Kalshi fact sheet, section 2.

interface Vector {
  name: string
  method: string
  signed_path: string
  timestamp_ms: string
  message: string
  signature_b64: string
  signature_b64_second_run_pkcs8_key: string
}

const vectors = JSON.parse(readFileSync(vectorFile('kalshi-vectors.json'), 'utf8')) as {
  public_key_spki_pem: string
  vectors: Vector[]
  negative_vectors: { name: string; message_verified_against: string; signature_b64: string }[]
  ed25519_unofficial: { public_key_spki_pem: string; message: string; signature_b64: string }
}

function isSigned(publicKey: string | Buffer, message: Uint8Array, signature: Buffer): boolean {
  const key = Buffer.isBuffer(publicKey)
    ? createPublicKey({ key: publicKey, type: 'spki', format: 'der' })
    : createPublicKey(publicKey)
  if (key.asymmetricKeyType === 'ed25519') return verify(null, message, key, signature)
  return verify(
    'sha256',
    message,
    { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
    signature,
  )
}

function messageOf(request: number, timestampMs: number): Buffer {
  const target = Buffer.alloc(SIGNED_MESSAGE_MAX)
  return target.subarray(0, writeSignedMessage(target, request, timestampMs))
}

const listed = Object.values(SignedRequest)
const constant = listed.filter((request) => isSignedRequest(request))
const keys = (['rsa', 'ed25519'] as const).map((type) => HeaderKey.generate(type, 'key'))

for (const vector of vectors.vectors) {
  const { name, message, timestamp_ms } = vector
  test(`${name}: the client's signature holds over the message as we write it`, () => {
    // Requests with an order id in the path are not on the signer's list; their message is put together by hand.
    const request = constant.find((each) => messageOf(each, Number(timestamp_ms)).toString() === message)
    const hasConstantPath = !/[0-9a-f]{8}-|batched/.test(vector.signed_path)
    assert.equal(request !== undefined, hasConstantPath)
    const signed =
      request === undefined
        ? Buffer.from(timestamp_ms + vector.method + vector.signed_path)
        : messageOf(request, Number(timestamp_ms))
    for (const signature of [vector.signature_b64, vector.signature_b64_second_run_pkcs8_key])
      assert.ok(isSigned(vectors.public_key_spki_pem, signed, Buffer.from(signature, 'base64')))
  })

  test(`${name}: our own signature verifies as the venue verifies it`, () => {
    for (const key of keys) {
      const [one, two] = [key.sign(Buffer.from(message)), key.sign(Buffer.from(message))]
      assert.ok(isSigned(Buffer.from(key.facts.publicKey), Buffer.from(message), one))
      assert.equal(one.toString('base64').length, key.facts.signatureLength)
      // PSS salts every signature anew; Ed25519 has one signature per message.
      assert.equal(one.equals(two), key.facts.keyType === 'ed25519')
    }
  })
}

for (const { name, message_verified_against, signature_b64 } of vectors.negative_vectors) {
  test(`${name}: is refused by the check that ours passes`, () => {
    const [message, signature] = [Buffer.from(message_verified_against), Buffer.from(signature_b64, 'base64')]
    assert.equal(isSigned(vectors.public_key_spki_pem, message, signature), false)
  })
}

test('Ed25519: the message as we write it has the one signature there is', () => {
  const { public_key_spki_pem, message, signature_b64 } = vectors.ed25519_unofficial
  const ours = messageOf(SignedRequest.CreateOrder, Number(message.slice(0, 13)))
  assert.equal(ours.toString(), message)
  assert.ok(isSigned(public_key_spki_pem, ours, Buffer.from(signature_b64, 'base64')))
})

test('a request that is not listed has no message', () => {
  assert.equal(isSignedRequest(listed.length), false)
  assert.equal(isSignedRequest(-1), false)
  assert.throws(() => messageOf(listed.length, 1_700_000_000_000), { code: 'KALSHI_REQUEST_UNLISTED' })
  assert.throws(() => messageOf(SignedRequest.TriggerOrderGroup, 1_700_000_000_000), {
    code: 'KALSHI_REQUEST_UNLISTED',
  })
})
