import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { connectRedis } from '@tandem/cli/redis.ts'
import type { RedisClient, RedisPlace } from '@tandem/colo/cache/redis.ts'
import type { Journal } from '@tandem/colo/journal/journal.ts'
import { recover } from '@tandem/colo/recovery.ts'
import { TradeState } from '@tandem/colo/state/trade.ts'
import { GroupReader } from '@tandem/colo/stream/group-reader.ts'
import { STREAM_ENTRIES, streamKey } from '@tandem/colo/stream/stream.ts'
import { type Streams, startStreams } from '@tandem/colo/stream/streams.ts'
import { decodeValue } from '@tandem/colo/stream/value.ts'
import { recoverFromStream } from '@tandem/colo/stream-recovery.ts'
import { KALSHI, POLYMARKET } from '@tandem/colo/venue/venue.ts'
import { CounterCells, Counters } from '@tandem/shared/counters.ts'
import fc from 'fast-check'
import {
  checkpoint,
  command,
  ended,
  fill,
  HASH,
  hashed,
  listing,
  NOON_MS,
  openRun,
  SHARE,
  send,
  settlement,
  type Write,
} from '../journal-writes.ts'
import { placeOf, RedisServer, redisCli, skipWithoutRedis, startCluster } from './servers.ts'

const NAME = 'main'
const KEYS = {
  journal: streamKey('journal', NAME),
  fills: streamKey('fills', NAME),
  signals: streamKey('signals', NAME),
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'tandem-streams-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function serverOf(t: TestContext, ...args: string[]): Promise<RedisServer> {
  const server = await RedisServer.start(...args)
  t.after(() => server.stop())
  return server
}

async function clientOf(t: TestContext, place: RedisPlace): Promise<RedisClient> {
  const client = await connectRedis(place)
  t.after(() => client.disconnect())
  return client
}

interface Streamed {
  readonly journal: Journal
  readonly streams: Streams
  readonly cells: CounterCells
  superseded: number
}

/** The run that began so many milliseconds after noon, journaled and streamed. */
function streamed(
  place: RedisPlace,
  directory: string,
  afterMs: number,
  journal?: Journal,
  takenMs?: number,
): Streamed {
  const cells = new CounterCells()
  const own = journal ?? openRun(directory, afterMs)
  const streams = startStreams({
    name: NAME,
    place,
    directory,
    durability: own.durability,
    runId: `run${afterMs}-`,
    wallAtZeroMs: NOON_MS + afterMs,
    takenMs,
    pairs: ['a', 'b'],
    cells,
    newWorker: (file, options) => new Worker(file, options),
    onSuperseded: () => run.superseded++,
    onLost: (error) => assert.fail(error),
  })
  const run = { journal: own, streams, cells, superseded: 0 }
  return run
}

function writeAll({ journal }: Streamed, ...writes: Write[]): void {
  for (const write of writes) write(journal.ring)
  journal.flush()
}

/** A whole run, journaled and streamed. */
async function streamRun(
  place: RedisPlace,
  directory: string,
  afterMs: number,
  writes: Write[],
): Promise<void> {
  const run = streamed(place, directory, afterMs)
  writeAll(run, ...writes)
  await run.journal.close()
  await run.streams.close()
}

/** Polls: what is written becomes visible a little later. */
async function until(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1_000; tries++) {
    if (await look()) return
    await sleep(10)
  }
  throw new Error(`${what} did not come about`)
}

const caughtUp = ({ cells, journal }: Streamed) =>
  until(
    'the streaming of all that is durable',
    () =>
      journal.ring.durable > 0 &&
      cells.read(Counters.streamUp) === 1 &&
      cells.read(Counters.streamBehind) === 0,
  )

/** Both legs of a trade, by the number of its first order. */
const trade = (order: number): Write[] => [
  hashed(Buffer.alloc(32, order + 1)),
  send(order, KALSHI, `run-${order}`),
  send(order + 1, POLYMARKET, `0x${Buffer.alloc(32, order + 1).toString('hex')}`),
  fill(order, KALSHI, 3 * SHARE, 1_200_000),
  fill(order + 1, POLYMARKET, 3 * SHARE, 1_500_000),
  ended(TradeState.Hedged, 5),
]
const trades = (count: number, from = 0): Write[] =>
  Array.from({ length: count }, (_, i) => trade(from + 2 * i)).flat()
const begin = [listing('a', 'b'), checkpoint(0)]

describe('streams', { skip: skipWithoutRedis(), concurrency: false }, () => {
  it('say of any journal what a recovery says of its files', async (t) => {
    const server = await serverOf(t)
    const client = await clientOf(t, server.place)
    const some: fc.Arbitrary<Write> = fc.oneof(
      fc.constantFrom(listing('a', 'b'), listing('b', 'c'), settlement(SHARE, SHARE), command(0, 1)),
      fc.constantFrom(checkpoint(3, [0, KALSHI, 0, 2 * SHARE, SHARE]), ended(TradeState.SoldBack, -5)),
      fc.nat({ max: 3 }).map((order) => send(order, KALSHI, `run-${order}`)),
      fc.nat({ max: 3 }).map((order) => send(order, POLYMARKET, HASH)),
      fc.nat({ max: 3 }).map((order) => fill(order, order % 2 === 0 ? KALSHI : POLYMARKET, SHARE, 400_000)),
      fc.nat({ max: 255 }).map((byte) => hashed(Buffer.alloc(32, byte))),
    )
    const runs = fc.array(fc.array(some, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(runs, async (made) => {
        const directory = folder(t)
        await client.flushall()
        for (const [at, writes] of made.entries()) await streamRun(server.place, directory, at, writes)
        const read = await recoverFromStream(client, NAME, NOON_MS)
        assert.deepEqual(read, recover(directory, NOON_MS))
      }),
      { numRuns: 8 },
    )
  })

  it('lose nothing while Redis is killed and comes back, with what it had or empty', async (t) => {
    for (const kept of [['--appendonly', 'yes', '--appendfsync', 'everysec'], []]) {
      const server = await serverOf(t, ...kept)
      const directory = folder(t)
      const run = streamed(server.place, directory, 0)
      writeAll(run, ...begin, ...trades(20))
      await caughtUp(run)
      await server.kill()
      writeAll(run, ...trades(400, 40))
      await until('a loss', () => run.cells.read(Counters.streamUp) === 0)
      assert.ok(run.cells.read(Counters.streamBehind) > 0)
      await server.restart()
      await caughtUp(run)
      await run.journal.close()
      await run.streams.close()
      const client = await clientOf(t, server.place)
      assert.deepEqual(await recoverFromStream(client, NAME, NOON_MS), recover(directory, NOON_MS))
      assert.equal(await client.xlen(KEYS.fills), 2 * 420)
    }
  })

  it('write nothing twice: after a lost answer, or when they begin anew', async (t) => {
    const server = await serverOf(t)
    const client = await clientOf(t, server.place)
    const directory = folder(t)
    const first = streamed(server.place, directory, 0)
    writeAll(first, ...begin, ...trades(3))
    await caughtUp(first)
    // Longer than a command is waited for: it is done, and nobody hears of it.
    await redisCli(server.port, 'client', 'pause', '2600', 'write')
    writeAll(first, ...trades(3, 6))
    first.streams.signals.write(0, 1, 1, 20_000, 0)
    await sleep(2_300)
    assert.ok(first.cells.read(Counters.streamBehind) > 0)
    await caughtUp(first)
    await first.streams.close()
    // Another thread knows nothing of what the first one wrote.
    const second = streamed(server.place, directory, 0, first.journal)
    writeAll(second, ...trades(1, 12))
    await second.journal.close()
    await caughtUp(second)
    await second.streams.close()
    assert.equal(await client.xlen(KEYS.fills), 2 * 7)
    assert.equal(await client.xlen(KEYS.signals), 1)
    assert.deepEqual(await recoverFromStream(client, NAME, NOON_MS), recover(directory, NOON_MS))
    const [[id, [, value]]] = await client.xrangeBuffer(KEYS.fills, '-', '+', 'COUNT', 1)
    // Behind a listing of two, a checkpoint's row, a hash and two sends.
    assert.equal(id.toString(), `${NOON_MS}-7`)
    const { pair, runId, filledMicroShares } = decodeValue('fills', value) ?? {}
    assert.deepEqual([pair, runId, filledMicroShares], ['a', 'run0-', 3 * SHARE])
  })

  it('go on from machine to machine, and an executor that was superseded is told', async (t) => {
    const server = await serverOf(t)
    const client = await clientOf(t, server.place)
    const old = streamed(server.place, folder(t), 0)
    writeAll(old, ...begin, ...trades(2))
    await caughtUp(old)
    // Another machine's journal begins at the same numbers; so does its checkpoint.
    const held = [0, KALSHI, 0, 6 * SHARE, 2_400_020]
    await streamRun(server.place, folder(t), 5, [listing('a', 'b'), checkpoint(0, held), ...trade(4)])
    const { positions, runIds } = (await recoverFromStream(client, NAME, NOON_MS)) ?? assert.fail()
    assert.deepEqual([...runIds], ['run0-', 'run5-'])
    assert.deepEqual(
      positions.map(({ venue, heldMicroShares }) => [venue, heldMicroShares]),
      [
        [KALSHI, 9 * SHARE],
        [POLYMARKET, 3 * SHARE],
      ],
    )
    writeAll(old, ...trade(8))
    await until('a word of it', () => old.superseded === 1)
    assert.equal(old.cells.read(Counters.streamUp), 0)
    await Promise.all([old.journal.close(), old.streams.close()])
    assert.equal((await recoverFromStream(client, NAME, NOON_MS))?.positions.length, 2)
  })

  it('are no base for a successor once the beginning was cut, until a later run has been long enough', async (t) => {
    const server = await serverOf(t)
    const client = await clientOf(t, server.place)
    const directory = folder(t)
    const recovered = () => recoverFromStream(client, NAME, NOON_MS)
    assert.equal(await recovered(), undefined, 'nothing there')
    await streamRun(server.place, directory, 0, [...begin, ...trades(5)])
    assert.ok((await recovered()) !== undefined)
    await redisCli(server.port, 'xtrim', KEYS.journal, 'maxlen', '8')
    assert.equal(await recovered(), undefined, 'only the end of a run')
    const late = 700_000
    const again = [listing('a', 'b'), checkpoint(0, [0, KALSHI, 0, 15 * SHARE, 9])]
    await streamRun(server.place, directory, late, [...again, ...trade(0)])
    // Its last record is of its own ns 0: orders of the run before may still be looked for.
    assert.equal(await recovered(), undefined, 'too young a run')
    await streamRun(server.place, directory, 2 * late, [...again, ...trade(2)])
    const { positions, runIds } = (await recovered()) ?? assert.fail()
    assert.deepEqual([...runIds], [`run${late}-`, `run${2 * late}-`])
    assert.deepEqual(positions[0].heldMicroShares, 18 * SHARE)
  })

  it('keep as many entries as they say, and count signals without room', async (t) => {
    const server = await serverOf(t)
    const run = streamed(server.place, folder(t), 0)
    writeAll(run, ...begin)
    await caughtUp(run)
    const count = STREAM_ENTRIES.signals + 2_000
    const written = () => run.cells.read(Counters.streamWritten)
    const before = written()
    for (let i = 0; i < count; i++) {
      if (i % 2_000 === 0) await until('room for signals', () => written() - before === i)
      run.streams.signals.write(1, 0, 1, i, i)
    }
    await until('all signals', () => written() - before === count)
    const kept = Number(await redisCli(server.port, 'xlen', KEYS.signals))
    assert.ok(kept >= STREAM_ENTRIES.signals && kept <= STREAM_ENTRIES.signals + 100, `${kept}`)
    await server.kill()
    for (let i = 0; i < 5_000; i++) run.streams.signals.write(1, 0, 1, i, i)
    await until('a count of what was dropped', () => run.cells.read(Counters.streamDropped) > 0)
    await Promise.all([run.journal.close(), run.streams.close()])
  })

  it('write all streams of an executor to one master of a cluster', async (t) => {
    const nodes = await startCluster()
    t.after(() => Promise.all(nodes.map((server) => server.stop())))
    const place = placeOf('cluster', nodes)
    const directory = folder(t)
    await streamRun(place, directory, 0, [...begin, ...trades(5)])
    const client = await clientOf(t, place)
    assert.deepEqual(await recoverFromStream(client, NAME, NOON_MS), recover(directory, NOON_MS))
  })
})

describe('a consumer group', { skip: skipWithoutRedis(), concurrency: false }, () => {
  /** A stream of so many entries; a group's consumers, and what cuts the stream to its newest. */
  async function groupOf(t: TestContext) {
    const server = await serverOf(t)
    const client = await clientOf(t, server.place)
    let last = 0
    return {
      add: async (count: number) => {
        for (let i = 0; i < count; i++) await client.xadd(KEYS.fills, `5-${++last}`, 'value', `${last}`)
      },
      cutTo: (newest: number) => redisCli(server.port, 'xtrim', KEYS.fills, 'maxlen', `${newest}`),
      consumer: (name = 'c') => new GroupReader(client, KEYS.fills, 'g', name),
    }
  }
  const valuesOf = ({ entries }: Awaited<ReturnType<GroupReader['read']>>) =>
    entries.map(({ value }) => Number(value))

  it('misses nothing when a consumer dies before it acknowledged', async (t) => {
    const { add, consumer } = await groupOf(t)
    const first = consumer()
    assert.deepEqual(await first.read(), { missed: 0, entries: [] }, 'before there is a stream')
    await add(3)
    const page = await first.read()
    assert.deepEqual(valuesOf(page), [1, 2, 3])
    await first.acknowledge(page.entries.slice(0, 1))
    await add(2)
    const second = consumer()
    assert.deepEqual(valuesOf(await second.read()), [2, 3])
    assert.deepEqual(valuesOf(await second.read()), [4, 5])
    assert.deepEqual(valuesOf(await consumer('other').read()), [], 'what another one was given')
  })

  it('is told once how much was cut away before it was read', async (t) => {
    const { add, cutTo, consumer } = await groupOf(t)
    await add(10)
    await cutTo(8)
    const first = consumer()
    const page = await first.read()
    assert.deepEqual([page.missed, valuesOf(page)], [0, [3, 4, 5, 6, 7, 8, 9, 10]], 'a new group')
    await first.acknowledge(page.entries)
    await add(10)
    await cutTo(4)
    const second = consumer()
    assert.deepEqual(await second.read(), { missed: 6, entries: [] })
    const again = await second.read()
    assert.deepEqual([again.missed, valuesOf(again)], [0, [17, 18, 19, 20]])
    await add(1)
    // Of four that were given and not acknowledged, two are left.
    await cutTo(3)
    const third = consumer()
    const pending = await third.read()
    assert.deepEqual([pending.missed, valuesOf(pending)], [2, [19, 20]])
    const fresh = await third.read()
    assert.deepEqual([fresh.missed, valuesOf(fresh)], [0, [21]])
    await third.acknowledge([...pending.entries, ...fresh.entries])
    await add(5)
    await cutTo(1)
    const last = await third.read()
    assert.deepEqual([last.missed, valuesOf(last)], [4, [26]])
    assert.equal((await consumer('other').read()).missed, 0)
  })
})
