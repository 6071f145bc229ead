import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Account, payPerLot } from '@tandem/sandbox/engine/kalshi/account.ts'
import type { Occurrence } from '@tandem/sandbox/engine/kalshi/occurrence.ts'
import type { Order, OrderTerms } from '@tandem/sandbox/engine/kalshi/order.ts'
import { isRefused, KalshiVenue, type Outcome } from '@tandem/sandbox/engine/kalshi/venue.ts'
import { Random } from '@tandem/sandbox/engine/random.ts'
import { SIDE_ASK, SIDE_BID } from '@tandem/shared/units.ts'
import fc from 'fast-check'
import { CRYPTO_TICKER, listMarkets, TICKER, terms, USD } from '../../../../kalshi-sandbox.ts'

const START_MS = 1_795_000_000_000

class Stand {
  nowMs = START_MS
  readonly told: Occurrence[] = []
  readonly venue: KalshiVenue
  readonly alice: Account
  readonly bob: Account

  constructor(dollars = 1_000) {
    this.venue = new KalshiVenue({
      nowMs: () => this.nowMs,
      random: new Random(1),
      emit: (occurrence) => this.told.push(occurrence),
    })
    listMarkets(this.venue, START_MS)
    this.alice = this.#funded('alice', dollars)
    this.bob = this.#funded('bob', dollars)
  }

  #funded(id: string, dollars: number): Account {
    const account = this.venue.openAccount(id)
    for (const shard of [0, 2]) this.venue.fund(account, shard, dollars * USD)
    return account
  }

  place(
    account: Account,
    side: 'bid' | 'ask',
    cents: number,
    contracts: number,
    more: Partial<OrderTerms> = {},
  ): Order {
    return accepted(this.venue.placeOrder(account, terms(side, cents, contracts, more)))
  }

  refusal(
    account: Account,
    side: 'bid' | 'ask',
    cents: number,
    contracts: number,
    more: Partial<OrderTerms> = {},
  ): string {
    const placed = this.venue.placeOrder(account, terms(side, cents, contracts, more))
    return isRefused(placed) ? placed.refusal : 'accepted'
  }
}

function accepted<Value>(outcome: Outcome<Value>): Value {
  assert.ok(!isRefused(outcome), 'refusal' in outcome ? outcome.refusal : '')
  return outcome.value
}

describe('money on Kalshi', () => {
  it('is reserved for what rests, and comes back when it is cancelled', () => {
    const stand = new Stand(10)
    const order = stand.place(stand.alice, 'bid', 40, 20)
    assert.equal(stand.alice.availableMicroUsd(0), 2 * USD)
    assert.equal(stand.refusal(stand.alice, 'bid', 30, 10), 'insufficient_balance')
    stand.venue.cancelOrder(stand.alice, order.id, 0, undefined)
    assert.equal(stand.alice.availableMicroUsd(0), 10 * USD)
  })

  it('pays the taker’s fee, by the fill and with the balance’s rounding', () => {
    const stand = new Stand()
    stand.place(stand.bob, 'ask', 52, 4)
    for (let i = 0; i < 4; i++) stand.place(stand.alice, 'bid', 52, 1, { timeInForce: 'immediate_or_cancel' })
    // Each order its own accumulator: 0.0175 every time.
    assert.equal(stand.alice.cashMicroUsd.get(0), 1_000 * USD - 4 * 520_000 - 4 * 17_500)
    const other = new Stand()
    for (let i = 0; i < 4; i++) other.place(other.bob, 'ask', 52, 1)
    const order = other.place(other.alice, 'bid', 52, 4)
    // One order of four fills: the fourth gets a ten-thousandth of a dollar back.
    const fills = other.told.filter((told) => told.type === 'fill' && told.account === other.alice)
    assert.deepEqual(
      fills.map((told) => told.type === 'fill' && told.fill.feeMicroUsd),
      [17_500, 17_500, 17_500, 17_400],
    )
    assert.equal(order.takerFeesMicroUsd, 69_900)
  })

  it('takes a quarter of the fee from makers where the series says so', () => {
    const stand = new Stand()
    stand.place(stand.bob, 'ask', 50, 100, { ticker: CRYPTO_TICKER })
    stand.place(stand.alice, 'bid', 50, 100, { ticker: CRYPTO_TICKER })
    assert.equal(stand.bob.cashMicroUsd.get(2), 1_000 * USD - 50 * USD - 437_500)
    assert.equal(stand.alice.cashMicroUsd.get(2), 1_000 * USD - 50 * USD - 1_750_000)
  })

  it('nets a YES and a NO to a dollar, and lets a position be closed without money', () => {
    const stand = new Stand(10)
    stand.place(stand.bob, 'ask', 60, 10)
    stand.place(stand.alice, 'bid', 60, 10)
    const holding = stand.alice.holding(stand.venue.markets.get(TICKER)!)
    assert.deepEqual([holding.lots, holding.costMicroUsd], [1_000, 6 * USD])
    stand.place(stand.bob, 'bid', 55, 4)
    const available = stand.alice.availableMicroUsd(0)
    const sold = stand.place(stand.alice, 'ask', 55, 4)
    assert.equal(sold.status, 'executed')
    assert.deepEqual(
      [holding.lots, holding.costMicroUsd, holding.realizedMicroUsd],
      [600, 3.6 * USD, -0.2 * USD],
    )
    assert.equal(stand.alice.availableMicroUsd(0), available + 2.2 * USD - sold.takerFeesMicroUsd)
    // What closes the rest is free of collateral, what goes beyond is not.
    stand.place(stand.alice, 'ask', 70, 6)
    assert.equal(holding.reservedMicroUsd, 0)
    stand.place(stand.alice, 'ask', 70, 1)
    assert.equal(holding.reservedMicroUsd, 0.3 * USD)
  })

  it('pays a dollar to who was right, and nothing to who was not', () => {
    const stand = new Stand()
    stand.place(stand.bob, 'ask', 60, 10)
    const { takerFeesMicroUsd } = stand.place(stand.alice, 'bid', 60, 10)
    const market = stand.venue.markets.get(TICKER)!
    const resting = stand.place(stand.alice, 'bid', 10, 1)
    stand.nowMs = market.closeMs
    stand.venue.tick(stand.nowMs)
    assert.equal(stand.refusal(stand.alice, 'bid', 50, 1), 'market_inactive')
    assert.deepEqual(stand.venue.cancelOrder(stand.alice, resting.id, 0, undefined), {
      refusal: 'market_inactive',
    })
    stand.venue.tick(stand.nowMs + 1_000)
    assert.deepEqual([resting.status, resting.reason], ['canceled', 'CloseCancel'])
    stand.venue.determine(market, 'yes')
    stand.venue.tick(stand.nowMs + 1_000)
    assert.equal(market.status, 'finalized')
    assert.equal(stand.alice.cashMicroUsd.get(0), 1_000 * USD + 4 * USD - takerFeesMicroUsd)
    assert.equal(stand.bob.cashMicroUsd.get(0), 1_000 * USD - 4 * USD)
  })
})

describe('orders on Kalshi', () => {
  it('go by price, then by time; decreasing keeps the place, amending to more loses it', () => {
    const stand = new Stand()
    const first = stand.place(stand.alice, 'bid', 40, 10)
    const second = stand.place(stand.bob, 'bid', 40, 10)
    assert.equal(stand.venue.queuePositionLots(second), 1_000)
    accepted(stand.venue.decreaseOrder(stand.alice, first.id, { reduceTo: 400 }, 0, undefined))
    assert.equal(stand.venue.queuePositionLots(second), 400)
    const to = { ticker: TICKER, side: SIDE_BID, price: 4_000, lots: 500, clientOrderId: undefined } as const
    accepted(stand.venue.amendOrder(stand.alice, first.id, to, 0))
    assert.equal(stand.venue.queuePositionLots(second), 0)
    assert.equal(stand.venue.queuePositionLots(first), 1_000)
    assert.equal(stand.alice.availableMicroUsd(0), 1_000 * USD - 2 * USD)
  })

  it('trade when they are amended across the book', () => {
    const stand = new Stand()
    stand.place(stand.bob, 'ask', 50, 3)
    const order = stand.place(stand.alice, 'bid', 40, 10)
    const to = {
      ticker: TICKER,
      side: SIDE_BID,
      price: 5_000,
      lots: 1_000,
      clientOrderId: undefined,
    } as const
    const amended = accepted(stand.venue.amendOrder(stand.alice, order.id, to, undefined))
    assert.deepEqual([amended.status, amended.filledLots, amended.remainingLots], ['resting', 300, 700])
  })

  it('never trade with their own account: the taker stops, or the maker goes', () => {
    const stand = new Stand()
    const own = stand.place(stand.alice, 'ask', 50, 5)
    const stopped = stand.place(stand.alice, 'bid', 50, 5)
    assert.deepEqual([stopped.status, stopped.reason, stopped.filledLots], ['canceled', 'SelfTradeCancel', 0])
    stand.place(stand.bob, 'ask', 50, 2)
    const through = stand.place(stand.alice, 'bid', 50, 5, { selfTradePrevention: 'maker' })
    assert.deepEqual([own.status, own.reason], ['canceled', 'SelfTradeCancel'])
    assert.deepEqual([through.filledLots, through.remainingLots], [200, 300])
  })

  it('are all or nothing when they say so, own orders not counted', () => {
    const stand = new Stand()
    stand.place(stand.bob, 'ask', 50, 5)
    stand.place(stand.alice, 'ask', 51, 5)
    const kill = { timeInForce: 'fill_or_kill', selfTradePrevention: 'maker' } as const
    assert.equal(stand.refusal(stand.alice, 'bid', 51, 5.01, kill), 'fill_or_kill')
    assert.equal(stand.place(stand.alice, 'bid', 51, 5, kill).filledLots, 500)
  })

  it('only reduce a position when they say so', () => {
    const stand = new Stand()
    stand.place(stand.bob, 'ask', 50, 5)
    stand.place(stand.alice, 'bid', 50, 5)
    stand.place(stand.bob, 'bid', 45, 20)
    const reduce = { reduceOnly: true, timeInForce: 'immediate_or_cancel' } as const
    assert.equal(stand.refusal(stand.alice, 'ask', 45, 1, { reduceOnly: true }), 'reduce_only_without_ioc')
    assert.equal(stand.place(stand.alice, 'ask', 45, 20, reduce).filledLots, 500)
    const nothing = stand.place(stand.alice, 'ask', 45, 20, reduce)
    assert.deepEqual([nothing.status, nothing.reason], ['canceled', 'ReduceOnlyCancel'])
  })

  it('expire, and are cancelled when their market starts again', () => {
    const stand = new Stand()
    const expiring = stand.place(stand.alice, 'bid', 40, 1, { expirationMs: START_MS + 5_000 })
    const lasting = stand.place(stand.alice, 'bid', 40, 1)
    stand.nowMs += 5_000
    stand.venue.tick(stand.nowMs)
    assert.deepEqual(
      [expiring.status, expiring.reason, lasting.status],
      ['canceled', 'ExpiryCancel', 'resting'],
    )
    const market = stand.venue.markets.get(TICKER)!
    stand.venue.setMarketActive(market, false)
    assert.equal(lasting.status, 'resting')
    stand.venue.setMarketActive(market, true)
    assert.equal(lasting.status, 'canceled')
  })

  it('of a group end together when the group has matched its limit within 15 seconds', () => {
    const stand = new Stand()
    const group = stand.venue.createGroup(stand.alice, 0, 500)
    const grouped = { orderGroupId: group.id }
    const first = stand.place(stand.alice, 'bid', 50, 3, grouped)
    const second = stand.place(stand.alice, 'bid', 49, 9, grouped)
    stand.place(stand.bob, 'ask', 50, 3)
    assert.deepEqual([first.status, second.status], ['executed', 'resting'])
    stand.nowMs += 15_000
    stand.place(stand.bob, 'ask', 49, 4)
    assert.equal(second.status, 'resting')
    stand.place(stand.bob, 'ask', 49, 1)
    assert.deepEqual([second.status, second.filledLots], ['canceled', 500])
    assert.equal(stand.refusal(stand.alice, 'bid', 30, 1, grouped), 'group_triggered')
    stand.venue.resetGroup(stand.alice, group)
    assert.equal(stand.refusal(stand.alice, 'bid', 30, 1, grouped), 'accepted')
  })
})

// Whatever is done: no money appears or is lost, YES and NO are as many, books do not cross, what was told adds up.
describe('the whole of Kalshi', () => {
  const order = fc.record({
    kind: fc.constantFrom(
      'place' as const,
      'place' as const,
      'place' as const,
      'cancel' as const,
      'amend' as const,
    ),
    who: fc.nat(1),
    bid: fc.boolean(),
    cents: fc.integer({ min: 40, max: 60 }),
    contracts: fc.integer({ min: 1, max: 3_000 }).map((lots) => lots / 100),
    immediate: fc.boolean(),
    maker: fc.boolean(),
    crypto: fc.boolean(),
    pick: fc.nat(20),
  })

  it('keeps its balances whatever its users do', () => {
    fc.assert(
      fc.property(fc.array(order, { maxLength: 60 }), (steps) => {
        const stand = new Stand(40)
        const accounts = [stand.alice, stand.bob]
        const placed: Order[] = []
        const levels = new Map<string, number>()
        for (const step of steps) {
          const account = accounts[step.who]
          const target = placed[step.pick]
          if (step.kind === 'place') {
            const outcome = stand.venue.placeOrder(
              account,
              terms(step.bid ? 'bid' : 'ask', step.cents, step.contracts, {
                ticker: step.crypto ? CRYPTO_TICKER : TICKER,
                timeInForce: step.immediate ? 'immediate_or_cancel' : 'good_till_canceled',
                selfTradePrevention: step.maker ? 'maker' : 'taker_at_cross',
              }),
            )
            if (!isRefused(outcome)) placed.push(outcome.value)
          } else if (target !== undefined && step.kind === 'cancel') {
            stand.venue.cancelOrder(target.account, target.id, undefined, target.market.ticker)
          } else if (target !== undefined) {
            const { ticker } = target.market
            const price = step.cents * 100
            const lots = Math.round(step.contracts * 100)
            stand.venue.amendOrder(
              target.account,
              target.id,
              { ticker, side: target.side, price, lots, clientOrderId: undefined },
              undefined,
            )
          }
        }
        for (const told of stand.told) {
          if (told.type !== 'level') continue
          const key = `${told.market.ticker} ${told.side} ${told.price}`
          levels.set(key, (levels.get(key) ?? 0) + told.deltaLots)
        }
        let escrow = 0
        for (const market of stand.venue.markets.values()) {
          const lots = accounts.map((account) => account.holding(market).lots)
          assert.equal(lots[0] + lots[1], 0, 'as many YES as NO')
          assert.equal(market.openInterestLots, Math.abs(lots[0]))
          escrow += market.openInterestLots * 10_000
          const bid = market.book.best(SIDE_BID)
          const ask = market.book.best(SIDE_ASK)
          assert.ok(bid === -1 || ask === -1 || bid < ask, 'not crossed')
          for (const side of [SIDE_BID, SIDE_ASK] as const) {
            for (const { price, microShares } of market.book.levels(side)) {
              assert.equal(
                levels.get(`${market.ticker} ${side} ${price}`),
                microShares / 10_000,
                'deltas add up',
              )
            }
          }
        }
        let cash = 0
        for (const account of accounts) for (const microUsd of account.cashMicroUsd.values()) cash += microUsd
        assert.equal(cash + escrow + stand.venue.feesMicroUsd, 160 * USD, 'no money appears or is lost')
        for (const { status, filledLots, remainingLots, initialLots } of placed) {
          if (status === 'resting') assert.equal(filledLots + remainingLots, initialLots)
          else assert.equal(remainingLots, 0)
        }
        for (const account of accounts) {
          for (const { resting, reservedMicroUsd, lots } of account.holdings.values()) {
            let most = 0
            for (const { side, price, remainingLots } of resting.values())
              most += remainingLots * payPerLot(side, price)
            assert.ok(reservedMicroUsd >= 0 && (lots !== 0 || reservedMicroUsd >= most))
          }
        }
      }),
      { seed: 1, numRuns: 300 },
    )
  })
})
