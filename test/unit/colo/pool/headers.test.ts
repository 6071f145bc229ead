import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HEADER_AGE_MAX_MS, HEADER_AHEAD_MS, HeaderMiss, HeaderRing } from '@tandem/colo/pool/headers.ts'
import { TicketOwner, ticketOwner } from '@tandem/colo/pool/ticket.ts'
import { ascii } from '@tandem/colo/venue/ascii.ts'
import fc from 'fast-check'
import { HeldSigner } from './held-signer.ts'

const START_MS = 1_795_305_600_000

function stand(spacingMs = 50, low = 32) {
  const signer = new HeldSigner()
  const ring = new HeaderRing({ signer, request: 3, signatureLength: 88, spacingMs, low })
  const signatureOf = (timestampMs: number) => ascii(String(timestampMs).padStart(88, 's'))
  const signAll = () => {
    const asked = signer.headers.splice(0)
    for (const { ticket, timestampMs } of asked) ring.headerSigned(ticket, signatureOf(timestampMs))
    return asked
  }
  const settle = (nowMs: number) => {
    do ring.tick(nowMs)
    while (signAll().length > 0)
  }
  /** The stamp of a header as it would be sent; its signature must be that stamp's. */
  const stampOf = (index: number) => {
    const stamp = ring.timestampMs(index)
    const start = ring.signatureStart(index)
    assert.deepEqual(Buffer.from(ring.signatures.subarray(start, start + 88)), signatureOf(stamp))
    return stamp
  }
  return { signer, ring, signAll, settle, stampOf }
}

test('headers are asked for under tickets that tell them from orders', () => {
  const { signer, ring } = stand()
  ring.tick(START_MS)
  assert.ok(signer.headers.length > 0)
  assert.ok(
    signer.headers.every(
      ({ ticket, request }) => ticketOwner(ticket) === TicketOwner.Header && request === 3,
    ),
  )
})

test('a whole burst is served from one moment, nearest stamps first, every stamp once and none out of bounds', () => {
  const { ring, settle, stampOf } = stand()
  for (let ms = 0; ms <= 20_000; ms += 10) settle(START_MS + ms)
  const nowMs = START_MS + 20_000
  const usable = ring.usable(nowMs)
  assert.ok(usable >= 170, `only ${usable}`)
  const stamps: number[] = []
  for (let index = ring.take(nowMs); index >= 0; index = ring.take(nowMs)) stamps.push(stampOf(index))
  assert.equal(stamps.length, usable)
  assert.equal(new Set(stamps).size, stamps.length)
  const distances = stamps.map((stamp) => Math.abs(stamp - nowMs))
  assert.deepEqual(
    distances,
    [...distances].sort((a, b) => a - b),
  )
  assert.ok(stamps.every((stamp) => stamp >= nowMs - HEADER_AGE_MAX_MS && stamp <= nowMs + HEADER_AHEAD_MS))
})

test('after a burst the ring is filled again as fast as the clock gives new stamps', () => {
  const { ring, settle } = stand(50, 32)
  for (let ms = 0; ms <= 10_000; ms += 10) settle(START_MS + ms)
  const nowMs = START_MS + 10_000
  while (ring.take(nowMs) >= 0);
  for (let ms = 1; ms <= 40; ms++) settle(nowMs + ms)
  assert.ok(ring.usable(nowMs + 40) >= 32)
})

test('every miss says why', () => {
  const empty = stand()
  assert.equal(empty.ring.take(START_MS), HeaderMiss.Empty)
  empty.ring.tick(START_MS)
  assert.equal(empty.ring.take(START_MS), HeaderMiss.NotYetSigned)
  empty.signAll()
  assert.equal(empty.ring.take(START_MS + HEADER_AGE_MAX_MS + 5), HeaderMiss.TooOld)
  assert.equal(empty.ring.take(START_MS - HEADER_AHEAD_MS - 1), HeaderMiss.TooFarAhead)
  assert.deepEqual(empty.ring.misses, { empty: 1, notYetSigned: 1, tooOld: 1, tooFarAhead: 1 })
})

test('a signer that answers late or twice changes nothing', () => {
  const { ring, signer, stampOf } = stand()
  ring.tick(START_MS)
  const [first] = signer.headers.splice(0)
  ring.tick(START_MS + 3_000)
  ring.headerSigned(first.ticket, ascii('x'.repeat(88)))
  assert.equal(ring.usable(START_MS + 3_000), 0)
  const [second] = signer.headers
  ring.headerSigned(second.ticket, ascii(String(second.timestampMs).padStart(88, 's')))
  ring.headerSigned(second.ticket, ascii('x'.repeat(88)))
  stampOf(ring.take(START_MS + 3_000))
  assert.equal(ring.take(START_MS + 3_000), HeaderMiss.NotYetSigned)
})

test('refused headers are asked for again with other stamps', () => {
  const { ring, signer, settle } = stand()
  ring.tick(START_MS)
  const refused = signer.headers.splice(0)
  for (const { ticket } of refused) ring.refused(ticket)
  settle(START_MS)
  assert.ok(ring.usable(START_MS) > 0)
})

test('after the clock was set back by minutes there are headers at once, and late answers are nobody’s', () => {
  const { ring, signer, settle, stampOf } = stand()
  for (let ms = 0; ms <= 6_000; ms += 10) settle(START_MS + ms)
  ring.tick(START_MS + 6_100)
  const late = signer.headers.splice(0)
  const nowMs = START_MS - 120_000
  assert.equal(ring.take(nowMs), HeaderMiss.TooFarAhead)
  settle(nowMs)
  const usable = ring.usable(nowMs)
  assert.ok(usable >= 32, `only ${usable}`)
  assert.equal(late.length > 0, true)
  for (const { ticket } of late) ring.headerSigned(ticket, new Uint8Array(88))
  assert.equal(ring.usable(nowMs), usable)
  assert.ok(stampOf(ring.take(nowMs)) <= nowMs + HEADER_AHEAD_MS)
})

test('whatever happens, no stamp is asked for twice, and none is sent that is too old or too far ahead', () => {
  const step = fc.record({
    kind: fc.constantFrom('pass', 'pass', 'sign', 'refuse', 'take', 'take', 'lose'),
    amount: fc.integer({ min: 0, max: 3_000 }),
  })
  let taken = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 30, maxLength: 120 }), (steps) => {
      const { ring, signer, stampOf } = stand(100, 8)
      const asked = new Set<number>()
      const sent = new Set<number>()
      let nowMs = START_MS
      for (const { kind, amount } of steps) {
        if (kind === 'pass') nowMs += amount
        if (kind === 'lose') ring.closed()
        if (kind === 'take') {
          const index = ring.take(nowMs)
          if (index < 0) continue
          const stamp = stampOf(index)
          assert.ok(stamp >= nowMs - HEADER_AGE_MAX_MS && stamp <= nowMs + HEADER_AHEAD_MS)
          assert.ok(!sent.has(stamp))
          sent.add(stamp)
          taken++
        }
        if (kind === 'sign' || kind === 'refuse') {
          for (const { ticket, timestampMs } of signer.headers.splice(0, 1 + (amount % 4))) {
            if (kind === 'refuse') ring.refused(ticket)
            else ring.headerSigned(ticket, ascii(String(timestampMs).padStart(88, 's')))
          }
        }
        const before = signer.headers.length
        ring.tick(nowMs)
        for (const { timestampMs } of signer.headers.slice(before)) {
          assert.ok(!asked.has(timestampMs))
          asked.add(timestampMs)
        }
      }
    }),
    { seed: 2, numRuns: 900 },
  )
  assert.ok(taken > 1_000, `only ${taken}`)
})
