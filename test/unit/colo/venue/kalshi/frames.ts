import fc from 'fast-check'
import { anyTree, fields, list, mutatedFields, raw, type Tree, text } from '../json.ts'

// Frames of Kalshi's WebSocket, as they are written and as they might be.

export const TICKERS = ['FED-23DEC-T3.00', 'KXBTCD-26JUL0317-T60499.99', 'KXBTCD-26JUL0317-T60999.99', 'A']
export const IDS: ReadonlyMap<string, number> = new Map(TICKERS.map((ticker, book) => [ticker, book]))

const priceText = fc.oneof(
  { weight: 40, arbitrary: fc.integer({ min: 1, max: 9999 }).map((price) => (price / 10_000).toFixed(4)) },
  fc.constantFrom('0.5', '.48', '1.0000', '0.0000', '1', '', '0.00005', '1.0001', '-0.5', '0.5000e0', 'x'),
)
const countText = fc.oneof(
  { weight: 40, arbitrary: fc.integer({ min: 0, max: 999_999_999 }).map((lots) => (lots / 100).toFixed(2)) },
  fc.constantFrom(
    '1',
    '0.00',
    '0.001',
    '1.230',
    '1406474.86',
    '21474836.47',
    '99999999999.99',
    '',
    '1e3',
    '-1.00',
  ),
)
const deltaText = fc.oneof(
  { weight: 20, arbitrary: countText },
  { weight: 20, arbitrary: countText.map((count) => `-${count}`) },
  fc.constantFrom('-', '--1.00', '+1.00', '-0.00', '-0.001'),
)
const integer = fc.oneof(
  { weight: 40, arbitrary: fc.nat(5000).map(raw) },
  fc
    .constantFrom(
      '0',
      '-1',
      '-0',
      '1.0',
      '1.5',
      '2e3',
      '1e400',
      '01',
      '9007199254740991',
      '9007199254740992',
      'null',
    )
    .map(raw),
)
const ms = fc.oneof(
  { weight: 40, arbitrary: fc.integer({ min: 1_600_000_000_000, max: 1_800_000_000_000 }).map(raw) },
  integer,
)
const ticker = fc.oneof(
  { weight: 40, arbitrary: fc.constantFrom(...TICKERS) },
  fc.constantFrom('', 'FED', 'FED-23DEC-T3.001', 'KXBTCD-26JUL0317-T60499.9', 'ü'),
)
const outcome = fc.oneof(
  { weight: 40, arbitrary: fc.constantFrom('yes', 'no') },
  fc.constantFrom('', 'Yes', 'bid', 'none'),
)
const asText = (values: fc.Arbitrary<string>) => values.map(text)
const marketId = fc.constant(text('9b0f6b43-5b68-4f9f-9f02-9a2d1b8ac1a1'))
const time = fc.constantFrom('2022-11-22T20:44:01Z', '2026-07-01T02:31:45.308599Z', '', 'a\nb').map(text)

const levels = fc.oneof(
  {
    weight: 12,
    arbitrary: fc
      .array(fc.tuple(priceText, countText), { maxLength: 4 })
      .map((all) => list(...all.map(([price, count]) => list(text(price), text(count))))),
  },
  fc
    .array(
      fc.oneof(
        fc.array(anyTree, { maxLength: 3 }).map((all) => list(...all)),
        anyTree,
      ),
      { maxLength: 3 },
    )
    .map((all) => list(...all)),
)

type Named = [string, fc.Arbitrary<Tree>]
const type = (name: string): Named => ['type', fc.constant(text(name))]
const id: Named = ['id', integer]
const sid: Named = ['sid', integer]
const seq: Named = ['seq', integer]
const marketTicker: Named = ['market_ticker', asText(ticker)]
const tsMs: Named = ['ts_ms', ms]
const msg = (oddness: number, ...usual: Named[]): Named => ['msg', mutatedFields(usual, oddness)]

const delta = msg(
  3,
  marketTicker,
  ['market_id', marketId],
  ['price_dollars', asText(priceText)],
  ['delta_fp', asText(deltaText)],
  ['side', asText(outcome)],
  ['ts', time],
  tsMs,
)
const snapshot = msg(
  4,
  marketTicker,
  ['market_id', marketId],
  ['yes_dollars_fp', levels],
  ['no_dollars_fp', levels],
)
const trade = msg(
  4,
  ['trade_id', fc.constant(text('d91bc706-ee49-470d-82d8-11418bda6fed'))],
  marketTicker,
  ['yes_price_dollars', asText(priceText)],
  ['no_price_dollars', asText(priceText)],
  ['count_fp', asText(countText)],
  ['taker_side', asText(outcome)],
  ['taker_outcome_side', asText(outcome)],
  ['taker_book_side', fc.constantFrom('bid', 'ask', 'yes').map(text)],
  ['is_block_trade', fc.constant(raw('false'))],
  ['ts', integer],
  tsMs,
)
const lifecycle = msg(
  4,
  marketTicker,
  [
    'event_type',
    fc
      .constantFrom(
        'created',
        'activated',
        'deactivated',
        'close_date_updated',
        'determined',
        'settled',
        'price_level_structure_updated',
        'metadata_updated',
        '',
      )
      .map(text),
  ],
  [
    'price_ranges',
    fc.constant(list(fields(['start', text('0.0000')], ['end', text('1.0000')], ['step', text('0.0010')]))),
  ],
)
const tickers: Named = ['msg', fc.constant(fields(['market_tickers', list(text('A'), text('B'))]))]
const subscriptions: Named = ['msg', fc.constant(list(fields(['channel', text('ticker')], ['sid', raw(2)])))]

export const anyFrame: fc.Arbitrary<Tree> = fc.oneof(
  { weight: 6, arbitrary: mutatedFields([type('orderbook_delta'), sid, seq, delta], 3) },
  { weight: 4, arbitrary: mutatedFields([type('orderbook_snapshot'), sid, seq, snapshot], 3) },
  mutatedFields([id, type('orderbook_snapshot'), sid, seq, snapshot], 3),
  { weight: 2, arbitrary: mutatedFields([type('trade'), sid, seq, trade], 3) },
  mutatedFields([id, type('subscribed'), msg(3, ['channel', fc.constant(text('orderbook_delta'))], sid)], 3),
  mutatedFields([id, sid, seq, type('ok'), tickers], 3),
  mutatedFields([id, type('ok'), subscriptions], 3),
  mutatedFields([id, sid, seq, type('unsubscribed')], 3),
  mutatedFields(
    [id, type('error'), msg(3, ['code', integer], ['msg', fc.constant(text('Unknown subscription ID'))])],
    3,
  ),
  mutatedFields([id, sid, seq, type('error'), msg(3, ['code', integer], marketTicker)], 3),
  mutatedFields([type('market_lifecycle_v2'), sid, seq, lifecycle], 3),
  mutatedFields([type('fill'), sid, msg(1, marketTicker, ['fee_cost', fc.constant(text('0.010000'))])], 3),
  mutatedFields(
    [fc.constantFrom('ticker', 'event_fee_update', 'rfq_created', 'ticker_v2', '').map(text)]
      .map((name): Named => ['type', name])
      .concat([sid, seq, ['msg', anyTree]]),
    3,
  ),
  anyTree,
)
