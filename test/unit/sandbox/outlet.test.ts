import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { FAULTS, type FaultName, Faults } from '@tandem/sandbox/faults.ts'
import { Outlet } from '@tandem/sandbox/outlet.ts'
import { Timings } from '@tandem/sandbox/timings.ts'

class Line {
  nowMs = 1_000
  readonly faults = new Faults(() => this.nowMs)
  readonly timings = new Timings(() => this.nowMs * 1_000_000)
  readonly sent: string[] = []
  readonly outlet = new Outlet({
    venue: 'kalshi',
    faults: this.faults,
    timings: this.timings,
    nowMs: () => this.nowMs,
    write: (text) => this.sent.push(text),
  })
  #count = 0

  /** Sends the next market frames, `frame 1`, `frame 2`, ...; returns what reached the socket. */
  market(count = 1): string[] {
    const from = this.sent.length
    for (let i = 0; i < count; i++) {
      this.#count += 1
      this.outlet.sendMarket(`frame ${this.#count}`, 'T', `1/${this.#count}`)
    }
    return this.sent.slice(from)
  }
}

describe('a fault', () => {
  it('strikes at once when it is switched on, then at its own pace, at each of its venues by itself', () => {
    const line = new Line()
    const strikes = (venue: 'kalshi' | 'polymarket'): boolean => line.faults.strikes('gap', venue)
    assert.equal(strikes('kalshi'), false)
    line.faults.set('gap', true)
    assert.deepEqual([strikes('kalshi'), strikes('kalshi'), strikes('polymarket')], [true, false, true])
    line.nowMs += FAULTS.gap.everyMs
    assert.deepEqual([strikes('kalshi'), strikes('kalshi')], [true, false])
    line.faults.set('gap', false, 'kalshi')
    line.nowMs += FAULTS.gap.everyMs
    assert.deepEqual([strikes('kalshi'), strikes('polymarket')], [false, true])
    assert.deepEqual(line.faults.on, ['gap polymarket'])
  })

  it('is named in docs/SANDBOX.md with the sentence that says what it does', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/SANDBOX.md'), 'utf8')
    for (const name of Object.keys(FAULTS) as FaultName[]) {
      const fault: { venues: readonly string[]; everyMs?: number; does: string } = FAULTS[name]
      const venue =
        fault.venues.length === 2 ? 'both' : fault.venues[0] === 'kalshi' ? 'Kalshi' : 'Polymarket'
      const strikes = fault.everyMs === undefined ? 'while on' : `${fault.everyMs / 1_000} s`
      assert.ok(page.includes(`| \`${name}\` | ${venue} | ${strikes} | ${fault.does} |`), name)
    }
  })
})

describe('what leaves a socket', () => {
  it('is swallowed, repeated or broken, one frame at a time', () => {
    const line = new Line()
    const strike = (fault: FaultName): string[] => {
      line.faults.set(fault, true)
      const sent = line.market(2)
      line.faults.set(fault, false)
      return sent
    }
    assert.deepEqual(strike('gap'), ['frame 2'])
    assert.deepEqual(strike('duplicate'), ['frame 3', 'frame 3', 'frame 4'])
    assert.deepEqual(strike('garbage'), ['fra', 'frame 6'])
  })

  it('is nothing of the markets under freeze, and nothing at all when half open', () => {
    const line = new Line()
    line.faults.set('freeze', true)
    assert.deepEqual(line.market(), [])
    line.outlet.send('pong')
    assert.deepEqual(line.sent, ['pong'])
    line.faults.set('freeze', false)
    line.faults.set('half-open', true)
    line.outlet.send('pong')
    assert.deepEqual([line.market(), line.sent], [[], ['pong']])
    line.faults.set('half-open', false)
    assert.deepEqual(line.market(), ['frame 3'])
  })

  it('comes three seconds late under lag, and in order when the lag ends', () => {
    const line = new Line()
    line.faults.set('lag', true)
    assert.deepEqual(line.market(2), [])
    line.nowMs += 1_000
    line.faults.set('lag', false)
    assert.deepEqual(line.market(), [])
    line.outlet.flush()
    assert.deepEqual(line.sent, [])
    line.nowMs += 2_000
    line.outlet.flush()
    assert.deepEqual(line.sent, ['frame 1', 'frame 2', 'frame 3'])
    assert.deepEqual(line.market(), ['frame 4'])
    assert.deepEqual(line.sent, ['frame 1', 'frame 2', 'frame 3', 'frame 4'])
  })

  it('is caught up with when the lag is over, however busy the line is', () => {
    const line = new Line()
    line.faults.set('lag', true)
    line.market()
    line.faults.set('lag', false)
    for (let ms = 0; ms < 4_000; ms += 500) {
      line.nowMs += 500
      line.outlet.flush()
      line.market()
    }
    assert.deepEqual(line.sent.at(-1), 'frame 9')
  })

  it('is timed when it is written, not when it was due', () => {
    const line = new Line()
    line.faults.set('lag', true)
    line.market()
    line.faults.set('lag', false)
    line.nowMs += 3_000
    line.outlet.flush()
    assert.deepEqual(line.timings.document().frames, [
      { venue: 'kalshi', market: 'T', frame: '1/1', writtenNs: 4_000_000_000 },
    ])
  })

  it('is remembered by the thousand, the oldest forgotten first', () => {
    const line = new Line()
    line.market(10_000)
    const { frames } = line.timings.document()
    assert.equal(frames.at(-1)?.frame, '1/10000')
    assert.equal(frames[0].frame, `1/${10_000 - frames.length + 1}`)
  })
})
