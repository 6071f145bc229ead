import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { describe, it } from 'node:test'
import { EXIT_BUG, EXIT_FAILURE, exitCodeOf, failureLine } from '@tandem/cli/failure.ts'
import { Failure } from '@tandem/shared/failure.ts'
import { said } from './said.ts'

const root = resolve(import.meta.dirname, '../../..')
const main = join(root, 'cli/main.ts')

describe('tandem', () => {
  it('shows its commands when it is called without one', async () => {
    const { stdout, code } = await said()
    assert.equal(code, 0)
    for (const name of ['start', 'replay', 'explain', 'config', 'generate'])
      assert.match(stdout, new RegExp(`^  ${name}`, 'm'))
  })

  it('shows the options of a command', async () => {
    for (const args of [
      ['generate', '--help'],
      ['help', 'generate'],
    ]) {
      const { stdout, code } = await said(...args)
      assert.equal(code, 0)
      assert.match(stdout, /--seed <number>/)
    }
  })

  it('answers bad use with one line and code 2', async () => {
    for (const args of [['retry'], ['--loud'], ['generate'], ['generate', '--out'], ['config', 'chekc']]) {
      const { stdout, stderr, code } = await said(...args)
      assert.deepEqual([stdout, code], ['', EXIT_FAILURE], args.join(' '))
      assert.match(stderr, /^tandem: .+ \[USAGE\]\n$/)
    }
  })

  it('answers bad input with one line that says what, where and what to do', async () => {
    const bad = await said('generate', '--seed', '-1', '--out', '/nowhere')
    assert.deepEqual([bad.stdout, bad.code], ['', EXIT_FAILURE])
    assert.equal(
      bad.stderr,
      'tandem: -1 is no whole number from 1 to 4294967295 (--seed): give one [OPTION_BAD]\n',
    )
    const absent = await said('config', 'check', '/absent.toml')
    assert.equal(
      absent.stderr,
      'tandem: there is no such file (/absent.toml): check the path [FILE_UNREADABLE]\n',
    )
  })

  it('prints exactly one JSON document with --json', async () => {
    const { stdout, code } = await said('config', 'check', '--json')
    assert.equal(code, 0)
    assert.equal(JSON.parse(stdout).settings.minEdgeMicroUsd, 5_000)
    assert.equal(stdout.trim().split('\n').length, 1)
  })

  it('explains the example that the README names', async () => {
    const { stdout, code } = await said('explain', join(root, 'examples/explain.json'), '--json')
    assert.equal(code, 0)
    // 120 shares at .47 and 500 at .48. The dollars buy what the book gives for them.
    const { plan } = JSON.parse(stdout)
    assert.deepEqual([plan.polymarket.dollars, plan.polymarket.expected_shares], ['238.80', '500'])
  })

  it('shows every setting that is in force', async () => {
    const { stdout } = await said('config', 'check')
    assert.match(stdout, /^mode +sandbox$/m)
    assert.match(stdout, /^settings\.pool\.sizesCents +\d+(, \d+)*$/m)
  })

  it('ends as a process with the code of what failed', () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [main, 'config', 'check', '/absent.toml'],
      {
        encoding: 'utf8',
      },
    )
    assert.deepEqual([status, stdout], [EXIT_FAILURE, ''])
    assert.match(stderr, /^tandem: .+\n$/)
  })

  it('is silent when its reader has seen enough', async () => {
    const piped = await new Promise<string>((done) => {
      execFile('sh', ['-c', `'${process.execPath}' '${main}' config check | true`], (_, __, stderr) =>
        done(stderr),
      )
    })
    assert.equal(piped, '')
  })
})

describe('a failure on the terminal', () => {
  const failure = new Failure({ code: 'X_BROKEN', what: 'it broke\n  in two', where: 'x:1', todo: 'mend it' })

  it('is one line, whatever is in it', () => {
    assert.equal(failureLine(failure, true), 'tandem: it broke in two (x:1): mend it [X_BROKEN]\n')
  })

  it('is told apart from a bug, whose stack is shown only when asked for', () => {
    const bug = new TypeError('x is not a function')
    assert.deepEqual(
      [exitCodeOf(failure), exitCodeOf(bug), exitCodeOf('thrown text')],
      [EXIT_FAILURE, EXIT_BUG, EXIT_BUG],
    )
    assert.match(failureLine(bug, false), /^tandem: unexpected TypeError: x is not a function: .+ \[BUG\]\n$/)
    assert.match(failureLine(bug, true), /main\.test\.ts/)
  })
})
