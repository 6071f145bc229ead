import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedClock } from '@tandem/colo/clock.ts'
import { Listing } from '@tandem/colo/listing.ts'
import { QUIET_NS, Reconciler } from '@tandem/colo/reconciler.ts'
import { Refusal, Risk } from '@tandem/colo/risk/check.ts'
import {
  kalshiPurse,
  Ledger,
  OUTCOME_COMPLEMENT,
  OUTCOME_NAMED,
  POLYMARKET_PURSE,
} from '@tandem/colo/state/ledger.ts'
import { Reconciliation } from '@tandem/colo/state/reconcile.ts'
import { Resolutions } from '@tandem/colo/state/resolutions.ts'
import { Trades } from '@tandem/colo/state/trades.ts'
import { KALSHI, POLYMARKET } from '@tandem/colo/venue/venue.ts'
import { readMapping } from '@tandem/shared/mapping.ts'
import { readSettings } from '@tandem/shared/settings.ts'
import { NS_PER_S } from '@tandem/shared/units.ts'

const FEES = {
  polymarket: { rate: 0, exponent: 1 },
  kalshi: { feeType: 'quadratic' as const, feeMultiplier: 1 },
}

const TOLD = { orderId: '0x01', clientOrderId: '', fills: [], failed: true, settled: false }

/** But for what is asked for because of it. */
const alarms = (told: readonly unknown[]): unknown[] =>
  told.filter((each) => (each as unknown[])[0] !== 'trade')

/** An inverse pair: what is positive on Kalshi is the complement of the named outcome. */
function scene() {
  const { mapping } = readMapping(
    {
      pairs: [
        {
          id: 'pair',
          polarity: 'inverse',
          kalshi: { ticker: 'KXTEST', exchange_index: 2 },
          polymarket: { yes_token: '1', no_token: '2', tick: '0.01', condition_id: '0xc0' },
        },
      ],
    },
    'test',
  )
  const listing = new Listing(mapping.pairs.map((pair) => ({ pair, fees: FEES })))
  const clock = new SimulatedClock(1_790_000_000_000)
  const ledger = new Ledger(listing.kalshiShards())
  const { limits } = readSettings({}, 'test')
  const risk = new Risk(limits, ledger, new Trades(), listing.events(), 0, 1e15)
  const reconciliation = new Reconciliation(1, QUIET_NS)
  const resolutions = new Resolutions(1)
  const venues = {
    yes: 0,
    shards: new Map([[2, 500]]),
    tokens: { '1': 0, '2': 0 } as Record<string, number>,
    usd: 900,
    settlements: [] as { ticker: string; yesMicroUsd: number }[],
    unsettledSinceMs: Number.POSITIVE_INFINITY,
    resolution: undefined as number | undefined,
    asked: 0,
    shown: 0,
    isUnderWay: false,
    rounds: 0,
    isTold: true,
  }
  const told: unknown[] = []
  const reconciler = new Reconciler({
    clock,
    listing,
    ledger,
    risk,
    reconciliation,
    resolutions,
    desk: {
      shown: () => void venues.shown++,
      isUnderWay: () => venues.isUnderWay,
      unsettledSinceMs: () => venues.unsettledSinceMs,
      over: (bundle) => risk.over(bundle),
      paid(bundle, venue, pays) {
        told.push(['paid', bundle, venue, pays])
        for (const outcome of [OUTCOME_NAMED, OUTCOME_COMPLEMENT])
          ledger.settle(venue, 0, outcome, -ledger.heldMicroShares(0, venue, outcome), 0)
      },
    },
    kalshi: {
      settlements: async () => venues.settlements,
      async filledSince(ticker, sinceMs) {
        assert.equal(ticker, 'KXTEST')
        return [{ ...TOLD, tradeId: `filled since ${clock.wallMs() - sinceMs}` }]
      },
      positions: async () => (venues.yes === 0 ? [] : [{ ticker: 'KXTEST', microShares: venues.yes }]),
      async balancesMicroUsd() {
        venues.rounds++
        return venues.shards
      },
    },
    isTold: () => venues.isTold,
    onTrade: (venue, { tradeId }) => void told.push(['trade', venue, tradeId]),
    polymarket: {
      tradesSince: async (sinceMs) => [{ ...TOLD, tradeId: `since ${sinceMs}` }],
      heldMicroShares: async (token) => venues.tokens[token],
      balanceMicroUsd: async () => venues.usd,
      async resolution(condition, token) {
        assert.deepEqual([condition, token], ['0xc0', '1'])
        venues.asked++
        return venues.resolution
      },
    },
    observer: {
      mismatch: (...args) => void told.push(['mismatch', ...args]),
      moneyMoved: (...args) => void told.push(['money', ...args]),
      resolved: (...args) => void told.push(['resolved', ...args]),
      diverged: (...args) => void told.push(['diverged', ...args]),
    },
  })
  const pass = (ns: number): void => {
    clock.step(clock.nowNs() + ns)
  }
  return {
    clock,
    ledger,
    risk,
    reconciliation,
    venues,
    told,
    reconciler,
    pass,
    rest: () => risk.restOf(0, clock.nowNs()),
  }
}

test('a pair is traded only once both venues were asked, and balances are the venues’', async () => {
  const { reconciler, rest, ledger, told } = scene()
  assert.equal(rest(), Refusal.Blocked)
  await reconciler.round()
  assert.equal(rest(), Refusal.None)
  assert.deepEqual(
    [ledger.balanceMicroUsd[POLYMARKET_PURSE], ledger.balanceMicroUsd[kalshiPurse(2)]],
    [900, 500],
  )
  assert.deepEqual(told, [])
})

test('asks every ten seconds, every second while a private channel is away, and once more when it is back', async () => {
  const { reconciler, venues, clock, pass } = scene()
  const roundsAfter = async (ns: number): Promise<number> => {
    pass(ns)
    reconciler.tick(clock.nowNs())
    // A round of answers that are there at once.
    await new Promise((resolve) => setImmediate(resolve))
    return venues.rounds
  }
  assert.deepEqual(
    [await roundsAfter(0), await roundsAfter(9 * NS_PER_S), await roundsAfter(NS_PER_S)],
    [1, 1, 2],
  )
  venues.isTold = false
  assert.deepEqual([await roundsAfter(NS_PER_S / 2), await roundsAfter(NS_PER_S / 2)], [2, 3])
  // It is back in the middle of a round, whose questions were asked before.
  pass(NS_PER_S)
  reconciler.tick(clock.nowNs())
  venues.isTold = true
  reconciler.hasten()
  assert.equal(await roundsAfter(0), 4)
  assert.deepEqual([await roundsAfter(0), await roundsAfter(NS_PER_S)], [5, 5])
})

test('a pair counts as shown once both venues have shown all that was booked, and not by a look before it', async () => {
  const { reconciler, reconciliation, venues, clock, pass, rest } = scene()
  await reconciler.round()
  assert.equal(venues.shown, 1)
  reconciliation.touched(0, POLYMARKET, clock.nowNs())
  reconciliation.touched(0, KALSHI, clock.nowNs())
  // Kalshi's reads have caught up, Polymarket's have not.
  pass(QUIET_NS[KALSHI])
  await reconciler.round()
  assert.deepEqual([venues.shown, rest()], [1, Refusal.None])
  pass(QUIET_NS[POLYMARKET])
  await reconciler.round()
  assert.ok(venues.shown > 1)
})

test('positions are compared by outcome, and one that our books do not know stops the pair until it is gone', async () => {
  const { reconciler, rest, ledger, venues, told } = scene()
  ledger.settle(KALSHI, 0, OUTCOME_COMPLEMENT, 5_000_000, 0)
  ledger.settle(POLYMARKET, 0, OUTCOME_NAMED, 5_000_000, 0)
  venues.yes = 5_000_000
  venues.tokens['1'] = 5_004_000
  await reconciler.round()
  assert.equal(rest(), Refusal.None)
  // Of the other outcome as well, which a sum would hide.
  venues.tokens['2'] = 20_000
  await reconciler.round()
  assert.deepEqual([rest(), alarms(told)], [Refusal.Blocked, []])
  await reconciler.round()
  assert.deepEqual(alarms(told), [['mismatch', 0, POLYMARKET, 0, 20_000]])
  venues.tokens['2'] = 0
  await reconciler.round()
  assert.equal(rest(), Refusal.None)
})

test('where a venue shows something else, what was filled and not told is asked for at once', async () => {
  const kalshi = scene()
  kalshi.venues.yes = 5_000_000
  await kalshi.reconciler.round()
  assert.deepEqual(kalshi.told, [['trade', KALSHI, 'filled since 600000']])
  // A position of somebody's own hand differs for good.
  await kalshi.reconciler.round()
  assert.equal(kalshi.told.filter((each) => (each as unknown[])[0] === 'trade').length, 1)
  kalshi.pass(10e9)
  await kalshi.reconciler.round()
  assert.equal(kalshi.told.filter((each) => (each as unknown[])[0] === 'trade').length, 2)
  const polymarket = scene()
  polymarket.venues.tokens['2'] = 5_000_000
  await polymarket.reconciler.round()
  const sinceMs = polymarket.clock.wallMs() - 600_000
  assert.deepEqual(polymarket.told, [['trade', POLYMARKET, `since ${sinceMs}`]])
})

test('what was booked a moment ago is not compared', async () => {
  const { reconciler, rest, ledger, reconciliation, told, clock, pass } = scene()
  await reconciler.round()
  ledger.settle(KALSHI, 0, OUTCOME_NAMED, 5_000_000, 0)
  reconciliation.touched(0, KALSHI, clock.nowNs())
  for (let round = 0; round < 3; round++) await reconciler.round()
  assert.deepEqual([rest(), told], [Refusal.None, []])
  pass(QUIET_NS[KALSHI])
  await reconciler.round()
  await reconciler.round()
  assert.deepEqual([rest(), alarms(told)], [Refusal.Blocked, [['mismatch', 0, KALSHI, 5_000_000, 0]]])
})

test('money that comes or goes by itself is believed in the second look, and named', async () => {
  const { reconciler, ledger, venues, told } = scene()
  await reconciler.round()
  ledger.doubt(0, KALSHI)
  assert.equal(ledger.availableMicroUsd(0, KALSHI), 0)
  venues.usd = 900 - 50_000
  await reconciler.round()
  assert.deepEqual([ledger.balanceMicroUsd[POLYMARKET_PURSE], told], [900, []])
  await reconciler.round()
  assert.equal(ledger.balanceMicroUsd[POLYMARKET_PURSE], 900 - 50_000)
  assert.deepEqual(told, [['money', POLYMARKET, POLYMARKET_PURSE, -50_000]])
  assert.equal(ledger.availableMicroUsd(0, KALSHI), 500)
})

test('what is rounding on Polymarket is taken over at once, even while something is on its way', async () => {
  const { reconciler, ledger, reconciliation, venues, told, clock } = scene()
  await reconciler.round()
  reconciliation.touched(0, POLYMARKET, clock.nowNs())
  venues.usd = 901
  await reconciler.roundOff()
  assert.deepEqual([ledger.balanceMicroUsd[POLYMARKET_PURSE], ledger.roundingMicroUsd], [901, 1])
  // A lot at a cent, than which nothing is cheaper, costs as much; more is no rounding.
  venues.usd = 1_001
  await reconciler.roundOff()
  venues.usd = 1_102
  await reconciler.roundOff()
  assert.deepEqual([ledger.balanceMicroUsd[POLYMARKET_PURSE], ledger.roundingMicroUsd], [1_001, 101])
  venues.shards.set(2, 501)
  await reconciler.round()
  assert.equal(ledger.balanceMicroUsd[kalshiPurse(2)], 500)
  assert.deepEqual(told, [])
})

test('a balance that was doubted is free again once the venue shows it, however near it is', async () => {
  const { reconciler, ledger, venues } = scene()
  await reconciler.round()
  ledger.doubt(0, POLYMARKET)
  venues.usd = 899
  await reconciler.round()
  await reconciler.round()
  assert.equal(ledger.availableMicroUsd(0, POLYMARKET), 899)
})

test('while an order is under way no balance is believed', async () => {
  const { reconciler, ledger, venues } = scene()
  await reconciler.round()
  venues.isUnderWay = true
  venues.usd = 900 - 50_000
  for (let round = 0; round < 3; round++) await reconciler.round()
  assert.equal(ledger.balanceMicroUsd[POLYMARKET_PURSE], 900)
})

test('a venue that does not answer leaves its pairs as they are, and is asked again', async () => {
  const { reconciler, rest, venues } = scene()
  const { tokens } = venues
  venues.tokens = undefined as never
  await reconciler.round()
  assert.equal(rest(), Refusal.Blocked)
  venues.tokens = tokens
  await reconciler.round()
  assert.equal(rest(), Refusal.None)
})

test('a position that is gone because its market was settled is booked at what it paid', async () => {
  const { reconciler, ledger, venues, told } = scene()
  ledger.settle(KALSHI, 0, OUTCOME_COMPLEMENT, 5_000_000, 0)
  await reconciler.round()
  await reconciler.round()
  assert.deepEqual(alarms(told), [['mismatch', 0, KALSHI, -5_000_000, 0]])
  told.length = 0
  // The pair is inverse: YES is the complement of what the mapping names.
  venues.settlements = [{ ticker: 'KXTEST', yesMicroUsd: 1_000_000 }]
  await reconciler.round()
  assert.deepEqual(told, [
    ['resolved', 0, KALSHI, 0],
    ['paid', 0, KALSHI, 0],
  ])
})

/** Covered on both sides, and Kalshi has settled its market: the named outcome lost there. */
async function settledOnKalshi() {
  const parts = scene()
  const { reconciler, ledger, venues, told } = parts
  ledger.settle(KALSHI, 0, OUTCOME_COMPLEMENT, 5_000_000, 0)
  ledger.settle(POLYMARKET, 0, OUTCOME_NAMED, 5_000_000, 0)
  venues.tokens['1'] = 5_000_000
  venues.settlements = [{ ticker: 'KXTEST', yesMicroUsd: 1_000_000 }]
  await reconciler.round()
  assert.equal(parts.rest(), Refusal.Settled)
  told.length = 0
  return parts
}

test('what Polymarket resolves is asked for once its market is over, and paid when somebody has redeemed it', async () => {
  const { reconciler, venues, told, ledger } = await settledOnKalshi()
  await reconciler.round()
  assert.deepEqual(told, [])
  venues.resolution = 0
  await reconciler.round()
  const { asked } = venues
  await reconciler.round()
  assert.equal(venues.asked, asked, 'it is known')
  assert.deepEqual(told, [['resolved', 0, POLYMARKET, 0]])
  assert.equal(ledger.heldMicroShares(0, POLYMARKET, OUTCOME_NAMED), 5_000_000)
  venues.tokens['1'] = 0
  await reconciler.round()
  assert.deepEqual(told.slice(1), [['paid', 0, POLYMARKET, 0]])
})

test('two markets of a pair that pay differently are named, with what each pays', async () => {
  const { reconciler, venues, told } = await settledOnKalshi()
  venues.resolution = 1_000_000
  await reconciler.round()
  assert.deepEqual(told, [
    ['resolved', 0, POLYMARKET, 1_000_000],
    ['diverged', 0, 1_000_000, 0],
  ])
})

test('a market that trades is not asked for what it will pay', async () => {
  const { reconciler, venues, ledger } = scene()
  ledger.settle(POLYMARKET, 0, OUTCOME_NAMED, 5_000_000, 0)
  venues.tokens['1'] = 5_000_000
  await reconciler.round()
  assert.equal(venues.asked, 0)
})

test('Polymarket is asked for matches that may have failed or settled unheard', async () => {
  const { reconciler, venues, told } = scene()
  await reconciler.round()
  assert.deepEqual(told, [])
  venues.unsettledSinceMs = 7_000
  await reconciler.round()
  assert.deepEqual(told, [['trade', POLYMARKET, 'since 7000']])
})
