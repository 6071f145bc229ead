import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it, type TestContext } from 'node:test'
import { Worker } from 'node:worker_threads'
import { type Metrics, startMetrics } from '@tandem/colo/metrics/metrics.ts'
import { CounterCells, Counters } from '@tandem/shared/counters.ts'
import { Failure } from '@tandem/shared/failure.ts'

async function published(t: TestContext, cells: CounterCells, port = 0): Promise<Metrics> {
  const metrics = await startMetrics({
    cells,
    port,
    newWorker: (file, options) => new Worker(file, options),
    onLost: (error) => assert.fail(error),
  })
  t.after(() => metrics.close())
  return metrics
}

async function get(metrics: Metrics, path: string, method = 'GET') {
  const response = await fetch(`${metrics.url}${path}`, { method })
  return { status: response.status, text: await response.text() }
}

describe('the metrics thread', () => {
  it('publishes what was counted in shared memory, in the words of Prometheus', async (t) => {
    const cells = new CounterCells()
    const metrics = await published(t, cells)
    cells.add(Counters.frames, 1, 3)
    cells.add(Counters.frames, 1)
    cells.set(Counters.halted, 1)
    const { status, text } = await get(metrics, '/metrics')
    assert.equal(status, 200)
    assert.match(text, /^# HELP tandem_frames_total Market frames handed to the executor\.$/m)
    assert.match(text, /^# TYPE tandem_frames_total counter$/m)
    assert.match(text, /^tandem_frames_total\{venue="polymarket"\} 0$/m)
    assert.match(text, /^tandem_frames_total\{venue="kalshi"\} 4$/m)
    assert.match(text, /^# TYPE tandem_halted gauge$/m)
    assert.match(text, /^tandem_halted 1$/m)
    assert.match(text, /^process_resident_memory_bytes \d{7,}$/m)
    assert.match((await get(metrics, '/metrics')).text, /^tandem_frames_total\{venue="kalshi"\} 4$/m)
  })

  it('is unwell until the loop beats, and counts its books', async (t) => {
    const cells = new CounterCells()
    const metrics = await published(t, cells)
    assert.equal((await get(metrics, '/health')).status, 503)
    cells.add(Counters.beats)
    cells.set(Counters.kalshiBooks, 7, 1)
    const { status, text } = await get(metrics, '/health')
    assert.equal(status, 200)
    const health = JSON.parse(text)
    assert.equal(health.status, 'ok')
    assert.equal(health.books.kalshi.live, 7)
  })

  it('answers while the thread that trades does not', async (t) => {
    const { url } = await published(t, new CounterCells())
    const flag = new Int32Array(new SharedArrayBuffer(4))
    const asker = new Worker(
      `const { workerData: { url, flag } } = require('node:worker_threads')
       fetch(url).then(({ status }) => { Atomics.store(flag, 0, status); Atomics.notify(flag, 0) })`,
      { eval: true, workerData: { url: `${url}/health`, flag } },
    )
    t.after(() => asker.terminate())
    await once(asker, 'online')
    Atomics.wait(flag, 0, 0, 5_000)
    assert.equal(flag[0], 503)
  })

  it('says no to what it does not have', async (t) => {
    const metrics = await published(t, new CounterCells())
    assert.equal((await get(metrics, '/')).status, 404)
    assert.equal((await get(metrics, '/health', 'POST')).status, 405)
  })

  it('refuses a port that is taken, in one Failure', async (t) => {
    const first = await published(t, new CounterCells())
    const port = Number(new URL(first.url).port)
    await assert.rejects(
      published(t, new CounterCells(), port),
      (error) => error instanceof Failure && error.code === 'METRICS_PORT',
    )
  })
})
