import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Occurrence } from '@tandem/sandbox/engine/kalshi/occurrence.ts'
import type { OrderTerms } from '@tandem/sandbox/engine/kalshi/order.ts'
import { isRefused } from '@tandem/sandbox/engine/kalshi/venue.ts'
import type { PolymarketEvent } from '@tandem/sandbox/engine/polymarket/event.ts'
import { Faults } from '@tandem/sandbox/faults.ts'
import { FEES, World } from '@tandem/sandbox/world.ts'
import { kalshiContractFeeScaled } from '@tandem/shared/fees/kalshi.ts'
import { SCALED_PER_MICRO_USD } from '@tandem/shared/fees/scale.ts'
import { feesOf, readMapping } from '@tandem/shared/mapping.ts'
import { type Price, SIDE_ASK, SIDE_BID } from '@tandem/shared/units.ts'

const START_MS = 1_795_000_000_000
const TICK_MS = 10
/** What a contract must net for a chance to count: half a cent, a trader's usual minimum. */
const NET = 50
const USD = 1_000_000

class Clocked {
  nowMs = START_MS
  readonly faults = new Faults(() => this.nowMs)
  readonly kalshiTold: Occurrence[] = []
  readonly polymarketTold: PolymarketEvent[] = []
  readonly world: World

  constructor(markets: number, seed: number, stirsPerSecond = 0, isSteady = false) {
    this.world = new World({
      markets,
      seed,
      stirsPerSecond,
      isSteady,
      faults: this.faults,
      nowMs: () => this.nowMs,
      kalshi: (told) => this.kalshiTold.push(told),
      polymarket: (told) => this.polymarketTold.push(told),
    })
  }

  run(ms: number, each: () => void = () => {}): void {
    for (const end = this.nowMs + ms; this.nowMs < end; ) {
      this.nowMs += TICK_MS
      this.world.tick()
      each()
    }
  }

  /** Both venues' best prices of the outcome of every pair, read from the books. */
  tops(): { kalshi: [bid: number, ask: number]; polymarket: [bid: number, ask: number]; inverse: boolean }[] {
    const kalshi = [...this.world.kalshi.markets.values()]
    const polymarket = [...this.world.polymarket.markets.values()]
    return readMapping({ pairs: this.world.pairs }, 'world').mapping.pairs.map(({ polarity }, at) => {
      const { yesBid, yesAsk } = kalshi[at]
      const { book } = polymarket[at]
      const inverse = polarity === 'inverse'
      return {
        inverse,
        kalshi: inverse ? [10_000 - yesAsk, 10_000 - yesBid] : [yesBid, yesAsk],
        polymarket: [book.best(SIDE_BID), book.best(SIDE_ASK)],
      }
    })
  }
}

function kalshiFee(world: World, at: number, price: number): number {
  const market = [...world.kalshi.markets.values()][at]
  return kalshiContractFeeScaled(market.fees, price as Price) / SCALED_PER_MICRO_USD / 100
}

function polymarketFee(price: number): number {
  return (FEES.polymarket.rate * price * (10_000 - price)) / 10_000
}

/** Edges after fees that lasted two seconds, by direction and polarity; and the longest that a touch stood still. */
function watch(clocked: Clocked, ms: number): { chances: Map<string, number>; stillMs: number } {
  const since = new Map<string, number>()
  const touches = new Map<string, { prices: string; ms: number }>()
  const chances = new Map<string, number>()
  let stillMs = 0
  clocked.run(ms, () => {
    for (const [at, { kalshi, polymarket, inverse }] of clocked.tops().entries()) {
      for (const [venue, prices] of Object.entries({ kalshi, polymarket })) {
        const key = `${venue} ${at}`
        const last = touches.get(key)
        stillMs = Math.max(stillMs, clocked.nowMs - (last?.ms ?? clocked.nowMs))
        if (last?.prices !== `${prices}`) touches.set(key, { prices: `${prices}`, ms: clocked.nowMs })
      }
      for (const [direction, sold, bought] of [
        ['buys Polymarket', kalshi[0], polymarket[1]],
        ['buys Kalshi', polymarket[0], kalshi[1]],
      ] as const) {
        const [onKalshi, onPolymarket] = direction === 'buys Kalshi' ? [bought, sold] : [sold, bought]
        const fees = kalshiFee(clocked.world, at, onKalshi) + polymarketFee(onPolymarket)
        const key = `${direction}, ${inverse ? 'inverse' : 'same'}`
        const open = since.get(`${key} ${at}`)
        if (sold - bought - fees >= NET) {
          if (open === undefined) since.set(`${key} ${at}`, clocked.nowMs)
        } else if (open !== undefined) {
          since.delete(`${key} ${at}`)
          if (clocked.nowMs - open >= 2_000) chances.set(key, (chances.get(key) ?? 0) + 1)
        }
      }
    }
  })
  return { chances, stillMs }
}

function ioc(
  ticker: string,
  side: typeof SIDE_BID | typeof SIDE_ASK,
  price: number,
  lots: number,
): OrderTerms {
  return {
    ticker,
    side,
    price,
    lots,
    timeInForce: 'immediate_or_cancel',
    selfTradePrevention: 'taker_at_cross',
    clientOrderId: '',
    expirationMs: undefined,
    postOnly: false,
    reduceOnly: false,
    cancelOnPause: false,
    orderGroupId: undefined,
    exchangeIndex: undefined,
  }
}

describe('the sandbox’s world', () => {
  it('opens at least 30 edges of two seconds in 20 seconds, both ways and in both polarities', () => {
    for (const [markets, seed] of [
      [6, 1],
      [6, 7],
      [12, 3],
    ]) {
      const { chances } = watch(new Clocked(markets, seed), 20_000)
      const sum = [...chances.values()].reduce((total, count) => total + count, 0)
      assert.ok(sum >= 30, `${sum} with ${markets} markets and seed ${seed}`)
      assert.equal(chances.size, 4, [...chances.keys()].join('; '))
      for (const [kind, count] of chances) assert.ok(count >= 2, `${kind}: ${count}`)
    }
  })

  it('moves every touch on either venue at least once a second', () => {
    const { stillMs } = watch(new Clocked(12, 5), 20_000)
    assert.ok(stillMs > 0 && stillMs < 1_000, `${stillMs} ms`)
  })

  it('has hundreds of contracts to trade in an edge, which ends soon after somebody took from it', () => {
    const clocked = new Clocked(6, 1)
    const { world } = clocked
    const account = world.kalshi.openAccount('taker')
    for (const shard of [0, 1, 2, 3]) world.kalshi.fund(account, shard, 1_000_000 * USD)
    const markets = [...world.kalshi.markets.values()]
    let edges = 0
    const taken: { at: number; ms: number }[] = []
    let endedMs = 0
    clocked.run(30_000, () => {
      for (const [at, { kalshi, polymarket, inverse }] of clocked.tops().entries()) {
        const open = taken.find((edge) => edge.at === at)
        const crossed = polymarket[0] - kalshi[1] >= 400
        if (crossed && open === undefined) {
          const bought = world.kalshi.placeOrder(
            account,
            inverse
              ? ioc(markets[at].ticker, SIDE_ASK, 10_000 - kalshi[1], 100_000)
              : ioc(markets[at].ticker, SIDE_BID, kalshi[1], 100_000),
          )
          assert.ok(!isRefused(bought))
          assert.ok(bought.value.filledLots >= 10_000, `${bought.value.filledLots} lots at the touch`)
          edges += 1
          taken.push({ at, ms: clocked.nowMs })
        } else if (open !== undefined && polymarket[0] < kalshi[1]) {
          endedMs = Math.max(endedMs, clocked.nowMs - open.ms)
          taken.splice(taken.indexOf(open), 1)
        }
      }
    })
    assert.ok(edges >= 10, `${edges} edges`)
    assert.ok(endedMs > 0 && endedMs <= 500, `${endedMs} ms`)
  })

  it('says its pairs and fees in the form of a pairs file', () => {
    const { world } = new Clocked(13, 2)
    const { mapping, ignored } = readMapping({ pairs: world.pairs, fees: { sandbox: FEES } }, 'world')
    assert.deepEqual([mapping.pairs.length, ignored], [13, []])
    assert.equal(new Set(mapping.pairs.map(({ polarity }) => polarity)).size, 2)
    for (const pair of mapping.pairs) {
      assert.equal(feesOf(mapping, pair, undefined, 'world').polymarket.rate, 0.04)
      assert.equal(world.kalshi.markets.get(pair.kalshi.ticker)?.exchangeIndex, pair.kalshi.exchangeIndex)
      assert.equal(world.polymarket.find(pair.polymarket.yesToken)?.[1], 0)
      assert.equal(world.polymarket.find(pair.polymarket.noToken)?.[1], 1)
    }
  })

  it('is the same world from the same seed', () => {
    const trace = (seed: number): string => {
      const clocked = new Clocked(3, seed, 20)
      const tops: string[] = []
      clocked.run(3_000, () => tops.push(JSON.stringify(clocked.tops())))
      return tops.join()
    }
    assert.equal(trace(9), trace(9))
    assert.notEqual(trace(9), trace(10))
  })

  it('stirs the depth as often as it is told to, and holds 500 markets', () => {
    const count = (stirs: number): number => {
      const clocked = new Clocked(6, 1, stirs)
      clocked.kalshiTold.length = 0
      clocked.polymarketTold.length = 0
      clocked.run(2_000)
      const levels = clocked.kalshiTold.filter(({ type }) => type === 'level').length
      return levels + clocked.polymarketTold.filter(({ kind }) => kind === 'market').length
    }
    assert.ok(count(1_000) - count(0) > 1_500)
    const large = new Clocked(500, 1)
    large.run(100)
    assert.equal(large.world.kalshi.markets.size, 500)
  })

  it('changes as much a second with many markets as with some', () => {
    const moves = (markets: number): number => {
      const clocked = new Clocked(markets, 3)
      // The first move of all is at the start.
      clocked.run(30_000)
      return clocked.kalshiTold.filter(({ type }) => type === 'level').length
    }
    const [some, many] = [moves(50), moves(400)]
    assert.ok(many < some * 2 && some < many * 2, `${some} of 50, ${many} of 400`)
  })

  it('does nothing steadily but what it is told, and opens no edge', () => {
    const clocked = new Clocked(6, 1, 50, true)
    const { chances } = watch(clocked, 20_000)
    assert.equal(chances.size, 0)
    const count = (ms: number): number => {
      clocked.polymarketTold.length = 0
      clocked.run(ms)
      return clocked.polymarketTold.filter(({ kind }) => kind === 'market').length
    }
    assert.ok(count(4_000) > 50)
    clocked.world.stir(0)
    assert.equal(count(4_000), 0)
  })

  it('pauses both venues and restarts them', () => {
    const clocked = new Clocked(2, 1)
    const { world, faults } = clocked
    faults.set('pause', true)
    clocked.run(50)
    assert.equal(world.kalshi.pause, 'trading')
    faults.set('pause', false)
    clocked.run(50)
    assert.equal(world.kalshi.pause, 'none')
    world.restart('kalshi', 200)
    world.restart('polymarket', 200)
    assert.deepEqual([world.kalshi.pause, world.polymarket.mode], ['exchange', 'restarting'])
    assert.deepEqual(faults.on, ['reset kalshi', 'reset polymarket'])
    clocked.run(300)
    assert.deepEqual([world.kalshi.pause, world.polymarket.mode, faults.on.length], ['none', 'open', 0])
    clocked.run(2_000)
    for (const { kalshi, polymarket } of clocked.tops()) {
      assert.ok(kalshi[0] > 0 && kalshi[1] < 10_000 && polymarket[0] > 0 && polymarket[1] > 0)
    }
  })
})
