import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { connectRedis } from '@tandem/cli/redis.ts'
import { Book } from '@tandem/colo/book/book.ts'
import { BookState } from '@tandem/colo/book/integrity.ts'
import { type Mirror, startMirror } from '@tandem/colo/cache/mirror.ts'
import { newestOn, PRICE_MS } from '@tandem/colo/cache/newest.ts'
import { PriceReader } from '@tandem/colo/cache/price-reader.ts'
import { encodeQuote, QUOTE_LISTS_KEY, type Quote, quoteKey } from '@tandem/colo/cache/quote.ts'
import type { RedisPlace } from '@tandem/colo/cache/redis.ts'
import { CounterCells, Counters } from '@tandem/shared/counters.ts'
import type { Lots, Price } from '@tandem/shared/units.ts'
import { placeOf, RedisServer, redisCli, skipWithoutRedis, startCluster } from './servers.ts'

const skip = skipWithoutRedis()
const KEYS = ['home', 'away'].map((bundle) => [quoteKey(bundle, 'kalshi')])
const EPOCH = 1_790_000_000_000
const CENT = 100 as Price

function mirrored(t: TestContext, place: RedisPlace, epoch = EPOCH): { mirror: Mirror; cells: CounterCells } {
  const cells = new CounterCells()
  const mirror = startMirror({
    keys: KEYS,
    place,
    epoch,
    cells,
    newWorker: (file, options) => new Worker(file, options),
    onLost: (error) => assert.fail(error),
  })
  t.after(() => mirror.close())
  return { mirror, cells }
}

async function readerOf(t: TestContext, place: RedisPlace): Promise<PriceReader> {
  const client = await connectRedis(place)
  t.after(() => client.disconnect())
  return new PriceReader(client)
}

function bookAt(bid: number, lots: number): Book {
  const book = new Book(CENT)
  book.beginSnapshot(CENT, EPOCH + 5)
  for (let level = 0; level < 7; level++) {
    book.bids.set((bid - level * CENT) as Price, lots as Lots)
    book.asks.set((bid + (2 + level) * CENT) as Price, (2 * lots) as Lots)
  }
  book.endSnapshot(0)
  return book
}

/** Polls for a quote: what is written becomes visible a little later. */
async function quoteWith(reader: PriceReader, bundle: string, bid: number): Promise<Quote> {
  for (let tries = 0; tries < 500; tries++) {
    const quote = await reader.read(bundle, 'kalshi').catch(() => undefined)
    if (quote?.bid === bid) return quote
    await sleep(10)
  }
  throw new Error(`no quote of ${bid}`)
}

describe('the mirror', { skip, concurrency: false }, () => {
  it('shows tops and depths of books, for a minute', async (t) => {
    const server = await RedisServer.start()
    t.after(() => server.stop())
    const { mirror, cells } = mirrored(t, server.place)
    const reader = await readerOf(t, server.place)
    assert.equal(await reader.read('home', 'kalshi'), undefined)
    mirror.quotes.write(0, bookAt(4_500, 300), EPOCH + 9)
    mirror.quotes.write(0, bookAt(4_600, 300), EPOCH + 10)
    assert.deepEqual(await quoteWith(reader, 'home', 4_600), {
      epoch: EPOCH,
      sequence: 2,
      state: BookState.Live,
      bid: 4_600,
      bidLots: 300,
      ask: 4_800,
      askLots: 600,
      bidDepthLots: 5 * 300,
      askDepthLots: 5 * 600,
      venueMs: EPOCH + 5,
      seenMs: EPOCH + 10,
    })
    const lifeMs = Number(await redisCli(server.port, 'pttl', KEYS[0][0]))
    assert.ok(lifeMs > PRICE_MS / 2 && lifeMs <= PRICE_MS, `${lifeMs}`)
    const [fields] = JSON.parse(await redisCli(server.port, 'get', QUOTE_LISTS_KEY))
    assert.equal(fields[1], 'sequence')
    assert.equal(await reader.read('away', 'kalshi'), undefined, 'of a book that nobody wrote')
    assert.ok(cells.read(Counters.mirrorWritten) >= 1 && cells.read(Counters.mirrorUp) === 1)
  })

  it('never shows an older price after a newer one, whoever writes', async (t) => {
    const server = await RedisServer.start()
    t.after(() => server.stop())
    const client = await connectRedis(server.place)
    t.after(() => client.disconnect())
    const write = newestOn(client)
    const quote = (epoch: number, sequence: number): Quote => ({
      ...{ state: 1, bid: sequence, bidLots: 1, ask: 2, askLots: 1, bidDepthLots: 1, askDepthLots: 1 },
      ...{ epoch, sequence, venueMs: EPOCH, seenMs: EPOCH },
    })
    const put = (epoch: number, sequence: number) =>
      write([{ key: 'price:{a}:kalshi', epoch, sequence, value: encodeQuote(quote(epoch, sequence)) }])
    const told: number[] = []
    for (const [epoch, sequence] of [
      [EPOCH, 7],
      [EPOCH, 6],
      [EPOCH, 7],
      [EPOCH - 1, 9],
      [EPOCH + 1, 1],
      [EPOCH, 8],
    ] as const)
      told.push(await put(epoch, sequence))
    assert.deepEqual(told, [1, 0, 1, 0, 1, 0])
    const shown = await new PriceReader(client).read('a', 'kalshi')
    assert.deepEqual([shown?.epoch, shown?.sequence], [EPOCH + 1, 1])
    await client.set('price:{a}:kalshi', 'nothing of ours')
    assert.equal(await new PriceReader(client).read('a', 'kalshi'), undefined)
    assert.equal(await put(EPOCH, 3), 1, 'what cannot be read is written over')
  })

  it('goes on after Redis was away, with the newest', async (t) => {
    const server = await RedisServer.start()
    t.after(() => server.stop())
    const { mirror, cells } = mirrored(t, server.place)
    mirror.quotes.write(0, bookAt(4_500, 300), EPOCH)
    await quoteWith(await readerOf(t, server.place), 'home', 4_500)
    await server.kill()
    for (let bid = 1_000; bid < 9_000; bid += 100) mirror.quotes.write(0, bookAt(bid, 300), EPOCH)
    await sleep(300)
    assert.equal(cells.read(Counters.mirrorUp), 0)
    await server.restart()
    const quote = await quoteWith(await readerOf(t, server.place), 'home', 8_900)
    assert.equal(quote.sequence, 81)
  })

  it('follows a master that its sentinels have made', async (t) => {
    const master = await RedisServer.start()
    const replica = await RedisServer.start('--replicaof', '127.0.0.1', String(master.port))
    const sentinels = await Promise.all([1, 2, 3].map(() => RedisServer.startSentinel(master.port)))
    t.after(() => Promise.all([master, replica, ...sentinels].map((server) => server.stop())))
    const place = placeOf('sentinel', sentinels)
    // Until each knows the others and the replica.
    for (const { port } of sentinels)
      while (
        !/num-slaves\n1\n[\s\S]*num-other-sentinels\n2/.test(
          await redisCli(port, 'sentinel', 'master', 'master'),
        )
      )
        await sleep(100)
    const { mirror } = mirrored(t, place)
    mirror.quotes.write(0, bookAt(4_500, 300), EPOCH)
    await quoteWith(await readerOf(t, place), 'home', 4_500)
    await master.kill()
    mirror.quotes.write(0, bookAt(4_700, 300), EPOCH)
    for (let tries = 0; (await redisCli(replica.port, 'role')).split('\n')[0] !== 'master'; tries++) {
      assert.ok(tries < 200, 'no failover')
      await sleep(100)
    }
    await quoteWith(await readerOf(t, replica.place), 'home', 4_700)
  })

  it('writes to every master of a cluster', async (t) => {
    const nodes = await startCluster()
    t.after(() => Promise.all(nodes.map((server) => server.stop())))
    const place = placeOf('cluster', nodes)
    const { mirror } = mirrored(t, place)
    mirror.quotes.write(0, bookAt(4_500, 300), EPOCH)
    mirror.quotes.write(1, bookAt(5_500, 300), EPOCH)
    const reader = await readerOf(t, place)
    await quoteWith(reader, 'home', 4_500)
    await quoteWith(reader, 'away', 5_500)
  })
})
