import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { StartReport } from '@tandem/cli/live/report.ts'
import { connectRedis } from '@tandem/cli/redis.ts'
import { readJournal } from '@tandem/colo/journal/reader.ts'
import { RecordKind } from '@tandem/colo/journal/record.ts'
import { recover } from '@tandem/colo/recovery.ts'
import { recoverFromStream } from '@tandem/colo/stream-recovery.ts'
import { RedisServer, redisCli, skipWithoutRedis } from './servers.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
const tandem = (...args: string[]) =>
  run(process.execPath, [join(root, 'cli/main.ts'), ...args], { cwd: root })

const PAIR = 'home-team-wins'

/** Polls until `look` gives something. */
async function soon<Value>(look: () => Promise<Value | undefined>): Promise<Value> {
  for (let tries = 0; tries < 200; tries++) {
    const found = await look().catch(() => undefined)
    if (found !== undefined) return found
    await sleep(50)
  }
  throw new Error('it did not come')
}

describe('trading with a Redis', { skip: skipWithoutRedis() }, () => {
  it(
    'shows prices of both venues, and goes on while Redis is killed and comes back',
    { timeout: 60_000 },
    async (t) => {
      const server = await RedisServer.start()
      t.after(() => server.stop())
      const journal = mkdtempSync(join(tmpdir(), 'tandem-start-'))
      t.after(() => rmSync(journal, { recursive: true, force: true }))
      const url = `redis://127.0.0.1:${server.port}`
      const started = tandem('start', '--seconds', '12', '--redis', url, '--journal', journal, '--json')
      const priced = async () =>
        JSON.parse((await tandem('price', PAIR, '--redis', url, '--json')).stdout) as {
          state: string
          venue: string
        }[]
      const shown = await soon(async () => {
        const quotes = await priced()
        return quotes.length === 2 && quotes.every(({ state }) => state === 'Live') ? quotes : undefined
      })
      assert.deepEqual(
        shown.map(({ venue }) => venue),
        ['polymarket', 'kalshi'],
      )
      await server.kill()
      await sleep(2_000)
      await server.restart()
      // Nothing was kept: what is there was written since.
      await soon(async () => ((await priced()).length === 2 ? true : undefined))
      assert.match(await redisCli(server.port, 'keys', 'price:*'), new RegExp(PAIR))
      const report = JSON.parse((await started).stdout) as StartReport
      assert.ok(report.trades.count > 0, `${report.trades.count} trades`)
      assert.equal(report.pnl_micro_usd.ours, report.pnl_micro_usd.ledgers)
      assert.equal(report.exposed_at_end_lots, 0)

      const client = await connectRedis(server.place)
      t.after(() => client.disconnect())
      const nowMs = Date.now()
      assert.deepEqual(await recoverFromStream(client, 'main', nowMs), recover(journal, nowMs))
      const kinds: number[] = []
      readJournal(journal, { record: (_sequence, kind) => kinds.push(kind) })
      const stream = async (name: string, ...args: string[]) =>
        JSON.parse((await tandem('stream', name, '--redis', url, '--json', ...args)).stdout)
      const fills = await stream('fills', '--group', 'books')
      assert.equal(fills.length, kinds.filter((kind) => kind === RecordKind.Fill).length)
      assert.deepEqual(await stream('fills', '--group', 'books'), [], 'it has them')
      const sums = new Map<string, number>()
      for (const { pair, venue, outcome, filledMicroShares } of fills) {
        const whose = `${pair} ${venue} ${outcome}`
        sums.set(whose, (sums.get(whose) ?? 0) + filledMicroShares)
      }
      for (const { pair, venue, outcome, heldMicroShares } of (await stream('journal')).positions)
        assert.equal(sums.get(`${pair} ${venue} ${outcome}`), heldMicroShares)
      assert.ok((await stream('turns')).length >= report.trades.count)
      assert.ok((await stream('signals')).length > 0)
    },
  )

  it('says in one line that there is no Redis, no price, and no such URL', async (t) => {
    const server = await RedisServer.start()
    t.after(() => server.stop())
    const refused = async (code: string, ...args: string[]): Promise<void> => {
      const said = await tandem(...args).then(
        () => undefined,
        ({ stderr, code }: { stderr: string; code: number }) => ({ stderr, code }),
      )
      assert.ok(said !== undefined && said.code > 0, args.join(' '))
      assert.match(said.stderr, new RegExp(`^tandem: [^\\n]*\\[${code}\\]\\n$`))
      assert.doesNotMatch(said.stderr, /s3cret/)
    }
    await refused('PRICE_NONE', 'price', PAIR, '--redis', `redis://127.0.0.1:${server.port}`)
    await refused('STREAM_NOT_WHOLE', 'stream', 'journal', '--redis', `redis://127.0.0.1:${server.port}`)
    await refused('NAME_BAD', 'stream', 'fills', '--name', '{a}', '--redis', 'redis://127.0.0.1')
    await refused('REDIS_URL_BAD', 'price', PAIR, '--redis', 'redis://me:s3cret@127.0.0.1')
    await refused('REDIS_URL_BAD', 'start', '--seconds', '1', '--redis', 'redis://me:s3cret@127.0.0.1')
    await server.kill()
    await refused('REDIS_UNREACHABLE', 'price', PAIR, '--redis', `redis://127.0.0.1:${server.port}`)
  })
})
