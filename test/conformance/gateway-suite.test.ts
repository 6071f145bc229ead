import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { KALSHI, POLYMARKET } from '@tandem/colo/venue/venue.ts'
import { type Ended, kalshiRig, paperRig, polymarketRig, type Rig } from './gateway-rigs.ts'

// What the executor may expect of every gateway, whatever is behind it: the same orders on the same books come to the same
// shares, dollars and fees.

const PATIENCE_MS = 10_000
const SHARE = 1_000_000
const CENT_PER_SHARE = 10_000
/** Of each fill, at most: one step of Polymarket's fees, one of Kalshi's balances. */
const FEE_ROUNDING_MICRO_USD = 100

const RIGS: Readonly<Record<string, () => Promise<Rig>>> = {
  'paper, Polymarket': () => paperRig(POLYMARKET),
  'paper, Kalshi': () => paperRig(KALSHI),
  'sandbox, Polymarket': polymarketRig,
  'sandbox, Kalshi': kalshiRig,
}

async function until(holds: () => boolean, what: string): Promise<void> {
  for (const lateMs = Date.now() + PATIENCE_MS; !holds(); ) {
    assert.ok(Date.now() < lateMs, what)
    await new Promise((done) => setTimeout(done, 2))
  }
}

/** Sends, and waits for the end. */
async function ended(rig: Rig, send: () => Promise<number>): Promise<Ended> {
  await until(() => rig.gateway.free(), 'a free connection')
  const order = await send()
  const isIt = (each: Ended): boolean => each.order === order
  await until(() => rig.ended.some(isIt), `the end of order ${order}`)
  return rig.ended.find(isIt) as Ended
}

function assertFilled(
  rig: Rig,
  end: Ended,
  fills: readonly (readonly [cents: number, shares: number])[],
): void {
  const sum = (of: (cents: number, shares: number) => number): number =>
    fills.reduce((total, [cents, shares]) => total + of(cents, shares), 0)
  assert.equal(
    end.microShares,
    sum((_, shares) => shares * SHARE),
  )
  assert.equal(
    end.costMicroUsd,
    sum((cents, shares) => cents * shares * CENT_PER_SHARE),
  )
  const fee = sum((cents, shares) => rig.feeMicroUsd(cents, Math.abs(shares)))
  assert.ok(
    Math.abs(end.feeMicroUsd - fee) <= fills.length * FEE_ROUNDING_MICRO_USD,
    `${end.feeMicroUsd}, ${fee}`,
  )
}

for (const [name, open] of Object.entries(RIGS))
  describe(`the gateway of ${name}`, { timeout: 6 * PATIENCE_MS }, () => {
    let rig: Rig
    before(async () => {
      rig = await open()
    })
    after(() => rig.close())

    it('is free when nothing is under way, also for a way out', async () => {
      await until(() => rig.gateway.free(), 'warm connections')
      assert.ok(rig.gateway.freeForExit())
    })

    it('takes what stands there, the cheapest first', async () => {
      rig.offer(47, 30)
      rig.offer(48, 20)
      const wanted = [
        [47, 30],
        [48, 20],
      ] as const
      assertFilled(rig, await ended(rig, () => rig.buy(48, wanted)), wanted)
    })

    it('takes nothing beyond its limit, and what is within it all the same', async () => {
      rig.offer(51, 30)
      rig.offer(53, 50)
      assertFilled(rig, await ended(rig, () => rig.buy(52, [[52, 60]])), [[51, 30]])
    })

    it('ends at nothing when nobody is there', async () => {
      assertFilled(rig, await ended(rig, () => rig.buy(40, [[40, 20]])), [])
    })

    it('takes all or nothing when it is told so', async () => {
      rig.offer(41, 20)
      assertFilled(rig, await ended(rig, () => rig.buy(41, [[41, 30]], true)), [])
      assertFilled(rig, await ended(rig, () => rig.buy(41, [[41, 20]], true)), [[41, 20]])
    })

    it('sells what is held: shares that go, and money that comes', async () => {
      rig.bid(39, 25)
      rig.bid(38, 25)
      assertFilled(rig, await ended(rig, () => rig.sell(38, 40)), [
        [39, -25],
        [38, -15],
      ])
    })

    it('ends each of several that are under way at once, and each once', async () => {
      rig.offer(43, 60)
      await until(() => rig.gateway.free(), 'a free connection')
      const before = rig.ended.length
      const orders = await Promise.all([10, 20, 30].map((shares) => rig.buy(43, [[43, shares]])))
      await until(() => rig.ended.length >= before + 3, 'three ends')
      const ends = rig.ended.slice(before)
      assert.deepEqual(ends.map(({ order }) => order).toSorted(), orders.toSorted())
      assert.equal(
        ends.reduce((sum, { microShares }) => sum + microShares, 0),
        60 * SHARE,
      )
    })
  })

// Replay has no gateway of its own.
describe(
  'the gateway of replay',
  { skip: 'it trades on the paper gateway, which is held to the same above' },
  () => {},
)
