import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RedisPlace } from '@tandem/colo/cache/redis.ts'
import { openRest } from '@tandem/colo/network.ts'
import { attest } from '@tandem/colo/signer/attest.ts'
import { NAME_DEFAULT } from '@tandem/colo/stream/stream.ts'
import { type ApiKey, apiKeyOf } from '@tandem/colo/venue/polymarket/api-key.ts'
import { Failure } from '@tandem/shared/failure.ts'
import { ExecutorProcess, end, harden, linesOf } from './executor.ts'
import type { LiveSaying } from './order.ts'
import type { VenueTimes } from './wire.ts'

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
  readonly redisName?: string
  /** Executors of one name settle by Redis which of them trades. */
  readonly leases?: boolean
  /** Of the executor's API key at Polymarket; without one each executor has a new one. */
  readonly apiKeyNonce?: number
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

/** The loopback venues and an executor that trades on them: two processes, and the door to the venues' books. */
export class SandboxRun {
  readonly started: SandboxStarted
  /** Where the journal is. */
  readonly journalPath: string
  /** How the sandbox ended, in a word, when it did so by itself. */
  sandboxEnd: string | undefined
  readonly #sandbox: ChildProcess
  readonly #folder: string
  readonly #options: SandboxOptions
  readonly #runDirectory: string
  readonly #orderKeyFile: string
  readonly #signal: AbortSignal
  #executor: ExecutorProcess
  #isClosing = false
  #apiKeyNonce = 0

  private constructor(
    started: SandboxStarted,
    sandbox: ChildProcess,
    folder: string,
    orderKeyFile: string,
    options: SandboxOptions,
    signal: AbortSignal,
  ) {
    this.started = started
    this.#sandbox = sandbox
    this.#folder = folder
    this.#orderKeyFile = orderKeyFile
    this.#options = options
    this.#signal = signal
    this.journalPath = options.journal ?? join(folder, JOURNAL)
    this.#runDirectory = options.runDirectory ?? join(folder, 'run')
    this.#executor = this.#newExecutor(this.#runDirectory)
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
      const run = new SandboxRun(started, sandbox, folder, orderKeyFile, options, signal)
      try {
        await run.#go(run.#executor, run.journalPath, run.#runDirectory)
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

  /** Tells a new executor where the venues are, has them know its key, and lets it go. */
  async #go(executor: ExecutorProcess, journal: string, runDirectory: string): Promise<void> {
    const { polymarket, kalshi, ca, pairs, fees, accounts } = this.started
    const { polymarket: polymarketLedger, kalshi: kalshiLedger } = await this.ledgers()
    const { vitals, watched, redis, redisName, settings, leases } = this.#options
    const apiKey = await this.#newApiKey()
    const ready = await executor.ready({
      access: {
        polymarket: {
          ...apiKey,
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
      settings: { ...SANDBOX_SETTINGS, ...settings },
      redis,
      redisName: redisName ?? NAME_DEFAULT,
      leases: leases ?? false,
      signer: {
        orderKeyFile: this.#orderKeyFile,
        ephemeral: 'ed25519',
        // Another executor of the account has another key.
        kalshiKeyId: randomUUID(),
        limits: PER_ORDER_LIMIT,
      },
      apiKeyNonce: this.#apiKeyNonce,
      balanceMicroUsd: [polymarketLedger.balanceMicroUsd, kalshiLedger.balanceMicroUsd],
      journal,
      watched: watched ?? false,
      vitals: vitals ?? false,
      runDirectory,
    })
    if (ready === undefined) throw ended('the executor ended before it was ready')
    await this.#control('POST', '/accounts', {
      kalshi: {
        userId: accounts.kalshi.userId,
        keyId: ready.kalshiKeyId,
        publicKey: ready.kalshiPublicKeyPem,
      },
    })
    executor.tell('go')
  }

  /** The signer's program signs for the wallet; the venue gives the key that belongs to wallet and nonce. */
  async #newApiKey(): Promise<ApiKey> {
    const nowS = Math.floor(Date.now() / 1_000)
    this.#apiKeyNonce = this.#options.apiKeyNonce ?? Math.max(this.#apiKeyNonce + 1, nowS)
    const { polymarket, ca } = this.started
    const asker = openRest(polymarket.restUrl, ca)
    try {
      return await apiKeyOf(asker, await attest({ orderKeyFile: this.#orderKeyFile }, this.#apiKeyNonce))
    } finally {
      await asker.destroy()
    }
  }

  /** Kills the executor, as a loss of power would. */
  async crash(): Promise<void> {
    this.#executor.kill('SIGKILL')
    await this.executorEnd()
  }

  /** Another executor, on the accounts and the journal of the one that has ended. */
  async restart(): Promise<void> {
    this.#executor = this.#newExecutor(this.#runDirectory)
    await this.#go(this.#executor, this.journalPath, this.#runDirectory)
  }

  /** Another executor beside the first, with a journal of its own. Whoever asks for it ends it. */
  async second(name: string): Promise<ExecutorProcess> {
    const runDirectory = join(this.#folder, `${name}-run`)
    const executor = this.#newExecutor(runDirectory)
    await this.#go(executor, join(this.#folder, `${name}-journal`), runDirectory)
    return executor
  }

  #newExecutor(runDirectory: string): ExecutorProcess {
    return new ExecutorProcess({
      runDirectory,
      temporaryDirectory: this.#folder,
      vitals: this.#options.vitals ?? false,
      preload: this.#options.preload,
      signal: this.#signal,
    })
  }

  get executor(): ExecutorProcess {
    return this.#executor
  }

  /** Where the executor's counters are published. */
  get metricsUrl(): string {
    return this.#executor.metricsUrl
  }

  /** What the executor says next; undefined when it has ended. */
  next(): Promise<LiveSaying | undefined> {
    return this.#executor.next()
  }

  /** Asks for a full collection of garbage, and the vitals after it. */
  collect(): void {
    this.#executor.tell('collect')
  }

  /** Waits for the executor's end. @returns how it was, for a person; undefined when all was well. */
  executorEnd(): Promise<string | undefined> {
    return this.#executor.ended()
  }

  /** Asks for an orderly end: the report follows. */
  stop(): void {
    this.#executor.tell('stop')
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
    await this.#executor.ended()
    await end(this.#sandbox)
    if (this.#executor.exitCode === 0) rmSync(this.#folder, { recursive: true, force: true })
    else {
      const left = readdirSync(this.#folder).filter((name) => name !== JOURNAL)
      for (const name of left) rmSync(join(this.#folder, name), { recursive: true, force: true })
    }
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
