import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { readConfig } from '@tandem/colo/config.ts'
import {
  clobMarketPath,
  orderPath,
  PolymarketChannel,
  PolymarketHost,
  PolymarketPath,
} from '@tandem/colo/venue/polymarket/urls.ts'
import { vectorFile } from '../../../../reference.ts'

const { auth } = JSON.parse(readFileSync(vectorFile('polymarket-vectors.json'), 'utf8')) as {
  auth: { l2: { requestPath: string }[] }
}

describe('Polymarket’s urls', () => {
  it('have the paths that the vectors of the venue’s own client sign', () => {
    const ours = new Set<string>(Object.values(PolymarketPath))
    const signed = auth.l2.map(({ requestPath }) => requestPath)
    assert.ok(signed.length > 0)
    assert.deepEqual(
      signed.filter((path) => !ours.has(path)),
      [],
    )
  })

  it('are where the configuration looks when it is told nothing else', () => {
    const { polymarket } = readConfig({ file: undefined, mode: undefined, env: {} })
    assert.equal(polymarket.restUrl, PolymarketHost.Rest)
    assert.equal(polymarket.socketUrl, PolymarketHost.Socket)
    assert.equal(new URL(PolymarketHost.Socket + PolymarketChannel.Market).pathname, '/ws/market')
  })

  it('name one market and one order', () => {
    assert.equal(clobMarketPath('0xbd31'), '/clob-markets/0xbd31')
    assert.equal(orderPath('0xc503'), '/data/order/0xc503')
  })
})
