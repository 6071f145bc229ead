import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PolymarketParser } from '@tandem/colo/venue/polymarket/parse.ts'
import { Control, ParseOutcome } from '@tandem/colo/venue/sink.ts'
import { Symbols } from '@tandem/colo/venue/symbols.ts'
import { LOTS_DUST, LOTS_MAX, PRICE_NONE, SIDE_ASK, SIDE_BID } from '@tandem/shared/units.ts'
import fc from 'fast-check'
import { JsonParsePolymarket } from '../../../../../bench/alternatives/json-parse-polymarket.ts'
import { Calls, everyByteChanged, parsed } from '../calls.ts'
import { anyBlows, anyStyle, battered, written } from '../json.ts'
import { anyFrame, IDS, TOKENS } from './frames.ts'

const YES = TOKENS[0]
const NO = TOKENS[1]
const MS = 1_757_908_892_351

function symbols(): Symbols {
  const all = new Symbols(IDS.size)
  for (const [id, code] of IDS) all.add(id, code)
  return all
}

function read(frame: unknown, parser = new PolymarketParser(symbols())) {
  return parsed(parser, Buffer.from(typeof frame === 'string' ? frame : JSON.stringify(frame)))
}

function change(asset_id: string, price: string, side: string, more: object = {}) {
  return { asset_id, price, size: '200', side, hash: '56621a121a47ed9333273e21c83b660cff37ae50', ...more }
}

function priceChange(...price_changes: object[]) {
  return { event_type: 'price_change', market: '0x5f65', price_changes, timestamp: String(MS) }
}

describe('PolymarketParser', () => {
  it('tells levels in order, then the named token’s own top once', () => {
    const { outcome, calls } = read(
      priceChange(
        change(YES, '0.5', 'BUY', { best_bid: '0.5', best_ask: '1' }),
        change(NO, '0.5', 'SELL', { best_bid: '0.1', best_ask: '0.5' }),
      ),
    )
    assert.equal(outcome, 1)
    assert.deepEqual(calls, [
      ['level', 0, SIDE_BID, 5000, 20000, false],
      ['level', 0, SIDE_BID, 5000, 20000, true],
      ['top', 0, 5000, PRICE_NONE, MS],
    ])
  })

  it('mirrors the top of a complement that stands alone', () => {
    const { calls } = read(priceChange(change(NO, '0.3', 'SELL', { best_bid: '0.25', best_ask: '0.3' })))
    assert.deepEqual(calls, [
      ['level', 0, SIDE_BID, 7000, 20000, true],
      ['top', 0, 7000, 7500, MS],
    ])
    const empty = read(priceChange(change(NO, '0.3', 'SELL', { best_bid: '0', best_ask: '' })))
    assert.deepEqual(empty.calls.at(-1), ['top', 0, PRICE_NONE, PRICE_NONE, MS])
  })

  it('tells the last top of each book that a frame touched, and none that is only half claimed', () => {
    const { calls } = read(
      priceChange(
        change(YES, '0.4', 'BUY', { best_bid: '0.4', best_ask: '0.6' }),
        change(TOKENS[2], '0.1', 'BUY', { best_bid: '0.1' }),
        change(YES, '0.45', 'BUY', { best_bid: '0.45', best_ask: '0.6' }),
      ),
    )
    assert.deepEqual(
      calls.filter(([name]) => name === 'top'),
      [['top', 0, 4500, 6000, MS]],
    )
  })

  it('skips tokens that nobody registered, and says so when nothing is left', () => {
    assert.deepEqual(read(priceChange(change('7', '0.5', 'BUY'))).calls, [['control', Control.Ignored, 0, 0]])
    assert.deepEqual(read(priceChange(change('7', '0.5', 'BUY'), change(YES, '0.5', 'BUY'))).calls, [
      ['level', 0, SIDE_BID, 5000, 20000, false],
    ])
  })

  it('replaces a book, whatever the order of its levels', () => {
    const book = {
      asset_id: YES,
      bids: [
        { price: '.48', size: '30' },
        { price: '0.49', size: '0.005' },
      ],
      asks: [{ size: '219.217767', price: '0.520' }],
      timestamp: String(MS),
      tick_size: '0.01',
      event_type: 'book',
    }
    const calls = [
      ['snapshot', 0, 100, MS],
      ['level', 0, SIDE_BID, 4800, 3000, false],
      ['level', 0, SIDE_BID, 4900, LOTS_DUST, false],
      ['level', 0, SIDE_ASK, 5200, 21921, false],
      ['snapshotEnd', 0, -1],
    ]
    assert.deepEqual(read(book), { outcome: 1, calls })
    assert.deepEqual(read([book, book]), { outcome: 2, calls: [...calls, ...calls] })
  })

  it('mirrors the book of a complement', () => {
    const book = {
      asset_id: NO,
      bids: [{ price: '0.3', size: '1' }],
      asks: [],
      timestamp: String(MS),
      event_type: 'book',
    }
    assert.deepEqual(read(book).calls, [
      ['snapshot', 0, PRICE_NONE, MS],
      ['level', 0, SIDE_ASK, 7000, 100, true],
      ['snapshotEnd', 0, -1],
    ])
  })

  it('reads trades, ticks, tops and decided markets of either token', () => {
    const of = (event_type: string, more: object) => ({ event_type, timestamp: String(MS), ...more })
    const trade = { asset_id: NO, price: '0.456', size: '10', side: 'BUY' }
    assert.deepEqual(read(of('last_trade_price', trade)).calls, [['trade', 0, 5440, 1000, SIDE_ASK, MS]])
    const tick = { asset_id: YES, old_tick_size: '0.01', new_tick_size: '0.0025' }
    assert.deepEqual(read(of('tick_size_change', tick)).calls, [['tickSize', 0, 25, MS]])
    const top = { asset_id: NO, best_bid: '0.73', best_ask: '0.77', spread: '0.04' }
    assert.deepEqual(read(of('best_bid_ask', top)).calls, [['top', 0, 2300, 2700, MS]])
    const resolved = { assets_ids: [YES, NO, TOKENS[3]], winning_asset_id: YES }
    assert.deepEqual(read(of('market_resolved', resolved)).calls, [
      ['control', Control.Resolved, 0, 0],
      ['control', Control.Resolved, 1, 0],
    ])
    assert.deepEqual(read(of('new_market', { question: 'Will "it"?' })).calls, [
      ['control', Control.Ignored, 0, 0],
    ])
  })

  it('takes PONG for what it is, and nothing else that is no JSON', () => {
    assert.deepEqual(read('PONG'), { outcome: 1, calls: [['control', Control.Pong, 0, 0]] })
    for (const text of ['', 'PING', 'PON', 'PONG\n', '"PONG"', 'true', '7', '[7]', '{} {}']) {
      assert.equal(read(text).outcome, ParseOutcome.Malformed, text)
    }
  })

  it('tells an unknown type from a broken message and from a bad number', () => {
    assert.equal(read({ event_type: 'order', price: 'free' }).outcome, ParseOutcome.UnknownType)
    assert.equal(read({}).outcome, ParseOutcome.UnknownType)
    assert.equal(read(priceChange(change(YES, '0.5', 'HOLD'))).outcome, ParseOutcome.Malformed)
    assert.equal(read({ ...priceChange(), timestamp: undefined }).outcome, ParseOutcome.Malformed)
    for (const price of ['0.12345', '1.0001', '-0.5', '', 'x']) {
      assert.equal(read(priceChange(change(YES, price, 'BUY'))).outcome, ParseOutcome.BadNumber, price)
    }
  })

  it('reads sizes as they were recorded: with an exponent, beyond a lot, beyond what a level holds', () => {
    const lots = (size: string) => read(priceChange(change(YES, '0.5', 'BUY', { size }))).calls[0][4]
    assert.equal(lots('1.21727e+06'), 121_727_000)
    assert.equal(lots('5e-05'), LOTS_DUST)
    assert.equal(lots('21474836.48'), LOTS_MAX)
    assert.equal(lots('1e400'), LOTS_MAX)
    assert.equal(lots('0.000'), 0)
  })

  it('emits nothing of an array after an element that is not valid', () => {
    const good = priceChange(change(YES, '0.5', 'BUY'))
    const bad = priceChange(change(YES, '5', 'BUY'))
    const { outcome, calls } = read([good, bad, good])
    assert.equal(outcome, ParseOutcome.BadNumber)
    assert.equal(calls.length, 1)
    assert.equal(read([good, { event_type: 'unheard' }, good]).outcome, ParseOutcome.UnknownType)
    assert.equal(read([bad, 7]).outcome, ParseOutcome.Malformed)
  })

  it('survives every truncation of every kind of frame', () => {
    const parser = new PolymarketParser(symbols())
    const frame = JSON.stringify(priceChange(change(YES, '0.5', 'BUY', { best_bid: '0.5', best_ask: '1' })))
    for (let length = 0; length < frame.length; length++) {
      assert.equal(read(frame.slice(0, length), parser).outcome, ParseOutcome.Malformed, String(length))
    }
    assert.equal(read(frame, parser).outcome, 1)
  })

  it('says of a usual frame with any one byte changed to any other what JSON.parse says', () => {
    const reference = new JsonParsePolymarket(IDS)
    const ours = new PolymarketParser(symbols())
    const tops = { best_bid: '0.5', best_ask: '0.515' }
    const mirrored = { best_bid: '0.485', best_ask: '0.5' }
    const usual = priceChange(change(YES, '0.481', 'BUY', tops), change(NO, '0.519', 'SELL', mirrored))
    everyByteChanged(Buffer.from(JSON.stringify(usual)), ours, reference)
  })

  it('says of any frame, whole or battered, what JSON.parse says', () => {
    const reference = new JsonParsePolymarket(IDS)
    const ours = new PolymarketParser(symbols())
    const seen = new Map<number, number>()
    fc.assert(
      fc.property(anyFrame, anyStyle, anyBlows, fc.nat(255), (tree, style, blows, poison) => {
        const bytes = battered(written(tree, style), blows)
        const expected = new Calls()
        const outcome = reference.parse(bytes, 0, bytes.length, expected)
        const actual = parsed(ours, bytes, poison)
        assert.equal(actual.outcome, outcome)
        if (outcome !== ParseOutcome.Malformed) assert.deepEqual(actual.calls, expected.list)
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
      }),
      { seed: 20261122, numRuns: 40_000 },
    )
    // The generator reaches every outcome, and valid frames often.
    for (const outcome of [1, 2, ParseOutcome.Malformed, ParseOutcome.UnknownType, ParseOutcome.BadNumber]) {
      assert.ok((seen.get(outcome) ?? 0) > 100, `${outcome}: ${seen.get(outcome)}`)
    }
    assert.ok(seen.get(1)! > 2_000, `valid: ${seen.get(1)}`)
  })
})
