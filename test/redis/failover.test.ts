import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { EXIT_FAILURE } from '@tandem/cli/failure.ts'
import type { ExecutorProcess } from '@tandem/cli/live/executor.ts'
import type { LiveReport } from '@tandem/cli/live/report.ts'
import { SandboxRun } from '@tandem/cli/live/sandbox.ts'
import { LEASE } from '@tandem/colo/cache/lease.ts'
import { readFence } from '@tandem/colo/fence.ts'
import { openRest } from '@tandem/colo/network.ts'
import { attest } from '@tandem/colo/signer/attest.ts'
import { deriveApiKey } from '@tandem/colo/venue/polymarket/api-key.ts'
import { MICRO_SHARES_PER_LOT } from '@tandem/shared/units.ts'
import { RedisServer, redisCli, skipWithoutRedis } from './servers.ts'

// Two executors on one sandbox and one Redis, as processes: what becomes of one is what happens to a machine.

const TRADES = 10
/** A start, a lease and a reconciliation; on a machine that does much else. */
const SOON_MS = 90_000

/** An executor, and what it said so far. */
class Heard {
  readonly executor: ExecutorProcess
  sent = 0
  /** When it was first told that an order left, up to a second after it did. */
  firstMs = 0
  report: LiveReport | undefined
  isOver = false

  constructor(executor: ExecutorProcess) {
    this.executor = executor
    void this.#listen()
  }

  async #listen(): Promise<void> {
    for (let said = await this.executor.next(); said !== undefined; said = await this.executor.next()) {
      if (said.kind === 'sent' && this.sent++ === 0) this.firstMs = performance.now()
      if (said.kind === 'report') this.report = said.report
    }
    this.isOver = true
  }
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  const endMs = performance.now() + SOON_MS
  while (!isSo()) {
    assert.ok(performance.now() < endMs, `${what} did not come about`)
    await sleep(10)
  }
}

async function scene(context: TestContext) {
  const server = await RedisServer.start()
  const abort = new AbortController()
  const run = await SandboxRun.start(
    { markets: 4, seed: 7, faults: '', redis: server.place, leases: true },
    abort.signal,
  )
  const first = new Heard(run.executor)
  context.after(async () => {
    abort.abort()
    await run.close()
    await server.stop()
  })
  await until('the first one’s trades', () => first.sent >= TRADES)
  const second = new Heard(await run.second('second'))
  const before = first.sent
  await until('more of the first one’s trades', () => first.sent >= before + TRADES)
  assert.equal(second.sent, 0)
  const [, text] = (await redisCli(server.port, 'hgetall', 'fences:{main}')).split('\n')
  return { server, run, first, second, fence: readFence(text) }
}

/** Both venues hold of each pair what covers it, to a share; whoever bought it. */
async function nakedShares(run: SandboxRun): Promise<number> {
  const { polymarket, kalshi } = await run.ledgers()
  const pairs = run.started.pairs as {
    polarity: string
    polymarket: { yes_token: string; no_token: string }
    kalshi: { ticker: string }
  }[]
  return pairs.reduce((worst, { polarity, polymarket: { yes_token, no_token }, kalshi: { ticker } }) => {
    const yes = (polymarket.tokens[yes_token] ?? 0) - (polymarket.tokens[no_token] ?? 0)
    const onKalshi = (kalshi.positions[ticker] ?? 0) * (polarity === 'inverse' ? -1 : 1)
    return Math.max(worst, Math.abs(yes + onKalshi) / (100 * MICRO_SHARES_PER_LOT))
  }, 0)
}

describe('two executors of one name', { skip: skipWithoutRedis() }, () => {
  it(
    'the second trades after the first was killed, on what that one left, and has the venues refuse it',
    { timeout: 240_000 },
    async (context) => {
      const { server, run, first, second, fence } = await scene(context)
      const before = first.sent
      first.executor.kill('SIGKILL')
      const killedMs = performance.now()
      await until('the second one’s trades', () => second.sent >= TRADES)
      context.diagnostic(
        `${before} trades of the first; the second’s first was told ${Math.round(second.firstMs - killedMs)} ms after the kill, of which ${LEASE.leaseMs + LEASE.driftMs} are the lease`,
      )

      // It is stopped at both venues, and written off.
      assert.equal(await redisCli(server.port, 'hlen', 'fences:{main}'), '1')
      const { polymarket, ca, accounts } = run.started
      const folder = mkdtempSync(join(tmpdir(), 'tandem-failover-'))
      const asker = openRest(polymarket.restUrl, ca)
      try {
        const orderKeyFile = join(folder, 'order-key')
        writeFileSync(orderKeyFile, accounts.polymarket.privateKey, { mode: 0o600 })
        assert.equal(await deriveApiKey(asker, await attest({ orderKeyFile }, fence.apiKeyNonce)), undefined)
      } finally {
        await asker.destroy()
        rmSync(folder, { recursive: true, force: true })
      }

      second.executor.tell('stop')
      await until('its report', () => second.report !== undefined)
      assert.equal(second.report?.exposed_at_end_lots, 0)
      assert.equal(await second.executor.ended(), undefined)
      assert.ok((await nakedShares(run)) < 1)
      assert.equal(await redisCli(server.port, 'exists', 'lease:{main}'), '0')
    },
  )

  it(
    'one that stood still and wakes up after the other took over sends nothing, and ends itself',
    { timeout: 240_000 },
    async (context) => {
      const { run, first, second } = await scene(context)
      first.executor.kill('SIGSTOP')
      await until('the second one’s trades', () => second.sent >= TRADES)
      const before = first.sent
      first.executor.kill('SIGCONT')
      await until('the first one’s end', () => first.isOver)
      assert.equal(await first.executor.ended(), `code ${EXIT_FAILURE}`)
      second.executor.tell('stop')
      await until('the second one’s report', () => second.report !== undefined)
      await second.executor.ended()
      // What it had decided on when it stood still was told when it woke.
      assert.ok(first.sent - before <= TRADES)
      assert.equal(second.report?.exposed_at_end_lots, 0)
      assert.ok((await nakedShares(run)) < 1)
    },
  )

  it(
    'a Redis that is away for ten seconds stops entries for as long, and nothing else',
    { timeout: 240_000 },
    async (context) => {
      const { server, run, first, second } = await scene(context)
      await server.kill()
      await sleep(LEASE.leaseMs)
      const [before, beforeSecond] = [first.sent, second.sent]
      await sleep(10_000 - LEASE.leaseMs)
      assert.deepEqual([first.sent, second.sent], [before, beforeSecond])
      // It comes back without a memory: either may have it, and the first may have to end itself.
      await server.restart()
      const backMs = performance.now()
      await until('trades again', () => first.sent + second.sent >= before + beforeSecond + TRADES)
      context.diagnostic(
        `${before} trades before; ${TRADES} more were told ${Math.round(performance.now() - backMs)} ms after Redis was back`,
      )
      for (const { executor } of [first, second]) executor.tell('stop')
      await until('their reports', () => first.isOver && second.isOver)
      for (const { report } of [first, second]) assert.equal(report?.exposed_at_end_lots, 0)
      assert.ok((await nakedShares(run)) < 1)
    },
  )
})
