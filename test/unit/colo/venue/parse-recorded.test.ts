import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { KalshiParser } from '@tandem/colo/venue/kalshi/parse.ts'
import { PolymarketParser } from '@tandem/colo/venue/polymarket/parse.ts'
import { Control, ParseOutcome } from '@tandem/colo/venue/sink.ts'
import { Symbols } from '@tandem/colo/venue/symbols.ts'
import { JsonParseKalshi } from '../../../../bench/alternatives/json-parse-kalshi.ts'
import { JsonParsePolymarket } from '../../../../bench/alternatives/json-parse-polymarket.ts'
import { referenceFiles, skipWithoutReference } from '../../../reference.ts'
import { type Call, Calls, type Parser, parsed } from './calls.ts'

// Frames as they were recorded or documented, through our codecs and through those on JSON.parse.

const skip = skipWithoutReference()

/** Codes of the tokens that frames speak of: a market's second one is taken for the complement. */
function tokensIn(frames: readonly string[]): Map<string, number> {
  const markets = new Map<string, string[]>()
  const walk = (value: unknown, market: string) => {
    if (typeof value !== 'object' || value === null) return
    const fields = value as Record<string, unknown>
    const own = typeof fields.market === 'string' ? fields.market : market
    const ids = [fields.asset_id, ...(Array.isArray(fields.assets_ids) ? fields.assets_ids : [])]
    const known = markets.get(own) ?? []
    for (const id of ids) if (typeof id === 'string' && !known.includes(id)) known.push(id)
    if (known.length > 0) markets.set(own, known)
    for (const child of Object.values(fields)) walk(child, own)
  }
  for (const frame of frames) if (frame !== 'PONG') walk(JSON.parse(frame), '')
  const codes = [...markets.values()].flatMap((ids, market) =>
    ids.map((id, i) => [id, market * 2 + i] as const),
  )
  return new Map(codes)
}

function tickersIn(frames: readonly string[]): Map<string, number> {
  const tickers = frames.map((frame) => JSON.parse(frame).msg?.market_ticker as string | undefined)
  const known = [...new Set(tickers.filter((ticker) => ticker !== undefined))]
  return new Map(known.map((ticker, book) => [ticker, book]))
}

function symbolsOf(ids: ReadonlyMap<string, number>): Symbols {
  const symbols = new Symbols(Math.max(...ids.values(), 0) + 2)
  for (const [id, code] of ids) symbols.add(id, code)
  return symbols
}

/** Both codecs say the same of every frame, and can read it; returns all they said. */
function same(frames: readonly string[], ours: Parser, reference: Parser): Call[] {
  const all: Call[] = []
  for (const [line, frame] of frames.entries()) {
    const bytes = Buffer.from(frame)
    const expected = new Calls()
    const outcome = reference.parse(bytes, 0, bytes.length, expected)
    const actual = parsed(ours, bytes)
    const readable = outcome >= 0 || outcome === ParseOutcome.UnknownType
    assert.ok(readable, `frame ${line}: ${frame.slice(0, 200)}`)
    assert.equal(actual.outcome, outcome, `frame ${line}`)
    assert.deepEqual(actual.calls, expected.list, `frame ${line}`)
    all.push(...actual.calls)
  }
  return all
}

function polymarketCalls(frames: readonly string[]): Call[] {
  const ids = tokensIn(frames)
  return same(frames, new PolymarketParser(symbolsOf(ids)), new JsonParsePolymarket(ids))
}

function kalshiCalls(frames: readonly string[]): Call[] {
  const ids = tickersIn(frames)
  const calls = [false, true].map((yes) =>
    same(frames, new KalshiParser(symbolsOf(ids), yes), new JsonParseKalshi(ids, yes)),
  )
  return calls[0]
}

/** Frames of lines that are frames themselves, or `{recv_ts_ns, raw}`. */
function framesOf(text: string): { venue: string | undefined; raw: string }[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const { raw, venue } = JSON.parse(line)
      return typeof raw === 'string' ? { venue, raw } : { venue: undefined, raw: line }
    })
}

describe('recorded frames', { skip }, () => {
  for (const file of referenceFiles('data/tapes', /\.ndjson\.gz$/)) {
    it(`are read alike by both codecs: ${basename(file)}`, () => {
      const frames = framesOf(gunzipSync(readFileSync(file)).toString())
      const of = (venue: string) => frames.filter((frame) => frame.venue === venue).map((frame) => frame.raw)
      assert.ok(polymarketCalls(of('polymarket')).length > 0)
      assert.ok(kalshiCalls(of('kalshi')).length > 0)
    })
  }

  for (const file of referenceFiles('data/kalshi', /^ws-.*\.jsonl$/)) {
    it(`are read alike by both codecs: ${basename(file)}`, () => {
      const calls = kalshiCalls(framesOf(readFileSync(file, 'utf8')).map((frame) => frame.raw))
      assert.ok(calls.some(([name]) => name === 'change'))
    })
  }

  for (const file of referenceFiles('data/polymarket', /^ws-.*\.json$/)) {
    it(`are read alike by both codecs: ${basename(file)}`, () => {
      const text = readFileSync(file, 'utf8')
      const messages: unknown[] = JSON.parse(text)
      const whole = polymarketCalls([text])
      assert.deepEqual(polymarketCalls(messages.map((message) => JSON.stringify(message))), whole)
      assert.ok(whole.some(([name]) => name === 'level'))
    })
  }

  const firstCall: [RegExp, Call][] = [
    [/book/, ['snapshot']],
    [/price_change|quotes/, ['level']],
    [/last_trade/, ['trade']],
    [/tick_size/, ['tickSize']],
    [/best_bid_ask/, ['top']],
    [/new_market/, ['control', Control.Ignored]],
    [/resolved/, ['control', Control.Resolved]],
  ]
  for (const file of referenceFiles('data/polymarket/fixtures', /^ws_(?!user_).*\.json$/)) {
    it(`are what their name says: ${basename(file)}`, () => {
      const [first] = polymarketCalls([readFileSync(file, 'utf8')])
      const expected = firstCall.find(([name]) => name.test(basename(file)))?.[1]
      assert.ok(expected !== undefined, 'a kind that this test does not know yet')
      assert.deepEqual(first.slice(0, expected.length), expected)
    })
  }
})
