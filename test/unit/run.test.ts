import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, beforeEach, describe, it } from 'node:test'

// run.sh is what a newcomer meets first. Tried on a project of its own, in a path with spaces, with one workspace and
// nothing to download. npm is the machine's own.

const root = resolve(import.meta.dirname, '../..')
const made = mkdtempSync(join(tmpdir(), 'tandem run '))
const lockText = (version: number): string =>
  JSON.stringify({
    name: 'tried',
    version: `${version}.0.0`,
    lockfileVersion: 3,
    requires: true,
    packages: {
      '': { name: 'tried', version: `${version}.0.0`, workspaces: ['part'] },
      'node_modules/part': { resolved: 'part', link: true },
      part: { version: '1.0.0' },
    },
  })

describe('run.sh', { timeout: 60_000 }, () => {
  let count = 0
  let project: string
  /** As a host has it: this Node first, so that the project needs no pinned one. */
  let env: NodeJS.ProcessEnv

  beforeEach(() => {
    project = join(made, `project ${++count}`)
    mkdirSync(join(project, 'part'), { recursive: true })
    copyFileSync(join(root, 'run.sh'), join(project, 'run.sh'))
    const scripts = { say: 'exec ./run.sh say.mjs', wait: 'exec ./run.sh wait.mjs' }
    const manifest = { name: 'tried', version: '1.0.0', workspaces: ['part'], scripts }
    writeFileSync(join(project, 'package.json'), JSON.stringify(manifest))
    writeFileSync(join(project, 'part/package.json'), '{"name":"part","version":"1.0.0"}')
    writeFileSync(join(project, 'package-lock.json'), lockText(1))
    writeFileSync(join(project, 'say.mjs'), 'console.log(JSON.stringify(process.argv.slice(2)))')
    writeFileSync(
      join(project, 'wait.mjs'),
      "process.on('SIGTERM', () => { console.log('told'); process.exit(0) }); setInterval(() => {}, 1e3); console.log(process.pid)",
    )
    env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` }
  })
  after(() => rmSync(made, { recursive: true, force: true }))

  async function run(
    command: string,
    args: string[],
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    const child = spawn(command, args, { cwd: project, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ])
    return { code, stdout, stderr }
  }
  const installs = (stderr: string): number => stderr.split('installing packages').length - 1

  it('installs on the first start and not on the second, and keeps stdout for the program', async () => {
    const first = await run('./run.sh', ['say.mjs', 'a b', '$c'])
    assert.deepEqual([first.code, first.stdout], [0, '["a b","$c"]\n'])
    assert.equal(installs(first.stderr), 1)
    const second = await run('./run.sh', ['say.mjs'])
    assert.deepEqual([second.code, second.stdout, second.stderr], [0, '[]\n', ''])
  })

  it('installs again when the lock changed, and when node_modules went away', async () => {
    await run('./run.sh', ['say.mjs'])
    writeFileSync(join(project, 'package-lock.json'), `${lockText(1)}\n`)
    assert.equal(installs((await run('./run.sh', ['say.mjs'])).stderr), 1)
    rmSync(join(project, 'node_modules'), { recursive: true })
    assert.equal(installs((await run('./run.sh', ['say.mjs'])).stderr), 1)
  })

  it('installs once when four start at the same moment', async () => {
    const all = await Promise.all([1, 2, 3, 4].map((at) => run('./run.sh', ['say.mjs', String(at)])))
    assert.deepEqual(
      all.map(({ code, stdout }) => [code, stdout]),
      [1, 2, 3, 4].map((at) => [0, `["${at}"]\n`]),
    )
    assert.equal(installs(all.map(({ stderr }) => stderr).join('')), 1)
  })

  it('is not stopped by the lock of one that was killed', async () => {
    const killed = spawn('./run.sh', ['say.mjs'], { cwd: project, env, detached: true, stdio: 'ignore' })
    while (!existsSync(join(project, '.install.lock'))) await new Promise((wake) => setTimeout(wake, 2))
    process.kill(-(killed.pid as number), 'SIGKILL')
    await once(killed, 'exit')
    const next = await run('./run.sh', ['say.mjs'])
    assert.deepEqual([next.code, next.stdout], [0, '[]\n'])
  })

  it('says so in one line and stops when the install fails, and mends itself when the cause is gone', async () => {
    writeFileSync(join(project, 'package-lock.json'), '{')
    const broken = await run('./run.sh', ['say.mjs'])
    assert.equal(broken.code, 2)
    assert.equal(broken.stdout, '')
    assert.match(broken.stderr, /\[INSTALL_FAILED\]\n$/)
    writeFileSync(join(project, 'package-lock.json'), lockText(1))
    assert.equal((await run('./run.sh', ['say.mjs'])).code, 0)
  })

  it('locks without flock too, where there is perl', { skip: perlMissing() }, async () => {
    const bin = join(project, 'bin')
    mkdirSync(bin)
    for (const name of ['sh', 'dirname', 'cmp', 'cp', 'npm', 'perl', 'env', 'node']) {
      const path =
        name === 'node' ? process.execPath : execFileSync('which', [name], { encoding: 'utf8' }).trim()
      writeFileSync(join(bin, name), `#!/bin/sh\nexec '${path}' "$@"\n`, { mode: 0o755 })
    }
    env.PATH = bin
    const all = await Promise.all([1, 2, 3].map((at) => run('/bin/sh', ['./run.sh', 'say.mjs', String(at)])))
    assert.deepEqual(
      all.map(({ code }) => code),
      [0, 0, 0],
    )
    assert.equal(installs(all.map(({ stderr }) => stderr).join('')), 1)
  })

  it('gives npm’s signals to the program, and leaves nothing behind', async () => {
    await run('./run.sh', ['say.mjs'])
    const npm = spawn('npm', ['run', '-s', 'wait'], {
      cwd: project,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const lines = npm.stdout.setEncoding('utf8')
    const [pid] = await once(lines, 'data')
    const told = once(lines, 'data')
    npm.kill('SIGTERM')
    assert.equal((await told)[0], 'told\n')
    await exited(npm)
    assert.throws(() => process.kill(Number(pid), 0), { code: 'ESRCH' })
  })

  it('starts from another folder', async () => {
    await run('./run.sh', ['say.mjs'])
    const elsewhere = execFileSync(join(project, 'run.sh'), ['say.mjs'], {
      cwd: tmpdir(),
      env,
      encoding: 'utf8',
    })
    assert.equal(elsewhere, '[]\n')
    assert.equal(readFileSync(join(project, 'node_modules/.installed'), 'utf8'), lockText(1))
  })
})

async function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

function perlMissing(): string | false {
  try {
    execFileSync('perl', ['-e', '1'])
    return false
  } catch {
    return 'perl is absent'
  }
}
