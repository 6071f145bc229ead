import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { YOUNG_GENERATION } from '@tandem/cli/live/young-generation.ts'

const BYTES_PER_MB = 2 ** 20
/** What the young generation of the thread that asks has taken: a half from the start, and the other once it was filled. */
const TAKEN_BYTES = `(await import('node:v8')).getHeapSpaceStatistics()
  .find((space) => space.space_name === 'new_space').space_size`
const THREAD = `(await import('node:worker_threads')).parentPort.postMessage(${TAKEN_BYTES})`
const PROGRAM = `
  import { Worker } from 'node:worker_threads'
  import { limitThreads } from ${JSON.stringify(import.meta.resolve('@tandem/cli/live/young-generation.ts'))}
  limitThreads()
  const thread = new Worker(${JSON.stringify(THREAD)}, { eval: true })
  thread.on('message', async (ofThread) => console.log(JSON.stringify([${TAKEN_BYTES}, ofThread])))
`

describe('the young generation', () => {
  it('is large where it is traded, and small in the threads beside', () => {
    const flags = [...YOUNG_GENERATION, '--input-type=module', '--eval', PROGRAM]
    const said = execFileSync(process.execPath, flags, { encoding: 'utf8' })
    const [trading, beside] = JSON.parse(said)
    assert.ok(trading >= 16 * BYTES_PER_MB, said)
    assert.ok(beside <= 2 * BYTES_PER_MB, said)
  })
})
