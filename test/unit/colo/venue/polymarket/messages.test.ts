import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  addTokens,
  PING,
  removeTokens,
  subscribe,
  subscribeUser,
} from '@tandem/colo/venue/polymarket/messages.ts'

// The examples of the Polymarket fact sheet, sections 3.1 and 4.

const TOKEN = '71321045679252212594626385532706912750332728571942532289631379312455583992563'

describe('what a client says to Polymarket', () => {
  it('subscribes to tokens with whole books and the custom events', () => {
    assert.equal(
      subscribe([TOKEN, '52']),
      `{"assets_ids":["${TOKEN}","52"],"type":"market","initial_dump":true,"level":2,"custom_feature_enabled":true}`,
    )
  })

  it('adds and removes tokens on the same socket', () => {
    assert.equal(
      addTokens([TOKEN]),
      `{"operation":"subscribe","assets_ids":["${TOKEN}"],"level":2,"custom_feature_enabled":true}`,
    )
    assert.equal(removeTokens([TOKEN]), `{"operation":"unsubscribe","assets_ids":["${TOKEN}"]}`)
    assert.equal(PING, 'PING')
  })

  it('hears of all markets on the user socket when none is named', () => {
    const auth = { apiKey: 'key', secret: 'secret', passphrase: 'phrase' }
    assert.deepEqual(JSON.parse(subscribeUser(auth, ['0x5f'])), { auth, type: 'user', markets: ['0x5f'] })
    assert.deepEqual(JSON.parse(subscribeUser(auth, [])), { auth, type: 'user' })
  })
})
