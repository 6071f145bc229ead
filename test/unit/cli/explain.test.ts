import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { EXIT_FAILURE, exitCodeOf, failureLine } from '@tandem/cli/failure.ts'
import { run } from '@tandem/cli/main.ts'
import fc from 'fast-check'

const folder = mkdtempSync(join(tmpdir(), 'tandem-explain-'))
after(() => rmSync(folder, { recursive: true }))

async function explain(question: unknown, ...options: string[]) {
  const file = join(folder, 'question.json')
  writeFileSync(file, JSON.stringify(question))
  let stdout = ''
  let stderr = ''
  let code = 0
  await run(['explain', file, ...options], {
    stdout(text) {
      stdout += text
    },
    stderr() {},
    fail(error) {
      code = exitCodeOf(error)
      stderr += failureLine(error, false)
    },
  })
  return { stdout, stderr, code }
}

type Level = [price: string, size: string]

/** A question of cent books without a minimum; `bids` and `asks` of Kalshi are YES prices. */
function question(parts: {
  polymarket?: { bids?: Level[]; asks?: Level[] }
  kalshi?: { bids?: Level[]; asks?: Level[] }
  [key: string]: unknown
}) {
  return {
    polarity: 'same',
    min_edge_micro_usd: 5_000,
    max_contracts: '500',
    max_overfill: 0.03,
    ...parts,
    polymarket: {
      bids: [],
      asks: [],
      tick: '0.01',
      min_size: '5',
      fee: { rate: 0.04, exponent: 1 },
      ...parts.polymarket,
    },
    kalshi: { bids: [], asks: [], fee: { fee_type: 'quadratic', fee_multiplier: 1 }, ...parts.kalshi },
  }
}

async function answered(asked: unknown) {
  const { stdout, stderr, code } = await explain(asked, '--json')
  assert.equal(stderr, '')
  assert.equal(code, 0)
  return JSON.parse(stdout)
}

describe('tandem explain', () => {
  it('plans dollars that buy what the book gives for them', async () => {
    const { plan } = await answered(
      question({
        polymarket: {
          asks: [
            ['0.47', '120'],
            ['0.48', '500'],
          ],
        },
        kalshi: { bids: [['0.55', '1000']] },
        max_contracts: '322.5',
      }),
    )
    // Kalshi: 322.5 x 0.45, fee 0.07 x 322.5 x 0.2475 and one step of rounding. Polymarket's fee at 120 x 0.47 is 1.19568,
    // at 202.5 x 0.48 2.02176.
    assert.deepEqual(plan, {
      direction: 'buy_polymarket_sell_kalshi',
      polymarket: {
        token: 'yes',
        side: 'buy',
        dollars: '153.60',
        limit: '0.48',
        expected_shares: '322.5',
        overfill_band_shares: '4.30851',
        overfill_max_shares: '15037.5',
        fee_micro_usd: 1_195_680 + 2_021_760,
      },
      kalshi: {
        side: 'ask',
        outcome: 'no',
        price: '0.5500',
        lots: 32_250,
        count: '322.50',
        cost_micro_usd: 145_125_000,
        fee_micro_usd: 5_587_313 + 100,
        rounding_micro_usd: 100,
      },
      net_edge_micro_usd: 322_500_000 - 153_600_000 - 3_217_440 - 145_125_000 - 5_587_413,
    })
  })

  // [polarity, direction, token, side, outcome, price]: one book of each venue that crosses in one direction only.
  const crossings: [string, string, object, object, string[]][] = [
    [
      'same',
      'buy_polymarket_sell_kalshi',
      { asks: [['0.40', '50']] },
      { bids: [['0.55', '50']] },
      ['yes', 'ask', 'no', '0.5500'],
    ],
    [
      'same',
      'buy_kalshi_sell_polymarket',
      { bids: [['0.55', '50']] },
      { asks: [['0.40', '50']] },
      ['no', 'bid', 'yes', '0.4000'],
    ],
    [
      'inverse',
      'buy_polymarket_sell_kalshi',
      { asks: [['0.40', '50']] },
      { asks: [['0.45', '50']] },
      ['yes', 'bid', 'yes', '0.4500'],
    ],
    [
      'inverse',
      'buy_kalshi_sell_polymarket',
      { bids: [['0.55', '50']] },
      { bids: [['0.60', '50']] },
      ['no', 'ask', 'no', '0.6000'],
    ],
  ]
  for (const [polarity, direction, polymarket, kalshi, [token, side, outcome, price]] of crossings) {
    it(`of a ${polarity} pair, ${direction} buys Polymarket's ${token} and Kalshi's ${outcome}`, async () => {
      const { depth, plan } = await answered(question({ polarity, polymarket, kalshi }))
      assert.equal(depth.direction, direction)
      assert.equal(depth.lots, 5_000)
      assert.equal(plan.direction, direction)
      assert.equal(plan.polymarket.token, token)
      assert.deepEqual([plan.kalshi.side, plan.kalshi.outcome, plan.kalshi.price], [side, outcome, price])
    })
  }

  it('measures depth as counting lot by lot does', async () => {
    const side = (first: number, sign: number) =>
      fc
        .array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 900 })), {
          minLength: 1,
          maxLength: 4,
        })
        .map((levels) => {
          let cents = first
          return levels.map(([step, lots]): [number, number] => {
            cents += sign * step
            return [cents, lots]
          })
        })
    const text = (levels: [number, number][]): Level[] =>
      levels.map(([cents, lots]) => [(cents / 100).toFixed(2), (lots / 100).toFixed(2)])
    let found = 0
    await fc.assert(
      fc.asyncProperty(
        side(40, 1),
        side(60, -1),
        fc.constantFrom(0, 5_000, 30_000, 60_000),
        fc.constantFrom(0, 1, 2),
        async (asks, bids, minEdge, multiplier) => {
          const { depth } = await answered({
            ...question({ polymarket: { asks: text(asks) }, min_edge_micro_usd: minEdge }),
            kalshi: {
              bids: text(bids),
              asks: [],
              fee: { fee_type: 'quadratic', fee_multiplier: multiplier },
            },
          })
          const costs = (levels: [number, number][], of: (cents: number) => number) =>
            levels.flatMap(([cents, lots]) => new Array<number>(lots).fill(of(cents)))
          const left = costs(asks, (cents) => cents)
          const right = costs(bids, (cents) => 100 - cents)
          // Cents x cents x percent: micro-dollars of one contract, whole.
          const fee = (percent: number, cents: number) => percent * cents * (100 - cents)
          let lots = 0
          while (lots < Math.min(left.length, right.length)) {
            const [a, b] = [left[lots], right[lots]]
            if ((100 - a - b) * 10_000 - fee(4, a) - fee(7 * multiplier, b) < minEdge) break
            lots++
          }
          const perLevel = (all: number[], percent: number, step: number) => {
            const byCost = new Map<number, number>()
            for (const cents of all.slice(0, lots)) byCost.set(cents, (byCost.get(cents) ?? 0) + 1)
            let sum = 0
            for (const [cents, count] of byCost)
              sum += Math.ceil((fee(percent, cents) * count) / 100 / step) * step
            return sum
          }
          const spent = (all: number[]) => all.slice(0, lots).reduce((sum, cents) => sum + cents * 100, 0)
          if (lots < 500 || spent(left) < 1_000_000) {
            assert.equal(depth, null)
            return
          }
          found++
          const cost = spent(left) + spent(right)
          const fees = perLevel(left, 4, 10) + perLevel(right, 7 * multiplier, 1)
          assert.deepEqual(depth, {
            direction: 'buy_polymarket_sell_kalshi',
            lots,
            cost_micro_usd: cost,
            fee_micro_usd: fees,
            edge_micro_usd: lots * 10_000 - cost - fees,
          })
        },
      ),
      { seed: 20261122, numRuns: 400 },
    )
    assert.ok(found > 100, `only ${found} had depth`)
  })

  it('takes the first direction of two that are worth the same', async () => {
    // An own book that is crossed is no error: both directions are open, and by symmetry equal.
    const crossed = { bids: [['0.60', '50']], asks: [['0.40', '50']] } as const
    const asked = question({
      polymarket: {
        bids: [...crossed.bids] as unknown as Level[],
        asks: [...crossed.asks] as unknown as Level[],
      },
      kalshi: { bids: [['0.50', '50']], asks: [['0.50', '50']] },
    })
    const { depth, plan } = await answered(asked)
    assert.equal(depth.direction, 'buy_polymarket_sell_kalshi')
    assert.equal(plan.direction, 'buy_polymarket_sell_kalshi')
  })

  const reasons: [string, Parameters<typeof question>[0], RegExp][] = [
    ['nothing is offered', {}, /^In neither direction does each venue offer anything\.$/],
    [
      'nothing crosses',
      { polymarket: { asks: [['0.55', '50']] }, kalshi: { bids: [['0.50', '50']] } },
      /do not cross: the cheapest pair of shares costs 1\.05 dollars/,
    ],
    [
      'the minimum is more than the cross',
      {
        min_edge_micro_usd: 90_000,
        polymarket: { asks: [['0.45', '50']] },
        kalshi: { bids: [['0.50', '50']] },
      },
      /cross by 0\.05 dollars a contract before fees, less than the minimum of 0\.09/,
    ],
    [
      'fees eat the cross',
      { polymarket: { asks: [['0.48', '50']] }, kalshi: { bids: [['0.50', '50']] } },
      /cross by 0\.02 dollars a contract, which is -0\.007484 after fees/,
    ],
    [
      'too little is offered',
      { polymarket: { asks: [['0.40', '4.99']] }, kalshi: { bids: [['0.50', '50']] } },
      /Only 4\.99 contracts .* no order below 5 shares or a dollar/,
    ],
    [
      'the touch is too small and too good',
      {
        polymarket: {
          asks: [
            ['0.20', '1'],
            ['0.40', '50'],
          ],
        },
        kalshi: { bids: [['0.50', '50']] },
      },
      /more than 3 % too many shares/,
    ],
    [
      'rounding eats it',
      {
        kalshi: { bids: [['0.54', '5']], balance_precision_micro_usd: 100_000 } as never,
        polymarket: { asks: [['0.50', '5']] },
        min_edge_micro_usd: 0,
      },
      /rounding of fees and of Kalshi’s balance/,
    ],
  ]
  for (const [what, parts, why] of reasons) {
    it(`says why there is no plan when ${what}`, async () => {
      const explanation = await answered(question(parts))
      assert.equal(explanation.plan, null)
      assert.match(explanation.why, why)
    })
  }

  it('reads JSON numbers for decimals, sizes of six decimals, and a missing overfill', async () => {
    const asked = question({
      polymarket: { asks: [[0.4, '50.009999']] as never },
      kalshi: { bids: [['0.5', 60] as never] },
    })
    const { max_overfill: _, ...rest } = asked
    const { depth } = await answered(rest)
    assert.equal(depth.lots, 5_000)
  })

  it('holds Kalshi to its price ranges', async () => {
    const kalshi = {
      asks: [],
      bids: [['0.505', '50']],
      price_ranges: [{ start: '0', end: '1', step: '0.01' }],
    }
    const { stderr, code } = await explain(question({ kalshi: kalshi as never }))
    assert.equal(code, EXIT_FAILURE)
    assert.match(stderr, /kalshi\.bids\[0\]\[0\]: 0\.505 is off the market's ticks/)
  })

  it('tells a reader both sides, the fees and the result', async () => {
    const { stdout, code } = await explain(
      question({
        polymarket: {
          asks: [
            ['0.47', '120'],
            ['0.48', '500'],
          ],
        },
        kalshi: { bids: [['0.55', '1000']] },
      }),
    )
    assert.equal(code, 0)
    for (const line of [
      /a YES share on Polymarket +a NO contract on Kalshi/,
      /0\.47 +x 120 +0\.45 +x 1000/,
      /leaves 0\.08; fees about 0\.009964 and 0\.017325; nets 0\.052711/,
      /^depth +buy_polymarket_sell_kalshi: 500 contracts/m,
      /buy 238\.80 dollars of the yes token, at most 0\.48 a share/,
      /ask 500 at 0\.5500, which buys NO at up to 0\.45/,
      /^why +Of all orders in whole cents/m,
    ])
      assert.match(stdout, line)
  })

  const bad: [string, (asked: ReturnType<typeof question>) => unknown, RegExp][] = [
    ['a missing key', (asked) => ({ ...asked, polarity: undefined }), /polarity: .*\[QUESTION_BAD\]/],
    [
      'a price off the tick',
      (asked) => ({ ...asked, polymarket: { ...asked.polymarket, asks: [['0.475', '5']] } }),
      /polymarket\.asks\[0\]\[0\]: 0\.475 is off the market's ticks/,
    ],
    [
      'a price of a dollar',
      (asked) => ({ ...asked, polymarket: { ...asked.polymarket, asks: [['1', '5']] } }),
      /polymarket\.asks\[0\]\[0\]: "1" is not a price/,
    ],
    [
      'a price named twice',
      (asked) => ({
        ...asked,
        kalshi: {
          ...asked.kalshi,
          asks: [
            ['0.5', '5'],
            ['0.50', '6'],
          ],
        },
      }),
      /kalshi\.asks\[1\]\[0\]: 0\.5 is named twice/,
    ],
    [
      'a negative size',
      (asked) => ({ ...asked, kalshi: { ...asked.kalshi, bids: [['0.5', '-5']] } }),
      /kalshi\.bids\[0\]\[1\]: "-5" is not a size/,
    ],
    [
      'a number that is none',
      (asked) => ({ ...asked, max_contracts: '5e2' }),
      /max_contracts: "5e2" is not a number/,
    ],
    [
      'a tick that the venue does not have',
      (asked) => ({ ...asked, polymarket: { ...asked.polymarket, tick: '0.02' } }),
      /polymarket\.tick: Polymarket has no tick of 0\.02/,
    ],
    [
      'ranges with a gap',
      (asked) => ({
        ...asked,
        kalshi: { ...asked.kalshi, price_ranges: [{ start: '0', end: '0.9', step: '0.01' }] },
      }),
      /kalshi\.price_ranges: the ranges must rise/,
    ],
    [
      'a fee type without a formula',
      (asked) => ({ ...asked, kalshi: { ...asked.kalshi, fee: { fee_type: 'flat', fee_multiplier: 1 } } }),
      /"flat" has no known formula .*kalshi\.fee.*\[FEE_TYPE\]/,
    ],
    [
      'a fee exponent that we cannot compute',
      (asked) => ({ ...asked, polymarket: { ...asked.polymarket, fee: { rate: 0.04, exponent: 3 } } }),
      /exponent 3 is neither 1 nor 2 .*polymarket\.fee/,
    ],
    ['a minimum below zero', (asked) => ({ ...asked, min_edge_micro_usd: -1 }), /min_edge_micro_usd: /],
    ['something else than an object', () => [], /the whole of it: /],
  ]
  for (const [what, spoil, line] of bad) {
    it(`refuses ${what} in one line that says where`, async () => {
      const { stdout, stderr, code } = await explain(spoil(question({})), '--json')
      assert.equal(code, EXIT_FAILURE)
      assert.equal(stdout, '')
      assert.match(stderr, line)
      assert.equal(stderr.trimEnd().split('\n').length, 1)
    })
  }
})
