import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { answered, Heard } from '@tandem/cli/live/heard.ts'
import { WireTimes } from '@tandem/cli/live/wire.ts'

const PAIR = { ticker: 'KXRAIN-30', tokens: ['111', '222'] }
const frame = (message: unknown): Buffer => Buffer.from(JSON.stringify(message))
const delta = (ticker: string, seq: number) =>
  frame({ type: 'orderbook_delta', sid: 3, seq, msg: { market_ticker: ticker } })
const change = (token: string, hash: string) =>
  frame({ market: '0xc0', timestamp: '9', price_changes: [{ asset_id: token, hash }] })

describe('the frame that a decision answers', () => {
  it('is the first of its read that is about the pair', () => {
    const heard = new Heard()
    heard.note(delta('KXRAIN-30', 6), 90)
    heard.note(delta('KXSNOW-30', 7), 110)
    heard.note(delta('KXRAIN-30', 8), 111)
    heard.note(delta('KXRAIN-30', 9), 112)
    assert.deepEqual(answered(heard.since(100), PAIR), {
      venue: 'kalshi',
      market: 'KXRAIN-30',
      frame: '3/8',
    })
  })

  it('goes by what the venue calls it', () => {
    const named = (bytes: Buffer) => answered([bytes], PAIR)?.frame
    assert.equal(named(change('222', 'aa')), 'aa')
    assert.equal(named(frame([{ market: '0xc0', asset_id: '111', hash: 'bb', timestamp: '9' }])), 'bb')
    assert.equal(named(frame({ market: '0xc0', asset_id: '111', timestamp: '9' })), '9')
  })

  it('is none of another read, none of a private channel, no garbage', () => {
    const heard = new Heard()
    heard.note(delta('KXRAIN-30', 6), 90)
    assert.equal(answered(heard.since(100), PAIR), undefined)
    assert.equal(answered([frame({ type: 'fill', msg: { market_ticker: 'KXRAIN-30' } })], PAIR), undefined)
    assert.equal(answered([Buffer.from('{"market":"0xc0","asset_id":"111')], PAIR), undefined)
  })

  it('is not guessed when a read had more frames than are kept', () => {
    const heard = new Heard()
    for (let seq = 0; seq < 1_000; seq++) heard.note(delta('KXRAIN-30', seq), 200)
    assert.deepEqual(heard.since(100), [])
  })
})

describe('times on the wire', () => {
  const name = { venue: 'kalshi', market: 'KXRAIN-30', frame: '3/8' } as const
  const sent = { frame: name, orders: { polymarket: '0xaa', kalshi: 'id-1' } }
  const polymarket = { venue: 'polymarket', order: '0xaa', readNs: 5_500_000 }
  const kalshi = { venue: 'kalshi', order: 'id-1', readNs: 5_250_000 }
  const frames = [{ ...name, writtenNs: 5_000_000 }]

  it('last until the later order is read, whenever that is learned', () => {
    const wire = new WireTimes()
    wire.sent(sent)
    wire.take({ nowNs: 6e6, frames, orders: [kalshi] })
    assert.equal(wire.percentiles().samples, 0)
    wire.take({ nowNs: 7e6, frames, orders: [kalshi, polymarket] })
    wire.take({ nowNs: 8e6, frames: [], orders: [polymarket] })
    const { p50, samples } = wire.percentiles()
    assert.equal(samples, 1)
    assert.ok(Math.abs(p50 - 500) < 1, `${p50}`)
  })

  it('begin with the first of two copies of a frame', () => {
    const wire = new WireTimes()
    wire.sent(sent)
    const written = [5_000_000, 5_200_000].map((writtenNs) => ({ ...name, writtenNs }))
    wire.take({ nowNs: 6e6, frames: written, orders: [kalshi, polymarket] })
    assert.ok(Math.abs(wire.percentiles().p50 - 500) < 1)
  })

  it('are not taken from a frame that shares its name, nor from orders that were never read', () => {
    const wire = new WireTimes()
    wire.sent(sent)
    wire.sent({ ...sent, orders: { polymarket: '0xbb', kalshi: 'id-2' } })
    wire.take({
      nowNs: 6e6,
      frames: [...frames, { ...name, writtenNs: 3_900_000 }],
      orders: [kalshi, polymarket],
    })
    wire.take({ nowNs: 60e9, frames: [], orders: [] })
    assert.equal(wire.percentiles().samples, 0)
  })
})
