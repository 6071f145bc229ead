import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { clearRuntimeDirectory } from '@tandem/colo/control/runtime-directory.ts'
import type { LiveOrder, LiveSaying } from './order.ts'
import { YOUNG_GENERATION } from './young-generation.ts'

/** An orderly end takes the executor as long as answers are waited for, and its signer. Then it is ended. */
const END_WAIT_MS = 15_000

export interface ExecutorOptions {
  readonly runDirectory: string
  /** For its signer's socket. */
  readonly temporaryDirectory: string
  readonly vitals: boolean
  /** A module that it loads before its own. */
  readonly preload: string | undefined
  /** Ends it at once. */
  readonly signal: AbortSignal
}

/** The executor's process (main.ts), as whoever started it sees it. */
export class ExecutorProcess {
  /** Where its counters are published. */
  metricsUrl = ''
  readonly #child: ChildProcess
  readonly #sayings: AsyncIterator<string>
  readonly #runDirectory: string

  constructor({ runDirectory, temporaryDirectory, vitals, preload, signal }: ExecutorOptions) {
    this.#runDirectory = runDirectory
    const flags = [
      '--disable-sigusr1',
      ...YOUNG_GENERATION,
      ...(vitals ? ['--expose-gc'] : []),
      ...(preload === undefined ? [] : ['--import', preload]),
    ]
    const file = fileURLToPath(new URL('./main.ts', import.meta.url))
    this.#child = spawn(process.execPath, [...flags, file], {
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
      // Nothing of ours but where Node finds the system's own things: secrets do not travel by environment.
      env: { PATH: process.env.PATH, TMPDIR: temporaryDirectory },
    })
    harden(this.#child, signal)
    this.#sayings = linesOf(this.#child)
  }

  /** 0 when it ended well. */
  get exitCode(): number | null {
    return this.#child.exitCode
  }

  /** @returns what it says when it has made its keys, undefined when it ended before */
  async ready(order: LiveOrder): Promise<Extract<LiveSaying, { kind: 'ready' }> | undefined> {
    this.tell(JSON.stringify(order))
    const said = await this.next()
    if (said?.kind !== 'ready') return undefined
    this.metricsUrl = said.metricsUrl
    return said
  }

  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`)
  }

  /** What it says next; undefined when it has ended. */
  async next(): Promise<LiveSaying | undefined> {
    const line = await this.#sayings.next()
    return line.done ? undefined : (JSON.parse(line.value) as LiveSaying)
  }

  kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal)
  }

  /** Waits for its end. @returns how it was, for a person; undefined when all was well */
  async ended(): Promise<string | undefined> {
    await end(this.#child)
    // One that was killed has left its sockets.
    clearRuntimeDirectory(this.#runDirectory)
    const { exitCode, signalCode } = this.#child
    return exitCode === 0 ? undefined : (signalCode ?? `code ${exitCode}`)
  }
}

export function linesOf(child: ChildProcess): AsyncIterator<string> {
  return createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
}

/** Who is gone reads nothing any more: told by its exit, not by the pipe. */
export function harden(child: ChildProcess, signal: AbortSignal): void {
  child.stdin?.on('error', () => {})
  const kill = (): void => void child.kill('SIGKILL')
  signal.addEventListener('abort', kill)
  child.once('exit', () => signal.removeEventListener('abort', kill))
}

/** Ends a process by its stdin, and by force where it does not hear. */
export async function end(child: ChildProcess): Promise<void> {
  child.stdin?.end()
  if (child.exitCode !== null || child.signalCode !== null) return
  const timer = setTimeout(() => child.kill('SIGKILL'), END_WAIT_MS)
  await new Promise((done) => child.once('exit', done))
  clearTimeout(timer)
}
