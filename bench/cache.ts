import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { connectRedis } from '@tandem/cli/redis.ts'
import { Replay } from '@tandem/cli/replay/run.ts'
import { Book } from '@tandem/colo/book/book.ts'
import { type Mirror, startMirror } from '@tandem/colo/cache/mirror.ts'
import { PriceReader } from '@tandem/colo/cache/price-reader.ts'
import { quoteKey } from '@tandem/colo/cache/quote.ts'
import type { RedisPlace } from '@tandem/colo/cache/redis.ts'
import { Journal } from '@tandem/colo/journal/journal.ts'
import { FILL_CELLS, RecordKind } from '@tandem/colo/journal/record.ts'
import { Listing } from '@tandem/colo/listing.ts'
import { quoteKeysOf } from '@tandem/colo/quote-keys.ts'
import { streamKey } from '@tandem/colo/stream/stream.ts'
import { startStreams } from '@tandem/colo/stream/streams.ts'
import { CounterCells, Counters } from '@tandem/shared/counters.ts'
import type { Lots, Price } from '@tandem/shared/units.ts'
import type { Histogram } from 'hdr-histogram-js'
import { RedisServer } from '../test/redis/servers.ts'
import { benchTape } from './path/tape.ts'
import { histogram, PathTimes, percentilesUs } from './path/times.ts'

// What Redis costs and how late it is, on a real redis-server on this machine: how long after a book has changed a reader
// sees it, while 10,000 books a second change; how long after a record is durable it stands in its stream; and what a frame
// costs on the path with the mirror and without.

const BOOKS = 1_000
const UPDATES_PER_S = 10_000
const SECONDS = 10
const CENT = 100 as Price
/** Records that are followed one by one into the stream, and so many at once: fewer than it keeps. */
const PROBES = 1_000
const BURST = 100_000
/** Rounds of the tape: the first two warm code and caches, then with and without in turn. */
const ROUNDS = 8

function mirrorOf(keys: string[][], place: RedisPlace): { mirror: Mirror; cells: CounterCells } {
  const cells = new CounterCells()
  const mirror = startMirror({
    keys,
    place,
    epoch: Date.now(),
    cells,
    newWorker: (file, options) => new Worker(file, options),
    onLost: (error) => {
      throw error
    },
  })
  return { mirror, cells }
}

/** One book's way to a reader, again and again, while all the others change. */
async function visible(place: RedisPlace): Promise<object> {
  const bundles = Array.from({ length: BOOKS }, (_, at) => `pair-${at}`)
  const { mirror, cells } = mirrorOf(
    bundles.map((bundle) => [quoteKey(bundle, 'kalshi')]),
    place,
  )
  const client = await connectRedis(place)
  const reader = new PriceReader(client)
  const book = new Book(CENT)
  book.beginSnapshot(CENT, 1)
  for (let level = 1; level <= 10; level++) {
    book.bids.set((level * 200) as Price, (level * 100) as Lots)
    book.asks.set((5_000 + level * 200) as Price, (level * 100) as Lots)
  }
  book.endSnapshot(0)
  while (cells.read(Counters.mirrorUp) === 0) await setImmediate()
  const tookNs = histogram()
  const beganMs = performance.now()
  let updates = 0
  const update = (place: number): void => {
    mirror.quotes.write(place, book, Date.now())
    updates++
  }
  const keepUp = (): void => {
    const due = ((performance.now() - beganMs) / 1_000) * UPDATES_PER_S
    while (updates < due) update(1 + (updates % (BOOKS - 1)))
  }
  for (let probe = 1; performance.now() - beganMs < SECONDS * 1_000; probe++) {
    keepUp()
    const sentMs = performance.now()
    update(0)
    for (let seen = 0; seen < probe; ) {
      seen = (await reader.read('pair-0', 'kalshi'))?.sequence ?? 0
      keepUp()
    }
    tookNs.recordValue(Math.round((performance.now() - sentMs) * 1e6))
  }
  const seconds = (performance.now() - beganMs) / 1_000
  client.disconnect()
  await mirror.close()
  const ms = (percentile: number): number => tookNs.getValueAtPercentile(percentile) / 1e6
  return {
    visible_ms: { p50: ms(50), p99: ms(99), p999: ms(99.9), samples: tookNs.totalCount },
    updates_per_s: Math.round(updates / seconds),
    written_per_s: Math.round(cells.read(Counters.mirrorWritten) / seconds),
    failed: cells.read(Counters.mirrorFailed),
  }
}

/** A record's way from the ring of the journal, by the disk, to a reader of the stream. */
async function streamed(place: RedisPlace): Promise<object> {
  const directory = mkdtempSync(join(tmpdir(), 'tandem-bench-'))
  const run = { runId: 'bench-', wallAtZeroMs: Date.now() }
  const journal = new Journal({ directory, ...run, sync: 'always' })
  const cells = new CounterCells()
  const streams = startStreams({
    ...run,
    name: 'bench',
    place,
    directory,
    durability: journal.durability,
    takenMs: undefined,
    pairs: [],
    cells,
    newWorker: (file, options) => new Worker(file, options),
    onSuperseded: () => {},
    onLost: (error) => {
      throw error
    },
  })
  const client = await connectRedis(place)
  const fill = new Float64Array(FILL_CELLS)
  const append = (count: number): void => {
    for (let i = 0; i < count; i++) journal.ring.appendCells(RecordKind.Fill, fill, FILL_CELLS)
  }
  const reach = async (fills: number): Promise<void> => {
    while ((await client.xlen(streamKey('fills', 'bench'))) < fills);
  }
  append(1)
  await reach(1)
  const [durableNs, seenNs] = [histogram(), histogram()]
  for (let probe = 1; probe <= PROBES; probe++) {
    const sentMs = performance.now()
    append(1)
    journal.flush()
    const durableMs = performance.now()
    await reach(probe + 1)
    durableNs.recordValue(Math.round((durableMs - sentMs) * 1e6))
    seenNs.recordValue(Math.round((performance.now() - durableMs) * 1e6))
  }
  const beganMs = performance.now()
  for (let done = 0; done < BURST; done += BURST / 100) {
    append(BURST / 100)
    journal.flush()
  }
  await reach(1 + PROBES + BURST)
  const seconds = (performance.now() - beganMs) / 1_000
  client.disconnect()
  await journal.close()
  await streams.close()
  rmSync(directory, { recursive: true, force: true })
  const ms = (times: Histogram, percentile: number): number => times.getValueAtPercentile(percentile) / 1e6
  return {
    durable_ms: { p50: ms(durableNs, 50), p99: ms(durableNs, 99) },
    then_seen_ms: { p50: ms(seenNs, 50), p99: ms(seenNs, 99), samples: PROBES },
    records_per_s: Math.round(BURST / seconds),
  }
}

async function onThePath(place: RedisPlace): Promise<object> {
  const { tape, pairs, settings } = await benchTape()
  const [without, mirrored] = [new PathTimes(), new PathTimes()]
  for (let round = 0; round < ROUNDS; round++) {
    const isMirrored = round % 2 === 1
    const isWarm = round > 1
    const stopwatch = isWarm ? (isMirrored ? mirrored : without) : new PathTimes()
    const { mirror } = mirrorOf(quoteKeysOf(new Listing(pairs)), place)
    await Replay.run(tape, pairs, settings, {
      stress: true,
      stopwatch,
      quotes: isMirrored ? mirror.quotes : undefined,
    })
    await mirror.close()
  }
  const [without_us, with_us] = [without, mirrored].map(({ decideNs, frameNs }) => ({
    decide: percentilesUs(decideNs),
    frame: percentilesUs(frameNs),
  }))
  return {
    without_us,
    with_us,
    ratio: {
      decide_p50: with_us.decide.p50 / without_us.decide.p50,
      frame_p50: with_us.frame.p50 / without_us.frame.p50,
    },
  }
}

export async function run(): Promise<object> {
  const server = await RedisServer.start()
  try {
    return {
      ...(await visible(server.place)),
      stream: await streamed(server.place),
      path: await onThePath(server.place),
    }
  } finally {
    await server.stop()
  }
}
