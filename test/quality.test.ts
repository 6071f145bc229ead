import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, it } from 'node:test'

// What the compiler, the linter and the finder of unused code say, as tests: one command tells everything.

const root = resolve(import.meta.dirname, '..')

/** Runs the binary of a package by its own manifest, so that no PATH and no wrapper script comes between. */
function check(packageName: string, args: readonly string[]): void {
  const folder = join(root, 'node_modules', packageName)
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const script = join(folder, Object.values<string>(bin)[0])
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    cwd: root,
    encoding: 'utf8',
  })
  if (status !== 0) assert.fail(`\n${stdout}${stderr}`)
}

describe('quality', () => {
  it('type-checks', () => {
    check('typescript', ['-p', '.'])
  })

  it('is formatted, and the linter finds nothing', () => {
    check('@biomejs/biome', ['check', '--error-on-warnings', '--max-diagnostics=50'])
  })

  it('has no unused file, export or dependency', () => {
    check('knip', ['--no-progress'])
  })
})
