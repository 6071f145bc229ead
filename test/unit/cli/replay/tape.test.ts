import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { readTape } from '@tandem/cli/replay/tape.ts'
import { Failure } from '@tandem/shared/failure.ts'

const folder = mkdtempSync(join(tmpdir(), 'tandem-tape-'))
after(() => rmSync(folder, { recursive: true }))

let files = 0
function file(content: string | Uint8Array, ending = '.ndjson'): string {
  const path = join(folder, `${files++}${ending}`)
  writeFileSync(path, content)
  return path
}

/** Lines of which each gzip byte matters: a little noise in every frame. */
function lines(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) =>
    JSON.stringify({
      recv_ts_ns: String(1_790_000_000_000_000_000n + BigInt(from + i)),
      venue: 'kalshi',
      raw: `{"n":${from + i},"noise":"${Math.sin(from + i)}"}`,
    }),
  )
}
const text = (all: readonly string[]) => `${all.join('\n')}\n`
const numbers = (tape: Awaited<ReturnType<typeof readTape>>) =>
  tape.frames.map(({ bytes }) => JSON.parse(String(bytes)).n)
const codes = (tape: Awaited<ReturnType<typeof readTape>>) => tape.faults.map(({ failure }) => failure.code)

describe('a tape', () => {
  it('is read as text, as gzip, and as gzip of several parts put together', async () => {
    const parts = Buffer.concat([gzipSync(text(lines(0, 3))), gzipSync(text(lines(3, 6)))])
    for (const path of [
      file(text(lines(0, 6))),
      file(gzipSync(text(lines(0, 6))), '.ndjson.gz'),
      file(parts, '.ndjson.gz'),
    ]) {
      const tape = await readTape(path)
      assert.deepEqual(numbers(tape), [0, 1, 2, 3, 4, 5])
      assert.deepEqual(
        tape.frames.map(({ line, atNs, socket }) => [line, atNs, socket]),
        [0, 1, 2, 3, 4, 5].map((n) => [n + 1, n, 0]),
      )
      assert.deepEqual([tape.lines, tape.faults], [6, []])
    }
  })

  it('that was cut off anywhere gives what is whole of it, and tells the tear', async () => {
    const whole = gzipSync(text(lines(0, 400)))
    let most = 0
    for (let at = 40; at < whole.length; at += 397) {
      const path = file(whole.subarray(0, at), '.ndjson.gz')
      const tape = await readTape(path).catch((error: Failure) => error)
      // So little of it that not one frame came out.
      if (tape instanceof Failure) {
        assert.match(tape.code, /TAPE_(TORN|BROKEN)/)
        continue
      }
      const read = numbers(tape)
      assert.deepEqual(read, [...read.keys()])
      assert.deepEqual(codes(tape), ['TAPE_TORN'])
      assert.match(tape.faults[0].failure.where ?? '', /\.ndjson\.gz:\d+$/)
      most = Math.max(most, read.length)
    }
    assert.ok(most > 300, `only ${most} frames of a tape that was nearly whole`)
  })

  it('as text with half a last line gives the others, and tells it', async () => {
    const tape = await readTape(file(text(lines(0, 4)).slice(0, -20)))
    assert.deepEqual(numbers(tape), [0, 1, 2])
    assert.deepEqual(codes(tape), ['TAPE_FRAME_BROKEN'])
  })

  it('in a folder is one tape, whose torn files cost only their own ends', async () => {
    const path = join(folder, 'recording')
    mkdirSync(path)
    const whole = gzipSync(text(lines(100, 400)))
    writeFileSync(join(path, 'b.ndjson.gz'), whole.subarray(0, whole.length - 500))
    writeFileSync(join(path, 'a.ndjson.gz'), gzipSync(text(lines(0, 100))))
    writeFileSync(join(path, 'c.ndjson.gz'), gzipSync(text(lines(400, 410))))
    writeFileSync(join(path, 'd.ndjson.gz'), '')
    writeFileSync(join(path, 'notes.txt'), 'not a tape')
    const tape = await readTape(path)
    const read = numbers(tape)
    assert.deepEqual(
      read,
      read.toSorted((a, b) => a - b),
    )
    assert.deepEqual(
      [read[0], read[100], read.at(-11) < 400, read.at(-10), read.at(-1)],
      [0, 100, true, 400, 409],
    )
    assert.deepEqual(
      tape.faults.map(({ failure }) => `${failure.code} ${failure.where?.replace(/.*\//, '')[0]}`),
      ['TAPE_TORN b', 'TAPE_TORN d'],
    )
    assert.equal(tape.frames.at(-1)?.atNs, 409)
  })

  it('tells its connections apart, and keeps frames that are no text', async () => {
    const head = '"recv_ts_ns":"1","venue":"kalshi","socket":2'
    const tape = await readTape(
      file(
        text([
          `{${head},"opened":["A","B"]}`,
          `{${head},"raw_base64":"/wA="}`,
          `{${head},"raw":""}`,
          `{${head},"closed":"reset"}`,
        ]),
      ),
    )
    assert.deepEqual(tape.changes, [
      { before: 0, recvTsNs: '1', atNs: 0, venue: 'kalshi', socket: 2, opened: ['A', 'B'] },
      { before: 2, recvTsNs: '1', atNs: 0, venue: 'kalshi', socket: 2, opened: undefined },
    ])
    assert.deepEqual(
      tape.frames.map(({ socket, line, bytes }) => [socket, line, [...bytes]]),
      [
        [2, 2, [255, 0]],
        [2, 3, []],
      ],
    )
    assert.deepEqual(tape.faults, [])
  })

  for (const [what, line] of [
    ['no JSON', '{'],
    ['no object', 'null'],
    ['no time', '{"venue":"kalshi","raw":""}'],
    ['another venue', '{"recv_ts_ns":"1","venue":"nyse","raw":""}'],
    ['no frame', '{"recv_ts_ns":"1","venue":"kalshi"}'],
    ['no such socket', '{"recv_ts_ns":"1","venue":"kalshi","socket":-1,"raw":""}'],
    ['no list of ids', '{"recv_ts_ns":"1","venue":"kalshi","opened":[1]}'],
  ] as const) {
    it(`goes on after a line with ${what}`, async () => {
      const tape = await readTape(file(text([line, ...lines(0, 1)])))
      assert.deepEqual(numbers(tape), [0])
      assert.deepEqual(codes(tape), ['TAPE_FRAME_BROKEN'])
      assert.equal(tape.faults[0].line, 1)
    })
  }

  it('is refused when there is nothing in it, or it is not there', async () => {
    const code = (expected: string) => (error: unknown) => error instanceof Failure && error.code === expected
    await assert.rejects(readTape(join(folder, 'nowhere')), code('TAPE_MISSING'))
    await assert.rejects(readTape(file('')), code('TAPE_BROKEN'))
    await assert.rejects(readTape(file('no gzip', '.ndjson.gz')), code('TAPE_BROKEN'))
  })
})
