/** A bug that would cost money, and the test that must find it. */
export interface Mutation {
  name: string
  file: string
  /** Stands in the file exactly once. */
  find: string
  replace: string
  /** The test file, and the name of the test in it (or a part that no other test of the file has). */
  test: string
  named: string
}

export const mutations: readonly Mutation[] = [
  {
    name: 'polarity flipped',
    file: 'colo/detector/direction.ts',
    find: '(direction === BUY_KALSHI_SELL_POLYMARKET) !== inverse',
    replace: '(direction === BUY_KALSHI_SELL_POLYMARKET) === inverse',
    test: 'test/unit/colo/detector/edge.test.ts',
    named: 'an inverse pair pays',
  },
  {
    name: 'fee side wrong: one venue’s price, the other’s fee',
    file: 'colo/detector/edge.ts',
    find: 'kalshiContractFeeScaled(kalshiFees, kalshiCost)',
    replace: 'kalshiContractFeeScaled(kalshiFees, polymarketCost)',
    test: 'test/unit/colo/detector/edge.test.ts',
    named: 'a same pair pays',
  },
  {
    name: 'sequence gap ignored',
    file: 'colo/feed/sequence.ts',
    find: 'if (seq === last + 1) return SequenceOutcome.InOrder',
    replace: 'if (seq > last) return SequenceOutcome.InOrder',
    test: 'test/unit/colo/feed/intake.test.ts',
    named: 'a gap makes every book of its sid SUSPECT',
  },
  {
    name: 'NO price not mirrored: Kalshi',
    file: 'colo/venue/kalshi/parse.ts',
    find: '(side === SIDE_ASK && !this.#useYesPrice ? PRICE_ONE - price : price)',
    replace: '(side === SIDE_ASK && this.#useYesPrice ? PRICE_ONE - price : price)',
    test: 'test/unit/colo/venue/kalshi/parse.test.ts',
    named: 'turns a NO level into the ask it is, in both modes of price',
  },
  {
    name: 'NO price not mirrored: Polymarket',
    file: 'colo/venue/polymarket/parse.ts',
    find: '(mirrored ? PRICE_ONE - price : price)',
    replace: 'price',
    test: 'test/unit/colo/venue/polymarket/parse.test.ts',
    named: 'mirrors the book of a complement',
  },
  {
    name: 'mirrored level left on its own side',
    file: 'colo/venue/polymarket/parse.ts',
    find: '(mirrored ? 1 - side : side)',
    replace: 'side',
    test: 'test/replay/replay.test.ts',
    named: 'the example tape gives what JSON.parse, Maps and BigInt give',
  },
  {
    name: 'overfill ignored',
    file: 'colo/detector/planner.ts',
    find: 'if (overfill > overfillMax + lenienceMicroShares) return PlanOutcome.Overfill',
    replace: 'if (overfill < 0) return PlanOutcome.Overfill',
    test: 'test/unit/colo/detector/planner.test.ts',
    named: 'where overfill creeps along its limit no fitting order is missed',
  },
  {
    name: 'late book called LIVE',
    file: 'colo/book/integrity.ts',
    find: 'if (agrees) return lagMs > LAG_MS_MAX ? BookState.Stale : BookState.Live',
    replace: 'if (agrees) return BookState.Live',
    test: 'test/unit/colo/book/integrity.test.ts',
    named: 'venue timestamps lagging more than 1.5 s',
  },
  {
    name: 'stale book tradable: Polymarket',
    file: 'colo/executor.ts',
    find: 'if (polymarket.state !== BookState.Live || kalshi.state !== BookState.Live)',
    replace: 'if (kalshi.state !== BookState.Live)',
    test: 'test/replay/live.test.ts',
    named: 'is seen and not traded with a late top',
  },
  {
    name: 'stale book tradable: Kalshi',
    file: 'colo/executor.ts',
    find: 'if (polymarket.state !== BookState.Live || kalshi.state !== BookState.Live)',
    replace: 'if (polymarket.state !== BookState.Live)',
    test: 'test/replay/live.test.ts',
    named: 'is seen and not traded with a sequence gap',
  },
  {
    name: 'burst taken for a loss',
    file: 'colo/book/integrity.ts',
    find: 'state === BookState.Unsettled && venueMs > doubtMs ?',
    replace: 'state === BookState.Unsettled && venueMs >= doubtMs ?',
    test: 'test/unit/colo/book/book.test.ts',
    named: 'settles when tops that ran ahead in a burst are reached',
  },
  {
    name: 'signed order handed out twice',
    file: 'colo/pool/pool.ts',
    find: `    this.#takenCount++
    this.#leave(slot)
    this.store.move(slot, SlotState.Taken)`,
    replace: '',
    test: 'test/unit/colo/pool/pool.test.ts',
    named: 'the same signed order is never handed out twice',
  },
  {
    name: 'signed order sent before its hash is durable',
    file: 'colo/pool/store.ts',
    find: '[SlotState.Usable, SlotState.Free],',
    replace: '[SlotState.Usable, SlotState.Taken, SlotState.Free],',
    test: 'test/unit/colo/pool/store.test.ts',
    named: 'an order whose hash is not durable cannot be handed out',
  },
  {
    name: 'floor where ceil is due: Polymarket’s fee',
    file: 'shared/fees/polymarket.ts',
    find: 'return high * numerator + carry + Math.ceil(left / (unit * MICRO_SHARES_PER_LOT))',
    replace: 'return high * numerator + carry + Math.floor(left / (unit * MICRO_SHARES_PER_LOT))',
    test: 'test/unit/shared/fees/polymarket.test.ts',
    named: 'a planned fee is the formula rounded up to 1e-5 dollar',
  },
  {
    name: 'floor where ceil is due: Kalshi’s fee',
    file: 'shared/fees/rational.ts',
    find: 'return high * numerator + Math.ceil((low * numerator) / denominator)',
    replace: 'return high * numerator + Math.floor((low * numerator) / denominator)',
    test: 'test/unit/shared/fees/kalshi.test.ts',
    named: 'the trade fee is the formula rounded up to a micro-dollar',
  },
  {
    name: 'rounding of Kalshi’s balance given back twice',
    file: 'shared/fees/kalshi.ts',
    find: 'this.accumulatorMicroUsd = accumulated - rebate',
    replace: 'this.accumulatorMicroUsd = accumulated',
    test: 'test/unit/shared/fees/kalshi.test.ts',
    named: 'over any order the balance stays on its grid',
  },
  {
    name: 'NO ordered at its own price instead of YES’s',
    file: 'colo/detector/planner.ts',
    find: 'buysYes ? this.#kalshiLimit : complement(this.#kalshiLimit)',
    replace: 'this.#kalshiLimit',
    test: 'test/unit/colo/detector/planner.test.ts',
    named: 'of small markets of every kind the plan is the best of all whole-cent orders',
  },
  {
    name: 'dust bought',
    file: 'colo/detector/cost-ladder.ts',
    find: 'if (lots <= 0 || cost <= 0) continue',
    replace: 'if (lots === 0 || cost <= 0) continue',
    test: 'test/unit/colo/detector/cost-ladder.test.ts',
    named: 'dust, and prices of nothing or a dollar, offer nothing',
  },
  {
    name: 'orders in flight not counted against a limit',
    file: 'colo/risk/check.ts',
    find: 'ledger.atStakeMicroUsd(POLYMARKET) + polymarketCostMicroUsd',
    replace: 'polymarketCostMicroUsd',
    test: 'test/unit/colo/risk/check.test.ts',
    named: 'reservations count against venue, total and balance',
  },
  {
    name: 'an operator’s resume undoes a fault’s halt',
    file: 'colo/executor.ts',
    find: 'risk.halts & ~reason',
    replace: '0',
    test: 'test/unit/colo/executor.test.ts',
    named: 'without the signer nothing new is begun, whatever an operator resumes',
  },
  {
    name: 'a sale by hand: Kalshi buys more of what it holds',
    file: 'colo/order-desk.ts',
    find: 'const buysYes = !kalshiBuysYes(direction, bundles[bundle].inverse)',
    replace: 'const buysYes = kalshiBuysYes(direction, bundles[bundle].inverse)',
    test: 'test/unit/colo/executor.test.ts',
    named: 'a hedged pair is sold in equal parts',
  },
  {
    name: 'a directory that others can enter is taken',
    file: 'colo/control/runtime-directory.ts',
    find: '(status.mode & OTHERS) === 0',
    replace: 'status.mode !== 0',
    test: 'test/unit/colo/control/control.test.ts',
    named: 'a directory that others can enter',
  },
]
