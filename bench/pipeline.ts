import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { wholeOption } from '@tandem/cli/option.ts'
import { build } from 'hdr-histogram-js'
import type { OfficialOrder } from './alternatives/official-clients.ts'
import type { EchoOrder } from './pipeline/echo.ts'
import type { ExecutorOrder, ExecutorTurns } from './pipeline/executor.ts'
import type { Client, RoundsDone, RoundsOrder, VenueStarted } from './pipeline/venue.ts'

// From the frame that opens a cross to both orders on the venues' side, over TLS and loopback, each party in a process of
// its own. The three clients take turns, frame by frame, so that a busy machine slows all alike:
//
//   ours   the executor as it trades live                  wire_us, decide_us, write_us
//   echo   writes two given requests on the frame          echo_us
//   sdk    both venues' official clients, warm             sdk_wire_us, sdk_before_write_us
//
//   decide   the frame's bytes are there -> both requests' bytes are final
//   write    -> both are written
//   wire     the venue has written the frame -> it has read both orders
//   before   the frame is told by ws -> the clients have made both requests, and write next
//
// Meanwhile the signer renews some 500 orders a second (`refill_per_s` is what it did): see executor.ts, LIFE_SECONDS.
//
// `npm run -s bench -- pipeline --samples 20000 --json` is the long run; at 20 ms it has a tenth of the rounds.

export const options = { samples: { type: 'string', default: '2000' } } as const
const SAMPLES_MAX = 1_000_000
const pacings = (samples: number) => [
  { name: 'pacing_1ms', pacingMs: 1, rounds: samples, sdkEvery: 4 },
  { name: 'pacing_20ms', pacingMs: 20, rounds: Math.ceil(samples / 10), sdkEvery: 1 },
]
const WARM_ROUNDS = 300

interface Percentiles {
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly samples: number
}

function percentilesUs(samples: readonly number[]): Percentiles {
  const ns = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 1e10,
    numberOfSignificantValueDigits: 3,
  })
  for (const us of samples) ns.recordValue(Math.round(us * 1_000))
  const us = (percentile: number): number => ns.getValueAtPercentile(percentile) / 1_000
  return { p50: us(50), p99: us(99), p999: us(99.9), samples: samples.length }
}

/** Asks a process, and waits for what it says next. */
async function ask<Answer>(child: ChildProcess, question: object): Promise<Answer> {
  const said = once(child, 'message')
  child.send(question)
  const ended = once(child, 'exit').then(() => {
    throw new Error(`a process of the bench has ended: ${child.spawnargs.at(-1)}`)
  })
  const [answer] = await Promise.race([said, ended])
  return answer as Answer
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.disconnect()
  await exited
}

const only = (client: Client): RoundsOrder['every'] => ({ ours: 0, echo: 0, sdk: 0, [client]: 1 })

export async function run(given: { samples: string }): Promise<object> {
  const samples = wholeOption(given.samples, '--samples', SAMPLES_MAX, 1)
  const children: ChildProcess[] = []
  const start = (file: string): ChildProcess => {
    const child = fork(new URL(file, import.meta.url))
    children.push(child)
    return child
  }
  try {
    const venue = start('./pipeline/venue.ts')
    const [{ ca, doors }] = (await once(venue, 'message')) as [VenueStarted]
    const rounds = (order: RoundsOrder): Promise<RoundsDone> => ask(venue, order)
    const executor = start('./pipeline/executor.ts')
    await ask(executor, { ca, doors: doors.ours } satisfies ExecutorOrder)
    const { requests } = await rounds({ rounds: WARM_ROUNDS, pacingMs: 1, every: only('ours') })
    const echo = start('./pipeline/echo.ts')
    await ask(echo, { ca, doors: doors.echo, requests } satisfies EchoOrder)
    const official = start('./alternatives/official-clients.ts')
    await ask(official, { ca, doors: doors.sdk } satisfies OfficialOrder)
    await rounds({ rounds: WARM_ROUNDS, pacingMs: 1, every: { ours: 1, echo: 1, sdk: 1 } })

    const figures: Record<string, Figures> = {}
    for (const { name, pacingMs, rounds: count, sdkEvery } of pacings(samples)) {
      await ask(executor, {})
      await ask(official, {})
      const done = await rounds({ rounds: count, pacingMs, every: { ours: 1, echo: 1, sdk: sdkEvery } })
      figures[name] = figuresOf(done, await ask(executor, {}), await ask(official, {}))
    }
    return { ...figures, ratio: ratiosOf(figures.pacing_1ms), samples }
  } finally {
    for (const child of children.reverse()) await end(child)
  }
}

type Figures = ReturnType<typeof figuresOf>

function figuresOf(done: RoundsDone, turns: ExecutorTurns, sdkBeforeWriteUs: readonly number[]) {
  return {
    decide_us: percentilesUs(turns.decideUs),
    write_us: percentilesUs(turns.writeUs),
    wire_us: percentilesUs(done.wireUs.ours),
    echo_us: percentilesUs(done.wireUs.echo),
    sdk_before_write_us: percentilesUs(sdkBeforeWriteUs),
    sdk_wire_us: percentilesUs(done.wireUs.sdk),
    refill_per_s: turns.refillPerS,
    missed: done.missed,
    decisions: turns.outcomes,
  }
}

function ratiosOf({ decide_us, wire_us, echo_us, sdk_before_write_us, sdk_wire_us }: Figures) {
  return {
    wire_over_echo_p50: wire_us.p50 / echo_us.p50,
    wire_over_echo_p99: wire_us.p99 / echo_us.p99,
    sdk_over_ours_before_write_p50: sdk_before_write_us.p50 / decide_us.p50,
    sdk_over_ours_wire_p50: sdk_wire_us.p50 / wire_us.p50,
  }
}
