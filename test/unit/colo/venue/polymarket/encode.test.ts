import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Seal } from '@tandem/colo/venue/polymarket/auth.ts'
import { WRAPPED_SIGNATURE_BYTES } from '@tandem/colo/venue/polymarket/eip712.ts'
import { OrderBody, OrderRequest, OrderType, setOrderType } from '@tandem/colo/venue/polymarket/encode.ts'
import fc from 'fast-check'
import { parsedByHttp } from '../../../../http-server.ts'

const maker = `0x${'aB'.repeat(20)}`
const owner = '00000000-0000-0000-0000-000000000000'
const body = new OrderBody({ maker, signer: maker, signatureType: 3, owner })
const longestToken = String((1n << 256n) - 1n)
const types = Object.entries(OrderType)

const count = fc.oneof(fc.nat(9), fc.maxSafeNat(), fc.constant(Number.MAX_SAFE_INTEGER))

test('a body is the JSON of its order, and ends where it says', () => {
  const target = Buffer.alloc(body.bytesMax + 20)
  fc.assert(
    fc.property(
      fc.nat(20),
      fc.constantFrom(0 as const, 1 as const),
      fc.tuple(count, count, count, count),
      fc.bigInt({ min: 1n, max: (1n << 256n) - 1n }),
      fc.uint8Array({ minLength: 65, maxLength: WRAPPED_SIGNATURE_BYTES }),
      fc.constantFrom(...types),
      (at, side, [makerAmount, takerAmount, salt, timestampMs], token, signature, [typeName, type]) => {
        target.fill(0)
        const tokenId = Buffer.from(String(token))
        const end = body.write(
          target,
          at,
          tokenId,
          side,
          makerAmount,
          takerAmount,
          salt,
          timestampMs,
          signature,
        )
        setOrderType(target, end, type)
        assert.deepEqual(JSON.parse(target.toString('latin1', at, end)), {
          deferExec: false,
          postOnly: false,
          order: {
            salt,
            maker,
            signer: maker,
            tokenId: String(token),
            makerAmount: String(makerAmount),
            takerAmount: String(takerAmount),
            side: side === 0 ? 'BUY' : 'SELL',
            signatureType: 3,
            timestamp: String(timestampMs),
            expiration: '0',
            metadata: `0x${'0'.repeat(64)}`,
            builder: `0x${'0'.repeat(64)}`,
            signature: `0x${Buffer.from(signature).toString('hex')}`,
          },
          owner,
          orderType: typeName,
        })
        assert.ok(target.subarray(0, at).every((byte) => byte === 0))
        assert.ok(target.subarray(end).every((byte) => byte === 0))
      },
    ),
    { seed: 1, numRuns: 300 },
  )
})

test('the longest order has exactly the most bytes', () => {
  const target = Buffer.alloc(body.bytesMax)
  const most = Number.MAX_SAFE_INTEGER
  const signature = new Uint8Array(WRAPPED_SIGNATURE_BYTES)
  const end = body.write(target, 0, Buffer.from(longestToken), 1, most, most, most, most, signature)
  assert.equal(end, body.bytesMax)
})

test('an HTTP server understands the requests, whether the length has three digits or four', async () => {
  const parts = { host: 'clob.polymarket.com', address: maker, apiKey: owner, passphrase: 'pass' }
  const request = new OrderRequest(parts, new Seal('AAAA'))
  const wires: Buffer[] = []
  const bodies: string[] = []
  const slab = Buffer.alloc(2 * body.bytesMax)
  for (const signatureBytes of [65, WRAPPED_SIGNATURE_BYTES]) {
    const signature = new Uint8Array(signatureBytes)
    const end = body.write(
      slab,
      33,
      Buffer.from('123'),
      0,
      5_000_000,
      10_000_000,
      7,
      1_790_000_000_000,
      signature,
    )
    // A longer request was in the buffer before.
    const wire = Buffer.alloc(request.headBytes + body.bytesMax, 0x58)
    const length = request.write(wire, slab, 33, end, OrderType.FOK, 1_790_000_000)
    wires.push(wire.subarray(0, length))
    bodies.push(slab.toString('latin1', 33, end).replace('GTC', 'FOK'))
  }
  assert.deepEqual(
    bodies.map((text) => String(text.length).length),
    [3, 4],
  )
  const parsed = await parsedByHttp(Buffer.concat(wires))
  assert.deepEqual(
    parsed.map(({ line, body: text }) => [line, text]),
    bodies.map((text) => ['POST /order', text]),
  )
  assert.deepEqual(
    parsed.map(({ headers }) => headers['content-length']),
    bodies.map((text) => String(text.length)),
  )
})

test('what would break out of a header line is refused when the request is made', () => {
  const parts = { host: 'clob.polymarket.com', address: maker, apiKey: owner, passphrase: 'a\r\nX: y' }
  assert.throws(() => new OrderRequest(parts, new Seal('AAAA')), { code: 'POLYMARKET_HEADER_VALUE' })
})
