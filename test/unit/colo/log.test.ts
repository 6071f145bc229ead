import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openLog } from '@tandem/colo/log.ts'
import { LogWriter, redacted } from '@tandem/colo/log-writer.ts'
import { CounterCells, Counters } from '@tandem/shared/counters.ts'

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'tandem-log-'))
  t.after(() => rmSync(made, { recursive: true }))
  return made
}

const IMPORTS = `
  import { openLog } from '@tandem/colo/log.ts'
  import { CounterCells, Counters } from '@tandem/shared/counters.ts'`
const SIGNATURE = `0x${'ab'.repeat(65)}`
const SECRET = `${'A'.repeat(43)}=`

describe('the log', () => {
  it('writes JSON lines to a file from its own thread, without secrets', async (t) => {
    const file = join(folder(t), 'log')
    const cells = new CounterCells()
    const { logger, close } = openLog({ file, level: 'info', cells })
    logger.debug('not asked for')
    logger.info({ order: { headers: { POLY_SIGNATURE: 'x' }, lots: 5 } }, `sent ${SIGNATURE}`)
    logger.child({ secret: 'bound' }).warn('second')
    logger.error(new Error(`no such secret as ${SECRET}`))
    await close()
    const text = readFileSync(file, 'utf8')
    const [first, second, third] = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.equal(first.msg, 'sent [redacted]')
    assert.deepEqual(first.order, { headers: { POLY_SIGNATURE: '[redacted]' }, lots: 5 })
    assert.ok(Math.abs(first.time - Date.now()) < 60_000)
    assert.deepEqual([second.msg, second.secret], ['second', '[redacted]'])
    assert.match(third.err.stack, /log\.test\.ts/)
    assert.ok(!text.includes(SECRET))
    assert.equal(cells.read(Counters.logUnwritten), 0)
  })

  it('writes to stderr without a file', () => {
    const script = `
      ${IMPORTS}
      const log = openLog({ file: undefined, level: 'info', cells: new CounterCells() })
      log.logger.info('last words')
      process.exit(3)`
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
    })
    assert.equal(status, 3)
    assert.equal(stdout, '')
    assert.equal(JSON.parse(stderr).msg, 'last words')
  })

  it(
    'goes on when the disk is full, and counts what it could not write',
    { skip: existsSync('/dev/full') ? false : 'there is no /dev/full' },
    async () => {
      const cells = new CounterCells()
      const { logger, close } = openLog({ file: '/dev/full', level: 'info', cells })
      for (let i = 0; i < 100; i++) logger.info({ i }, 'lost')
      await close()
      assert.equal(cells.read(Counters.logUnwritten), 100)
      logger.info('after the end')
      assert.equal(cells.read(Counters.logDropped), 1)
    },
  )

  it('tries again to open the file, and says how much was lost until it could', async (t) => {
    const inside = join(folder(t), 'later')
    const file = join(inside, 'log')
    const cells = new CounterCells()
    const { logger, close } = openLog({ file, level: 'info', cells })
    logger.info('nowhere to go')
    while (cells.read(Counters.logUnwritten) === 0) await sleep(5)
    mkdirSync(inside)
    logger.info('here')
    await close()
    const [gap, line] = readFileSync(file, 'utf8').trim().split('\n')
    assert.deepEqual([JSON.parse(gap).lost, JSON.parse(line).msg], [1, 'here'])
  })

  it('waits for nobody: what a hanging writer cannot take is dropped', async (t) => {
    const file = join(folder(t), 'pipe')
    // Nobody reads the pipe, so that the thread hangs in opening it, and this process would in ending.
    if (spawnSync('mkfifo', [file]).status !== 0) return t.skip('there is no mkfifo')
    const script = `
      ${IMPORTS}
      const cells = new CounterCells()
      const { logger } = openLog({ file: process.argv[1], level: 'info', cells })
      const filler = 'x'.repeat(10_000)
      let slowestMs = 0
      for (let i = 0; i < 1_000; i++) {
        const beganMs = performance.now()
        logger.info(filler)
        slowestMs = Math.max(slowestMs, performance.now() - beganMs)
      }
      console.log(JSON.stringify({ slowestMs, dropped: cells.read(Counters.logDropped) }))`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, file], {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [told] = await once(child.stdout, 'data')
    child.kill('SIGKILL')
    const { slowestMs, dropped } = JSON.parse(String(told))
    assert.ok(dropped > 400, `only ${dropped} were dropped`)
    assert.ok(slowestMs < 1_000, `logging waited ${slowestMs} ms`)
  })
})

describe('what is written of a line', () => {
  const { privateKey } = generateKeyPairSync('ed25519')
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string

  it('holds no secret, by its key or by its shape, at any depth', () => {
    const line = {
      'KALSHI-ACCESS-KEY': 'id',
      deep: [{ deeper: { apiKey: 'k', passphrase: 'p', privateKey: { d: 'nested' }, body: '{"order":1}' } }],
      text: `key ${pem} seal ${SECRET} signed ${SIGNATURE}.`,
    }
    const clean = JSON.parse(redacted(JSON.stringify(line)))
    const gone = '[redacted]'
    assert.deepEqual(clean, {
      'KALSHI-ACCESS-KEY': gone,
      deep: [{ deeper: { apiKey: gone, passphrase: gone, privateKey: gone, body: gone } }],
      text: `key ${gone}\n seal ${gone} signed ${gone}.`,
    })
  })

  it('keeps what an operator needs: ids, hashes, tickers, paths, numbers', () => {
    const line = {
      token: '71321045679252212594626385532706912750332728571942532289631379312455583992563',
      order: `0x${'c5'.repeat(32)}`,
      ticker: 'KXNBAMVP-26-NJOK',
      file: '/opt/tandem/node_modules/@tandem/colo/venue/polymarket/some-very-long-folder-name/file.ts:12',
      signatureType: 2,
      keyFile: 'keys/order',
      lots: 12_345,
      none: null,
    }
    assert.deepEqual(JSON.parse(redacted(JSON.stringify(line))), line)
  })

  it('is nothing of a line that is no JSON', () => {
    assert.doesNotMatch(redacted(`{"secret":"${SECRET}`), /AAAA/)
  })
})

describe('the writer of lines', () => {
  it('says after a loss how many lines are missing, and never joins two lines', () => {
    let disk = ''
    const steps = [100, 'full', 5, 'full', 'full', 100, 100]
    let lost = 0
    const writer = new LogWriter(
      (bytes) => {
        const step = steps.shift() ?? 1_000
        if (typeof step !== 'number') throw new Error('ENOSPC')
        disk += Buffer.from(bytes).toString('utf8', 0, step)
        return Math.min(step, bytes.length)
      },
      () => {
        lost++
      },
    )
    writer.take('{"n":1}\n{"n":2}\n{"n"')
    writer.take(':3}\n{"n":4}\n{"n":5}\n{"n":6}\n')
    assert.equal(lost, 3)
    const lines = disk.trim().split('\n')
    assert.deepEqual(lines, [
      '{"n":1}',
      // The third line, as far as it went when the disk was full.
      lines[1],
      '{"level":40,"msg":"lines of the log were lost","lost":3}',
      '{"n":5}',
      '{"n":6}',
    ])
    assert.equal(lines[1].length, 5)
  })
})
