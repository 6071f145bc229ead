import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { readConfig } from '@tandem/colo/config.ts'
import {
  KalshiHost,
  KalshiPath,
  kalshiOrderBookPath,
  kalshiOrderPath,
} from '@tandem/colo/venue/kalshi/urls.ts'
import { vectorFile } from '../../../../reference.ts'

const { vectors } = JSON.parse(readFileSync(vectorFile('kalshi-vectors.json'), 'utf8')) as {
  vectors: { name: string; request_url: string; signed_path: string }[]
}
const vector = (name: string) => vectors.find((one) => one.name === name)!

describe('Kalshi’s urls', () => {
  it('are those that the vectors of the venue’s own client sign', () => {
    assert.equal(KalshiPath.Balance, vector('balance').signed_path)
    assert.equal(KalshiPath.OrderHistory, vector('orders_query_stripped').signed_path)
    assert.equal(KalshiPath.Orders, vector('create_v2').signed_path)
    const cancelled = vector('cancel_v2').signed_path
    assert.equal(kalshiOrderPath(cancelled.split('/').at(-1)!), cancelled)
    assert.equal(KalshiHost.Rest + KalshiPath.Balance, vector('balance').request_url)
    assert.equal(KalshiHost.Socket + KalshiPath.Socket, vector('ws_handshake').request_url)
  })

  it('are where the configuration looks when it is told nothing else', () => {
    const { kalshi } = readConfig({ file: undefined, mode: undefined, env: {} })
    assert.equal(kalshi.socketUrl, KalshiHost.Socket + KalshiPath.Socket)
    assert.ok((KalshiHost.Rest + KalshiPath.Orders).startsWith(`${kalshi.restUrl}/`))
  })

  it('name one market’s book under the markets', () => {
    assert.equal(kalshiOrderBookPath('FED-23DEC-T3.00'), '/trade-api/v2/markets/FED-23DEC-T3.00/orderbook')
  })
})
