import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { SEAL_LENGTH, SEAL_MESSAGE_MAX, Seal } from '@tandem/colo/venue/polymarket/auth.ts'
import fc from 'fast-check'

const secretBytes = fc.uint8Array({ minLength: 1, maxLength: 200 })
const base64 = fc.constantFrom('base64' as const, 'base64url' as const)

test('a seal is the HMAC of second, request and body, whatever was sealed before', () => {
  const target = Buffer.alloc(SEAL_LENGTH + 2, 0x2e)
  fc.assert(
    fc.property(
      secretBytes,
      base64,
      fc.array(fc.tuple(fc.nat(4_000_000_000), fc.uint8Array({ maxLength: 2_000 }), fc.nat(5)), {
        minLength: 1,
      }),
      (secret, encoding, messages) => {
        const seal = new Seal(Buffer.from(secret).toString(encoding))
        for (const [second, body, skipped] of messages) {
          const start = Math.min(skipped, body.length)
          seal.write(target, 1, second, Buffer.from('POST/order'), body, start, body.length)
          const hmac = createHmac('sha256', secret).update(`${second}POST/order`).update(body.subarray(start))
          const expected = hmac.digest('base64').replaceAll('+', '-').replaceAll('/', '_')
          assert.equal(target.toString('latin1'), `.${expected}.`)
        }
      },
    ),
    { seed: 1, numRuns: 50 },
  )
})

test('a body that is too long is a bug, not a wrong seal', () => {
  const seal = new Seal('AAAA')
  const body = Buffer.alloc(SEAL_MESSAGE_MAX)
  assert.throws(() => seal.write(Buffer.alloc(SEAL_LENGTH), 0, 1, Buffer.from('x'), body, 0, body.length), {
    code: 'POLYMARKET_BODY_TOO_LONG',
  })
})

test('an empty secret seals nothing', () => {
  assert.throws(() => new Seal(''), { code: 'POLYMARKET_SECRET_EMPTY' })
})
