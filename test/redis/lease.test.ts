import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Lease, type LeaseTimes, type Taking } from '@tandem/colo/cache/lease.ts'
import { openRedis, type RedisPlace } from '@tandem/colo/cache/redis.ts'
import type { Ns } from '@tandem/shared/units.ts'
import { placeOf, RedisServer, redisCli, skipWithoutRedis } from './servers.ts'

const skip = skipWithoutRedis()
/** An eighth of the real ones, but for the drift, which is of this machine's noise. */
const TIMES: LeaseTimes = { leaseMs: 1_000, renewMs: 125, driftMs: 200, lookMs: 20 }
const TICK_MS = 5
const nowNs = () => Math.round(performance.now() * 1e6) as Ns

/** One executor's part: asked every few milliseconds, until it dies. */
class Holder {
  readonly lease: Lease
  readonly takings: Taking[] = []
  lost = 0
  outdated = 0
  /** Its loop does not turn. */
  stands = false
  /** When the first taking was told. */
  takenMs = 0
  readonly runId: string
  readonly #timer: NodeJS.Timeout
  readonly #disconnect: () => void

  constructor(place: RedisPlace, runId: string) {
    this.runId = runId
    const client = openRedis(place, () => {})
    this.lease = new Lease({
      client,
      name: 'main',
      runId,
      fence: () => `fence of ${runId}`,
      onTaken: (taking) => {
        this.takings.push(taking)
        this.takenMs = performance.now()
      },
      onLost: () => this.lost++,
      onOutdated: () => this.outdated++,
      times: TIMES,
    })
    this.#timer = setInterval(() => {
      if (!this.stands) this.lease.tick(nowNs())
    }, TICK_MS)
    this.#disconnect = () => client.disconnect()
  }

  get trades(): boolean {
    return nowNs() < this.lease.untilNs
  }

  /** It stops without a word: what it believes of its lease goes on until that ends. */
  die(): void {
    clearInterval(this.#timer)
    this.#disconnect()
  }
}

/** Watches that no two of them ever trade. */
function watch(context: TestContext, place: RedisPlace) {
  const holders: Holder[] = []
  let both = 0
  const timer = setInterval(() => {
    if (holders.filter(({ trades }) => trades).length > 1) both++
  }, 1)
  context.after(() => {
    clearInterval(timer)
    for (const holder of holders) holder.die()
  })
  return {
    join(runId: string): Holder {
      const holder = new Holder(place, runId)
      holders.push(holder)
      return holder
    },
    async until(what: string, isSo: () => boolean, maxMs = 20_000): Promise<void> {
      const endMs = performance.now() + maxMs
      while (!isSo()) {
        assert.ok(performance.now() < endMs, `${what} did not come about`)
        await sleep(1)
      }
    },
    check: () => assert.equal(both, 0, 'two traded at once'),
  }
}

test(
  'one trades, and after its death the other, once that one’s lease is over by any clock',
  { skip },
  async (context) => {
    const server = await RedisServer.start()
    context.after(() => server.stop())
    const { join, until, check } = watch(context, server.place)
    const beganMs = performance.now()
    const first = join('first')
    await until('the first', () => first.trades)
    // Nobody knows what was before.
    assert.ok(first.takenMs - beganMs >= TIMES.leaseMs)
    assert.deepEqual([first.takings[0].owner, first.takings[0].predecessors], ['', []])

    const second = join('second')
    await sleep(2 * TIMES.leaseMs)
    assert.deepEqual([first.trades, second.trades, first.lost], [true, false, 0])
    await first.lease.refence()

    first.die()
    const heldUntilNs = first.lease.untilNs
    await until('the second', () => second.trades)
    assert.ok(second.takenMs * 1e6 > heldUntilNs)
    const [{ owner, predecessors, atMs }] = second.takings
    assert.equal(owner, 'first')
    assert.deepEqual(predecessors, [{ runId: 'first', fence: 'fence of first' }])
    assert.ok(atMs > first.takings[0].atMs)

    await second.lease.stopped(predecessors[0])
    await second.lease.release()
    assert.equal(await redisCli(server.port, 'hlen', 'fences:{main}'), '0')
    assert.equal(await redisCli(server.port, 'exists', 'lease:{main}'), '0')
    check()
  },
)

test(
  'one that stood still for longer than its lease knows that its books are old as soon as it looks',
  { skip },
  async (context) => {
    const server = await RedisServer.start()
    context.after(() => server.stop())
    const { join, until, check } = watch(context, server.place)
    const first = join('first')
    await until('the first', () => first.trades)
    const second = join('second')
    first.stands = true
    await until('the second', () => second.trades)
    first.stands = false
    await until('its being told', () => first.outdated === 1)
    await sleep(2 * TIMES.leaseMs)
    assert.deepEqual([first.trades, first.takings.length, first.lost, first.outdated], [false, 1, 1, 1])
    assert.ok(second.trades)
    check()
  },
)

test(
  'a Redis that is gone for long ends the lease, one that comes back empty gives it to one alone, after a whole one',
  { skip },
  async (context) => {
    const server = await RedisServer.start()
    context.after(() => server.stop())
    const { join, until, check } = watch(context, server.place)
    const first = join('first')
    await until('the first', () => first.trades)
    const second = join('second')
    await sleep(100)

    await server.kill()
    await until('its end', () => !first.trades, 2 * TIMES.leaseMs)
    await until('its being told', () => first.lost === 1)
    await server.restart()
    const backMs = performance.now()
    await until('one of them', () => first.trades || second.trades)
    assert.ok(performance.now() - backMs >= TIMES.leaseMs)
    check()
  },
)

test(
  'a Redis that loses its memory in the middle of a lease never makes two owners',
  { skip },
  async (context) => {
    const server = await RedisServer.start()
    context.after(() => server.stop())
    const { join, until, check } = watch(context, server.place)
    const first = join('first')
    await until('the first', () => first.trades)
    const second = join('second')
    await sleep(100)
    for (let round = 0; round < 3; round++) {
      await server.kill()
      await server.restart()
      await until('one of them', () => first.trades || second.trades)
    }
    check()
  },
)

test('what another run holds, this one can neither write nor give back', { skip }, async (context) => {
  const server = await RedisServer.start()
  context.after(() => server.stop())
  const { join, until } = watch(context, server.place)
  const first = join('first')
  await until('the first', () => first.trades)
  // Behind its back.
  await redisCli(server.port, 'set', 'lease:{main}', 'third')
  await assert.rejects(first.lease.refence())
  await first.lease.release()
  assert.equal(await redisCli(server.port, 'get', 'lease:{main}'), 'third')
  assert.ok(!first.trades)
})

test('a failover of the sentinels keeps it or ends it', { skip, timeout: 60_000 }, async (context) => {
  const master = await RedisServer.start()
  const replica = await RedisServer.start('--replicaof', '127.0.0.1', String(master.port))
  const sentinels = await Promise.all([1, 2, 3].map(() => RedisServer.startSentinel(master.port)))
  context.after(() => Promise.all([master, replica, ...sentinels].map((server) => server.stop())))
  const { join, until, check } = watch(context, placeOf('sentinel', sentinels))
  const first = join('first')
  await until('the first', () => first.trades)
  const second = join('second')
  await sleep(200)
  await master.kill()
  await until('its end, or another master', () => !first.trades, 10_000)
  await until('one of them on the other master', () => first.trades || second.trades, 30_000)
  check()
})
