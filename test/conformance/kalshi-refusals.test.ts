import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import type { FaultName } from '@tandem/sandbox/faults.ts'
import { CRYPTO_TICKER, KalshiSandbox, TAPERED_TICKER, TICKER } from '../kalshi-sandbox.ts'

// What the sandbox's Kalshi refuses, with the status and the body that the Kalshi fact sheet gives.

const BALANCE = '/portfolio/balance'
const ORDERS = '/portfolio/events/orders'

describe('what Kalshi refuses', () => {
  let sandbox: KalshiSandbox
  let count = 0

  const order = (side: 'bid' | 'ask', price: string, contracts: string, more: object = {}) => ({
    ticker: TICKER,
    client_order_id: `order-${count++}`,
    side,
    count: contracts,
    price,
    time_in_force: 'good_till_canceled',
    self_trade_prevention_type: 'taker_at_cross',
    ...more,
  })
  const place = async (body: unknown): Promise<[number, unknown]> => {
    const { status, body: answer } = await sandbox.ask('POST', ORDERS, body)
    return [status, answer]
  }
  const nested = (code: string, details?: string) => ({
    error: { code, message: code.replaceAll('_', ' '), ...(details === undefined ? {} : { details }) },
  })

  before(async () => {
    sandbox = await KalshiSandbox.start()
    sandbox.quote('bid', 45, 100)
    sandbox.quote('ask', 55, 100)
  })
  after(() => sandbox[Symbol.asyncDispose]())

  it('a signature that is wrong, made with another salt length, for another path, or missing', async () => {
    const path = `/trade-api/v2${BALANCE}`
    const unauthorized = nested('authentication_error', 'INCORRECT_API_KEY_SIGNATURE')
    const ask = async (headers: Record<string, string>): Promise<[number, unknown]> => {
      const { status, body } = await sandbox.ask('GET', BALANCE, undefined, headers)
      return [status, body]
    }
    assert.equal((await ask(sandbox.headers('GET', path)))[0], 200)
    // A query is not signed.
    assert.equal((await sandbox.ask('GET', `${BALANCE}?exchange_index=0`)).status, 200)
    // 222 is the longest salt of a key of 2048 bits, which many libraries choose.
    for (const saltLength of [0, 20, 222]) {
      assert.deepEqual(
        await ask(sandbox.headers('GET', path, { saltLength })),
        [401, unauthorized],
        `${saltLength}`,
      )
    }
    assert.deepEqual(await ask(sandbox.headers('GET', BALANCE)), [401, unauthorized])
    assert.deepEqual(await ask(sandbox.headers('POST', path)), [401, unauthorized])
    const unknown = sandbox.headers('GET', path, { keyId: '00000000-0000-4000-8000-000000000000' })
    assert.deepEqual(await ask(unknown), [401, nested('authentication_error', 'NOT_FOUND')])
    assert.deepEqual(await ask({}), [401, nested('signature_is_missing_from_headers')])
  })

  it('a timestamp more than 15 s in the past or 30 s in the future', async () => {
    for (const [skewMs, status] of [
      [-14_000, 200],
      [29_000, 200],
      [-16_000, 401],
      [31_000, 401],
    ]) {
      const headers = sandbox.headers('GET', `/trade-api/v2${BALANCE}`, { skewMs })
      const answer = await sandbox.ask('GET', BALANCE, undefined, headers)
      assert.equal(answer.status, status, `${skewMs} ms`)
      if (status === 401) assert.deepEqual(answer.body, nested('header_timestamp_expired'))
    }
  })

  it('takes Ed25519 keys too, and refuses writes of a key that may only read', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    sandbox.server.keys.register('reader', pem, sandbox.account, ['read'])
    const headers = (method: string, path: string): Record<string, string> => {
      const timestamp = String(Date.now())
      const signature = sign(null, Buffer.from(`${timestamp}${method}/trade-api/v2${path}`), privateKey)
      return {
        'KALSHI-ACCESS-KEY': 'reader',
        'KALSHI-ACCESS-TIMESTAMP': timestamp,
        'KALSHI-ACCESS-SIGNATURE': signature.toString('base64'),
      }
    }
    assert.equal((await sandbox.ask('GET', BALANCE, undefined, headers('GET', BALANCE))).status, 200)
    const refused = await sandbox.ask('POST', ORDERS, order('bid', '0.4000', '1.00'), headers('POST', ORDERS))
    assert.equal(refused.status, 403)
  })

  it('prices off the grid, of 0 and of a dollar', async () => {
    for (const price of ['0.4050', '0.0000', '1.0000', '0.40001', '-0.4000']) {
      assert.deepEqual(await place(order('bid', price, '1.00')), [400, nested('invalid_price')], price)
    }
    const tapered = { ticker: TAPERED_TICKER }
    assert.equal((await place(order('bid', '0.0910', '1.00', tapered)))[0], 201)
    assert.deepEqual(await place(order('bid', '0.1110', '1.00', tapered)), [400, nested('invalid_price')])
  })

  it('numbers where the venue has strings, what is no JSON, and what is missing', async () => {
    const [status, body] = await place({ ...order('bid', '0.4000', '1.00'), count: 10 })
    assert.equal(status, 400)
    assert.deepEqual(body, {
      code: 'bad_request',
      message: 'bad request',
      details: 'json: cannot unmarshal number into Go struct field .count of type string',
    })
    assert.equal(((await place('{"ticker":'))[1] as { code: string }).code, 'bad_request')
    assert.equal(((await place({}))[1] as { code: string }).code, 'bad_request')
    const { status: empty, body: why } = await sandbox.ask('POST', ORDERS)
    assert.deepEqual([empty, (why as { code: string }).code], [400, 'invalid_content_type'])
    const many = await sandbox.ask('GET', '/markets?limit=1001')
    assert.deepEqual(Object.keys(many.body as object), ['msg'])
    assert.match((many.body as { msg: string }).msg, /^Parameter validation failed: /)
    assert.equal((await sandbox.ask('GET', '/markets?cursor=nonsense')).status, 200)
  })

  it('an order that the balance of its own shard does not cover', async () => {
    // 100 dollars on shard 0 and 100 on shard 2: together they would do.
    assert.deepEqual(await place(order('bid', '0.4000', '251.00')), [400, nested('insufficient_balance')])
    const crypto = { ticker: CRYPTO_TICKER, exchange_index: 2 }
    assert.deepEqual(await place(order('bid', '0.4000', '251.00', crypto)), [
      400,
      nested('insufficient_balance'),
    ])
    // Buying NO at 0.60 costs as much.
    assert.deepEqual(await place(order('ask', '0.6000', '251.00')), [400, nested('insufficient_balance')])
    const [status, resting] = await place(order('bid', '0.4000', '230.00'))
    assert.equal(status, 201)
    assert.deepEqual(await place(order('bid', '0.4000', '20.00')), [400, nested('insufficient_balance')])
    await sandbox.ask('DELETE', `${ORDERS}/${(resting as { order_id: string }).order_id}`)
    // A shard that was never funded knows no such user; one that the market is not on knows no such market.
    assert.deepEqual(await place(order('bid', '0.4000', '1.00', { exchange_index: 2 })), [
      404,
      nested('not_found'),
    ])
  })

  it('a client_order_id for the second time, even after a cancel and after a kill', async () => {
    const first = order('bid', '0.4000', '1.00')
    const [, created] = await place(first)
    assert.deepEqual(await place(first), [409, nested('order_already_exists')])
    await sandbox.ask('DELETE', `${ORDERS}/${(created as { order_id: string }).order_id}`)
    assert.deepEqual(await place(first), [409, nested('order_already_exists')])
    const killed = order('bid', '0.5500', '100.01', { time_in_force: 'fill_or_kill' })
    assert.deepEqual(await place(killed), [409, nested('fill_or_kill_insufficient_resting_volume')])
    assert.deepEqual(await place(killed), [409, nested('order_already_exists')])
  })

  it('an order that can only rest and would cross; another answer accepts and cancels it', async () => {
    const crossing = (): object => order('bid', '0.5500', '1.00', { post_only: true })
    assert.deepEqual(await place(crossing()), [400, nested('invalid_order', 'post only cross')])
    sandbox.venue.postOnlyCancels = true
    const [status, body] = await place(crossing())
    sandbox.venue.postOnlyCancels = false
    const { fill_count, remaining_count } = body as Record<string, string>
    assert.deepEqual([status, fill_count, remaining_count], [201, '0.00', '0.00'])
  })

  it('nothing of an immediate order that finds nothing: it is accepted and gone', async () => {
    const [status, body] = await place(
      order('bid', '0.5000', '3.00', { time_in_force: 'immediate_or_cancel' }),
    )
    const { fill_count, remaining_count, average_fill_price } = body as Record<string, string>
    assert.deepEqual(
      [status, fill_count, remaining_count, average_fill_price],
      [201, '0.00', '0.00', undefined],
    )
  })

  it('orders while trading is paused, and cancels too while the exchange is', async () => {
    const [, created] = await place(order('bid', '0.4000', '1.00'))
    const [, kept] = await place(order('bid', '0.4000', '1.00'))
    const [, halted] = await place(order('bid', '0.4000', '1.00', { cancel_order_on_pause: true }))
    const path = (body: unknown): string => `${ORDERS}/${(body as { order_id: string }).order_id}`
    sandbox.venue.pause = 'trading'
    assert.deepEqual(await place(order('bid', '0.4000', '1.00')), [409, nested('trading_is_paused')])
    assert.equal((await sandbox.ask('DELETE', path(created))).status, 200)
    assert.equal((await sandbox.ask('DELETE', path(halted))).status, 404)
    sandbox.venue.pause = 'exchange'
    assert.equal((await sandbox.ask('DELETE', path(kept))).status, 409)
    sandbox.venue.pause = 'none'
    assert.equal((await sandbox.ask('DELETE', path(kept))).status, 200)
  })

  it('cancels of what is cancelled, executed or unknown, all alike, and of what is on another shard', async () => {
    const [, executed] = await place(order('bid', '0.5500', '1.00'))
    const [, elsewhere] = await place(order('bid', '0.4000', '1.00', { ticker: CRYPTO_TICKER }))
    const id = (body: unknown): string => (body as { order_id: string }).order_id
    for (const path of [id(executed), 'unknown', id(elsewhere)]) {
      const { status, body } = await sandbox.ask('DELETE', `${ORDERS}/${path}`)
      assert.deepEqual([status, body], [404, nested('not_found')])
    }
    const found = await sandbox.ask('DELETE', `${ORDERS}/${id(elsewhere)}?market_ticker=${CRYPTO_TICKER}`)
    assert.equal(found.status, 200)
  })

  it('the retired endpoints', async () => {
    const { status, body } = await sandbox.ask('POST', '/portfolio/orders', order('bid', '0.4000', '1.00'))
    assert.deepEqual([status, body], [410, nested('deprecated_v1_order_endpoint')])
  })

  it('more than the bucket holds, per shard, without a word about when to come back', async () => {
    await using narrow = await KalshiSandbox.start({ tier: 'basic' })
    const burst = async (body: () => object): Promise<number[]> => {
      const answers = await Promise.all(Array.from({ length: 12 }, () => narrow.ask('POST', ORDERS, body())))
      for (const { status, body, headers } of answers) {
        if (status !== 429) continue
        assert.deepEqual(body, { error: 'too many requests' })
        assert.ok(!('retry-after' in headers))
      }
      return answers.map(({ status }) => status).sort()
    }
    // 100 tokens at 10 an order, and some that come back meanwhile.
    const here = await burst(() => order('bid', '0.0100', '1.00', { exchange_index: 0 }))
    assert.ok(here.filter((status) => status === 201).length >= 10 && here.includes(429), `${here}`)
    const there = await burst(() =>
      order('bid', '0.0100', '1.00', { ticker: CRYPTO_TICKER, exchange_index: 2 }),
    )
    assert.ok(there.filter((status) => status === 201).length >= 10 && there.includes(429), `${there}`)
  })

  it('an order now and then, when it is told to: unavailable, limited, unanswered, late', async () => {
    const strike = async (fault: FaultName): Promise<{ status: number; taken: boolean; ms: number }> => {
      const body = order('bid', '0.1000', '1.00')
      sandbox.faults.set(fault, true)
      const beganMs = performance.now()
      const status = await place(body).then(
        ([answered]) => answered,
        () => 0,
      )
      sandbox.faults.set(fault, false)
      const taken = sandbox.account.clientOrderIds.has(body.client_order_id)
      return { status, taken, ms: performance.now() - beganMs }
    }
    const seen = async (fault: FaultName): Promise<[number, boolean]> => {
      const { status, taken } = await strike(fault)
      return [status, taken]
    }
    assert.deepEqual(await seen('server-error'), [503, false])
    assert.deepEqual(await seen('rate-limit'), [429, false])
    // What went unanswered was taken all the same.
    assert.deepEqual(await seen('lost-answer'), [0, true])
    const late = await strike('late-answer')
    assert.deepEqual([late.status, late.taken, late.ms >= 1_900], [201, true, true])
  })

  it('portfolio reads see what happened only after a while, and say as of when', async () => {
    await using slow = await KalshiSandbox.start({ readLagMs: 150 })
    const created = await slow.ask('POST', ORDERS, order('bid', '0.4000', '1.00'))
    const { order_id } = created.body as { order_id: string }
    assert.equal((await slow.ask('GET', `/portfolio/orders/${order_id}`)).status, 404)
    const asOf = await slow.ask('GET', '/exchange/user_data_timestamp')
    assert.ok(Date.parse((asOf.body as { as_of_time: string }).as_of_time) < Date.now() - 100)
    await new Promise((resolve) => setTimeout(resolve, 200))
    assert.equal((await slow.ask('GET', `/portfolio/orders/${order_id}`)).status, 200)
  })
})
