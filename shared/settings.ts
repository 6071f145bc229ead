import { z } from 'zod'
import { LEG_PLAN_NAMES } from './leg-plan.ts'
import { checked } from './schema.ts'
import { LOTS_ORDER_MAX, LOTS_PER_CONTRACT, MICRO_USD_PER_CENT } from './units.ts'

// Everything that an operator may tune. Units stand in the key's name, and the names are the same in the file and in
// the code. Defaults are chosen so that forgetting a key can cost an opportunity, never money.

const microUsd = z.int().nonnegative()
const milliseconds = z.int().nonnegative()

/** From the narrowest to the widest; a host's ceilings go by the same names. */
export const LIMIT_NAMES = [
  'orderMicroUsd',
  'marketMicroUsd',
  'eventMicroUsd',
  'venueMicroUsd',
  'totalMicroUsd',
  'dayMicroUsd',
] as const

const Limits = z
  .strictObject({
    orderMicroUsd: microUsd.default(350_000_000).describe('Most that one order may cost, fees included.'),
    marketMicroUsd: microUsd
      .default(1_000_000_000)
      .describe('Most at stake in one market: what is held there and the worst case of what is in flight.'),
    eventMicroUsd: microUsd
      .default(2_000_000_000)
      .describe('Most at stake in all markets of one event: they tend to go wrong together.'),
    venueMicroUsd: microUsd.default(5_000_000_000).describe('Most at stake on one venue.'),
    dayMicroUsd: microUsd
      .default(10_000_000_000)
      .describe('Most that may be approved within one day of UTC, whatever became of it.'),
    nakedMicroUsd: microUsd
      .default(350_000_000)
      .describe(
        'Most of one pair that may turn out to be naked: what was matched and is not settled, and the dearer leg of the next trade.',
      ),
    totalMicroUsd: microUsd.default(8_000_000_000).describe('Most at stake on both venues together.'),
  })
  .superRefine((limits, context) => {
    // A wider limit below a narrower one is a slip of the keyboard, and would act as the narrower one unseen.
    LIMIT_NAMES.forEach((wide, at) => {
      const narrow = LIMIT_NAMES[Math.max(0, at - 1)]
      if (limits[narrow] <= limits[wide]) return
      context.addIssue({
        code: 'custom',
        path: [wide],
        message: `must be at least ${narrow}, ${limits[narrow]}`,
      })
    })
  })

const Breakers = z
  .strictObject({
    dayLossMicroUsd: microUsd
      .default(100_000_000)
      .describe('Most that trades which ended worse than they cost may lose within one day of UTC.'),
    lastOnes: z
      .int()
      .min(1)
      .max(1_000)
      .default(20)
      .describe('How many of the last entries, and of their orders, the next two are counted among.'),
    refusals: z
      .int()
      .min(1)
      .default(10)
      .describe('So many refused entry orders among the last ones stop new entries.'),
    legFailures: z
      .int()
      .min(1)
      .default(10)
      .describe('So many entries that filled on one side alone, among the last ones, stop new entries.'),
    stallMs: milliseconds
      .min(100)
      .max(60_000)
      .default(2_000)
      .describe('A loop of ours that stands still for so long stops new entries.'),
  })
  .superRefine((breakers, context) => {
    for (const name of ['refusals', 'legFailures'] as const) {
      if (breakers[name] <= breakers.lastOnes) continue
      // It would never be reached.
      context.addIssue({
        code: 'custom',
        path: [name],
        message: `must be at most lastOnes, ${breakers.lastOnes}`,
      })
    }
  })

const Pool = z.strictObject({
  sizesCents: z
    .array(z.int().min(100))
    .min(1)
    .max(8)
    .refine((sizes) => sizes.every((size, at) => at === 0 || size > sizes[at - 1]), 'must rise')
    .default([200, 800, 3_200, 12_800])
    .describe(
      'Sizes, in cents, of the orders that are signed ahead for every price; rising. The smallest is the smallest trade.',
    ),
  hotBandCents: z
    .int()
    .min(1)
    .max(20)
    .default(3)
    .describe('How near to crossing a pair must be, in cents, to hold orders of its break-even limits.'),
  kalshiTicks: z
    .int()
    .min(0)
    .max(10)
    .default(3)
    .describe('How many ticks around Kalshi’s touch the break-even limits of the hot set cover.'),
  baseLevels: z
    .int()
    .min(2)
    .max(50)
    .default(10)
    .describe('How many price levels around the touch every tradable token holds orders for.'),
  lifeSeconds: z
    .int()
    .min(5)
    .max(600)
    .default(120)
    .describe('Age at which a signed order is thrown away: the venue may one day refuse old ones.'),
  missPolicy: z
    .enum(['sign', 'skip'])
    .default('sign')
    .describe('When no signed order fits: sign one now in the priority lane, or let the edge go.'),
})

const Kalshi = z.strictObject({
  balancePrecisionMicroUsd: z
    .literal([100, 10_000])
    .default(100)
    .describe(
      'What Kalshi rounds our balance to: 100 for direct members, as every account with an API key of kalshi.com is; 10000 through a broker.',
    ),
  orderGroupContracts: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(50_000)
    .describe(
      'Most contracts that our entries on one shard may match within 15 seconds: there Kalshi itself stops them. 0 for no such guard.',
    ),
})

const Polymarket = z.strictObject({
  absenceMs: milliseconds
    .min(1_000)
    .max(600_000)
    .default(33_000)
    .describe(
      'How long an order without an answer is looked for before it counts as absent: the longest taker delay and half a minute.',
    ),
})

const Paper = z.strictObject({
  latencyMs: z
    .strictObject({
      polymarket: milliseconds.max(60_000).default(80),
      kalshi: milliseconds.max(60_000).default(15),
    })
    .prefault({})
    .describe('How long after sending the paper venue looks at its book; New York’s distance by default.'),
  othersLeave: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe(
      'How much of each level is still there for us on paper: less than 1 where others see the same edge sooner.',
    ),
})

const Feeds = z.strictObject({
  copies: z
    .literal([1, 2])
    .default(2)
    .describe(
      'Whole copies of each venue’s market data, each over sockets of its own: with 2, one that freezes, lags or is lost costs nothing.',
    ),
  poll: z
    .boolean()
    .default(true)
    .describe(
      'Ask by REST for books that no feed has: they are shown, and told as signals, and never traded on.',
    ),
  shadow: z
    .boolean()
    .default(false)
    .describe(
      'Hold Live books against the venue’s own answer every 2 s, and not every 10: each that differs is repaired before it is traded on again.',
    ),
})

export const Settings = z
  .strictObject({
    minEdgeMicroUsd: microUsd
      .max(1_000_000)
      .default(5_000)
      .describe('What a contract must net after fees for a level to be bought.'),
    yearlyHurdle: z
      .number()
      .min(0)
      .max(10)
      .default(0)
      .describe(
        'What money that waits for a resolution must earn a year, as a ratio: 0.1 asks 0.0082 a contract over 30 days.',
      ),
    daysAssumed: z
      .int()
      .min(0)
      .max(3_650)
      .default(365)
      .describe('Days to the resolution of a pair whose mapping does not say when that is.'),
    divergenceChance: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe(
        'How likely the two markets of a pair settle apart, where its mapping does not say: so much of a dollar is held back from the edge.',
      ),
    signalGrossSpreadMicroUsd: microUsd
      .max(1_000_000)
      .default(30_000)
      .describe('A gross spread above this is told as a signal, tradable or not.'),
    maxOverfill: z
      .number()
      .min(0)
      .max(0.5)
      .default(0.03)
      .describe('Most shares that a buy may bring beyond the plan, as a ratio of the planned ones.'),
    maxContractsPerTrade: z
      .int()
      .min(1)
      .max(LOTS_ORDER_MAX / LOTS_PER_CONTRACT)
      .default(500)
      .describe('Most contracts of one trade, on each side.'),
    cooldownMs: milliseconds
      .max(3_600_000)
      .default(1_000)
      .describe('How long a pair rests after a trade was sent, so that its books show what we took.'),
    legPlan: z
      .enum(LEG_PLAN_NAMES)
      .default('parallel')
      .describe(
        'When the two orders of a trade leave: both at once; the one with the longer way first, so that both arrive together; or the second when the first has filled. A market that delays takers always has the last.',
      ),
    ensembleOrdersLegs: z
      .boolean()
      .default(false)
      .describe(
        'With the plan parallel, write first to the venue that the ensemble says lags. Off: no tape has shown yet that it says so rightly.',
      ),
    closeEarlyMicroUsd: microUsd
      .max(1_000_000)
      .default(5_000)
      .describe(
        'A held contract is sold before its resolution where both bids, less fees, bring so much more than waiting is worth; 1000000 for never.',
      ),
    flattenLossMicroUsd: microUsd
      .max(1_000_000)
      .default(50_000)
      .describe(
        'What getting out of a contract whose other leg did not fill may lose at most, the fee of the way out included.',
      ),
    limits: Limits.prefault({}),
    breakers: Breakers.prefault({}),
    pool: Pool.prefault({}),
    kalshi: Kalshi.prefault({}),
    polymarket: Polymarket.prefault({}),
    feeds: Feeds.prefault({}),
    paper: Paper.prefault({}),
  })
  .superRefine(({ pool, limits, kalshi, maxContractsPerTrade }, context) => {
    if (kalshi.orderGroupContracts > 0 && kalshi.orderGroupContracts < maxContractsPerTrade) {
      context.addIssue({
        code: 'custom',
        path: ['kalshi', 'orderGroupContracts'],
        message: `must be 0, or at least maxContractsPerTrade, ${maxContractsPerTrade}`,
      })
    }
    const largest = pool.sizesCents[pool.sizesCents.length - 1] * MICRO_USD_PER_CENT
    if (largest > limits.orderMicroUsd) {
      context.addIssue({
        code: 'custom',
        path: ['pool', 'sizesCents'],
        message: `holds orders of ${largest} micro-dollars, more than limits.orderMicroUsd, ${limits.orderMicroUsd}, lets through`,
      })
    }
  })
export type Settings = z.output<typeof Settings>

/** Settings from a parsed file or an empty object, defaults filled in. Throws a Failure that names the key. */
export function readSettings(value: unknown, where: string): Settings {
  return checked(Settings, value, { code: 'SETTINGS_BAD', where })
}
