import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { RedisPlace } from '@tandem/colo/cache/redis.ts'
import { clearRuntimeDirectory } from '@tandem/colo/control/runtime-directory.ts'
import { Failure } from '@tandem/shared/failure.ts'
import type { LiveOrder, LiveSaying } from './order.ts'
import type { VenueTimes } from './wire.ts'
import { YOUNG_GENERATION } from './young-generation.ts'

const fileOf = (specifier: string): string => fileURLToPath(import.meta.resolve(specifier))

/** What the sandbox says when it listens (sandbox/main.ts). */
interface SandboxStarted {
  polymarket: { restUrl: string; socketUrl: string }
  kalshi: { restUrl: string; socketUrl: string }
  ca: string
  pairs: unknown[]
  fees: Record<string, unknown>
  accounts: {
    polymarket: { address: string; privateKey: string; chainId: number }
    kalshi: { userId: string }
  }
  controlUrl: string
  controlToken: string
}

/** What both venues' ledgers hold of us, in micro-units. */
export interface Ledgers {
  polymarket: { balanceMicroUsd: number; tokens: Record<string, number> }
  kalshi: { balanceMicroUsd: number; positions: Record<string, number> }
}

export interface SandboxOptions {
  readonly markets: number
  readonly seed: number
  readonly faults: string
  /** Where the executor's control sockets are; without one in the run's own temporary folder. */
  readonly runDirectory?: string
  /** Further changes in the depth of books, a second. */
  readonly rate?: number
  /** Those are all the changes there are. */
  readonly steady?: boolean
  /** A module that the executor's process loads before its own. */
  readonly preload?: string
  /** The executor says what a view shows. */
  readonly watched?: boolean
  /** The executor tells how its process is doing. */
  readonly vitals?: boolean
  /** The journal's directory; without one it is temporary and goes with the run. */
  readonly journal?: string | undefined
  /** In place of the sandbox's own. */
  readonly settings?: object
  readonly redis?: RedisPlace | undefined
}

/** The sandbox's reads are never behind; its slowest markets hold a taker's order back for less than this. */
const ABSENCE_MS = 5_000

/**
 * Made-up money has no end: a run should not stop because a pair has had its share. The other traders of the sandbox
 * close an edge of nine cents within a moment, and a leg that came too late has to be sold into that.
 */
const SANDBOX_SETTINGS = {
  polymarket: { absenceMs: ABSENCE_MS },
  flattenLossMicroUsd: 200_000,
  breakers: { dayLossMicroUsd: 1_000_000_000_000_000 },
  limits: {
    marketMicroUsd: 1_000_000_000_000_000,
    eventMicroUsd: 1_000_000_000_000_000,
    venueMicroUsd: 1_000_000_000_000_000,
    totalMicroUsd: 1_000_000_000_000_000,
    dayMicroUsd: 1_000_000_000_000_000,
    nakedMicroUsd: 1_000_000_000_000_000,
  },
}
const FEES = 'sandbox'
const JOURNAL = 'journal'
const PER_ORDER_LIMIT = {
  ordersPerSecondMax: 100_000,
  outstandingMicroUsdMax: 1_000_000_000_000_000,
  orderMicroUsdMax: 100_000_000_000,
}

/** What the sandbox's door may take to answer; one that is stopped answers never. */
const DOOR_TIMEOUT_MS = 3_000
/** An orderly end takes the executor as long as answers are waited for, and its signer. Then it is ended. */
const END_WAIT_MS = 15_000

/** The loopback venues and an executor that trades on them: two processes, and the door to the venues' books. */
export class SandboxRun {
  readonly started: SandboxStarted
  /** Where the journal is. */
  readonly journalPath: string
  /** Where the executor's counters are published. */
  metricsUrl = ''
  /** How the sandbox ended, in a word, when it did so by itself. */
  sandboxEnd: string | undefined
  readonly #sandbox: ChildProcess
  readonly #folder: string
  readonly #options: SandboxOptions
  readonly #runDirectory: string
  readonly #keys: Keys
  readonly #signal: AbortSignal
  #executor: ChildProcess
  #sayings: AsyncIterator<string>
  #isClosing = false

  private constructor(
    started: SandboxStarted,
    sandbox: ChildProcess,
    folder: string,
    keys: Keys,
    options: SandboxOptions,
    signal: AbortSignal,
  ) {
    this.started = started
    this.#sandbox = sandbox
    this.#folder = folder
    this.#keys = keys
    this.#options = options
    this.#signal = signal
    this.journalPath = options.journal ?? join(folder, JOURNAL)
    this.#runDirectory = options.runDirectory ?? join(folder, 'run')
    this.#executor = this.#spawn()
    this.#sayings = linesOf(this.#executor)
    // The venues are gone for good, with their books and our keys there: what is in flight is all that is left to do.
    sandbox.once('exit', (code, signal) => {
      if (this.#isClosing) return
      this.sandboxEnd = signal ?? `code ${code}`
      this.stop()
    })
  }

  /**
   * Starts both, gives the executor its accounts, and lets it go. Money is the sandbox's own.
   *
   * They are no part of our process group: what a terminal sends to it when somebody interrupts or closes it, only we
   * hear, and end them in order. If we die, their stdin tells them.
   *
   * @param signal ends both at once, at whatever point they are
   */
  static async start(options: SandboxOptions, signal: AbortSignal): Promise<SandboxRun> {
    const sandbox = spawn(
      process.execPath,
      [
        fileOf('@tandem/sandbox/main.ts'),
        '--markets',
        String(options.markets),
        '--seed',
        String(options.seed),
        '--faults',
        options.faults,
        '--rate',
        String(options.rate ?? 0),
        ...(options.steady ? ['--steady'] : []),
      ],
      { stdio: ['pipe', 'pipe', 'inherit'], detached: true },
    )
    harden(sandbox, signal)
    let folder: string | undefined
    try {
      folder = newFolder()
      const first = await linesOf(sandbox).next()
      if (first.done) throw ended('the sandbox ended before it listened')
      const started = JSON.parse(first.value) as SandboxStarted
      const orderKeyFile = join(folder, 'order-key')
      writeKey(orderKeyFile, started.accounts.polymarket.privateKey)
      const credentials = await deriveApiKey(started, orderKeyFile)
      const keys = { orderKeyFile, credentials }
      const run = new SandboxRun(started, sandbox, folder, keys, options, signal)
      try {
        await run.#go()
        return run
      } catch (error) {
        await run.close()
        throw error
      }
    } catch (error) {
      sandbox.kill('SIGKILL')
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
      throw error
    }
  }

  get sandboxPid(): number | undefined {
    return this.#sandbox.pid
  }

  #spawn(): ChildProcess {
    const { vitals, preload } = this.#options
    const flags = [
      '--disable-sigusr1',
      ...YOUNG_GENERATION,
      ...(vitals ? ['--expose-gc'] : []),
      ...(preload === undefined ? [] : ['--import', preload]),
    ]
    const executor = spawn(process.execPath, [...flags, fileOf('./main.ts')], {
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
      // Nothing of ours but where Node finds the system's own things: secrets do not travel by environment.
      env: { PATH: process.env.PATH, TMPDIR: this.#folder },
    })
    harden(executor, this.#signal)
    return executor
  }

  async #go(): Promise<void> {
    const { vitals, watched } = this.#options
    const { orderKeyFile, credentials } = this.#keys
    const { polymarket, kalshi, ca, pairs, fees } = this.started
    const { polymarket: polymarketLedger, kalshi: kalshiLedger } = await this.ledgers()
    const order: LiveOrder = {
      access: {
        polymarket: {
          ...credentials,
          ...polymarket,
          host: new URL(polymarket.restUrl).host,
        },
        kalshi: {
          restUrl: kalshi.restUrl,
          socketUrl: `${kalshi.socketUrl}/trade-api/ws/v2`,
          host: new URL(kalshi.restUrl).host,
          useYesPrice: true,
        },
        ca,
      },
      mapping: { pairs, fees },
      fees: FEES,
      settings: { ...SANDBOX_SETTINGS, ...this.#options.settings },
      redis: this.#options.redis,
      signer: { orderKeyFile, ephemeral: 'ed25519', limits: PER_ORDER_LIMIT },
      balanceMicroUsd: [polymarketLedger.balanceMicroUsd, kalshiLedger.balanceMicroUsd],
      journal: this.journalPath,
      watched: watched ?? false,
      vitals: vitals ?? false,
      runDirectory: this.#runDirectory,
    }
    this.#tell(JSON.stringify(order))
    const ready = await this.next()
    if (ready?.kind !== 'ready') throw ended('the executor ended before it was ready')
    this.metricsUrl = ready.metricsUrl
    await this.#control('POST', '/accounts', {
      kalshi: {
        userId: this.started.accounts.kalshi.userId,
        keyId: ready.kalshiKeyId,
        publicKey: ready.kalshiPublicKeyPem,
      },
    })
    this.#tell('go')
  }

  /** Kills the executor, as a loss of power would. */
  async crash(): Promise<void> {
    this.#executor.kill('SIGKILL')
    await this.executorEnd()
  }

  /** Another executor, on the accounts and the journal of the one that has ended. */
  async restart(): Promise<void> {
    this.#executor = this.#spawn()
    this.#sayings = linesOf(this.#executor)
    await this.#go()
  }

  /** What the executor says next; undefined when it has ended. */
  async next(): Promise<LiveSaying | undefined> {
    const line = await this.#sayings.next()
    return line.done ? undefined : (JSON.parse(line.value) as LiveSaying)
  }

  /** Asks for a full collection of garbage, and the vitals after it. */
  collect(): void {
    this.#tell('collect')
  }

  /** Waits for the executor's end. @returns how it was, for a person; undefined when all was well. */
  async executorEnd(): Promise<string | undefined> {
    await end(this.#executor)
    // One that was killed has left its sockets.
    clearRuntimeDirectory(this.#runDirectory)
    const { exitCode, signalCode } = this.#executor
    return exitCode === 0 ? undefined : (signalCode ?? `code ${exitCode}`)
  }

  /** Asks for an orderly end: the report follows. */
  stop(): void {
    this.#tell('stop')
  }

  ledgers(): Promise<Ledgers> {
    const { polymarket, kalshi } = this.started.accounts
    return this.#control(
      'GET',
      `/ledger?polymarket=${polymarket.address}&kalshi=${kalshi.userId}`,
    ) as Promise<Ledgers>
  }

  /** From now on so many further changes in the depth of books, a second. */
  async stir(perSecond: number): Promise<void> {
    await this.#control('POST', '/rate', { perSecond })
  }

  timings(afterNs: number): Promise<VenueTimes> {
    return this.#control('GET', `/timings?afterNs=${afterNs}`) as Promise<VenueTimes>
  }

  /** Ends both processes and removes what they left; the journal of an executor that did not end well is kept. */
  async close(): Promise<void> {
    this.#isClosing = true
    await end(this.#executor)
    await end(this.#sandbox)
    if (this.#executor.exitCode === 0) rmSync(this.#folder, { recursive: true, force: true })
    else {
      const left = readdirSync(this.#folder).filter((name) => name !== JOURNAL)
      for (const name of left) rmSync(join(this.#folder, name), { recursive: true, force: true })
    }
  }

  #tell(line: string): void {
    this.#executor.stdin?.write(`${line}\n`)
  }

  async #control(method: string, path: string, body?: object): Promise<unknown> {
    const { controlUrl, controlToken } = this.started
    let response: Response
    try {
      response = await fetch(controlUrl + path, {
        method,
        headers: { authorization: `Bearer ${controlToken}` },
        signal: AbortSignal.timeout(DOOR_TIMEOUT_MS),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    } catch (cause) {
      throw ended(
        `the sandbox's door does not answer${this.sandboxEnd === undefined ? '' : `: it has ended`}`,
        cause,
      )
    }
    if (!response.ok) throw ended(`the sandbox's door answered ${response.status}: ${await response.text()}`)
    return response.json()
  }
}

/** Who the accounts belong to. */
interface Keys {
  readonly orderKeyFile: string
  readonly credentials: Credentials
}

interface Credentials {
  apiKey: string
  secret: string
  passphrase: string
}

/** The signer's program makes the wallet's signature; the venue gives the credentials that belong to it. */
async function deriveApiKey({ polymarket, ca }: SandboxStarted, orderKeyFile: string): Promise<Credentials> {
  const signer = fileOf('@tandem/colo/signer/main.ts')
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [signer, '--order-key', orderKeyFile, '--ephemeral', 'ed25519', '--attest', '0'],
    { env: {} },
  )
  const headers = JSON.parse(stdout) as Record<string, string>
  const text = await new Promise<string>((done, fail) => {
    const asked = request(
      `${polymarket.restUrl}/auth/api-key`,
      { method: 'POST', headers, ca },
      (response) => {
        let body = ''
        response.on('data', (chunk: Buffer) => {
          body += chunk
        })
        response.on('end', () => done(body))
      },
    )
    asked.on('error', fail).end()
  })
  return JSON.parse(text) as Credentials
}

function linesOf(child: ChildProcess): AsyncIterator<string> {
  return createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
}

/** For keys, sockets and the journal of one run. */
function newFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'tandem-start-'))
  } catch (cause) {
    throw unwritable(tmpdir(), cause)
  }
}

function writeKey(path: string, key: string): void {
  try {
    writeFileSync(path, key, { mode: 0o600 })
  } catch (cause) {
    throw unwritable(path, cause)
  }
}

function unwritable(path: string, cause: unknown): Failure {
  return new Failure({
    code: 'START_FOLDER_UNWRITABLE',
    what: `nothing can be written there (${(cause as NodeJS.ErrnoException).code})`,
    where: path,
    todo: 'free space on that disk, or set TMPDIR to a folder on another one',
    cause,
  })
}

/** Who is gone reads nothing any more: told by its exit, not by the pipe. */
function harden(child: ChildProcess, signal: AbortSignal): void {
  child.stdin?.on('error', () => {})
  const kill = (): void => void child.kill('SIGKILL')
  signal.addEventListener('abort', kill)
  child.once('exit', () => signal.removeEventListener('abort', kill))
}

/** Ends a process by its stdin, and by force where it does not hear. */
async function end(child: ChildProcess): Promise<void> {
  child.stdin?.end()
  if (child.exitCode !== null || child.signalCode !== null) return
  const timer = setTimeout(() => child.kill('SIGKILL'), END_WAIT_MS)
  await new Promise((done) => child.once('exit', done))
  clearTimeout(timer)
}

/** A process ended that should not have. */
export function ended(what: string, cause?: unknown): Failure {
  return new Failure({
    code: 'SANDBOX_FAILED',
    what,
    todo: 'start again; what it said, if anything, stands above',
    retry: true,
    cause,
  })
}
