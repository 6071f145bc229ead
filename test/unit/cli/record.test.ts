import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync, type KeyObject, verify } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { exitCodeOf, failureLine } from '@tandem/cli/failure.ts'
import { run } from '@tandem/cli/main.ts'
import { readTape } from '@tandem/cli/replay/tape.ts'
import { KeyFolder } from '../../key-file.ts'
import { type Peer, WsVenue } from '../../ws-venue.ts'

const MAIN = resolve(import.meta.dirname, '../../../cli/main.ts')
const KEY_ID = '9c0d4ab1-2f3e-4a5b-8c6d-7e8f90a1b2c3'
const WAIT_MS = 10_000

interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

/** `tandem record` as a process of its own. */
class Recording {
  readonly child: ChildProcess
  readonly out: string
  stdout = ''
  stderr = ''
  readonly ended: Promise<Ended>

  constructor(t: TestContext, args: readonly string[], shell: readonly string[] = []) {
    this.out = join(folder(t), 'out')
    const command = [...shell, process.execPath, MAIN, 'record', '--out', this.out, ...args]
    this.child = spawn(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] })
    this.child.stdout?.on('data', (text) => {
      this.stdout += text
    })
    this.child.stderr?.on('data', (text) => {
      this.stderr += text
    })
    this.ended = once(this.child, 'close').then(([code]) => ({
      code,
      stdout: this.stdout,
      stderr: this.stderr,
    }))
    t.after(() => this.child.kill('SIGKILL'))
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.child.kill(signal)
    return await this.ended
  }

  tape(): ReturnType<typeof readTape> {
    return readTape(this.out)
  }
}

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'tandem-record-'))
  t.after(() => rmSync(made, { recursive: true }))
  return made
}

async function until(what: () => boolean, why: string): Promise<void> {
  const lateMs = performance.now() + WAIT_MS
  while (!what()) {
    assert.ok(performance.now() < lateMs, `waited too long: ${why}`)
    await sleep(10)
  }
}

describe('tandem record', () => {
  let keys: KeyFolder
  let keyFile: string
  let publicKey: KeyObject
  before(() => {
    keys = new KeyFolder()
    const pair = generateKeyPairSync('ed25519')
    publicKey = pair.publicKey
    keyFile = keys.file('kalshi', pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string)
  })
  after(() => keys[Symbol.dispose]())

  async function venueOf(t: TestContext): Promise<{ venue: WsVenue; options: string[] }> {
    const venue = await WsVenue.open()
    t.after(() => venue.close())
    const ca = join(folder(t), 'ca')
    writeFileSync(ca, venue.ca)
    return { venue, options: ['--ca', ca, '--url', `wss://${venue.host}`] }
  }

  const polymarket = ['--venue', 'polymarket', '--markets', '1001', '1002']

  it('writes the frames of both venues byte for byte, with the time, and ends cleanly', async (t) => {
    const { venue, options } = await venueOf(t)
    const [ca, path, , url] = options
    const peers = new Map<string, { peer: Peer; heard: string[] }>()
    venue.onPeer = (peer) => {
      const heard: string[] = []
      peer.onText = (text) => heard.push(text)
      peers.set(venue.upgrades.at(-1)?.url ?? '', { peer, heard })
    }
    const recording = new Recording(t, [
      ...['--venue', 'both', '--markets', '1001', '1002', 'KXONE-26', ca, path],
      ...['--url', `polymarket=${url}`, '--url', `kalshi=${url}`],
      ...['--kalshi-key', keyFile, '--kalshi-key-id', KEY_ID, '--json'],
    ])
    const heardBoth = () => peers.size === 2 && [...peers.values()].every(({ heard }) => heard.length > 0)
    await until(heardBoth, 'both subscriptions')
    const market = peers.get('/ws/market')
    const books = peers.get('/trade-api/ws/v2')
    assert.deepEqual(JSON.parse(market?.heard[0] ?? '').assets_ids, ['1001', '1002'])
    assert.deepEqual(JSON.parse(books?.heard[0] ?? '').params.market_tickers, ['KXONE-26'])

    const { headers } = venue.upgrades.find(({ url }) => url === '/trade-api/ws/v2') ?? assert.fail()
    assert.equal(headers['kalshi-access-key'], KEY_ID)
    const stamp = headers['kalshi-access-timestamp']
    assert.ok(Math.abs(Number(stamp) - Date.now()) < 60_000)
    const signature = Buffer.from(String(headers['kalshi-access-signature']), 'base64')
    assert.ok(verify(null, Buffer.from(`${stamp}GET/trade-api/ws/v2`), publicKey, signature))

    const frames = [
      Buffer.from('[{"event_type":"book","hash":"\\u00e9é\\"\u2028"}]'),
      Buffer.from('PONG'),
      Buffer.from(' {"spaced" : [1,\t2]}\n'),
      Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x7d]),
      Buffer.from(''),
      Buffer.from(`{"long":"${'x'.repeat(60_000)}"}`),
    ]
    const beforeNs = BigInt(Date.now() - 2_000) * 1_000_000n
    for (const frame of frames) market?.peer.send(frame)
    books?.peer.send(...frames.slice(0, 3))
    await sleep(300)
    const { code, stdout, stderr } = await recording.end('SIGINT')
    assert.equal(code, 0, stderr)
    const summary = JSON.parse(stdout)
    assert.deepEqual([summary.frames, summary.reconnects, summary.files.length], [9, 0, 1])

    const tape = await recording.tape()
    assert.deepEqual(tape.faults, [])
    const bytesOf = (name: string) =>
      tape.frames.filter((frame) => frame.venue === name).map(({ bytes }) => Buffer.from(bytes))
    assert.deepEqual(bytesOf('polymarket'), frames)
    assert.deepEqual(bytesOf('kalshi'), frames.slice(0, 3))
    const times = tape.frames.map(({ recvTsNs }) => BigInt(recvTsNs))
    const nowNs = BigInt(Date.now()) * 1_000_000n
    assert.ok(
      times.every((time, at) => time > beforeNs && time < nowNs && (at === 0 || time >= times[at - 1])),
    )
    assert.deepEqual(tape.changes.map(({ venue, socket, opened }) => [venue, socket, opened]).toSorted(), [
      ['kalshi', 0, ['KXONE-26']],
      ['polymarket', 0, ['1001', '1002']],
    ])
  })

  it('loses by a kill no more than was not flushed, and the rest can be replayed', async (t) => {
    const { venue, options } = await venueOf(t)
    const recording = new Recording(t, [...polymarket, ...options])
    await until(() => venue.peers.length === 1, 'a peer')
    let sent = 0
    const send = () => venue.peers[0].send(`{"n":${sent++},"noise":"${Math.sin(sent)}"}`)
    for (; sent < 200; await sleep(1)) send()
    const safe = sent
    // Two flushes: one may have begun before the last frame was read.
    await sleep(2_200)
    for (; sent < 400; ) send()
    await sleep(20)
    const { code } = await recording.end('SIGKILL')
    assert.equal(code, null)
    const tape = await recording.tape()
    const numbers = tape.frames.map(({ bytes }) => JSON.parse(String(bytes)).n)
    assert.ok(numbers.length >= safe, `${numbers.length} of ${safe} were kept`)
    assert.deepEqual(numbers, [...numbers.keys()])
    assert.deepEqual(
      tape.faults.map(({ failure }) => failure.code),
      ['TAPE_TORN'],
    )
  })

  it('comes back after a loss, later each time while it fails, and says so', async (t) => {
    const { venue, options } = await venueOf(t)
    const recording = new Recording(t, [...polymarket, ...options, '--json'])
    await until(() => venue.peers.length === 1, 'a peer')
    venue.peers[0].send('{"n":1}')
    await sleep(100)
    venue.status = 503
    const attemptsMs: number[] = []
    venue.peers[0].reset()
    await until(() => {
      if (venue.upgrades.length - 1 > attemptsMs.length) attemptsMs.push(performance.now())
      return attemptsMs.length === 3
    }, 'three attempts')
    venue.status = 101
    await until(() => venue.peers.length === 2, 'a new peer')
    venue.peers[1].send('{"n":2}')
    await sleep(200)
    const { code, stdout, stderr } = await recording.end()
    assert.equal(code, 0)
    assert.equal(JSON.parse(stdout).reconnects, 1)
    // Half of the wait is certain, the other half chance: 125 to 250 ms, then 250 to 500, then 500 to 1,000.
    assert.ok(attemptsMs[2] - attemptsMs[1] > 400, `${attemptsMs[2] - attemptsMs[1]} ms`)
    assert.match(stderr, /^tandem: polymarket socket 0 is lost, close 1006; it is tried again$/m)
    assert.match(stderr, /^tandem: polymarket socket 0 is lost, HTTP 503; it is tried again$/m)
    assert.match(stderr, /^tandem: polymarket socket 0 is back$/m)
    const tape = await recording.tape()
    assert.deepEqual(
      tape.frames.map(({ bytes }) => String(bytes)),
      ['{"n":1}', '{"n":2}'],
    )
    assert.deepEqual(
      tape.changes.map(({ before, opened }) => [before, opened?.length]),
      [
        [0, 2],
        [1, undefined],
        [1, 2],
      ],
    )
  })

  for (const status of [401, 403]) {
    it(`ends with one line and code 2 when the venue answers ${status}`, async (t) => {
      const { venue, options } = await venueOf(t)
      venue.status = status
      const recording = new Recording(t, [
        ...['--venue', 'kalshi', '--markets', 'KXONE-26', ...options],
        ...['--kalshi-key', keyFile, '--kalshi-key-id', KEY_ID],
      ])
      const { code, stderr } = await recording.ended
      assert.equal(code, 2)
      const [, refusal, ...more] = stderr.trim().split('\n')
      assert.match(refusal, new RegExp(`^tandem: kalshi refuses .*HTTP ${status}.*\\[RECORD_REFUSED\\]$`))
      assert.deepEqual(more, [])
      assert.equal(venue.upgrades.length, 1)
      assert.deepEqual(readdirSync(recording.out), [])
    })
  }

  it('ends with one line and code 2 when nobody vouches for the certificate', async (t) => {
    const { options } = await venueOf(t)
    const { code, stderr } = await new Recording(t, [...polymarket, ...options.slice(2)]).ended
    assert.equal(code, 2)
    assert.match(stderr.trim().split('\n').at(-1) ?? '', /\[RECORD_CERTIFICATE\]$/)
  })

  it('ends with one line and code 2 when the disk is full, and what is there can be replayed', async (t) => {
    const { venue, options } = await venueOf(t)
    // A file may have 16 blocks; the signal that comes with it is ignored, so that writing fails as on a full disk.
    const shell = ['sh', '-c', 'trap "" XFSZ; ulimit -f 16; exec "$0" "$@"']
    const recording = new Recording(t, [...polymarket, ...options], shell)
    await until(() => venue.peers.length === 1, 'a peer')
    let n = 0
    const more = setInterval(() => {
      for (let i = 0; i < 20; i++) venue.peers[0].send(JSON.stringify({ n: n++, noise: Math.sin(n) }))
    }, 5)
    const { code, stderr } = await recording.ended
    clearInterval(more)
    assert.equal(code, 2)
    assert.match(stderr.trim().split('\n').at(-1) ?? '', /\[OUT_UNWRITABLE\]$/)
    const tape = await recording.tape()
    assert.ok(tape.frames.length > 100)
    assert.deepEqual(
      tape.frames.map(({ bytes }) => JSON.parse(String(bytes)).n),
      [...tape.frames.keys()],
    )
  })

  it('ends by itself after the time it was given', async (t) => {
    const { options } = await venueOf(t)
    const recording = new Recording(t, [...polymarket, ...options, '--seconds', '0.3'])
    const { code, stdout } = await recording.ended
    assert.equal(code, 0)
    assert.match(stdout, /^0 frames, \d+ bytes in 1 files, 0 reconnects\n$/)
    assert.equal(readdirSync(recording.out).length, 1)
  })

  for (const [what, args, line] of [
    ['no such venue', ['--venue', 'nyse'], /there is no venue nyse/],
    ['no market', ['--venue', 'both', '--markets', '1001'], /no market of kalshi is named/],
    [
      'no key',
      ['--venue', 'kalshi', '--markets', 'KXONE-26'],
      /lets nobody listen without a key \(--kalshi-key\)/,
    ],
    ['a plain address', [...polymarket, '--url', 'ws://localhost'], /ws:\/\/localhost is no address/],
    ['no number', [...polymarket, '--rotate-mb', '0'], /0 is no number/],
    ['no such file', [...polymarket, '--ca', 'nowhere.pem'], /nowhere\.pem.*FILE_UNREADABLE/],
  ] as const) {
    it(`refuses ${what} before it connects to anything`, async (t) => {
      let told = ''
      const errors: unknown[] = []
      const say = (text: string) => {
        told += text
      }
      const out = join(folder(t), 'out')
      await run(['record', '--out', out, ...args], {
        stdout: say,
        stderr: say,
        fail: (error) => errors.push(error),
      })
      assert.deepEqual([told, errors.length, existsSync(out)], ['', 1, false])
      assert.match(failureLine(errors[0], false), line)
      assert.equal(exitCodeOf(errors[0]), 2)
    })
  }
})
