import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HALF_LIFE_NS } from '@tandem/colo/detector/fade.ts'
import { TradeFlow } from '@tandem/colo/detector/trade-flow.ts'
import { LOTS_DUST, type Lots, type Ns, SIDE_ASK, SIDE_BID } from '@tandem/shared/units.ts'

const at = (halfLives: number) => (halfLives * HALF_LIFE_NS) as Ns

test('what was bought counts up, what was sold down, and all of it half as much after a half-life', () => {
  const flow = new TradeFlow(2)
  flow.traded(1, 800 as Lots, SIDE_BID, at(0))
  assert.equal(flow.signedLots(1, at(1)), 400)
  flow.traded(1, 1_000 as Lots, SIDE_ASK, at(1))
  assert.equal(flow.signedLots(1, at(1)), -600)
  assert.equal(flow.signedLots(1, at(3)), -150)
  assert.equal(flow.signedLots(0, at(3)), 0)
})

test('a trade of less than a lot counts nothing, whichever side took', () => {
  const flow = new TradeFlow(1)
  flow.traded(0, LOTS_DUST, SIDE_ASK, at(0))
  assert.equal(flow.signedLots(0, at(0)), 0)
})
