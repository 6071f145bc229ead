import assert from 'node:assert/strict'
import { type FrameSink, ParseOutcome } from '@tandem/colo/venue/sink.ts'

export type Call = readonly (string | number | boolean)[]

export interface Parser {
  parse(bytes: Uint8Array, start: number, end: number, sink: FrameSink): number
}

/** Writes down what a codec says. */
export class Calls implements FrameSink {
  readonly list: Call[] = []

  sequence(...args: number[]): void {
    this.list.push(['sequence', ...args])
  }
  snapshot(...args: number[]): void {
    this.list.push(['snapshot', ...args])
  }
  snapshotEnd(...args: number[]): void {
    this.list.push(['snapshotEnd', ...args])
  }
  level(...args: (number | boolean)[]): void {
    this.list.push(['level', ...args])
  }
  change(...args: number[]): void {
    this.list.push(['change', ...args])
  }
  top(...args: number[]): void {
    this.list.push(['top', ...args])
  }
  tickSize(...args: number[]): void {
    this.list.push(['tickSize', ...args])
  }
  trade(...args: number[]): void {
    this.list.push(['trade', ...args])
  }
  control(...args: number[]): void {
    this.list.push(['control', ...args])
  }
}

/**
 * Parses bytes that end where their memory ends, so that a read beyond them throws, and again in the middle of a
 * buffer full of `poison`: both must say the same.
 */
export function parsed(
  parser: Parser,
  frame: Uint8Array,
  poison = 0x22,
): { outcome: number; calls: readonly Call[] } {
  const exact = new Uint8Array(new ArrayBuffer(frame.length))
  exact.set(frame)
  const first = new Calls()
  const outcome = parser.parse(exact, 0, exact.length, first)

  const around = new Uint8Array(frame.length + 64).fill(poison)
  around.set(frame, 24)
  const second = new Calls()
  const again = parser.parse(around.subarray(8), 16, 16 + frame.length, second)
  if (again !== outcome || JSON.stringify(second.list) !== JSON.stringify(first.list)) {
    throw new Error(`what stands around the frame changed it: ${outcome} to ${again}`)
  }
  return { outcome, calls: first.list }
}

/** Holds two codecs equal on the frame itself and with every byte in turn changed to every other. */
export function everyByteChanged(frame: Uint8Array, ours: Parser, reference: Parser): void {
  const whole = new Calls()
  assert.equal(ours.parse(frame, 0, frame.length, whole), 1)
  assert.ok(whole.list.length > 1)
  for (let at = 0; at < frame.length; at++) {
    const kept = frame[at]
    for (let byte = 0; byte < 256; byte++) {
      frame[at] = byte
      const expected = new Calls()
      const outcome = reference.parse(frame, 0, frame.length, expected)
      const actual = new Calls()
      const note = `byte ${byte} at ${at}`
      assert.equal(ours.parse(frame, 0, frame.length, actual), outcome, note)
      if (outcome !== ParseOutcome.Malformed) assert.deepEqual(actual.list, expected.list, note)
    }
    frame[at] = kept
  }
}
