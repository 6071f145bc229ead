import { fork } from 'node:child_process'
import { once } from 'node:events'
import { LiveClock } from '@tandem/colo/clock.ts'
import { FeedSocket, type SocketEvents } from '@tandem/colo/feed/socket.ts'
import { build } from 'hdr-histogram-js'
import { WebSocket } from 'ws'
import { WsVenue } from '../test/ws-venue.ts'

// How long a frame waits for the end of its read, over TLS from another process. Three ways to know the end:
//
//   bytes       what colo does: at the last record of a read, as the bytes that TCP has read say
//   record      at the end of each TLS record: never waits, but decides on frames that are already overtaken
//   immediate   when the loop has polled all sockets: never too early, but a lone frame waits too
//
// `lone` has a frame a millisecond. `backlog` has a frame every 200 us and a loop that stands still for 5 ms of every
// 10, as it does when memory is collected: several records lie in one read.

const WAYS = ['bytes', 'record', 'immediate'] as const
type Way = (typeof WAYS)[number]
const FRAME = JSON.stringify({ event_type: 'price_change', filler: 'x'.repeat(350) })
const LONE = { frames: 3_000, gapUs: 1_000, standMs: 0 }
const BACKLOG = { frames: 5_000, gapUs: 200, standMs: 5 }
const WARMUP_FRAMES = 500
const ROUNDS = 2

interface Load {
  readonly frames: number
  readonly gapUs: number
  readonly standMs: number
}

async function measure(url: string, ca: string, way: Way, load: Load, begin: () => void) {
  const clock = new LiveClock(() => {})
  const waitNs = build({ lowestDiscernibleValue: 1, highestTrackableValue: 1e9 })
  let frames = 0
  let sinceSettled = 0
  let settles = 0
  let firstNs = 0
  let isArmed = false
  const { promise: all, resolve } = Promise.withResolvers<void>()
  const { promise: opened, resolve: open } = Promise.withResolvers<void>()
  const settle = (): void => {
    isArmed = false
    if (frames > WARMUP_FRAMES) {
      waitNs.recordValue(Math.round(clock.nowNs() - firstNs))
      settles++
    }
    sinceSettled = 0
    if (frames >= load.frames + WARMUP_FRAMES) resolve()
  }
  const events: SocketEvents = {
    opened: open,
    message(_bytes, nowNs) {
      frames++
      if (sinceSettled++ === 0) firstNs = nowNs
      if (way === 'immediate' && !isArmed) {
        isArmed = true
        setImmediate(settle)
      }
    },
    readEnded: () => {
      if (way !== 'immediate') settle()
    },
    ponged() {},
    closed() {},
  }
  const socket = new FeedSocket(
    url,
    {},
    {
      // Without a TCP socket of its own a FeedSocket knows of records only.
      makeSocket: (address, options) =>
        new WebSocket(address, way === 'record' ? { ...options, createConnection: undefined } : options),
      clock,
      afterReads: setImmediate,
      ca,
    },
    events,
  )
  await opened
  const stand =
    load.standMs === 0
      ? undefined
      : setInterval(() => {
          const untilMs = performance.now() + load.standMs
          while (performance.now() < untilMs);
        }, load.standMs * 2)
  begin()
  await all
  clearInterval(stand)
  socket.drop()
  const us = (percentile: number): number => waitNs.getValueAtPercentile(percentile) / 1_000
  return { wait_us: { p50: us(50), p99: us(99) }, frames_per_decision: load.frames / settles }
}

export async function run(): Promise<object> {
  const venue = fork(import.meta.filename, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const [{ url, ca }] = (await once(venue, 'message')) as [{ url: string; ca: string }]
  const results: Record<string, object> = {}
  for (const [name, load] of Object.entries({ lone: LONE, backlog: BACKLOG })) {
    const ways: Record<string, object> = {}
    // The last round is the one that counts: the code is warm then, whichever way comes first.
    for (let round = 0; round < ROUNDS; round++)
      for (const way of WAYS) ways[way] = await measure(url, ca, way, load, () => venue.send(load))
    results[name] = ways
  }
  venue.disconnect()
  return results
}

/** The other process: sends to the newest connection, as often as it is told. */
async function serve(send: (message: object) => void): Promise<void> {
  const wire = await WsVenue.open()
  send({ url: `wss://${wire.host}/`, ca: wire.ca })
  process.on('message', (load: Load) => {
    const peer = wire.peers.at(-1)
    const beganMs = performance.now()
    let sent = 0
    // Timers are no finer than a millisecond: what is due by now is sent now, each in a write of its own.
    const timer = setInterval(() => {
      while (
        sent < load.frames + WARMUP_FRAMES &&
        (performance.now() - beganMs) * 1_000 >= sent * load.gapUs
      ) {
        peer?.send(FRAME)
        sent++
      }
      if (sent >= load.frames + WARMUP_FRAMES) clearInterval(timer)
    }, 1)
  })
  process.on('disconnect', () => process.exit())
}

if (process.send !== undefined) await serve(process.send.bind(process))
