import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { KalshiParser } from '@tandem/colo/venue/kalshi/parse.ts'
import { Control, Lifecycle, MS_NONE, ParseOutcome } from '@tandem/colo/venue/sink.ts'
import { Symbols } from '@tandem/colo/venue/symbols.ts'
import { PRICE_NONE, SIDE_ASK, SIDE_BID } from '@tandem/shared/units.ts'
import fc from 'fast-check'
import { JsonParseKalshi } from '../../../../../bench/alternatives/json-parse-kalshi.ts'
import { Calls, everyByteChanged, parsed } from '../calls.ts'
import { anyBlows, anyStyle, battered, written } from '../json.ts'
import { anyFrame, IDS, TICKERS } from './frames.ts'

const TICKER = TICKERS[0]

function parserOf(useYesPrice: boolean): KalshiParser {
  const symbols = new Symbols(IDS.size)
  for (const [id, code] of IDS) symbols.add(id, code)
  return new KalshiParser(symbols, useYesPrice)
}

function read(frame: unknown, useYesPrice = false) {
  const text = typeof frame === 'string' ? frame : JSON.stringify(frame)
  return parsed(parserOf(useYesPrice), Buffer.from(text))
}

function delta(more: object = {}) {
  const msg = { market_ticker: TICKER, market_id: '9b0f6b43', price_dollars: '0.9600', delta_fp: '-54.00' }
  return {
    type: 'orderbook_delta',
    sid: 2,
    seq: 3,
    msg: { ...msg, side: 'yes', ts_ms: 1669149841000, ...more },
  }
}

describe('KalshiParser', () => {
  it('tells the sequence before the change', () => {
    assert.deepEqual(read(delta()), {
      outcome: 1,
      calls: [
        ['sequence', 2, 3],
        ['change', 0, SIDE_BID, 9600, -5400, 1669149841000],
      ],
    })
  })

  it('turns a NO level into the ask it is, in both modes of price', () => {
    const no = delta({ side: 'no', delta_fp: '7.25', ts_ms: undefined })
    assert.deepEqual(read(no).calls[1], ['change', 0, SIDE_ASK, 400, 725, MS_NONE])
    assert.deepEqual(read(no, true).calls[1], ['change', 0, SIDE_ASK, 9600, 725, MS_NONE])
  })

  it('reads a snapshot whose sides may be absent, and whose id answers a command', () => {
    const msg = { market_ticker: TICKER, no_dollars_fp: [['0.5400', '20.00']] }
    const calls = [
      ['sequence', 2, 2],
      ['snapshot', 0, PRICE_NONE, MS_NONE],
      ['level', 0, SIDE_ASK, 4600, 2000, false],
    ]
    const snapshot = { type: 'orderbook_snapshot', sid: 2, seq: 2, msg }
    assert.deepEqual(read(snapshot).calls, [...calls, ['snapshotEnd', 0, -1]])
    assert.deepEqual(read({ id: 127, ...snapshot }).calls, [...calls, ['snapshotEnd', 0, 127]])
    assert.deepEqual(read({ id: 0, ...snapshot }).calls, [...calls, ['snapshotEnd', 0, -1]])
    assert.deepEqual(read({ ...snapshot, msg: { market_ticker: TICKER } }).calls, [
      ['sequence', 2, 2],
      ['snapshot', 0, PRICE_NONE, MS_NONE],
      ['snapshotEnd', 0, -1],
    ])
  })

  it('counts acknowledgements and scoped errors in the sequence', () => {
    const ok = '{"id":123,"sid":456,"seq":222,"type":"ok","msg":{"market_tickers":["A"]}}\n'
    assert.deepEqual(read(ok).calls, [
      ['sequence', 456, 222],
      ['control', Control.Acknowledged, 123, 456],
    ])
    const all = '{"id":3,"type":"ok","msg":[{"channel":"ticker","sid":2}]}'
    assert.deepEqual(read(all).calls, [['control', Control.Acknowledged, 3, -1]])
    const gone = '{"id":102,"sid":2,"seq":7,"type":"unsubscribed"}'
    assert.deepEqual(read(gone).calls, [
      ['sequence', 2, 7],
      ['control', Control.Unsubscribed, 102, 2],
    ])
    const subscribed = '{"id":1,"type":"subscribed","msg":{"channel":"orderbook_delta","sid":1}}'
    assert.deepEqual(read(subscribed).calls, [['control', Control.Subscribed, 1, 1]])
    const error = '{"id":123,"type":"error","msg":{"code":7,"msg":"Unknown subscription ID"}}'
    assert.deepEqual(read(error).calls, [['control', Control.Refused, 7, -1]])
    const scoped = '{"type":"error","sid":5,"seq":9,"msg":{"code":25,"msg":"Subscription buffer overflow"}}'
    assert.deepEqual(read(scoped).calls, [
      ['sequence', 5, 9],
      ['control', Control.Refused, 25, 5],
    ])
  })

  it('keeps the sequence of what it does not use', () => {
    assert.deepEqual(read(delta({ market_ticker: 'ELSE' })).calls, [
      ['sequence', 2, 3],
      ['control', Control.Ignored, 0, 0],
    ])
    const group = { type: 'order_group_updates', sid: 21, seq: 7, msg: { event_type: 'limit_updated' } }
    assert.deepEqual(read(group).calls, [
      ['sequence', 21, 7],
      ['control', Control.Private, 0, 0],
    ])
    assert.deepEqual(read({ type: 'fill', sid: 13, msg: {} }).calls, [['control', Control.Private, 0, 0]])
    assert.deepEqual(read({ type: 'ticker', sid: 11, msg: {} }).calls, [['control', Control.Ignored, 0, 0]])
    const unheard = read({ type: 'unheard', sid: 1, seq: 4 })
    assert.deepEqual(unheard, { outcome: ParseOutcome.UnknownType, calls: [['sequence', 1, 4]] })
  })

  it('reads trades by the newest of the fields that name the taker’s side', () => {
    const msg = { market_ticker: TICKER, yes_price_dollars: '0.3600', count_fp: '136.00', ts_ms: 5 }
    const trade = (sides: object) =>
      read({ type: 'trade', sid: 11, seq: 2, msg: { ...msg, ...sides } }).calls[1]
    const told = (side: number) => ['trade', 0, 3600, 13600, side, 5]
    assert.deepEqual(trade({ taker_side: 'yes', taker_book_side: 'ask' }), told(SIDE_ASK))
    assert.deepEqual(trade({ taker_side: 'yes', taker_outcome_side: 'no' }), told(SIDE_ASK))
    assert.deepEqual(trade({ taker_side: 'yes' }), told(SIDE_BID))
  })

  it('tells what became of a market', () => {
    const of = (event_type: string) =>
      read({ type: 'market_lifecycle_v2', sid: 13, seq: 3, msg: { market_ticker: TICKER, event_type } })
        .calls[1]
    const kinds = {
      activated: Lifecycle.Activated,
      deactivated: Lifecycle.Deactivated,
      close_date_updated: Lifecycle.CloseMoved,
      determined: Lifecycle.Determined,
      settled: Lifecycle.Settled,
      price_level_structure_updated: Lifecycle.PriceStructure,
      metadata_updated: Lifecycle.Other,
    }
    for (const [name, kind] of Object.entries(kinds)) {
      assert.deepEqual(of(name), ['control', Control.Lifecycle, 0, kind])
    }
  })

  it('refuses what it cannot be sure of, and says nothing of it', () => {
    const outcomes: [unknown, number][] = [
      ['PONG', ParseOutcome.Malformed],
      ['[]', ParseOutcome.Malformed],
      [{ sid: 1, seq: 1 }, ParseOutcome.Malformed],
      [{ ...delta(), seq: undefined }, ParseOutcome.Malformed],
      [{ type: 'ok', seq: 4 }, ParseOutcome.Malformed],
      [{ ...delta(), seq: 3.5 }, ParseOutcome.BadNumber],
      [delta({ side: 'maybe' }), ParseOutcome.Malformed],
      [delta({ price_dollars: 0.96 }), ParseOutcome.Malformed],
      [delta({ price_dollars: '1.9600' }), ParseOutcome.BadNumber],
      [delta({ delta_fp: '-0.005' }), ParseOutcome.BadNumber],
      [`${JSON.stringify(delta())}x`, ParseOutcome.Malformed],
    ]
    for (const [frame, outcome] of outcomes) {
      assert.deepEqual(read(frame), { outcome, calls: [] }, JSON.stringify(frame))
    }
  })

  it('survives every truncation', () => {
    const frame = JSON.stringify(delta({ ts: '2022-11-22T20:44:01Z' }))
    for (let length = 0; length < frame.length; length++) {
      assert.equal(read(frame.slice(0, length)).outcome, ParseOutcome.Malformed, String(length))
    }
  })

  it('says of a usual frame with any one byte changed to any other what JSON.parse says', () => {
    const msg = '"msg":{"market_ticker":"FED-23DEC-T3.00","market_id":"9b0f6b43-5b68-4f9f-9f02-9a2d1b8ac1a1"'
    const level = '"price_dollars":"0.9600","delta_fp":"-54.00","side":"no","ts":"2022-11-22T20:44:01Z"'
    const usual = `{"type":"orderbook_delta","sid":2,"seq":3,${msg},${level},"ts_ms":1669149841000}}`
    everyByteChanged(Buffer.from(usual), parserOf(false), new JsonParseKalshi(IDS, false))
  })

  it('says of any frame, whole or battered, what JSON.parse says', () => {
    const modes = [false, true].map((yes) => ({
      ours: parserOf(yes),
      reference: new JsonParseKalshi(IDS, yes),
    }))
    const seen = new Map<number, number>()
    fc.assert(
      fc.property(
        anyFrame,
        anyStyle,
        anyBlows,
        fc.nat(255),
        fc.nat(1),
        (tree, style, blows, poison, mode) => {
          const bytes = battered(written(tree, style), blows)
          const expected = new Calls()
          const outcome = modes[mode].reference.parse(bytes, 0, bytes.length, expected)
          const actual = parsed(modes[mode].ours, bytes, poison)
          assert.equal(actual.outcome, outcome)
          if (outcome !== ParseOutcome.Malformed) assert.deepEqual(actual.calls, expected.list)
          seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
        },
      ),
      { seed: 20261122, numRuns: 40_000 },
    )
    for (const outcome of [1, ParseOutcome.Malformed, ParseOutcome.UnknownType, ParseOutcome.BadNumber]) {
      assert.ok((seen.get(outcome) ?? 0) > 100, `${outcome}: ${seen.get(outcome)}`)
    }
    assert.ok(seen.get(1)! > 2_000, `valid: ${seen.get(1)}`)
  })
})
