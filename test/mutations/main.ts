import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { referenceRoot } from '../reference.ts'
import { type Mutation, mutations } from './planted.ts'

// `npm run -s mutate [-- WORD]`: plants one bug at a time into a copy of the project and expects the test that is named
// for it to fail. A bug that no test finds is a hole in the tests: exit code 1. So is a mutation whose line is gone.

const root = resolve(import.meta.dirname, '../..')
const FOLDERS = ['shared', 'colo', 'edge', 'sandbox', 'cli', 'test', 'bench', 'examples', 'docs']
const FILES = ['package.json', 'package-lock.json', 'tsconfig.json']
/** A planted bug may well be an endless loop. */
const TIMEOUT_MS = 120_000

const Verdict = {
  Found: 'found',
  Hangs: 'found, it hangs',
  Survived: 'SURVIVED: the test passes with the bug in it',
  LineGone: 'LINE GONE: the text to replace is not there exactly once',
  NotRunning: 'NOT RUNNING: the named test does not pass, or does not run, without the bug',
} as const
type Verdict = (typeof Verdict)[keyof typeof Verdict]

/** A copy whose packages are the real ones and whose workspaces are its own. */
function copyProject(): string {
  const copy = mkdtempSync(join(tmpdir(), 'tandem-mutations-'))
  for (const name of [...FOLDERS, ...FILES].filter((file) => existsSync(join(root, file)))) {
    cpSync(join(root, name), join(copy, name), {
      recursive: true,
      filter: (path) => !path.endsWith('/node_modules'),
    })
  }
  const packages = join(copy, 'node_modules')
  mkdirSync(join(packages, '@tandem'), { recursive: true })
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name !== '@tandem') symlinkSync(join(root, 'node_modules', name), join(packages, name))
  }
  for (const name of readdirSync(join(root, 'node_modules/@tandem'))) {
    symlinkSync(join(copy, name), join(packages, '@tandem', name))
    // A workspace has packages of its own where it needs another version than the rest.
    const own = join(root, name, 'node_modules')
    if (existsSync(own)) symlinkSync(own, join(copy, name, 'node_modules'))
  }
  return copy
}

/** Runs the one named test. `ran` is whether any test ran at all. */
function runNamed(copy: string, { test, named }: Mutation): { passed: boolean; ran: boolean; hung: boolean } {
  const pattern = named.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
  const args = ['--test', '--test-reporter=tap', `--test-name-pattern=${pattern}`, test]
  // Set by a node:test parent, this would make the child report to it instead of to us.
  const { NODE_TEST_CONTEXT, ...env } = process.env
  const reference = referenceRoot()
  const { status, stdout, error } = spawnSync(process.execPath, args, {
    cwd: copy,
    env: reference === undefined ? env : { ...env, TANDEM_REFERENCE: reference },
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    maxBuffer: 64 * 1024 * 1024,
  })
  const hung = (error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT'
  const ran = /^# (pass|fail) [1-9]/m.test(stdout)
  return { passed: status === 0, ran, hung }
}

function verdictOf(copy: string, mutation: Mutation): Verdict {
  const path = join(copy, mutation.file)
  const original = readFileSync(path, 'utf8')
  if (original.split(mutation.find).length !== 2) return Verdict.LineGone
  const clean = runNamed(copy, mutation)
  if (!clean.passed || !clean.ran) return Verdict.NotRunning
  writeFileSync(
    path,
    original.replace(mutation.find, () => mutation.replace),
  )
  try {
    // A bug that does not even parse would be found by anything.
    const parses = spawnSync(process.execPath, ['--check', path]).status === 0
    if (!parses) return Verdict.LineGone
    const { passed, hung } = runNamed(copy, mutation)
    return hung ? Verdict.Hangs : passed ? Verdict.Survived : Verdict.Found
  } finally {
    writeFileSync(path, original)
  }
}

const word = process.argv[2] ?? ''
const chosen = mutations.filter(({ name }) => name.includes(word))
const copy = copyProject()
let holes = 0
try {
  for (const mutation of chosen) {
    const verdict = verdictOf(copy, mutation)
    if (verdict !== Verdict.Found && verdict !== Verdict.Hangs) holes += 1
    process.stdout.write(
      `${mutation.name.padEnd(48)} ${verdict}\n${''.padEnd(4)}${mutation.test}: ${mutation.named}\n`,
    )
  }
} finally {
  rmSync(copy, { recursive: true, force: true })
}
process.stdout.write(`${chosen.length - holes} of ${chosen.length} planted bugs found\n`)
if (holes > 0 || chosen.length === 0) process.exitCode = 1
