import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { readAmounts } from '@tandem/sandbox/engine/polymarket/amounts.ts'
import { vectorFile } from '../../../../reference.ts'

const { amounts } = JSON.parse(readFileSync(vectorFile('polymarket-vectors.json'), 'utf8'))

test('reads the price of everything that the official client rounds', () => {
  for (const { kind, tick, side, price, makerAmount, takerAmount } of amounts) {
    const type = kind === 'limit' ? 'GTC' : 'FAK'
    const read = readAmounts(side, type, Number(makerAmount), Number(takerAmount), Number(tick) * 10_000)
    const where = JSON.stringify({ kind, tick, side, price, read })
    assert.ok('price' in read, where)
    assert.equal(read.price, Math.round(price * 10_000), where)
  }
})

test('refuses prices between ticks, at the ends, and amounts that mean no price', () => {
  const kindOf = (usd: number, shares: number) => {
    const read = readAmounts('BUY', 'GTC', usd, shares, 100)
    return 'kind' in read ? read : undefined
  }
  assert.deepEqual(kindOf(4_050_000, 10_000_000), { kind: 'off-tick', price: '0.405', tick: '0.01' })
  assert.deepEqual(kindOf(4_001_000, 10_000_000), { kind: 'off-tick', price: '0.4001', tick: '0.01' })
  assert.deepEqual(kindOf(4_000_101, 10_000_000), { kind: 'off-tick', price: '0.40001', tick: '0.01' })
  assert.equal(kindOf(10_000_000, 10_000_000)?.kind, 'off-tick')
  assert.equal(kindOf(50_000, 10_000_000)?.kind, 'off-tick')
  assert.equal(kindOf(100_000, 10_000_000), undefined)
  assert.equal(kindOf(9_900_000, 10_000_000), undefined)
})

test('counts decimals by what buys at once and what rests', () => {
  assert.deepEqual(readAmounts('BUY', 'FOK', 9_888_800, 21_040_000, 100), {
    kind: 'amount-decimals',
    side: 'buy',
    takerPlaces: 4,
  })
  assert.deepEqual(readAmounts('SELL', 'FAK', 21_045_000, 9_891_150, 100), {
    kind: 'amount-decimals',
    side: 'sell',
    takerPlaces: 4,
  })
  assert.deepEqual(readAmounts('SELL', 'GTC', 21_045_000, 9_891_150, 100), {
    kind: 'lot-decimals',
    size: '21.045',
    places: 3,
  })
})
