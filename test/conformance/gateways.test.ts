import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import type { Clock } from '@tandem/colo/clock.ts'
import type { Approved } from '@tandem/colo/risk/intent.ts'
import { ANSWER_NS_MAX } from '@tandem/colo/venue/connection.ts'
import { REWARM_NS } from '@tandem/colo/venue/connections.ts'
import type { LiveLegListener } from '@tandem/colo/venue/gateway.ts'
import { OrderRequest as KalshiRequest, TimeInForce } from '@tandem/colo/venue/kalshi/encode.ts'
import { KalshiError } from '@tandem/colo/venue/kalshi/error.ts'
import { KalshiGateway, ORDER_TOKENS } from '@tandem/colo/venue/kalshi/gateway.ts'
import { LegEnd, type Looked, UnknownReason } from '@tandem/colo/venue/leg.ts'
import { FILLS_NS_MAX, type GatewayParts, KEPT_BYTES, LOOK_UP_NS } from '@tandem/colo/venue/order-entry.ts'
import { Seal } from '@tandem/colo/venue/polymarket/auth.ts'
import {
  OrderBody,
  OrderType,
  OrderRequest as PolymarketRequest,
} from '@tandem/colo/venue/polymarket/encode.ts'
import { PolymarketGateway } from '@tandem/colo/venue/polymarket/gateway.ts'
import { VENUE_NAMES } from '@tandem/colo/venue/venue.ts'
import { polymarketFeeCeilMicroUsd, polymarketFeeSchedule } from '@tandem/shared/fees/polymarket.ts'
import type { Ns } from '@tandem/shared/units.ts'
import { httpAnswer, TlsVenue, type VenueRequest } from '../tls-venue.ts'

// Both gateways over real TLS sockets, against a venue that answers, holds, cuts and dies as each test says. Time runs
// on its own and can be put forward.

const APPROVED = { bundle: 3 } as Approved
const CLIENT_ID = 'tandem-1-000000000042'
const HASH = '0xc503'
const FEES = polymarketFeeSchedule({ rate: 0.05, exponent: 1 }, 'test')

/** Runs as the process does, and can be put forward. */
class ShiftedClock implements Clock {
  #shiftNs = 0

  nowNs(): Ns {
    return (Math.floor(performance.now() * 1e6) + this.#shiftNs) as Ns
  }

  wallMs(): number {
    return Date.now()
  }

  at(): void {}

  cancel(): void {}

  shift(ns: number): void {
    this.#shiftNs += ns
  }
}

type Told = (string | number)[]

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

const HELD_NS = 1_500_000_000
/** The order that CLIENT_ID and HASH name. */
const ORDER = 7

async function scene(kind: 'kalshi' | 'polymarket', connections = 3, isSale = false) {
  const venue = await TlsVenue.open()
  const clock = new ShiftedClock()
  const told: Told[] = []
  const lookUps: string[] = []
  const looks: (Looked | Promise<Looked>)[] = []
  let heard = (): void => {}
  const tell = (...words: Told): void => {
    told.push(words)
    heard()
  }
  const listener: LiveLegListener = {
    legDone: (trade, at, filled, cost, fee, _nowNs, end, refusal) =>
      tell('done', trade, VENUE_NAMES[at], filled, cost, fee, end, refusal),
    legUnknown: (trade, at, reason) => tell('unknown', trade, VENUE_NAMES[at], reason),
    legTaken: () => {},
    legSettled: () => tell('settled'),
    legCorrected: (order, at, shares, cost, fee) =>
      tell('corrected', order, VENUE_NAMES[at], shares, cost, fee),
  }
  const parts: GatewayParts = {
    host: 'localhost',
    connections,
    open: venue.connect,
    clock,
    random: () => 0,
    listener,
    feeMicroUsd: (bundle, price, microShares) => {
      assert.equal(bundle, APPROVED.bundle)
      return polymarketFeeCeilMicroUsd(FEES, price, microShares)
    },
    bundleOf: () => APPROVED.bundle,
    sells: () => isSale,
    nameOf: (order) => (kind === 'polymarket' ? HASH : order === ORDER ? CLIENT_ID : `tandem-1-${order}`),
    lookUp: async (_order, orderId) => {
      lookUps.push(orderId)
      return looks.shift() ?? { trades: [], order: undefined, isGone: false }
    },
  }
  const gateway = kind === 'kalshi' ? new KalshiGateway(parts) : new PolymarketGateway(parts)
  const timer = setInterval(() => gateway.tick(clock.nowNs()), 5)
  closers.push(async () => {
    clearInterval(timer)
    gateway.close(clock.nowNs())
    await venue.close()
  })
  const until = async (what: string, condition: () => boolean): Promise<void> => {
    const lateMs = performance.now() + 5_000
    while (!condition()) {
      assert.ok(performance.now() < lateMs, `${what}: told ${JSON.stringify(told)}`)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }
  await until('warm', () => gateway.health().open === connections)
  const warmed = venue.requests.length
  const { bytes, length } = kind === 'kalshi' ? kalshiOrder() : polymarketOrder()
  return {
    venue,
    clock,
    gateway,
    told,
    lookUps,
    looks,
    until,
    warmed,
    /** The requests for orders, in the order in which the venue read them. */
    orders: () => venue.requests.filter(({ line }) => line.startsWith('POST')),
    send: (order = ORDER) => gateway.send(APPROVED, order, Buffer.from(bytes), length),
    next: () =>
      new Promise<Told>((resolve) => {
        const count = told.length
        heard = () => resolve(told[count])
      }),
    pass: (ns: number): void => {
      clock.shift(ns)
      gateway.tick(clock.nowNs())
    },
    /** Answers every order so, and everything else as usual. */
    answer: (respond: (request: VenueRequest) => void): void => {
      venue.onRequest = (request) => {
        if (request.line.startsWith('POST')) respond(request)
        else request.socket.write(httpAnswer(200, '{}'))
      }
    },
  }
}

function kalshiOrder(): { bytes: Buffer; length: number } {
  const parts = {
    host: 'localhost',
    keyId: 'key-of-the-account',
    signatureLength: 8,
    clientOrderPrefix: 'tandem-1-',
    subaccount: 0,
  }
  const request = new KalshiRequest(parts, 'KXTEST', 2, TimeInForce.ImmediateOrCancel)
  const bytes = Buffer.alloc(request.bytes)
  request.write(bytes, 1_790_000_000_000, Buffer.from('c2lnbmVk'), 0, 42, 0, 5_600, 1_000)
  return { bytes, length: bytes.length }
}

function polymarketOrder(side: 0 | 1 = 0): { bytes: Buffer; length: number } {
  const account = { maker: '0xaa', signer: '0xaa', signatureType: 0, owner: 'owner-uuid' }
  const body = Buffer.alloc(4_096)
  const end = new OrderBody(account).write(
    body,
    0,
    Buffer.from('5211'),
    side,
    5_000_000,
    9_615_300,
    1,
    1_790_000_000_000,
    Buffer.alloc(65, 0xee),
  )
  const request = new PolymarketRequest(
    { host: 'localhost', address: '0xaa', apiKey: 'owner-uuid', passphrase: 'pass-phrase' },
    new Seal(Buffer.alloc(32, 7).toString('base64url')),
  )
  const bytes = Buffer.alloc(4_096)
  const length = request.write(bytes, body, 0, end, OrderType.FAK, 1_790_000_000)
  return { bytes, length }
}

const kalshiFilled = httpAnswer(201, {
  order_id: 'o1',
  client_order_id: CLIENT_ID,
  fill_count: '10.00',
  remaining_count: '0.00',
  average_fill_price: '0.5500',
  average_fee_paid: '0.017325',
})
const kalshiNothing = httpAnswer(201, {
  order_id: 'o1',
  client_order_id: CLIENT_ID,
  fill_count: '0.00',
  remaining_count: '0.00',
})
const kalshiFill = (tradeId: string, price: string, count: string, fee: string) =>
  JSON.stringify({
    type: 'fill',
    sid: 1,
    msg: {
      trade_id: tradeId,
      order_id: 'o1',
      client_order_id: CLIENT_ID,
      yes_price_dollars: price,
      count_fp: count,
      fee_cost: fee,
      outcome_side: 'yes',
    },
  })
const kalshiEnded = (count: string) =>
  JSON.stringify({
    type: 'user_order',
    sid: 2,
    msg: { order_id: 'o1', client_order_id: CLIENT_ID, status: 'canceled', fill_count_fp: count },
  })
const polymarketMatched = (fields: object = {}) =>
  httpAnswer(200, {
    success: true,
    errorMsg: '',
    orderID: '0xc503',
    status: 'matched',
    makingAmount: '4.95',
    takingAmount: '9.5',
    tradeIDs: ['t1', 't2'],
    ...fields,
  })
const polymarketTrade = (id: string, price: string, size: string, status = 'MATCHED') =>
  JSON.stringify({
    event_type: 'trade',
    id,
    taker_order_id: '0xc503',
    asset_id: '5211',
    size,
    price,
    status,
    trader_side: 'TAKER',
    maker_orders: [{ asset_id: '5211', matched_amount: size, price }],
  })
const KALSHI_NOTHING: Told = ['done', 7, 'kalshi', 0, 0, 0, LegEnd.Fills, 0]

test('warms every connection before it is free, and uses a connection again', async () => {
  const { venue, gateway, warmed, send, next, answer, orders } = await scene('kalshi')
  assert.equal(warmed, 3)
  assert.equal(venue.requests[0].line, 'GET /trade-api/v2/exchange/status')
  assert.equal(gateway.free(), true)
  answer(({ socket }) => socket.write(kalshiNothing))
  const used = new Set<number>()
  for (let i = 0; i < 5; i++) {
    const ended = next()
    send()
    assert.deepEqual(await ended, KALSHI_NOTHING)
    used.add(orders()[i].connection)
  }
  // The one that was heard last, always.
  assert.equal(used.size, 1)
  assert.equal(venue.sockets.length, 3)
})

test('learns its round trip from what keeps connections warm, never from orders, which the venue may hold', async () => {
  const { venue, clock, gateway, send, next, answer, until, pass } = await scene('kalshi')
  const warm = gateway.rttNs()
  assert.ok(warm > 0 && warm < HELD_NS, String(warm))
  // More of either than are kept.
  for (let i = 0; i < 12; i++) {
    answer(({ socket }) => {
      clock.shift(HELD_NS)
      socket.write(kalshiNothing)
    })
    const ended = next()
    send()
    await ended
  }
  assert.equal(gateway.rttNs(), warm)
  const rewarm = async (status: number, heldNs: number): Promise<void> => {
    venue.onRequest = ({ socket }) => {
      clock.shift(heldNs)
      socket.write(httpAnswer(status, '{}'))
    }
    for (let round = 0; round < 4; round++) {
      const before = venue.requests.length
      pass(REWARM_NS)
      await until('warmed', () => venue.requests.length === before + 3 && gateway.health().open === 3)
    }
  }
  await rewarm(200, HELD_NS)
  assert.ok(gateway.rttNs() >= HELD_NS, 'what was shorter is long ago')
  await rewarm(503, 0)
  assert.ok(gateway.rttNs() >= HELD_NS, 'a refusal may come from nearer')
  await rewarm(200, 0)
  assert.ok(gateway.rttNs() < HELD_NS, 'the shortest counts at once')
})

test('writes an order’s bytes as they are, whatever becomes of its buffer afterwards', async () => {
  const { gateway, answer, orders, until } = await scene('kalshi')
  answer(() => {})
  const { bytes } = kalshiOrder()
  const text = bytes.toString('latin1')
  gateway.send(APPROVED, 7, bytes, bytes.length)
  bytes.fill(0)
  await until('read', () => orders().length === 1)
  assert.equal(orders()[0].text, text)
})

test('never puts two orders on one connection, keeps one for the exit, and refuses when none is free', async () => {
  const { venue, gateway, send, until, orders, answer } = await scene('kalshi')
  answer(() => {})
  send(1)
  assert.equal(gateway.free(), true)
  send(2)
  assert.deepEqual([gateway.free(), gateway.freeForExit()], [false, true])
  send(3)
  assert.deepEqual([gateway.free(), gateway.freeForExit()], [false, false])
  assert.throws(() => send(4), { code: 'CONNECTIONS_NONE_FREE' })
  await until('read', () => orders().length === 3)
  assert.equal(new Set(orders().map(({ connection }) => connection)).size, 3)
  assert.equal(venue.pipelined, 0)
})

test('reads answers that come in chunks and in pieces', async () => {
  const { send, next, answer } = await scene('kalshi')
  answer(({ socket }) => {
    const body = kalshiNothing.slice(kalshiNothing.indexOf('{'))
    const [one, two] = [body.slice(0, 20), body.slice(20)]
    const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
    const all = `HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n${chunk(one)}${chunk(two)}0\r\n\r\n`
    let at = 0
    const step = (): void => {
      socket.write(all.slice(at, at + 7))
      at += 7
      if (at < all.length) setImmediate(step)
    }
    step()
  })
  const ended = next()
  send()
  assert.deepEqual(await ended, KALSHI_NOTHING)
})

test('opens a connection again that the venue closes after its answer, with a ticket of the session', async () => {
  const { venue, send, next, answer, until, gateway } = await scene('kalshi')
  answer(({ socket }) => socket.end(kalshiNothing.replace('\r\n', '\r\nConnection: close\r\n')))
  const ended = next()
  send()
  assert.deepEqual(await ended, KALSHI_NOTHING)
  assert.equal(gateway.health().open, 2)
  await until('reopened', () => gateway.health().open === 3)
  assert.equal(venue.sockets.length, 4)
  assert.equal(venue.resumed, 1)
})

test('calls a leg unknown whose connection dies in the middle of the answer, at once', async () => {
  const { send, next, answer, gateway } = await scene('polymarket')
  answer(({ socket }) => {
    socket.write(polymarketMatched().slice(0, 60))
    setTimeout(() => socket.destroy(), 20)
  })
  const ended = next()
  send()
  assert.deepEqual(await ended, ['unknown', 7, 'polymarket', UnknownReason.Lost])
  assert.equal(gateway.counts.unknown, 1)
})

test('calls a leg unknown that is not answered in time, and gives its connection up', async () => {
  const { venue, send, next, answer, until, pass, gateway, orders } = await scene('polymarket')
  answer(() => {})
  const ended = next()
  send()
  await until('read', () => orders().length === 1)
  pass(ANSWER_NS_MAX)
  assert.deepEqual(await ended, ['unknown', 7, 'polymarket', UnknownReason.Timeout])
  await until('reopened', () => gateway.health().open === 3)
  assert.equal(venue.sockets.length > 3, true)
})

test('calls a leg unknown after an answer that two could read differently, or that proves nothing', async () => {
  for (const [reply, reason] of [
    ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', UnknownReason.Broken],
    [httpAnswer(500, { error: 'there are no matching orders' }), UnknownReason.Unclear],
    [httpAnswer(425, ''), UnknownReason.Unclear],
    [httpAnswer(200, '<html>'), UnknownReason.Unclear],
  ] as const) {
    const { send, next, answer } = await scene('polymarket', 2)
    answer(({ socket }) => socket.write(reply))
    const ended = next()
    send()
    assert.deepEqual(await ended, ['unknown', 7, 'polymarket', reason])
  }
})

test('drops a connection that speaks unasked', async () => {
  const { venue, gateway, until } = await scene('kalshi')
  venue.sockets[1].write(kalshiNothing)
  await until('dropped', () => venue.sockets.length === 4)
  assert.equal(gateway.health().trouble, 'UNASKED')
})

test('warms what has been idle, one connection at a time', async () => {
  const { venue, warmed, pass, until, gateway } = await scene('kalshi')
  venue.onRequest = () => {}
  pass(REWARM_NS)
  await until('asked', () => venue.requests.length === warmed + 1)
  assert.equal(gateway.health().open, 2)
  venue.requests.at(-1)?.socket.write(httpAnswer(200, '{}'))
  await until('asked again', () => venue.requests.length === warmed + 2)
  assert.equal(new Set(venue.requests.slice(-2).map(({ connection }) => connection)).size, 2)
})

test('tells Kalshi’s fills as the private channel does, before or after the answer, once each', async () => {
  for (const early of [true, false]) {
    const { send, next, answer, gateway, told } = await scene('kalshi')
    const tell = (): void => {
      gateway.onPrivate(kalshiFill('f1', '0.5500', '6.00', '0.103950'))
      gateway.onPrivate(kalshiFill('f1', '0.5500', '6.00', '0.103950'))
      gateway.onPrivate(kalshiFill('f2', '0.5499', '4.00', '0.069400'))
    }
    answer(({ socket }) => {
      if (early) tell()
      socket.write(kalshiFilled)
      if (!early) setTimeout(tell, 20)
    })
    const ended = next()
    send()
    const cost = 6 * 550_000 + 4 * 549_900
    assert.deepEqual(await ended, ['done', 7, 'kalshi', 10_000_000, cost, 173_350, LegEnd.Fills, 0])
    gateway.onPrivate(kalshiFill('f2', '0.5499', '4.00', '0.069400'))
    assert.deepEqual(told.slice(1), [['settled']])
    assert.deepEqual([gateway.counts.corrected, gateway.counts.byAnswer], [0, 0])
  }
})

test('asks REST for fills that nobody tells, and ends by the answer when nothing helps', async () => {
  const { told, send, next, answer, until, pass, gateway, lookUps } = await scene('kalshi', 2)
  answer(({ socket }) => socket.write(kalshiFilled))
  const ended = next()
  send()
  await until('answered', () => gateway.free())
  assert.equal(lookUps.length, 0)
  pass(LOOK_UP_NS)
  assert.deepEqual(lookUps, ['o1'])
  pass(FILLS_NS_MAX)
  assert.deepEqual(await ended, ['done', 7, 'kalshi', 10_000_000, 5_500_000, 173_255, LegEnd.Answer, 0])
  // Half of it told corrects nothing; all of it puts the reckoned amounts right.
  gateway.onPrivate(kalshiFill('f1', '0.5500', '6.00', '0.103950'))
  assert.deepEqual([gateway.counts.byAnswer, gateway.counts.corrected], [1, 0])
  gateway.onPrivate(kalshiFill('f2', '0.5400', '4.00', '0.069400'))
  assert.deepEqual(told.slice(1), [['corrected', 7, 'kalshi', 0, -40_000, 95], ['settled']])
})

test('asks REST at once while the private channel is down', async () => {
  const { send, answer, until, gateway, lookUps } = await scene('kalshi')
  gateway.privateIsLive = false
  answer(({ socket }) => socket.write(kalshiFilled))
  send()
  await until('asked', () => lookUps.length === 1)
})

const LOST: Told = ['unknown', 7, 'kalshi', UnknownReason.Lost]

test('settles a Kalshi order without an answer by our own id', async () => {
  const { send, answer, until, gateway, told } = await scene('kalshi')
  answer(({ socket }) => socket.destroy())
  send()
  await until('lost', () => told.length === 1)
  gateway.onPrivate(kalshiFill('f1', '0.5500', '6.00', '0.103950'))
  gateway.onPrivate(kalshiEnded('6.00'))
  const done = ['done', 7, 'kalshi', 6_000_000, 3_300_000, 103_950, LegEnd.Fills, 0]
  assert.deepEqual(told, [LOST, done, ['settled']])
})

/** As REST tells a fill: without our own name. */
const SIX_SHARES: Looked['trades'][number] = {
  tradeId: 'f1',
  orderId: 'o1',
  clientOrderId: '',
  fills: [{ price: 5_500, microShares: 6_000_000, feeMicroUsd: 103_950 }],
  failed: false,
  settled: true,
}
const GONE: Looked = { trades: [], order: undefined, isGone: true }
const OPEN: Looked = { trades: [], order: undefined, isGone: false }

test('looks an order without an answer up until the venue shows how it ended', async () => {
  const { send, answer, until, told, looks, lookUps, pass } = await scene('kalshi')
  answer(({ socket }) => socket.destroy())
  send()
  await until('lost', () => told.length === 1)
  looks.push(OPEN, {
    trades: [SIX_SHARES],
    order: {
      orderId: 'o1',
      clientOrderId: CLIENT_ID,
      ended: true,
      filledMicroShares: 6_000_000,
      tradeIds: [],
    },
    isGone: false,
  })
  pass(LOOK_UP_NS)
  await until('looked', () => lookUps.length === 1)
  pass(LOOK_UP_NS)
  await until('found', () => told.length > 1)
  assert.deepEqual(told[1], ['done', 7, 'kalshi', 6_000_000, 3_300_000, 103_950, LegEnd.Fills, 0])
})

test('looks an order up although a question about one before it is still out', async () => {
  const { send, answer, until, told, looks, lookUps, pass, gateway } = await scene('kalshi')
  answer(({ socket }) => socket.destroy())
  send()
  await until('lost', () => told.length === 1)
  looks.push(new Promise(() => {}))
  pass(LOOK_UP_NS)
  assert.equal(lookUps.length, 1)
  gateway.onPrivate(kalshiEnded('0.00'))
  await until('done', () => told.length === 2)
  await until('connected again', () => gateway.free())
  send(ORDER + 1)
  await until('lost again', () => told.length === 3)
  pass(LOOK_UP_NS)
  assert.equal(lookUps.length, 2)
})

test('calls an order absent by the venue’s rule and not before, and corrects itself when it appears', async () => {
  const { send, answer, until, told, looks, lookUps, pass, gateway } = await scene('polymarket')
  answer(({ socket }) => socket.destroy())
  send()
  await until('lost', () => told.length === 1)
  // A look that shows it open starts the count anew.
  looks.push(GONE, OPEN, GONE, GONE, GONE, GONE)
  for (let look = 1; look <= 5; look++) {
    pass(8e9)
    await until('looked', () => lookUps.length === look)
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(told.length, look < 5 ? 1 : 2, `look ${look}`)
  }
  assert.deepEqual(told[1], ['done', 7, 'polymarket', 0, 0, 0, LegEnd.Absent, 0])
  gateway.onPrivate(polymarketTrade('t1', '0.51', '5'))
  const fee = polymarketFeeCeilMicroUsd(FEES, 5_100 as never, 5_000_000 as never)
  assert.deepEqual(told[2], ['corrected', 7, 'polymarket', 5_000_000, 2_550_000, fee])
})

test('finds an order by REST that appears after it was called absent, where nobody tells of it', async () => {
  const { send, answer, until, told, looks, pass } = await scene('kalshi')
  answer(({ socket }) => socket.destroy())
  send()
  await until('lost', () => told.length === 1)
  looks.push(GONE, OPEN, {
    trades: [SIX_SHARES],
    order: undefined,
    isGone: false,
  })
  pass(LOOK_UP_NS)
  await until('absent', () => told.length === 2)
  assert.deepEqual(told[1], ['done', 7, 'kalshi', 0, 0, 0, LegEnd.Absent, 0])
  for (let look = 0; look < 2; look++) {
    pass(2e9)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  assert.deepEqual(told.slice(2), [['corrected', 7, 'kalshi', 6_000_000, 3_300_000, 103_950], ['settled']])
})

test('a sale that appears after it was called absent is shares that went, and no purchase', async () => {
  const { send, answer, until, told, looks, pass, gateway } = await scene('polymarket', 3, true)
  answer(({ socket }) => socket.destroy())
  send()
  await until('lost', () => told.length === 1)
  looks.push(GONE, GONE, GONE, GONE, GONE, GONE)
  for (let look = 0; told.length < 2; look++) {
    assert.ok(look < 10)
    pass(8e9)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  assert.deepEqual(told[1], ['done', 7, 'polymarket', 0, 0, 0, LegEnd.Absent, 0])
  gateway.onPrivate(polymarketTrade('t1', '0.51', '5'))
  const [what, , , shares, cost] = told[2]
  assert.deepEqual([what, shares, cost], ['corrected', -5_000_000, -2_550_000])
})

test('an answer about another order says nothing of ours', async () => {
  const { send, next, answer } = await scene('polymarket')
  answer(({ socket }) => socket.write(polymarketMatched({ orderID: '0xdead' })))
  const ended = next()
  send()
  assert.deepEqual(await ended, ['unknown', 7, 'polymarket', UnknownReason.Unclear])
})

test('takes Polymarket’s dollars from the answer and its fees from each fill’s price', async () => {
  const { send, next, answer, gateway } = await scene('polymarket')
  answer(({ socket }) => {
    gateway.onPrivate(polymarketTrade('t2', '0.53', '4.5'))
    gateway.onPrivate(polymarketTrade('t2', '0.53', '4.5', 'MINED'))
    socket.write(polymarketMatched())
    setTimeout(() => gateway.onPrivate(polymarketTrade('t1', '0.51', '5')), 20)
  })
  const ended = next()
  send()
  const fee =
    polymarketFeeCeilMicroUsd(FEES, 5_300 as never, 4_500_000 as never) +
    polymarketFeeCeilMicroUsd(FEES, 5_100 as never, 5_000_000 as never)
  assert.deepEqual(await ended, ['done', 7, 'polymarket', 9_500_000, 4_950_000, fee, LegEnd.Fills, 0])
})

test('ends by the answer where Polymarket’s fills stay untold, with a fee that is not too small', async () => {
  const { send, next, answer, until, pass, gateway, lookUps } = await scene('polymarket', 2)
  answer(({ socket }) => socket.write(polymarketMatched()))
  const ended = next()
  send()
  await until('answered', () => gateway.free())
  pass(LOOK_UP_NS)
  assert.deepEqual(lookUps, ['0xc503'])
  pass(FILLS_NS_MAX)
  const fee = polymarketFeeCeilMicroUsd(FEES, 5_211 as never, 9_500_000 as never)
  assert.deepEqual(await ended, ['done', 7, 'polymarket', 9_500_000, 4_950_000, fee, LegEnd.Answer, 0])
})

test('tells a SELL as shares that went and money that came', async () => {
  const { next, answer, gateway } = await scene('polymarket', 3, true)
  answer(({ socket }) => {
    socket.write(polymarketMatched({ makingAmount: '4.5', takingAmount: '2.385', tradeIDs: ['t2'] }))
    gateway.onPrivate(polymarketTrade('t2', '0.53', '4.5'))
  })
  const ended = next()
  const { bytes, length } = polymarketOrder(1)
  gateway.send(APPROVED, 7, bytes, length)
  const fee = polymarketFeeCeilMicroUsd(FEES, 5_300 as never, 4_500_000 as never)
  assert.deepEqual(await ended, ['done', 7, 'polymarket', -4_500_000, -2_385_000, fee, LegEnd.Fills, 0])
})

test('waits for the fills of an order that is delayed, and calls it unknown when none come', async () => {
  const delayed = polymarketMatched({ status: 'delayed', makingAmount: '', takingAmount: '', tradeIDs: [] })
  const ended = (matched: string) =>
    JSON.stringify({ event_type: 'order', id: '0xc503', type: 'CANCELLATION', size_matched: matched })
  const { send, next, answer, gateway } = await scene('polymarket')
  answer(({ socket }) => {
    socket.write(delayed)
    gateway.onPrivate(polymarketTrade('t1', '0.5101', '4.999999'))
    setTimeout(() => gateway.onPrivate(ended('4.999999')), 20)
  })
  const done = next()
  send()
  const fee = polymarketFeeCeilMicroUsd(FEES, 5_101 as never, 4_999_999 as never)
  // 4.999999 x 0.5101 dollars are 2,550,499.4899 micro-dollars.
  assert.deepEqual(await done, ['done', 7, 'polymarket', 4_999_999, 2_550_500, fee, LegEnd.Fills, 0])

  const silent = await scene('polymarket', 2)
  silent.answer(({ socket }) => socket.write(delayed))
  const unknown = silent.next()
  silent.send()
  await silent.until('answered', () => silent.gateway.free())
  silent.pass(FILLS_NS_MAX)
  assert.deepEqual(await unknown, ['unknown', 7, 'polymarket', UnknownReason.Untold])
})

test('takes a match that fails out: of the report before it, from the report after it', async () => {
  const { send, next, answer, gateway, told } = await scene('polymarket')
  answer(({ socket }) => {
    socket.write(polymarketMatched({ tradeIDs: ['t1'], makingAmount: '2.55', takingAmount: '5' }))
    gateway.onPrivate(polymarketTrade('t1', '0.51', '5'))
  })
  const ended = next()
  send()
  assert.equal((await ended)[0], 'done')
  gateway.onPrivate(polymarketTrade('t1', '0.51', '5', 'FAILED'))
  gateway.onPrivate(polymarketTrade('t1', '0.51', '5', 'FAILED'))
  const fee = polymarketFeeCeilMicroUsd(FEES, 5_100 as never, 5_000_000 as never)
  assert.deepEqual(told.slice(1), [['corrected', 7, 'polymarket', -5_000_000, -2_550_000, -fee]])

  const early = await scene('polymarket')
  early.answer(({ socket }) => {
    socket.write(polymarketMatched())
    setTimeout(() => {
      early.gateway.onPrivate(polymarketTrade('t1', '0.51', '5', 'FAILED'))
      early.gateway.onPrivate(polymarketTrade('t2', '0.53', '4.5'))
    }, 20)
  })
  const done = early.next()
  early.send()
  const rest = polymarketFeeCeilMicroUsd(FEES, 5_300 as never, 4_500_000 as never)
  assert.deepEqual(await done, ['done', 7, 'polymarket', 4_500_000, 2_385_000, rest, LegEnd.Fills, 0])
})

test('tells once that everything an order filled is settled', async () => {
  const { send, next, answer, gateway, told } = await scene('polymarket')
  answer(({ socket }) => {
    socket.write(polymarketMatched())
    gateway.onPrivate(polymarketTrade('t1', '0.51', '5'))
    gateway.onPrivate(polymarketTrade('t2', '0.53', '4.5'))
  })
  const ended = next()
  send()
  await ended
  gateway.onPrivate(polymarketTrade('t1', '0.51', '5', 'CONFIRMED'))
  assert.equal(told.length, 1)
  gateway.onPrivate(polymarketTrade('t2', '0.53', '4.5', 'CONFIRMED'))
  gateway.onPrivate(polymarketTrade('t2', '0.53', '4.5', 'CONFIRMED'))
  assert.deepEqual(told.slice(1), [['settled']])
})

test('rests after a refusal for a while, as long as the venue says, and tells the venue’s own error', async () => {
  const { send, next, answer, gateway, pass } = await scene('kalshi')
  answer(({ socket }) => socket.write(httpAnswer(429, { error: 'too many requests' })))
  const ended = next()
  send()
  assert.deepEqual(await ended, ['done', 7, 'kalshi', 0, 0, 0, LegEnd.Refused, KalshiError.TooManyRequests])
  assert.deepEqual([gateway.free(), gateway.freeForExit(), gateway.counts.limited], [false, false, 1])
  pass(1e9)
  assert.deepEqual([gateway.free(), gateway.freeForExit()], [true, true])

  answer(({ socket }) =>
    socket.write(httpAnswer(409, { error: { code: 'trading_is_paused' } }, 'Retry-After: 5\r\n')),
  )
  const paused = next()
  send()
  assert.equal((await paused).at(-1), KalshiError.TradingPaused)
  pass(4e9)
  assert.deepEqual([gateway.free(), gateway.freeForExit()], [false, true])
  pass(1e9)
  assert.equal(gateway.free(), true)
})

test('stops entries before the venue’s bucket is empty, and leaves tokens for the exit', async () => {
  const { send, next, answer, gateway } = await scene('kalshi')
  answer(({ socket }) => socket.write(kalshiNothing))
  // One token a second: the bucket stands still while the test runs.
  gateway.limit(1, 5 * ORDER_TOKENS)
  let entries = 0
  while (gateway.free()) {
    const ended = next()
    send()
    await ended
    entries++
  }
  assert.equal(entries, 3)
  assert.equal(gateway.freeForExit(), true)
})

test('trusts no other authority, and says why it is not there', async () => {
  const venue = await TlsVenue.open()
  const other = await TlsVenue.open()
  closers.push(
    () => venue.close(),
    () => other.close(),
  )
  const clock = new ShiftedClock()
  const gateway = new KalshiGateway({
    host: 'localhost',
    connections: 2,
    open: (session) => venue.connect(session, other.ca),
    clock,
    random: () => 0,
    listener: { legDone() {}, legTaken() {}, legUnknown() {}, legSettled() {}, legCorrected() {} },
    feeMicroUsd: () => 0,
    bundleOf: () => 0,
    sells: () => false,
    nameOf: () => CLIENT_ID,
    lookUp: async () => OPEN,
  })
  for (let i = 0; i < 20; i++) {
    gateway.tick(clock.nowNs())
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  assert.deepEqual([gateway.health().open, venue.requests.length], [0, 0])
  assert.match(gateway.health().trouble, /CERT|SIGNATURE|ISSUER/)
  gateway.close(clock.nowNs())
})

test('keeps of a request nothing that could be sent again, and says nothing of it', async () => {
  for (const [{ bytes, length }, mark] of [
    [kalshiOrder(), '"client_order_id":"'],
    [polymarketOrder(), '"makerAmount":"'],
  ] as const) {
    const from = bytes.indexOf(mark)
    const kept = bytes.toString('latin1', from, Math.min(length, from + KEPT_BYTES))
    assert.doesNotMatch(kept, /signature":"|eeee|c2lnbmVk|pass-phrase|owner-uuid|key-of-the-account/)
  }
  const { send, until, gateway, answer, told } = await scene('polymarket')
  answer(({ socket }) => socket.destroy())
  send()
  await until('lost', () => told.length === 1)
  assert.match(gateway.health().trouble, /^[A-Z_]+$/)
})

test('tells legs that are on their way when it is closed', async () => {
  const { send, next, answer, gateway, until, orders, clock } = await scene('polymarket')
  answer(() => {})
  send()
  await until('read', () => orders().length === 1)
  assert.equal(gateway.open, 1)
  const ended = next()
  gateway.close(clock.nowNs())
  assert.deepEqual(await ended, ['unknown', 7, 'polymarket', UnknownReason.Lost])
  assert.deepEqual([gateway.open, gateway.free(), gateway.freeForExit()], [1, false, false])
})
