import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ExitOrders } from '@tandem/colo/pool/exit-orders.ts'
import { TicketOwner, ticketOwner } from '@tandem/colo/pool/ticket.ts'
import { LANE_URGENT, ORDER_SELL, type Signer } from '@tandem/colo/signer/signer.ts'
import { OrderBody } from '@tandem/colo/venue/polymarket/encode.ts'

const NOW_NS = 1_000
const WALL_MS = 1_790_000_000_000

function scene() {
  const asked: { lane: number; ticket: number; salt: number; timestampMs: number }[] = []
  const told: string[] = []
  let position = 0
  let isBusy = false
  let hasRoom = true
  const signer: Pick<Signer, 'order'> = {
    order(lane, ticket, _token, _side, _maker, _taker, salt, timestampMs) {
      if (isBusy) return false
      asked.push({ lane, ticket, salt, timestampMs })
      return true
    },
  }
  const exits: ExitOrders = new ExitOrders({
    places: 4,
    signer,
    body: new OrderBody({ maker: '0xaa', signer: '0xaa', signatureType: 0, owner: 'owner' }),
    saltStart: 1_000,
    owner: {
      journalHash: () => (hasRoom ? position++ : -1),
      exitReady(place) {
        const start = exits.bodyStart(place)
        const body = Buffer.from(exits.bodies.subarray(start, start + exits.bodyLength[place])).toString()
        told.push(`ready ${place} ${JSON.parse(body).order.side} ${exits.digests[exits.digestStart(place)]}`)
      },
      exitFailed: (place) => void told.push(`failed ${place}`),
    },
  })
  return {
    exits,
    asked,
    told,
    request: (place: number) =>
      exits.request(place, 3, Buffer.from('5211'), ORDER_SELL, 5_000_000, 2_250_000, NOW_NS, WALL_MS),
    sign: (index: number) =>
      exits.orderSigned(asked[index].ticket, new Uint8Array(32).fill(index + 1), new Uint8Array(65), NOW_NS),
    busy: () => {
      isBusy = true
    },
    full: () => {
      hasRoom = false
    },
  }
}

test('an exit is signed before everything else, and ready once its hash is durable, once', () => {
  const { exits, asked, told, request, sign } = scene()
  assert.equal(request(2), true)
  assert.deepEqual(
    [asked[0].lane, ticketOwner(asked[0].ticket), asked[0].salt, asked[0].timestampMs],
    [LANE_URGENT, TicketOwner.Exit, 1_000, WALL_MS - 1_000],
  )
  sign(0)
  exits.onDurable(0, NOW_NS)
  assert.deepEqual(told, [])
  exits.onDurable(1, NOW_NS)
  exits.onDurable(1, NOW_NS)
  assert.deepEqual(told, ['ready 2 SELL 1'])
  // Its bytes are as good as money: gone when the call is over.
  assert.ok(exits.bodies.every((byte) => byte === 0))
})

test('an answer for an order that was given up is nobody’s', () => {
  const { exits, told, request, sign, asked } = scene()
  request(1)
  exits.tick(NOW_NS + 2e9)
  assert.deepEqual(told, ['failed 1'])
  sign(0)
  exits.refused(asked[0].ticket, NOW_NS)
  exits.onDurable(9, NOW_NS)
  assert.deepEqual(told, ['failed 1'])
  request(1)
  assert.notEqual(asked[1].ticket, asked[0].ticket)
  assert.notEqual(asked[1].salt, asked[0].salt)
})

test('a refusal, a full journal and a busy signer are told, and leave the place free', () => {
  const refused = scene()
  refused.request(0)
  refused.exits.refused(refused.asked[0].ticket, NOW_NS)
  assert.deepEqual(refused.told, ['failed 0'])
  assert.equal(refused.request(0), true)
  const full = scene()
  full.full()
  full.request(0)
  full.sign(0)
  assert.deepEqual(full.told, ['failed 0'])
  const busy = scene()
  busy.busy()
  assert.equal(busy.request(0), false)
})

test('while the disk stands still no more is asked than can be remembered', () => {
  const { exits, request, sign } = scene()
  let asked = 0
  for (let round = 0; round < 50; round++) {
    if (!request(0)) break
    sign(asked++)
    exits.tick(NOW_NS + 2e9)
  }
  assert.ok(asked > 4 && asked < 20, String(asked))
  exits.onDurable(99, NOW_NS)
  assert.equal(request(0), true)
})
