import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { it } from 'node:test'
import { run } from '../../../bench/scale.ts'

interface Figures {
  readonly path_us: { readonly p50: number; readonly mean: number; readonly samples: number }
  readonly thread_us: number
  readonly hot_us: { readonly p50: number; readonly samples: number }
  readonly frames: number
  readonly sockets: { readonly polymarket: number; readonly kalshi: number }
  readonly pool: { readonly slots: number; readonly held: number }
  readonly rss_mib: { readonly executor: number; readonly sandbox: number }
}

const skip = existsSync('/proc/self/status') ? false : 'memory is read in /proc'

it('measures two executors, of which each has read the changes of its own markets', { skip }, async () => {
  const report = (await run({ few: '2', markets: '60', rate: '200', seconds: '2' })) as {
    readonly markets_2: Figures
    readonly markets_60: Figures
    readonly ratio: Record<string, number>
    readonly rss_mib: number
  }
  const { markets_2: few, markets_60: many, ratio, rss_mib } = report
  for (const { path_us, thread_us, hot_us, frames, pool, rss_mib: memory } of [few, many]) {
    assert.ok(frames > 0 && path_us.samples > 0 && path_us.samples <= frames)
    assert.ok(path_us.p50 > 0 && path_us.mean > 0 && thread_us > 0)
    assert.ok(hot_us.p50 > 0 && hot_us.samples > 0)
    assert.ok(pool.held > 0 && pool.held <= pool.slots)
    assert.ok(memory.executor > 0 && memory.sandbox > 0)
  }
  assert.deepEqual(
    [few.sockets, many.sockets],
    [
      { polymarket: 1, kalshi: 1 },
      { polymarket: 1, kalshi: 2 },
    ],
  )
  assert.equal(ratio.update_cost_60_over_2, many.path_us.p50 / few.path_us.p50)
  assert.equal(rss_mib, many.rss_mib.executor)
})
