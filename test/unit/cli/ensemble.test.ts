import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { EXIT_FAILURE } from '@tandem/cli/failure.ts'
import { said } from './said.ts'

const root = resolve(import.meta.dirname, '../../..')
const TAPE = join(root, 'examples/tape.ndjson.gz')
const PAIRS = join(root, 'examples/pairs.json')
const folder = mkdtempSync(join(tmpdir(), 'tandem-ensemble-'))
after(() => rmSync(folder, { recursive: true }))

const evaluated = (tape: string, ...args: string[]) =>
  said('ensemble', 'eval', tape, '--pairs', PAIRS, ...args)

test('the example is judged from what the executor tells: the same every time, as a document and as text', async () => {
  const { stdout, stderr, code } = await evaluated(TAPE, '--json')
  assert.deepEqual([stderr, code], ['', 0])
  assert.equal(stdout, (await evaluated(TAPE, '--json')).stdout)
  const { frames, trades, said: lags, horizons, verdict } = JSON.parse(stdout)
  assert.deepEqual([frames, trades], [5_105, 187])
  assert.ok(lags.polymarket_lags > 0 && lags.kalshi_lags > 0 && lags.neither_lags > 0 && lags.unknown > 0)
  assert.deepEqual(
    horizons.map(({ seconds }: { seconds: number }) => seconds),
    [1, 5, 30],
  )
  for (const { ensemble, plain_mid: plain, by_sureness: bands, lost } of horizons) {
    assert.ok(ensemble.judged > 0 && ensemble.towards <= ensemble.moved && ensemble.moved <= ensemble.judged)
    assert.ok(plain.judged <= 2 * (ensemble.judged + lost))
    assert.equal(
      bands.reduce((sum: number, { judged }: { judged: number }) => sum + judged, 0),
      ensemble.judged,
    )
  }
  const text = (await evaluated(TAPE)).stdout
  assert.ok(text.includes(`verdict: ${verdict}\n`))
})

test('what cannot be judged is one line and code 2', async () => {
  const oneVenue = join(folder, 'one.ndjson')
  const lines = gunzipSync(readFileSync(TAPE)).toString().split('\n')
  writeFileSync(oneVenue, lines.filter((line) => line.includes('"venue":"kalshi"')).join('\n'))
  const noTape = join(folder, 'no-tape')
  writeFileSync(noTape, 'to whom it may concern\n')
  for (const [tape, code] of [
    [oneVenue, 'TAPE_ONE_VENUE'],
    [noTape, 'TAPE_FRAME_BROKEN'],
    [join(folder, 'absent'), 'TAPE_MISSING'],
  ] as const) {
    const told = await evaluated(tape)
    assert.deepEqual([told.stdout, told.code], ['', EXIT_FAILURE], tape)
    assert.match(told.stderr, new RegExp(`^tandem: [^\\n]+ \\[${code}\\]\\n$`))
  }
})

test('pairs of which the tape says nothing are named', async () => {
  const others = join(folder, 'others.json')
  const text = readFileSync(PAIRS, 'utf8').replaceAll('KXMADE', 'KXOTHER')
  writeFileSync(others, text)
  const { stdout, stderr, code } = await said('ensemble', 'eval', TAPE, '--pairs', others)
  assert.match(stdout, /verdict: nothing to judge on this tape/)
  assert.equal(code, EXIT_FAILURE)
  assert.match(stderr, /no kalshi book of the pair home-team-wins .+ \[TAPE_MARKET_UNKNOWN\]/)
})
