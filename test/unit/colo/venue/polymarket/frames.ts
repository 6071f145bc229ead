import fc from 'fast-check'
import { anyTree, fields, list, mutatedFields, raw, type Tree, text } from '../json.ts'

// Frames of Polymarket's market channel, as they are written and as they might be.

export const TOKENS = [
  '71321045679252212594626385532706912750332728571942532289631379312455583992563',
  '52114319501245915516055106046884209969926127482827954674443846427813813222426',
  '7132104567925221259462638553270691275033272857194253228963137931245558399256',
  '114122071509644379678018727908709560226618148003371446110114509806601493071694',
]
/** As `Symbols` would have them: two books with their complements. */
export const IDS: ReadonlyMap<string, number> = new Map(TOKENS.map((token, code) => [token, code]))

const cents = fc.integer({ min: 1, max: 99 }).map((price) => (price / 100).toString())
const ticks = fc.integer({ min: 1, max: 9999 }).map((price) => (price / 10_000).toFixed(4))
const priceText = fc.oneof(
  { weight: 40, arbitrary: cents },
  { weight: 10, arbitrary: ticks },
  fc.constantFrom(
    '0',
    '1',
    '',
    '.48',
    '0.50',
    '0.090',
    '0.5000000',
    '1.0',
    '00.5',
    '5.',
    '0.',
    '5e-1',
    '1E-4',
  ),
  fc.constantFrom(
    '1.01',
    '0.00001',
    '0.12345',
    '-0.5',
    '+0.5',
    '.',
    'e',
    '0.5e',
    '1e9',
    '0x1',
    ' 0.5',
    '0.5.5',
    '٠',
  ),
  fc.string({ maxLength: 8 }),
)
const wholeLots = fc.integer({ min: 0, max: 99_999_999 }).map((lots) => (lots / 100).toString())
const sizeText = fc.oneof(
  { weight: 40, arbitrary: wholeLots },
  { weight: 10, arbitrary: fc.integer({ min: 0, max: 2 ** 40 }).map((micro) => (micro / 1e6).toFixed(6)) },
  fc.constantFrom(
    '0',
    '0.0',
    '0.001',
    '0.009999',
    '219.217767',
    '1.21727e+06',
    '5e-05',
    '21474836.47',
    '21474836.48',
  ),
  fc.constantFrom(
    '99999999999999999999',
    '1e400',
    '1e-400',
    '',
    '-1',
    '1,000',
    'NaN',
    '1e',
    '1e+',
    '٣',
    '.5',
    '7.',
  ),
)
const msText = fc.oneof(
  { weight: 40, arbitrary: fc.integer({ min: 1_700_000_000_000, max: 1_800_000_000_000 }).map(String) },
  fc.constantFrom('', '0', '1703875200', '9007199254740991', '9007199254740992', '-1', '1e12', '12.5', '007'),
)
const hash = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.integer({ min: 0, max: 0xffff_ffff }).map((n) => n.toString(16).padStart(40, 'a')),
  },
  fc.constantFrom('', '0xhash001', 'with "quotes" and \\', 'é'.repeat(20)),
)
const token = fc.oneof(
  { weight: 40, arbitrary: fc.constantFrom(...TOKENS) },
  fc.constantFrom('', '1', `${TOKENS[0]}0`, TOKENS[1].slice(1), `${TOKENS[0].slice(0, -1)}0`),
)
const side = fc.oneof(
  { weight: 40, arbitrary: fc.constantFrom('BUY', 'SELL') },
  fc.constantFrom('', 'buy', 'SELLS'),
)
const market = fc.constant(text('0xbd31dc8a20211944f6b70f31557f1001557b59905b7738480ca09bd4532f84af'))
const tick = fc.constantFrom(
  '0.1',
  '0.01',
  '0.005',
  '0.0025',
  '0.001',
  '0.0001',
  '0.010',
  '',
  '0',
  '0.3',
  '1',
)

const asText = (values: fc.Arbitrary<string>) => values.map(text)
const listOf = (items: fc.Arbitrary<Tree>) =>
  fc.oneof(
    { weight: 12, arbitrary: fc.array(items, { maxLength: 4 }).map((all) => list(...all)) },
    fc.array(fc.oneof(items, anyTree), { maxLength: 4 }).map((all) => list(...all)),
  )

const change = mutatedFields(
  [
    ['asset_id', asText(token)],
    ['price', asText(priceText)],
    ['size', asText(sizeText)],
    ['side', asText(side)],
    ['hash', asText(hash)],
    ['best_bid', asText(priceText)],
    ['best_ask', asText(priceText)],
  ],
  3,
)
/** The level and its mirror on the complement, as every recorded frame has them. */
const pair = fc
  .tuple(fc.constantFrom(0, 2), fc.integer({ min: 1, max: 99 }), wholeLots, fc.boolean(), hash)
  .map(([first, price, lots, buys, opaque]) => {
    const entry = (code: number, cent: number, buy: boolean) =>
      fields(
        ['asset_id', text(TOKENS[code])],
        ['price', text((cent / 100).toString())],
        ['size', text(lots)],
        ['side', text(buy ? 'BUY' : 'SELL')],
        ['hash', text(opaque)],
        ['best_bid', text('0.3')],
        ['best_ask', text('0.69')],
      )
    return list(entry(first, price, buys), entry(first + 1, 100 - price, !buys))
  })
const level = mutatedFields(
  [
    ['price', asText(priceText)],
    ['size', asText(sizeText)],
  ],
  1,
)

const type = (name: string): [string, fc.Arbitrary<Tree>] => ['event_type', fc.constant(text(name))]
const assetId: [string, fc.Arbitrary<Tree>] = ['asset_id', asText(token)]
const timestamp: [string, fc.Arbitrary<Tree>] = ['timestamp', asText(msText)]
const marketField: [string, fc.Arbitrary<Tree>] = ['market', market]
const changes: [string, fc.Arbitrary<Tree>] = ['price_changes', fc.oneof(pair, listOf(change))]

const message = fc.oneof(
  { weight: 4, arbitrary: mutatedFields([type('price_change'), marketField, changes, timestamp], 4) },
  { weight: 2, arbitrary: mutatedFields([marketField, changes, timestamp, type('price_change')], 4) },
  {
    weight: 4,
    arbitrary: mutatedFields(
      [
        type('book'),
        assetId,
        marketField,
        ['bids', listOf(level)],
        ['asks', listOf(level)],
        timestamp,
        ['hash', asText(hash)],
        ['tick_size', asText(tick)],
      ],
      4,
    ),
  },
  mutatedFields(
    [
      type('last_trade_price'),
      assetId,
      marketField,
      ['price', asText(priceText)],
      ['size', asText(sizeText)],
      ['fee_rate_bps', fc.constant(text('0'))],
      ['side', asText(side)],
      timestamp,
    ],
    4,
  ),
  mutatedFields(
    [
      type('tick_size_change'),
      assetId,
      ['old_tick_size', asText(tick)],
      ['new_tick_size', asText(tick)],
      timestamp,
    ],
    4,
  ),
  mutatedFields(
    [
      type('best_bid_ask'),
      assetId,
      ['best_bid', asText(priceText)],
      ['best_ask', asText(priceText)],
      timestamp,
    ],
    4,
  ),
  mutatedFields(
    [
      type('market_resolved'),
      ['assets_ids', listOf(asText(token))],
      ['winning_outcome', fc.constant(text('Yes'))],
    ],
    4,
  ),
  mutatedFields(
    [type('new_market'), ['question', fc.string().map(text)], ['active', fc.constant(raw('true'))]],
    4,
  ),
  mutatedFields([type('order'), assetId, ['price', asText(priceText)]], 2),
  // What has no event_type is known by its keys.
  mutatedFields([marketField, changes, timestamp], 4),
  mutatedFields([assetId, ['bids', listOf(level)], ['asks', listOf(level)], timestamp], 4),
  mutatedFields(
    [assetId, ['price', asText(priceText)], ['side', asText(side)], ['size', asText(sizeText)], timestamp],
    4,
  ),
  mutatedFields([assetId, ['new_tick_size', asText(tick)], timestamp], 4),
)

export const anyFrame: fc.Arbitrary<Tree> = fc.oneof(
  { weight: 8, arbitrary: message },
  { weight: 3, arbitrary: fc.array(message, { maxLength: 3 }).map((all) => list(...all)) },
  fc.array(fc.oneof(message, anyTree), { maxLength: 3 }).map((all) => list(...all)),
  anyTree,
)
