import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CLIENT_ORDER_COUNTER_MAX,
  OrderRequest,
  type OrderRequestParts,
  TimeInForce,
} from '@tandem/colo/venue/kalshi/encode.ts'
import { LOTS_ORDER_MAX } from '@tandem/shared/units.ts'
import fc from 'fast-check'
import { parsedByHttp } from '../../../../http-server.ts'

const parts: OrderRequestParts = {
  host: 'external-api.kalshi.com',
  keyId: '00000000-1111-4222-8333-444444444444',
  signatureLength: 88,
  clientOrderPrefix: 'tandem-7f3a-',
  subaccount: 0,
}
const signatures = Buffer.from('s'.repeat(88) + 't'.repeat(88))
const requestOf = (timeInForce: TimeInForce) => new OrderRequest(parts, 'FED-23DEC-T3.00', 2, timeInForce)
const requests = {
  immediate_or_cancel: requestOf(TimeInForce.ImmediateOrCancel),
  fill_or_kill: requestOf(TimeInForce.FillOrKill),
}

test('every order is the JSON that the fact sheet shows, in a request whose length never changes', () => {
  const target = Buffer.alloc(2_000)
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.entries(requests)),
      fc.nat(CLIENT_ORDER_COUNTER_MAX),
      fc.constantFrom(0 as const, 1 as const),
      fc.integer({ min: 1, max: 9_999 }),
      fc.oneof(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 1, max: LOTS_ORDER_MAX })),
      ([timeInForce, request], counter, side, price, lots) => {
        // Left over from the order before: all of it must be gone.
        request.write(target, 1_795_305_600_999, signatures, 0, 999_999_999_999, 1, 9_999, LOTS_ORDER_MAX)
        request.write(target, 1_795_305_600_123, signatures, 88, counter, side, price, lots)
        const [head, body] = target.toString('latin1', 0, request.bytes).split('\r\n\r\n')
        assert.deepEqual(JSON.parse(body), {
          ticker: 'FED-23DEC-T3.00',
          client_order_id: `tandem-7f3a-${String(counter).padStart(12, '0')}`,
          side: side === 0 ? 'bid' : 'ask',
          count: (lots / 100).toFixed(2),
          price: (price / 10_000).toFixed(4),
          time_in_force: timeInForce,
          self_trade_prevention_type: 'taker_at_cross',
          post_only: false,
          reduce_only: false,
          cancel_order_on_pause: false,
          subaccount: 0,
          exchange_index: 2,
        })
        assert.match(head, new RegExp(`\r\nContent-Length: ${body.length}\r\n`))
        assert.match(head, /\r\nKALSHI-ACCESS-TIMESTAMP: 1795305600123\r\n/)
        assert.match(head, /\r\nKALSHI-ACCESS-SIGNATURE: t{88}$/)
      },
    ),
    { seed: 1, numRuns: 300 },
  )
})

test('an order may name its group, and is otherwise the same', () => {
  const write = (request: OrderRequest): [string, string] => {
    const wire = Buffer.alloc(request.bytes)
    request.write(wire, 1_795_305_600_123, signatures, 0, 42, 1, 5_600, 1_000)
    const [head, body] = wire.toString('latin1').split('\r\n\r\n')
    assert.match(head, new RegExp(`\r\nContent-Length: ${body.length}\r\n`))
    return [JSON.parse(body), wire.toString('latin1', request.idStart, request.idEnd)]
  }
  const grouped = new OrderRequest(parts, 'FED-23DEC-T3.00', 2, TimeInForce.ImmediateOrCancel, 'og_123')
  const [[plain, id], [named, namedId]] = [write(requests.immediate_or_cancel), write(grouped)]
  assert.deepEqual(named, { ...(plain as unknown as object), order_group_id: 'og_123' })
  assert.deepEqual([id, namedId], ['tandem-7f3a-000000000042', 'tandem-7f3a-000000000042'])
})

test('an HTTP server understands the requests, one after the other', async () => {
  const wires = Object.values(requests).map((request) => {
    const wire = Buffer.alloc(request.bytes)
    request.write(wire, 1_795_305_600_123, signatures, 0, 42, 0, 5_600, 1_000)
    return wire
  })
  const parsed = await parsedByHttp(Buffer.concat(wires))
  assert.deepEqual(
    parsed.map(({ line, body }) => [line, JSON.parse(body).count]),
    wires.map(() => ['POST /trade-api/v2/portfolio/events/orders', '10.00']),
  )
  assert.equal(parsed[0].headers['kalshi-access-key'], parts.keyId)
})

test('an order that no venue takes is a bug here', () => {
  const target = Buffer.alloc(2_000)
  const request = requests.fill_or_kill
  const write = (counter: number, price: number, lots: number) => () =>
    request.write(target, 1_795_305_600_123, signatures, 0, counter, 0, price, lots)
  for (const price of [0, 10_000]) assert.throws(write(1, price, 100), { code: 'KALSHI_PRICE_RANGE' })
  for (const lots of [0, LOTS_ORDER_MAX + 1]) assert.throws(write(1, 50, lots), { code: 'KALSHI_LOTS_RANGE' })
  assert.throws(write(CLIENT_ORDER_COUNTER_MAX + 1, 50, 100), { code: 'KALSHI_COUNTER_RANGE' })
})

test('names that would break the body or a header are refused when the request is made', () => {
  const make = (change: Partial<OrderRequestParts>, ticker: string, group?: string) => () =>
    new OrderRequest({ ...parts, ...change }, ticker, 0, TimeInForce.FillOrKill, group)
  assert.throws(make({}, 'A"B'), { code: 'KALSHI_TICKER' })
  assert.throws(make({}, 'AB', 'og"1'), { code: 'KALSHI_ORDER_GROUP_ID' })
  assert.throws(make({ keyId: 'a\r\nb' }, 'AB'), { code: 'KALSHI_HEADER_VALUE' })
  assert.throws(make({ clientOrderPrefix: 'x'.repeat(53) }, 'AB'), { code: 'KALSHI_CLIENT_ORDER_ID' })
  assert.throws(make({ clientOrderPrefix: 'a b' }, 'AB'), { code: 'KALSHI_CLIENT_ORDER_ID' })
})
