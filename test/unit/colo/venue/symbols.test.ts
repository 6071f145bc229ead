import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Symbols } from '@tandem/colo/venue/symbols.ts'
import fc from 'fast-check'

/** Bytes that end where their memory ends: a read beyond them throws. */
function viewOf(text: string): DataView {
  return new DataView(Uint8Array.from(Buffer.from(text)).buffer)
}

function find(symbols: Symbols, text: string): number {
  const view = viewOf(text)
  return symbols.find(view, 0, view.byteLength)
}

const id = fc.oneof(
  fc.stringMatching(/^[!#-[\]-~]{1,24}$/),
  fc.stringMatching(/^[0-9]{70,78}$/),
  // Alike but for a byte or two, and of every short length.
  fc
    .tuple(fc.constantFrom('KXBTCD-26JUL03', 'K', 'abc', ''), fc.stringMatching(/^[AB]{1,4}$/))
    .map((parts) => parts.join('')),
)

describe('Symbols', () => {
  it('finds every id by its bytes and nothing else', () => {
    fc.assert(
      fc.property(fc.uniqueArray(id, { minLength: 1, maxLength: 40 }), fc.array(id), (ids, others) => {
        const symbols = new Symbols(ids.length)
        for (const [code, name] of ids.entries()) symbols.add(name, code)
        for (const [code, name] of ids.entries()) {
          assert.equal(find(symbols, name), code)
          assert.equal(symbols.idOf(code), name)
        }
        for (const other of others) assert.equal(find(symbols, other), ids.indexOf(other))
      }),
      { seed: 20261122, numRuns: 1_000 },
    )
  })

  it('finds an id that differs from another in any one byte', () => {
    const token = '71321045679252212594626385532706912750332728571942532289631379312455583992563'
    for (const length of [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 77]) {
      const name = token.slice(0, length)
      const symbols = Symbols.of(name)
      for (let at = 0; at < length; at++) {
        const other = `${name.slice(0, at)}x${name.slice(at + 1)}`
        assert.equal(find(symbols, other), -1, other)
      }
      assert.equal(find(symbols, name), 0)
      assert.equal(find(symbols, `${name}0`), -1)
      assert.equal(find(symbols, name.slice(1)), -1)
    }
  })

  it('checks a guess at a place, and reads no further than it may', () => {
    const symbols = Symbols.of('price', 'price_changes')
    const view = viewOf('"price_changes"')
    assert.equal(symbols.endOf(1, view, 1, view.byteLength), 14)
    assert.equal(symbols.endOf(0, view, 1, view.byteLength), 6)
    assert.equal(symbols.endOf(1, view, 1, 13), -1)
    assert.equal(symbols.endOf(1, view, 2, view.byteLength), -1)
    for (const code of [-2, -1, 2, 99]) assert.equal(symbols.endOf(code, view, 1, view.byteLength), -1)
  })

  it('refuses ids that no venue writes, and ids or codes that are taken', () => {
    const symbols = new Symbols(4)
    symbols.add('KXNBAMVP-26-NJOK', 1)
    for (const bad of ['', 'a b', 'a"b', 'a\\b', 'é', 'x'.repeat(129)]) {
      assert.throws(() => symbols.add(bad, 2), { code: 'SYMBOL_ID_INVALID' })
    }
    assert.throws(() => symbols.add('KXNBAMVP-26-NJOK', 2), { code: 'SYMBOL_TAKEN' })
    assert.throws(() => symbols.add('KXNBAMVP-26-LDON', 1), { code: 'SYMBOL_TAKEN' })
    assert.throws(() => symbols.add('KXNBAMVP-26-LDON', 4), { code: 'SYMBOLS_CODE_IN_RANGE' })
    assert.throws(() => symbols.idOf(3), { code: 'SYMBOLS_CODE_KNOWN' })
  })
})
