import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { frameLine, openedLine } from '@tandem/cli/record/line.ts'
import { TapeFiles } from '@tandem/cli/record/tape-files.ts'
import { readTape } from '@tandem/cli/replay/tape.ts'
import { Failure } from '@tandem/shared/failure.ts'

const START_MS = Date.UTC(2026, 10, 22, 16, 56)

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'tandem-files-'))
  t.after(() => rmSync(made, { recursive: true }))
  return made
}

const fail = (failure: Failure) => assert.fail(failure)

describe('the files of a recording', () => {
  it('begin anew when one has its size, or its time', async (t) => {
    const path = folder(t)
    const files = new TapeFiles(path, { bytesMax: 2_000, msMax: 60_000 }, START_MS, fail)
    const line = (n: number) => `${n} ${Array.from({ length: 20 }, (_, i) => Math.sin(n * 20 + i)).join()}\n`
    let n = 0
    for (let round = 0; round < 10; round++) {
      files.write(line(n++))
      files.write(line(n++))
      files.flush(START_MS + round)
      await sleep(5)
    }
    const bySize = files.names.length
    assert.ok(bySize >= 2 && bySize <= 5, `${bySize} files`)
    files.flush(START_MS + 60_100)
    files.write(line(n++))
    files.flush(START_MS + 60_101)
    assert.equal(files.names.length, bySize + 1)
    await files.close()
    assert.deepEqual(readdirSync(path).sort(), files.names)
    assert.equal(files.names[0], '20261122T165600000Z-0000.ndjson.gz')
    const written = files.names.map((name) => readFileSync(join(path, name)))
    assert.equal(
      files.bytes,
      written.reduce((sum, { length }) => sum + length, 0),
    )
    assert.equal(
      written.map((bytes) => gunzipSync(bytes).toString()).join(''),
      Array.from({ length: n }, (_, i) => line(i)).join(''),
    )
  })

  it('hold on the disk what was flushed, before they are ended', async (t) => {
    const path = folder(t)
    const files = new TapeFiles(path, { bytesMax: 1e9, msMax: 1e9 }, START_MS, fail)
    t.after(() => files.close())
    files.write(openedLine(7n, 'kalshi', 1, ['A']))
    files.write(frameLine(8n, 'kalshi', 1, Buffer.from('{"a":"é\\n"}\n')))
    files.flush(START_MS)
    while (files.bytes < 60) await sleep(5)
    const tape = await readTape(join(path, files.names[0]))
    assert.deepEqual(
      tape.frames.map(({ bytes }) => String(bytes)),
      ['{"a":"é\\n"}\n'],
    )
    assert.deepEqual(tape.changes, [
      { before: 0, recvTsNs: '7', atNs: 0, venue: 'kalshi', socket: 1, opened: ['A'] },
    ])
    assert.deepEqual(
      tape.faults.map(({ failure }) => failure.code),
      ['TAPE_TORN'],
    )
  })

  it('are none where nothing was to be written', async (t) => {
    const path = folder(t)
    const files = new TapeFiles(path, { bytesMax: 1e9, msMax: 10 }, START_MS, fail)
    files.flush(START_MS + 20)
    await files.close()
    assert.deepEqual([readdirSync(path), files.names], [[], []])
  })

  it('are never written over, and the place where they cannot be is named at once', (t) => {
    const path = folder(t)
    const inTheWay = join(path, 'file')
    writeFileSync(inTheWay, '')
    const taken = join(path, '20261122T165600000Z-0000.ndjson.gz')
    writeFileSync(taken, 'kept')
    for (const out of [inTheWay, path])
      assert.throws(
        () => new TapeFiles(out, { bytesMax: 1, msMax: 1 }, START_MS, fail),
        (error) => error instanceof Failure && error.code === 'OUT_UNWRITABLE' && error.where === out,
      )
    assert.equal(statSync(taken).size, 4)
  })
})
