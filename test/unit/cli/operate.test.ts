import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { newRunDirectory } from '@tandem/cli/control/run-directory.ts'
import { Control, type Operated } from '@tandem/colo/control/control.ts'
import { openRuntimeDirectory } from '@tandem/colo/control/runtime-directory.ts'
import type { OrderLine, Position, Status, UnwindAnswer } from '@tandem/colo/operator.ts'
import { said } from './said.ts'

// The commands that ask a running executor, against one whose answers are made up.

const STATUS: Status = {
  mode: 'sandbox',
  run: 'tandem-x-',
  pid: 42,
  up_ms: 61_500,
  lease: 'none',
  halts: ['Operator', 'Signer'],
  feeds: {
    polymarket: { sockets: ['Live'], books: { Live: 2, Stale: 1 } as never, reconnects: 3 },
    kalshi: { sockets: ['Waiting'], books: { Suspect: 3 } as never, reconnects: 0 },
  },
  gateways: {
    polymarket: { open: 6, total: 6, trouble: '', in_flight: 1, clock_ahead_ms: -12 },
    kalshi: { open: 0, total: 6, trouble: 'ECONNREFUSED', in_flight: 0, clock_ahead_ms: null },
  },
  money_micro_usd: {
    polymarket: { balance: 1_500_000, reserved: 0 },
    kalshi: { balance: 2_000_000, reserved: 250_000 },
  },
  pool: { held: 100, approved: 10, hits: 9 },
  trades: { open: 2, exposed: 1, parked: 1 },
  orders: { under_way: 1, unknown: 1 },
  lagging: [{ pair: 'rain', venue: 'kalshi', fair: '0.4725', sureness: 0.666 }],
  journal: { appended: 12, durable: 10, blocked_errno: 28 },
}
const HELD: Position = {
  pair: 'rain',
  polymarket: { yes_micro_shares: 10_004_000, no_micro_shares: 0 },
  kalshi: { yes_micro_shares: 0, no_micro_shares: 10_000_000 },
  cost_micro_usd: 9_700_000,
  covered_micro_usd: 10_000_000,
  excess_micro_shares: 4_000,
  reserved_micro_usd: 0,
  trades: [],
  blocked: true,
  named_pays_micro_usd: { polymarket: 1_000_000, kalshi: 0 },
  divergent: true,
}
const ORDER: OrderLine = {
  order: 7,
  pair: 'rain',
  venue: 'kalshi',
  kind: 'SellBack',
  state: 'Unknown',
  age_ms: 1_200,
  reserved_micro_usd: 5_000_000,
}
const UNWIND: UnwindAnswer = {
  sent: false,
  pair: 'rain',
  lots: 1_000,
  wanted_lots: 1_000,
  legs: [
    {
      venue: 'polymarket',
      outcome: 'named',
      limit: '0.47',
      paid_micro_usd: 4_800_000,
      brings_micro_usd: 4_700_000,
      worst_micro_usd: 4_600_000,
    },
  ],
}

let folder: string
const open: Control[] = []
let asked: unknown[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-operate-'))
  process.env.XDG_RUNTIME_DIR = folder
  asked = []
})

afterEach(async () => {
  for (const control of open.splice(0)) await control.close()
  delete process.env.XDG_RUNTIME_DIR
  rmSync(folder, { recursive: true, force: true })
})

async function executor(directory: string, pid = 42): Promise<void> {
  const operated: Operated = {
    status: () => ({ ...STATUS, pid }),
    positions: () => [HELD],
    orders: () => [ORDER],
    halt: () => ({ halts: ['Operator'] }),
    resume: () => ({ halts: ['Signer'] }),
    unwind: (request) => {
      asked.push(request)
      return { ...UNWIND, sent: request.send }
    },
  }
  open.push(await Control.open({ directory, newServer: (serve) => createServer(serve), operated }))
}

describe('a command to a running executor', () => {
  it('says in one line that none runs', async () => {
    for (const command of ['status', 'positions', 'orders', 'halt', 'resume']) {
      const { stdout, stderr, code } = await said(command)
      assert.deepEqual([stdout, code], ['', 2])
      assert.match(stderr, /^tandem: no executor runs: .+ \[NOT_RUNNING\]\n$/)
    }
    const { stderr } = await said('halt', '--run', join(folder, 'nowhere'))
    assert.match(stderr, /no executor runs \(.+nowhere\).+\[NOT_RUNNING\]/)
  })

  it('finds the newest run that is alive', async () => {
    const runs = join(folder, 'tandem')
    openRuntimeDirectory(runs)
    await executor(join(runs, 'a'), 1)
    await executor(join(runs, 'b'), 2)
    // One that was killed has left its directory.
    mkdirSync(join(runs, 'c'))
    assert.equal(JSON.parse((await said('status', '--json')).stdout).pid, 2)
    assert.equal(JSON.parse((await said('status', '--json', '--run', join(runs, 'a'))).stdout).pid, 1)
  })

  it('refuses a folder of runs that others can enter', async () => {
    mkdirSync(join(folder, 'tandem'), { mode: 0o755 })
    assert.match((await said('halt')).stderr, /\[RUN_DIRECTORY_OPEN\]\n$/)
    assert.throws(newRunDirectory, { code: 'RUN_DIRECTORY_OPEN' })
  })

  it('starts no venue for a directory that is refused', async () => {
    const directory = join(folder, 'open')
    mkdirSync(directory, { mode: 0o755 })
    const { stderr, code } = await said('start', '--json', '--seconds', '1', '--run', directory)
    assert.equal(code, 2)
    assert.match(stderr, /\[RUN_DIRECTORY_OPEN\]\n$/)
    assert.deepEqual(readdirSync(directory), [])
  })

  it('names a new run so that it is the newest', () => {
    const older = join(folder, 'tandem', `${(Date.now() - 1_000).toString(36)}-9999999`)
    assert.ok(newRunDirectory() > older)
  })

  it('shows status, positions and orders as tables', async () => {
    await executor(join(folder, 'run'))
    const show = async (command: string) => (await said(command, '--run', join(folder, 'run'))).stdout
    const status = await show('status')
    assert.match(status, /^entries {2}HALTED by Operator, Signer$/m)
    assert.match(status, /^journal {2}BLOCKED \(errno 28\), 10 records durable, 2 on their way$/m)
    assert.match(status, /^kalshi +Waiting +3 SUSPECT +0 +0 of 6, ECONNREFUSED +0 +2\.00 USD +0\.25 USD$/m)
    assert.match(status, /^rain +kalshi +0\.4725 +0\.67$/m)
    const [headings, row] = (await show('positions')).split('\n') as [string, string]
    assert.match(
      row,
      /^rain +10\.004 +0 +0 +10 +9\.70 USD +10\.00 USD +0\.004 +0\.00 USD +BLOCKED, polymarket pays 1\.00 USD, kalshi pays 0\.00 USD, DIVERGENT$/,
    )
    assert.equal(headings.indexOf('state'), row.indexOf('BLOCKED'))
    assert.match(await show('orders'), /^ +7 +rain +kalshi +SellBack +Unknown +1200 +5\.00 USD$/m)
  })

  it('says what halt and resume came to', async () => {
    await executor(join(folder, 'run'))
    assert.equal((await said('halt', '--run', join(folder, 'run'))).stdout, 'halted by Operator\n')
    assert.equal((await said('resume', '--run', join(folder, 'run'))).stdout, 'still halted by Signer\n')
  })
})

describe('tandem unwind', () => {
  const unwind = (...args: string[]) => said('unwind', 'rain', '--run', join(folder, 'run'), ...args)

  it('is dry unless it is told to send, and allows no loss unless it is told how much', async () => {
    await executor(join(folder, 'run'))
    const dry = await unwind()
    assert.match(dry.stdout, /^would send: 10 shares of each leg\n/)
    assert.match(dry.stdout, /-0\.10 USD against what it cost; --yes sends it$/m)
    const sent = await unwind('--yes', '--max-loss', '0.5', '--lots', '300', '--venue', 'kalshi')
    assert.match(sent.stdout, /^sent: .+\nleft: Polymarket 10\.004 yes, 0 no; Kalshi 0 yes, 10 no\n$/s)
    assert.deepEqual(asked, [
      { command: 'unwind', pair: 'rain', max_loss_micro_usd: 0, send: false },
      {
        command: 'unwind',
        pair: 'rain',
        max_loss_micro_usd: 500_000,
        venue: 'kalshi',
        lots: 300,
        send: true,
      },
    ])
  })

  it('asks for nothing with an option that is none', async () => {
    await executor(join(folder, 'run'))
    for (const bad of [
      ['--lots', '1.5'],
      ['--venue', 'both'],
      ['--max-loss', '-1'],
      ['--max-loss', 'all'],
    ]) {
      const { stderr, code } = await unwind(...bad, '--yes')
      assert.equal(code, 2)
      assert.match(stderr, /\[OPTION_BAD\]\n$/)
    }
    assert.deepEqual(asked, [])
  })
})
