import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ROWS_MAX, Rows } from '@tandem/colo/venue/rows.ts'
import { BROKEN, EMPTY, NESTING_MAX, NOT_A_NUMBER, Scanner } from '@tandem/colo/venue/scan.ts'
import { LOTS_DUST, LOTS_MAX } from '@tandem/shared/units.ts'
import fc from 'fast-check'
import { anyBlows, anyStyle, anyTree, battered, written } from './json.ts'

/** A scanner on bytes that end where their memory ends: a read beyond them throws. */
function scannerOf(bytes: Uint8Array): Scanner {
  const exact = new Uint8Array(new ArrayBuffer(bytes.length))
  exact.set(bytes)
  const scan = new Scanner()
  scan.open(exact, 0, exact.length)
  return scan
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function accepts(bytes: Uint8Array): boolean {
  const scan = scannerOf(bytes)
  const p = scan.skip(0)
  return p !== BROKEN && scan.atEnd(p)
}

/** What a decimal text is in units of 10^-places, cut off, and whether digits were; by arithmetic of any size. */
function decimalOf(text: string, places: number): { scaled: bigint; exact: boolean } | undefined {
  const match = /^(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text)
  if (match === null || `${match[1]}${match[2] ?? ''}` === '') return undefined
  const [, whole, fraction = '', exponent = '0'] = match
  const shift = Number(exponent) + places - fraction.length
  const digits = BigInt(whole + fraction)
  if (shift >= 0) return { scaled: digits * 10n ** BigInt(shift), exact: true }
  const divisor = 10n ** BigInt(-shift)
  return { scaled: digits / divisor, exact: digits % divisor === 0n }
}

const decimal = fc.oneof(
  fc.stringMatching(/^[01]?\.[0-9]{0,6}0{0,3}$/),
  fc.stringMatching(/^[0-9]{0,9}(\.[0-9]{0,7})?$/),
  fc.stringMatching(/^[0-9]{0,3}(\.[0-9]{0,3})?[eE][+-]?[0-9]{0,2}$/),
  fc.stringMatching(/^[0-9.eE+-]{0,6}$/),
  fc.constantFrom('21474836.47', '21474836.48', '214748364.7', '0.009', '999999.99', '1000000.00'),
)

describe('Scanner', () => {
  it('accepts exactly the JSON that JSON.parse accepts', () => {
    let valid = 0
    fc.assert(
      fc.property(anyTree, anyStyle, anyBlows, (tree, style, blows) => {
        const bytes = battered(written(tree, style), blows)
        const expected = isJson(Buffer.from(bytes).toString('utf8'))
        assert.equal(accepts(bytes), expected)
        valid += expected ? 1 : 0
      }),
      { seed: 20261122, numRuns: 30_000 },
    )
    assert.ok(valid > 5_000 && valid < 29_000, String(valid))
  })

  it('judges every short text of JSON’s own bytes as JSON.parse does', () => {
    const alphabet = ['{', '}', '[', ']', ',', ':', '"', '\\', 'u', '0', '1', '.', '-', 'e', ' ', 'é']
    const texts = ['']
    for (let from = 0, length = 1; length <= 4; length++) {
      const to = texts.length
      for (; from < to; from++) for (const character of alphabet) texts.push(texts[from] + character)
    }
    for (const text of texts) assert.equal(accepts(Buffer.from(text)), isJson(text), text)
    for (const text of [
      'true',
      'false',
      'null',
      'tru',
      'nul',
      'fals',
      'True',
      'truee',
      '"\\u12"',
      '"\\u00zz"',
      '\ufeff1',
    ]) {
      assert.equal(accepts(Buffer.from(text)), isJson(text), text)
    }
  })

  it('reads a string as JSON.parse does, escapes undone', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), anyStyle, (value, style) => {
        const scan = scannerOf(Buffer.from(written({ text: value }, style).trim()))
        assert.equal(scan.string(1), scan.end)
        let text = ''
        for (let at = scan.from; at < scan.to; at++) text += String.fromCharCode(scan.text.getUint8(at))
        assert.equal(text, value)
      }),
      { seed: 20261122, numRuns: 5_000 },
    )
  })

  it('reads prices and sizes as exact arithmetic does', () => {
    let prices = 0
    fc.assert(
      fc.property(decimal, (text) => {
        const bytes = Buffer.from(`"${text}"`)
        const scan = scannerOf(Buffer.concat([bytes, Buffer.from('          ')]))
        const tight = scannerOf(bytes)
        const read = (reader: 'price' | 'lotsFloor' | 'lotsExact') => {
          assert.equal(scan[reader](0), bytes.length)
          assert.equal(tight[reader](0), bytes.length)
          assert.equal(tight.value, scan.value)
          return scan.value
        }
        const price = decimalOf(text, 4)
        const legal = price?.exact && price.scaled <= 10_000n
        assert.equal(read('price'), text === '' ? EMPTY : legal ? Number(price.scaled) : NOT_A_NUMBER)
        prices += legal ? 1 : 0

        const lots = decimalOf(text, 2)
        if (lots === undefined) {
          assert.equal(read('lotsFloor'), text === '' ? EMPTY : NOT_A_NUMBER)
          return
        }
        const held = lots.scaled < BigInt(LOTS_MAX) ? Number(lots.scaled) : LOTS_MAX
        assert.equal(read('lotsFloor'), held === 0 && !lots.exact ? LOTS_DUST : held)
        assert.equal(read('lotsExact'), lots.exact ? held : NOT_A_NUMBER)
      }),
      { seed: 20261122, numRuns: 20_000 },
    )
    assert.ok(prices > 1_000, String(prices))
  })

  it('nests as deep as it says, without the stack', () => {
    const nested = (depth: number) => Buffer.from('['.repeat(depth) + ']'.repeat(depth))
    assert.ok(accepts(nested(NESTING_MAX)))
    assert.ok(!accepts(nested(NESTING_MAX + 1)))
    assert.ok(!accepts(Buffer.from('{"a":['.repeat(100_000))))
  })
})

describe('Rows', () => {
  it('grows to its limit and refuses what is beyond', () => {
    const rows = new Rows(1)
    rows.reset(0)
    for (let row = 0; row < ROWS_MAX; row++) rows.data[rows.add()] = row
    assert.equal(rows.data[ROWS_MAX - 1], ROWS_MAX - 1)
    assert.equal(rows.add(), -1)
    rows.reset(0)
    assert.equal(rows.add(), 0)
  })
})
