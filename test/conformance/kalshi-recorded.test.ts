import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { KalshiVenue } from '@tandem/sandbox/engine/kalshi/venue.ts'
import { Random } from '@tandem/sandbox/engine/random.ts'
import { Faults } from '@tandem/sandbox/faults.ts'
import { Session } from '@tandem/sandbox/kalshi/session.ts'
import { Outlet } from '@tandem/sandbox/outlet.ts'
import { Timings } from '@tandem/sandbox/timings.ts'
import { CRYPTO_TICKER, listMarkets, TICKER, terms, USD } from '../kalshi-sandbox.ts'
import { referenceFiles, skipWithoutReference } from '../reference.ts'

// Frames of the sandbox beside recorded ones: every field that the venue was seen to send is there, of the same kind.

/** Types, and the forms of texts: `0.0500` and `0.0400` are alike, `0.05` is not. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])]
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]))
  if (typeof value !== 'string') return typeof value
  if (/^-?\d+\.\d+$/.test(value)) return `decimal with ${value.split('.')[1].length} places`
  if (/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return 'time'
  if (/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(value)) return 'uuid'
  return 'text'
}

/** What `wanted` has and `found` has not, or has otherwise. */
function missing(wanted: unknown, found: unknown, path = ''): string[] {
  if (typeof wanted !== 'object' || wanted === null)
    return wanted === found ? [] : [`${path} is ${found}, not ${wanted}`]
  return Object.entries(wanted).flatMap(([key, inner]) =>
    missing(inner, (found as Record<string, unknown> | undefined)?.[key], `${path}.${key}`),
  )
}

function sandboxFrames(): Map<string, unknown> {
  const nowMs = 1_795_000_000_000
  const frames = new Map<string, unknown>()
  let session: Session | undefined
  const random = new Random(1)
  const venue = new KalshiVenue({ nowMs: () => nowMs, random, emit: (told) => session?.hear(told) })
  listMarkets(venue, nowMs)
  const account = venue.openAccount('somebody')
  venue.fund(account, 0, 100 * USD)
  const house = venue.openAccount('house', true)
  const outlet = new Outlet({
    venue: 'kalshi',
    faults: new Faults(() => nowMs),
    timings: new Timings(() => 0),
    nowMs: () => nowMs,
    write(text) {
      const frame = JSON.parse(text)
      // The first of its kind: later books may be empty.
      if (!frames.has(frame.type)) frames.set(frame.type, shapeOf(frame))
    },
  })
  session = new Session({ venue, account, random, outlet, nowMs: () => nowMs })
  const subscribe = (id: number, channel: string, tickers?: string[]): void => {
    const params = { channels: [channel], ...(tickers === undefined ? {} : { market_tickers: tickers }) }
    session.command(JSON.stringify({ id, cmd: 'subscribe', params }))
  }
  venue.placeOrder(house, terms('bid', 16, 10))
  venue.placeOrder(house, terms('ask', 17, 10))
  subscribe(1, 'fill')
  subscribe(2, 'orderbook_delta', [TICKER])
  venue.placeOrder(account, terms('bid', 17, 5.52))
  subscribe(3, 'orderbook_delta', [CRYPTO_TICKER, TICKER])
  return frames
}

describe('Kalshi’s frames, recorded and made', { skip: skipWithoutReference() }, () => {
  it('have the same fields with the same kinds of values', () => {
    const [path] = referenceFiles('data/kalshi', /^ws-demo-.*\.jsonl$/)
    const made = sandboxFrames()
    const compared = new Map<string, number>()
    for (const line of readFileSync(path, 'utf8').trim().split('\n')) {
      const frame = JSON.parse(line)
      // A book may have one side only.
      if (frame.type === 'orderbook_snapshot' && Object.keys(frame.msg).length < 4) continue
      assert.deepEqual(missing(shapeOf(frame), made.get(frame.type)), [], line)
      compared.set(frame.type, (compared.get(frame.type) ?? 0) + 1)
    }
    assert.deepEqual([...compared.keys()].sort(), [
      'fill',
      'ok',
      'orderbook_delta',
      'orderbook_snapshot',
      'subscribed',
    ])
  })
})
