import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  FrameReader,
  HEADER_BYTES,
  helloFrame,
  isRequest,
  ORDER_BYTES,
  PROTOCOL_VERSION,
  REQUEST_BYTES_MAX,
  readHello,
  ticketOf,
  writeHeader,
  writeOrder,
} from '@tandem/colo/signer/frames.ts'
import { LANE_REFILL, ORDER_SELL, type SignerFacts } from '@tandem/colo/signer/signer.ts'
import fc from 'fast-check'

/** Order and header frames in turn, as many as there are tickets; headers with an id of any length, and with none. */
function stream(tickets: readonly number[]): Buffer {
  return Buffer.concat(
    tickets.map((ticket, i) => {
      const id = 'x'.repeat(i % 65)
      const frame = Buffer.alloc(i % 2 === 0 ? ORDER_BYTES : HEADER_BYTES + id.length)
      if (i % 2 === 0) writeOrder(frame, 0, LANE_REFILL, ticket, 3, ORDER_SELL, 1, 2, 3, 4)
      else writeHeader(frame, 0, ticket, 0, 4, id)
      return frame
    }),
  )
}

test('frames come out as they went in, however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(0xffff_ffff), { maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
      (tickets, cuts) => {
        const bytes = stream(tickets)
        const seen: number[] = []
        const reader = new FrameReader(REQUEST_BYTES_MAX, (frame, at, length) => {
          assert.ok(isRequest(frame[at + 2], length))
          seen.push(ticketOf(frame, at))
          return true
        })
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const end = Math.min(at + cuts[i % cuts.length], bytes.length)
          // A chunk's memory is used again once it was read.
          const chunk = Buffer.from(bytes.subarray(at, end))
          assert.ok(reader.read(chunk))
          chunk.fill(0xff)
          at = end
        }
        assert.deepEqual(seen, tickets)
      },
    ),
    { seed: 1, numRuns: 500 },
  )
})

test('any garbage is read to its end or given up, and no frame reaches beyond its chunk', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), (chunks) => {
      const reader = new FrameReader(64, (frame, at, length) => {
        assert.ok(length >= 8 && length <= 64 && at + length <= frame.length)
        return true
      })
      chunks.every((chunk) => reader.read(Buffer.from(chunk)))
    }),
    { seed: 2, numRuns: 500 },
  )
})

test('a length that no frame has ends the reading, whole or in pieces', () => {
  for (const length of [0, 7, 49, 0xffff])
    for (const cut of [1, 8, 100]) {
      const bytes = stream([1, 2])
      bytes.writeUInt16LE(length, ORDER_BYTES)
      const reader = new FrameReader(ORDER_BYTES, () => true)
      let isGood = true
      for (let at = 0; at < bytes.length && isGood; at += cut)
        isGood = reader.read(bytes.subarray(at, at + cut))
      assert.equal(isGood, false)
    }
})

test('the facts arrive whole, and only in this version of the protocol', () => {
  const address = `0x${'1'.repeat(40)}`
  const facts: SignerFacts = {
    pid: 7,
    chainId: 137,
    signatureType: 0,
    maker: address,
    signer: address,
    owner: address,
    orderSignatureBytes: 65,
    kalshi: { keyId: 'id', keyType: 'rsa', signatureLength: 344, publicKey: Buffer.from([1, 2, 255]) },
  }
  const frame = helloFrame(facts)
  assert.deepEqual(readHello(frame, 0, frame.length), facts)
  assert.equal(readHello(frame, 0, frame.length - 1), undefined)
  frame[3] = PROTOCOL_VERSION + 1
  assert.equal(readHello(frame, 0, frame.length), undefined)
})
