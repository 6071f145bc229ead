import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, it } from 'node:test'

const main = join(import.meta.dirname, '../../../bench/main.ts')
const bench = (...args: string[]) => spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' })

describe('bench', () => {
  it('answers a name that it does not have with the names that it has, in one line', () => {
    for (const args of [[], ['nothing'], ['main'], ['--loud']]) {
      const { status, stdout, stderr } = bench(...args)
      assert.deepEqual([status, stdout], [2, ''], args.join(' '))
      assert.match(stderr, /^bench: .+: name one of .*\bbook\b.*\n$/)
    }
  })

  it('refuses in one line an option that a bench does not have, or a value that it cannot take', () => {
    for (const args of [
      ['book', '--samples', '9'],
      ['pipeline', '20000'],
      ['pipeline', '--samples'],
      ['pipeline', '--samples', 'many'],
      ['pipeline', '--samples', '0'],
      ['soak', '--seconds', '1'],
    ]) {
      const { status, stdout, stderr } = bench(...args)
      assert.deepEqual([status, stdout], [2, ''], args.join(' '))
      assert.match(stderr, /^bench: .*(knows --json|--samples|--seconds).*\n$/)
      assert.equal(stderr.split('\n').length, 2)
    }
  })
})
