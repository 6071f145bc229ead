import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Failure } from '@tandem/shared/failure.ts'
import type { LiveOrder, LiveSaying } from './order.ts'

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
  /** Where the executor's control sockets are. */
  readonly runDirectory: string
}

const FEES = 'sandbox'
const PER_ORDER_LIMIT = {
  ordersPerSecondMax: 100_000,
  outstandingMicroUsdMax: 1_000_000_000_000_000,
  orderMicroUsdMax: 100_000_000_000,
}

/** The loopback venues and an executor that trades on them: two processes, and the door to the venues' books. */
export class SandboxRun {
  readonly started: SandboxStarted
  /** Where the executor's counters are published. */
  metricsUrl = ''
  readonly #sandbox: ChildProcess
  readonly #executor: ChildProcess
  readonly #folder: string
  readonly #sayings: AsyncIterator<string>

  private constructor(
    started: SandboxStarted,
    sandbox: ChildProcess,
    executor: ChildProcess,
    folder: string,
  ) {
    this.started = started
    this.#sandbox = sandbox
    this.#executor = executor
    this.#folder = folder
    this.#sayings = linesOf(executor)
  }

  /** Starts both, gives the executor its accounts, and lets it go. Money is the sandbox's own. */
  static async start(options: SandboxOptions, settings: unknown): Promise<SandboxRun> {
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
      ],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    )
    const folder = mkdtempSync(join(tmpdir(), 'tandem-start-'))
    try {
      const first = await linesOf(sandbox).next()
      if (first.done) throw ended('the sandbox ended before it listened')
      const started = JSON.parse(first.value) as SandboxStarted
      const orderKeyFile = join(folder, 'order-key')
      writeFileSync(orderKeyFile, started.accounts.polymarket.privateKey, { mode: 0o600 })
      const credentials = await deriveApiKey(started, orderKeyFile)
      const executor = spawn(process.execPath, ['--disable-sigusr1', fileOf('./main.ts')], {
        stdio: ['pipe', 'pipe', 'inherit'],
        // Nothing of ours but where Node finds the system's own things: secrets do not travel by environment.
        env: { PATH: process.env.PATH, TMPDIR: folder },
      })
      const run = new SandboxRun(started, sandbox, executor, folder)
      await run.#go(orderKeyFile, credentials, settings, options.runDirectory)
      return run
    } catch (error) {
      sandbox.kill()
      rmSync(folder, { recursive: true, force: true })
      throw error
    }
  }

  async #go(
    orderKeyFile: string,
    credentials: Credentials,
    settings: unknown,
    runDirectory: string,
  ): Promise<void> {
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
      settings,
      signer: { orderKeyFile, ephemeral: 'ed25519', limits: PER_ORDER_LIMIT },
      balanceMicroUsd: [polymarketLedger.balanceMicroUsd, kalshiLedger.balanceMicroUsd],
      journalPath: join(this.#folder, 'journal'),
      runDirectory,
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

  /** What the executor says next; undefined when it has ended. */
  async next(): Promise<LiveSaying | undefined> {
    const line = await this.#sayings.next()
    return line.done ? undefined : (JSON.parse(line.value) as LiveSaying)
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

  timings(): Promise<unknown> {
    return this.#control('GET', '/timings')
  }

  /** Ends both processes and removes what they left. */
  async close(): Promise<void> {
    this.#executor.stdin?.end()
    await exited(this.#executor)
    this.#sandbox.stdin?.end()
    await exited(this.#sandbox)
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #tell(line: string): void {
    this.#executor.stdin?.write(`${line}\n`)
  }

  async #control(method: string, path: string, body?: object): Promise<unknown> {
    const { controlUrl, controlToken } = this.started
    const response = await fetch(controlUrl + path, {
      method,
      headers: { authorization: `Bearer ${controlToken}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw ended(`the sandbox's door answered ${response.status}: ${await response.text()}`)
    return response.json()
  }
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

function exited(child: ChildProcess): Promise<void> {
  return new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) done()
    else child.once('exit', () => done())
  })
}

/** A process ended that should not have. */
export function ended(what: string): Failure {
  return new Failure({ code: 'SANDBOX_FAILED', what, todo: 'look at what it said above', retry: true })
}
