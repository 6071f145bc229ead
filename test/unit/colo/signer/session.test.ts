import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import { LIMITS_DEFAULT, type Limits, Throttle } from '@tandem/colo/signer/bounds.ts'
import { SignerClient } from '@tandem/colo/signer/client.ts'
import { Desk } from '@tandem/colo/signer/desk.ts'
import { REGISTER_BYTES, writeRegister } from '@tandem/colo/signer/frames.ts'
import { HeaderKey, OrderKey } from '@tandem/colo/signer/keys.ts'
import { Session } from '@tandem/colo/signer/session.ts'
import {
  LANE_REFILL,
  LANE_URGENT,
  ORDER_BUY,
  ORDER_SELL,
  Refusal,
  type SignerFacts,
} from '@tandem/colo/signer/signer.ts'
import { SignedRequest } from '@tandem/colo/venue/kalshi/auth.ts'
import { addressText, exchangeOf, OrderHash, wordOfDecimal } from '@tandem/colo/venue/polymarket/eip712.ts'
import { MICRO_USD_PER_USD, NS_PER_MS } from '@tandem/shared/units.ts'
import { type Hex, recoverAddress, toHex } from 'viem'

// Client and session back to back, without processes: the test turns the signer's loop by hand.

const TOKEN = '71321045679252212594626385532706912750332728571942532289631379312455583992563'
const OTHER = '52114319501245915516055106046884209969926127482827954674443846427813813222426'
const WALL_MS = 1_790_000_000_000
const SIGNATURE_NS = 100_000
const orderKey = OrderKey.generate()
const headerKey = HeaderKey.generate('ed25519', 'key')
const account = { chainId: 137, signatureType: 0, maker: orderKey.address, signer: orderKey.address }
const facts: SignerFacts = {
  pid: 1,
  chainId: 137,
  signatureType: 0,
  maker: addressText(orderKey.address),
  signer: addressText(orderKey.address),
  owner: addressText(orderKey.address),
  orderSignatureBytes: 65,
  kalshi: headerKey.facts,
}

/** One end of a wire; what is written to it is the other end’s data a moment later, as with a socket. */
class Wire extends Duplex {
  other!: Wire
  override _read(): void {}
  override _write(chunk: Buffer, _: string, done: () => void): void {
    process.nextTick(() => {
      this.other.push(chunk)
      done()
    })
  }
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.push(null)
    if (!this.other.destroyed) this.other.destroy()
    done(error)
  }
}

/** Everything that is due before a timer or an immediate. */
const settled = () => new Promise<void>((resume) => setImmediate(resume))

async function rig(limits: Partial<Limits> = {}) {
  const [here, there] = [new Wire(), new Wire()]
  here.other = there
  there.other = here
  const all = { ...LIMITS_DEFAULT, ...limits }
  const desk = new Desk(account, orderKey, headerKey, all)
  /** What the signer's loop would run after it looked at the socket, and after how many milliseconds. */
  const due: { run: () => void; ms: number }[] = []
  let nowNs = 0
  const signOrder = desk.order.bind(desk)
  desk.order = (...request) => {
    nowNs += SIGNATURE_NS
    return signOrder(...request)
  }
  const time = {
    nowNs: () => nowNs,
    wallMs: () => WALL_MS,
    soon: (run: () => void) => void due.push({ run, ms: 0 }),
    later: (run: () => void, ms: number) => void due.push({ run, ms }),
  }
  new Session(there, desk, facts, new Throttle(all.refillPercent), time)
  const client = await SignerClient.greet(here)
  const answers: (string | number)[][] = []
  const orders: { digest: Hex; signature: Hex }[] = []
  const headers: string[] = []
  client.listener = {
    orderSigned: (ticket, digest, signature) => {
      answers.push(['order', ticket])
      orders.push({ digest: toHex(digest), signature: toHex(signature) })
    },
    headerSigned: (ticket, signature) => {
      answers.push(['header', ticket])
      headers.push(Buffer.from(signature).toString('latin1'))
    },
    refused: (ticket, refusal) => answers.push(['refused', ticket, refusal]),
    closed: () => answers.push(['closed']),
  }
  const order = (lane: 0 | 1, ticket: number, token: number, timestampMs = WALL_MS) =>
    client.order(lane, ticket, token, ORDER_BUY, 5_000_000, 10_000_000, 1 + ticket, timestampMs)
  /** Runs what is due, one after the other, until nothing is, or so often. Returns the rests that were taken. */
  const turn = async (times = Number.POSITIVE_INFINITY) => {
    const rests: number[] = []
    for (let i = 0; i < times && due.length > 0; i++) {
      assert.equal(due.length, 1, 'the loop is scheduled once')
      const { run, ms } = due.shift()!
      if (ms > 0) rests.push(ms)
      nowNs += ms * NS_PER_MS
      run()
      await settled()
    }
    return rests
  }
  return { client, here, answers, orders, headers, order, turn, due }
}

test('an order comes back with its hash and the signature of our key over it', async () => {
  const { client, orders, turn, answers } = await rig()
  const token = client.registerToken(TOKEN, '3', true, 10)
  client.order(LANE_URGENT, 4_000_000_000, token, ORDER_SELL, 20_000_000, 9_000_000, 77, WALL_MS)
  await settled()
  await turn()
  assert.deepEqual(answers, [['order', 4_000_000_000]])
  const hash = new OrderHash(account)
  hash.hash(exchangeOf('3', true), wordOfDecimal(TOKEN), ORDER_SELL, 20_000_000, 9_000_000, 77, WALL_MS)
  const [{ digest, signature }] = orders
  assert.equal(digest, toHex(hash.orderHash))
  assert.equal(await recoverAddress({ hash: digest, signature }), facts.owner)
})

test('a header comes back as base64 that verifies, with the id in its path where it has one', async () => {
  const { client, headers, turn } = await rig()
  const longest = '-'.repeat(64)
  client.header(1, SignedRequest.CreateOrder, 1_700_000_000_123)
  client.header(2, SignedRequest.TriggerOrderGroup, 1_700_000_000_124, longest)
  await settled()
  await turn()
  const key = createPublicKey({ key: Buffer.from(facts.kalshi.publicKey), format: 'der', type: 'spki' })
  const signed = [
    '1700000000123POST/trade-api/v2/portfolio/events/orders',
    `1700000000124PUT/trade-api/v2/portfolio/order_groups/${longest}/trigger`,
  ]
  for (const [i, message] of signed.entries())
    assert.ok(verify(null, Buffer.from(message), key, Buffer.from(headers[i], 'base64')), message)
})

test('an urgent order is signed before every refill that waits, and headers before refills', async () => {
  const { client, answers, order, turn } = await rig({ refillPercent: 100 })
  const token = client.registerToken(TOKEN, '2', false, 100)
  for (let ticket = 0; ticket < 6; ticket++) order(LANE_REFILL, ticket, token)
  client.header(50, SignedRequest.CreateOrder, WALL_MS)
  await settled()
  await turn(3)
  order(LANE_URGENT, 99, token)
  await settled()
  // The urgent one's answer takes along what was signed before it and waited for company.
  assert.deepEqual(answers, [
    ['header', 50],
    ['order', 0],
    ['order', 1],
    ['order', 99],
  ])
  await turn()
  assert.deepEqual(
    answers.slice(4),
    [2, 3, 4, 5].map((ticket) => ['order', ticket]),
  )
})

test('refills rest as long as they worked, and urgent orders do not wait for them', async () => {
  const { client, answers, order, turn, due } = await rig({ refillPercent: 50 })
  const token = client.registerToken(TOKEN, '2', false, 100)
  for (let ticket = 0; ticket < 200; ticket++) order(LANE_REFILL, ticket, token)
  await settled()
  while (due[0].ms === 0) await turn(1)
  const before = answers.length
  order(LANE_URGENT, 999, token)
  await settled()
  assert.deepEqual(answers.slice(before), [['order', 999]])
  const rests = await turn()
  assert.equal(answers.length, 201)
  // 201 signatures of 0.1 ms worked for 20 ms; the first 5 ms of rest had been saved up.
  const restedMs = rests.reduce((sum, ms) => sum + ms, 0)
  assert.ok(restedMs >= 14 && restedMs <= 20, `${restedMs} ms`)
})

test('tokens that nobody registered, of unknown versions or ticks are refused', async () => {
  const { client, answers, order } = await rig()
  const known = client.registerToken(TOKEN, '2', false, 100)
  const strange = [
    client.registerToken('1', '1', false, 100),
    client.registerToken('2', '4', false, 100),
    client.registerToken('3', 'x', false, 100),
    client.registerToken('4', '2', false, 7),
  ]
  for (const token of [...strange, 16_000, 0xffff_ffff, known]) order(LANE_URGENT, token, token)
  await settled()
  assert.deepEqual(answers, [
    ...[...strange, 16_000, 0xffff_ffff].map((token) => ['refused', token, Refusal.UnknownToken]),
    ['order', known],
  ])
})

test('a token keeps its index, and its new tick is in force at once', async () => {
  const { client, answers } = await rig()
  const token = client.registerToken(TOKEN, '2', false, 100)
  const low = (ticket: number) =>
    client.order(LANE_URGENT, ticket, token, ORDER_BUY, 5_000, 1_000_000, 1, WALL_MS)
  low(1)
  assert.equal(client.registerToken(OTHER, '2', false, 100), token + 1)
  assert.equal(client.registerToken(TOKEN, '2', false, 10), token)
  low(2)
  await settled()
  assert.deepEqual(answers, [
    ['refused', 1, Refusal.PriceOutOfBounds],
    ['order', 2],
  ])
})

test('the limits hold for every lane, and what was refused costs nothing', async () => {
  const { client, answers, order, turn } = await rig({
    orderMicroUsdMax: 5 * MICRO_USD_PER_USD,
    outstandingMicroUsdMax: 10 * MICRO_USD_PER_USD,
  })
  const token = client.registerToken(TOKEN, '2', false, 100)
  client.order(LANE_URGENT, 1, token, ORDER_BUY, 5_000_001, 10_000_000, 1, WALL_MS)
  order(LANE_URGENT, 2, token, WALL_MS + LIMITS_DEFAULT.aheadMsMax + 1)
  order(LANE_URGENT, 3, token)
  order(LANE_REFILL, 4, token)
  order(LANE_REFILL, 5, token)
  client.header(6, Math.max(...Object.values(SignedRequest)) + 1, WALL_MS)
  client.header(7, SignedRequest.Fills, WALL_MS + LIMITS_DEFAULT.aheadMsMax + 1)
  client.header(8, SignedRequest.Fills, Number.NaN)
  // An id that is none, and one where none belongs.
  client.header(9, SignedRequest.TriggerOrderGroup, WALL_MS, 'a/../b')
  client.header(10, SignedRequest.TriggerOrderGroup, WALL_MS)
  client.header(11, SignedRequest.CreateOrder, WALL_MS, 'a')
  await settled()
  await turn()
  assert.deepEqual(answers, [
    ['refused', 1, Refusal.OrderTooLarge],
    ['refused', 2, Refusal.TooFarAhead],
    ['order', 3],
    ['refused', 6, Refusal.UnknownRequest],
    ['refused', 7, Refusal.TooFarAhead],
    ['refused', 8, Refusal.BadNumber],
    ...[9, 10, 11].map((ticket) => ['refused', ticket, Refusal.UnknownRequest]),
    ['order', 4],
    ['refused', 5, Refusal.OutstandingExceeded],
  ])
})

test('the client says no before more waits than the signer keeps, and keeps room for what is urgent', async () => {
  const { client, order, answers } = await rig({ refillPercent: 100 })
  const token = client.registerToken(TOKEN, '2', false, 100)
  let refills = 0
  while (order(LANE_REFILL, refills, token)) refills++
  let urgent = 0
  while (order(LANE_URGENT, 10_000 + urgent, token)) urgent++
  assert.deepEqual([refills, refills + urgent], [6_144, 8_192])
  await settled()
  assert.ok(!answers.some(([, , refusal]) => refusal === Refusal.Busy))
})

test('what is no frame ends the connection, and the listener hears of it', async () => {
  const { client, here, answers, order } = await rig()
  here.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'))
  await settled()
  assert.deepEqual(answers, [['closed']])
  assert.equal(order(LANE_URGENT, 1, 0), false)
  assert.equal(client.header(2, SignedRequest.Balance, WALL_MS), false)
})

test('two tokens under one index end the connection: the two sides no longer mean the same', async () => {
  const { client, here, answers } = await rig()
  client.registerToken(TOKEN, '2', false, 100)
  await settled()
  const frame = Buffer.alloc(REGISTER_BYTES)
  writeRegister(frame, 0, 0, 2, false, 100, wordOfDecimal(OTHER))
  here.write(frame)
  await settled()
  assert.deepEqual(answers, [['closed']])
})
