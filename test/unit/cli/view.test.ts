import assert from 'node:assert/strict'
import { it } from 'node:test'
import { fitted } from '@tandem/cli/view.ts'

it('a screen is cut to the terminal, a row less so that it does not scroll', () => {
  const text = ['a long line', 'two', 'three', 'four'].join('\n')
  assert.equal(fitted(text, 6, 4), 'a long\ntwo\nthree')
  assert.equal(fitted(text, 80, 24), text)
  assert.equal(fitted(text, 0, 0), text, 'a terminal that does not know its size')
})
