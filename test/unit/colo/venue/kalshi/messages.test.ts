import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  addMarkets,
  deleteMarkets,
  getSnapshot,
  subscribe,
  subscribeBooks,
  unsubscribe,
} from '@tandem/colo/venue/kalshi/messages.ts'

// The examples of the Kalshi fact sheet, section 3.2.

describe('what a client says to Kalshi', () => {
  it('always says in which prices it wants the books', () => {
    for (const yes of [true, false]) {
      assert.deepEqual(JSON.parse(subscribeBooks(2, ['FED-23DEC-T3.00', 'A'], yes)), {
        id: 2,
        cmd: 'subscribe',
        params: {
          channels: ['orderbook_delta'],
          market_tickers: ['FED-23DEC-T3.00', 'A'],
          use_yes_price: yes,
        },
      })
    }
  })

  it('writes the commands of the fact sheet byte for byte', () => {
    assert.equal(subscribe(3, ['fill']), '{"id":3,"cmd":"subscribe","params":{"channels":["fill"]}}')
    assert.equal(unsubscribe(124, [1, 2]), '{"id":124,"cmd":"unsubscribe","params":{"sids":[1,2]}}')
    const update = (id: number, tickers: string, action: string) =>
      `{"id":${id},"cmd":"update_subscription","params":{"sids":[456],"market_tickers":${tickers},"action":"${action}"}}`
    assert.equal(addMarkets(124, 456, ['NEW-1', 'NEW-2']), update(124, '["NEW-1","NEW-2"]', 'add_markets'))
    assert.equal(deleteMarkets(125, 456, ['OLD-1']), update(125, '["OLD-1"]', 'delete_markets'))
    assert.equal(getSnapshot(127, 456, ['M-1', 'M-2']), update(127, '["M-1","M-2"]', 'get_snapshot'))
  })

  it('never sends an id that Kalshi takes for none', () => {
    for (const id of [0, -1, 1.5]) assert.throws(() => unsubscribe(id, [1]), { code: 'KALSHI_COMMAND_ID' })
  })
})
