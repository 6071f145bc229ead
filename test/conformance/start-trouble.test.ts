import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, it } from 'node:test'
import type { StartReport } from '@tandem/cli/live/report.ts'

// `npm start` while somebody ends, stops or disturbs its processes, each a real one.

const root = resolve(import.meta.dirname, '../..')
const skip = existsSync('/proc/self/task') ? false : 'processes are found by /proc'
const PATIENCE_MS = 90_000
/** Long enough after the start for trades to be under way. */
const TRADING_MS = 3_000
const FREEZE_MS = 3_000
/** What lies between the terminal's signal and the one that npm hands on; and between two of a person. */
const TWICE_MS = 20
const AGAIN_MS = 1_000
const CENT_MICRO_USD = 10_000

class Run {
  readonly child: ChildProcess
  readonly #pids = new Map<string, number>()
  #stdout = ''
  stderr = ''

  constructor(args: readonly string[], stdout: 'pipe' | number = 'pipe') {
    this.child = spawn(process.execPath, [join(root, 'cli/main.ts'), 'start', '--json', ...args], {
      cwd: root,
      detached: true,
      stdio: ['ignore', stdout, 'pipe'],
    })
    this.child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      this.#stdout += chunk
    })
    this.child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      this.stderr += chunk
    })
  }

  /** Its document, of which there is one on stdout and nothing else. */
  get report(): StartReport {
    return JSON.parse(this.#stdout)
  }

  /** Lines of stderr, but for the two that every start says. */
  get lines(): string[] {
    const usual = /^tandem: (trading on|metrics at)/
    return this.stderr.split('\n').filter((line) => line !== '' && !usual.test(line))
  }

  /** Until all processes are there and trade. */
  async trades(): Promise<void> {
    while (!this.stderr.includes('metrics at')) await pause(50)
    await pause(TRADING_MS)
    for (const pid of childrenOf(this.child.pid!)) {
      const isSandbox = commandOf(pid).includes('sandbox/main.ts')
      this.#pids.set(isSandbox ? 'sandbox' : 'executor', pid)
    }
    const [signer] = childrenOf(this.pid('executor'))
    this.#pids.set('signer', signer)
  }

  pid(name: 'sandbox' | 'executor' | 'signer'): number {
    const pid = this.#pids.get(name)
    assert.ok(pid !== undefined, `${name} was not found`)
    return pid
  }

  /** @returns the exit code; all its processes are gone by then, or soon after. */
  async ended(): Promise<number | null> {
    if (this.child.exitCode === null) await once(this.child, 'close')
    for (const [name, pid] of this.#pids) {
      for (let tries = 0; isAlive(pid) && tries < 100; tries++) await pause(50)
      assert.ok(!isAlive(pid), `${name} is left`)
    }
    return this.child.exitCode
  }

  /** Whatever became of the test. */
  kill(): void {
    for (const pid of [...this.#pids.values(), this.child.pid!])
      if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  }
}

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
}

function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
}

/** Not a process that has ended and waits for whoever counts it. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\sZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** Its journal and nothing else is where the line says; then it is removed. */
function assertJournalIsKept(line: string): void {
  const [, journal] = / journal is kept in (\S+):/.exec(line) ?? []
  assert.ok(journal !== undefined && readdirSync(journal).some((name) => name.endsWith('.journal')), line)
  assert.deepEqual(readdirSync(dirname(journal)), ['journal'])
  rmSync(dirname(journal), { recursive: true })
}

async function withRun(
  args: readonly string[],
  then: (run: Run) => Promise<void>,
  stdout?: number,
): Promise<void> {
  const run = new Run(args, stdout)
  try {
    await then(run)
  } finally {
    run.kill()
  }
}

describe('npm start, when', { skip, timeout: 6 * PATIENCE_MS }, () => {
  it('the sandbox is killed, ends with what our books say', { timeout: PATIENCE_MS }, () =>
    withRun([], async (run) => {
      await run.trades()
      process.kill(run.pid('sandbox'), 'SIGKILL')
      assert.equal(await run.ended(), 2)
      assert.match(run.lines.at(-1) ?? '', /^tandem: the sandbox has ended \(SIGKILL\).*\[SANDBOX_FAILED\]$/)
      const { trades, trade_list, pnl_micro_usd } = run.report
      assert.equal(trades.count, trade_list.length)
      assert.equal(pnl_micro_usd.ledgers, null)
    }),
  )

  it('the sandbox stands still for a while, goes on after it', { timeout: PATIENCE_MS }, () =>
    withRun([], async (run) => {
      await run.trades()
      process.kill(run.pid('sandbox'), 'SIGSTOP')
      await pause(FREEZE_MS)
      process.kill(run.pid('sandbox'), 'SIGCONT')
      await pause(FREEZE_MS)
      run.child.kill('SIGINT')
      assert.equal(await run.ended(), 0, run.stderr)
      // Fills that are told too late are booked by the answer, with a fee that is rounded against us.
      const { ours, ledgers } = run.report.pnl_micro_usd
      assert.ok(ledgers !== null && ours <= ledgers && ledgers - ours < CENT_MICRO_USD, `${ours}, ${ledgers}`)
    }),
  )

  it('the signer is killed, begins nothing more, says so and ends in order', { timeout: PATIENCE_MS }, () =>
    withRun([], async (run) => {
      await run.trades()
      process.kill(run.pid('signer'), 'SIGKILL')
      assert.equal(await run.ended(), 2)
      assert.equal(run.lines.filter((line) => line.endsWith('[SIGNER_GONE]')).length, 1, run.stderr)
      assertJournalIsKept(run.lines[1])
      assert.equal(run.report.pnl_micro_usd.ours, run.report.pnl_micro_usd.ledgers)
    }),
  )

  it('the executor is killed, keeps its journal and says where', { timeout: PATIENCE_MS }, () =>
    withRun(['--seconds', '30'], async (run) => {
      await run.trades()
      process.kill(run.pid('executor'), 'SIGKILL')
      assert.equal(await run.ended(), 2)
      assert.equal(run.lines.length, 1, run.stderr)
      assertJournalIsKept(run.lines[0])
    }),
  )

  it('its terminal is closed, ends in order', { timeout: PATIENCE_MS }, () =>
    withRun([], async (run) => {
      await run.trades()
      process.kill(-run.child.pid!, 'SIGHUP')
      assert.equal(await run.ended(), 0, run.stderr)
      assert.equal(run.report.pnl_micro_usd.ours, run.report.pnl_micro_usd.ledgers)
    }),
  )

  it('one press of Ctrl-C comes twice, as under npm, ends in order', { timeout: PATIENCE_MS }, () =>
    withRun([], async (run) => {
      await run.trades()
      run.child.kill('SIGINT')
      await pause(TWICE_MS)
      run.child.kill('SIGINT')
      assert.equal(await run.ended(), 0, run.stderr)
      assert.equal(run.report.pnl_micro_usd.ours, run.report.pnl_micro_usd.ledgers)
    }),
  )

  it('it is interrupted again while it waits for a venue, ends at once', { timeout: PATIENCE_MS }, () =>
    withRun([], async (run) => {
      await run.trades()
      process.kill(run.pid('sandbox'), 'SIGSTOP')
      run.child.kill('SIGINT')
      await pause(AGAIN_MS)
      run.child.kill('SIGINT')
      assert.equal(await run.ended(), 2)
      assert.match(run.lines.join('\n'), /^tandem: stopped before there was a report.*\[INTERRUPTED\]$/)
      assertJournalIsKept(run.lines[0])
    }),
  )

  it(
    'it is interrupted before it trades, leaves nothing and says so in one line',
    { timeout: PATIENCE_MS },
    () =>
      withRun([], async (run) => {
        while (!run.stderr.includes('trading on')) await pause(20)
        process.kill(-run.child.pid!, 'SIGINT')
        assert.equal(await run.ended(), 2)
        assert.match(run.lines.join('\n'), /^tandem: stopped before there was a report.*\[INTERRUPTED\]$/)
      }),
  )

  it('the disk is full where its document goes, says so in one line', { timeout: PATIENCE_MS }, () =>
    withRun(
      ['--seconds', '1'],
      async (run) => {
        assert.equal(await run.ended(), 2)
        assert.match(run.lines.join('\n'), /^tandem: .*\(ENOSPC\) \(stdout\).*\[OUTPUT_UNWRITABLE\]$/)
      },
      openSync('/dev/full', 'w'),
    ),
  )

  it('there is another of it, neither disturbs the other', { timeout: PATIENCE_MS }, () =>
    withRun(['--seconds', '6'], (one) =>
      withRun(['--seconds', '6'], async (other) => {
        for (const run of [one, other]) {
          assert.equal(await run.ended(), 0, run.stderr)
          assert.deepEqual(run.lines, [])
          assert.equal(run.report.pnl_micro_usd.ours, run.report.pnl_micro_usd.ledgers)
        }
      }),
    ),
  )
})
