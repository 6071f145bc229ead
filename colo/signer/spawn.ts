import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { lstatSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '@tandem/shared/failure.ts'
import type { Limits } from './bounds.ts'
import { SignerClient } from './client.ts'

/** What the signer is started with. Keys are paths: it opens the files itself. */
export interface SignerOptions {
  readonly orderKeyFile?: string
  readonly kalshiKeyFile?: string
  readonly kalshiKeyId?: string
  /** Makes up the keys that are not given; Kalshi's of this type. */
  readonly ephemeral?: 'rsa' | 'ed25519'
  readonly chainId?: number
  readonly signatureType?: number
  readonly maker?: string
  readonly limits?: Partial<Limits>
  /** Ends the wait for a signer that does not come up. */
  readonly signal?: AbortSignal
}

export interface SpawnedSigner {
  readonly client: SignerClient
  /** What the signer wrote on stderr, its last part: for a test or a bug report. It never quotes a key. */
  stderr(): string
  /** Ends the signer and removes its folder. */
  stop(): Promise<void>
}

const STDERR_KEPT = 4_096

/**
 * Starts a signer as a child, for sandbox, replay, paper and tests: a parent of the same user can always get at its child.
 * In production the signer is a service of another user, and the executor connects to its socket.
 *
 * The child gets no environment at all and dies with us. Its folder is new and ours alone, so nobody else can have put a
 * socket there, and the hello must come from the child's own pid.
 */
export async function spawnSigner(options: SignerOptions): Promise<SpawnedSigner> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-signer-'))
  const socketPath = join(folder, 'socket')
  const child = spawn(
    process.execPath,
    // Without SIGUSR1's debugger, which would hand the heap to anyone of our user.
    ['--disable-sigusr1', join(import.meta.dirname, 'main.ts'), ...argumentsOf(options, socketPath)],
    { env: {}, stdio: ['pipe', 'pipe', 'pipe'] },
  )
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-STDERR_KEPT)
  })
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit')
      child.kill('SIGTERM')
      await exit
    }
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await listening(child, options.signal, () => stderr)
    const client = await SignerClient.greet(connect(socketPath))
    checkPeer(socketPath, client, child)
    return { client, stderr: () => stderr, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function argumentsOf(options: SignerOptions, socketPath: string): string[] {
  const single: [name: string, value: string | number | undefined][] = [
    ['socket', socketPath],
    ['order-key', options.orderKeyFile],
    ['kalshi-key', options.kalshiKeyFile],
    ['kalshi-key-id', options.kalshiKeyId],
    ['ephemeral', options.ephemeral],
    ['chain', options.chainId],
    ['signature-type', options.signatureType],
    ['maker', options.maker],
  ]
  return [
    '--with-parent',
    ...single.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, String(value)])),
    ...Object.entries(options.limits ?? {}).flatMap(([name, value]) => ['--limit', `${name}=${value}`]),
  ]
}

/** Until the child says that it listens. */
async function listening(
  child: ChildProcess,
  signal: AbortSignal | undefined,
  stderr: () => string,
): Promise<void> {
  const ended = new AbortController()
  const options = { signal: signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]) }
  try {
    const exit = once(child, 'close', options).then(() => {
      throw new Failure({
        code: 'SIGNER_DID_NOT_START',
        what: stderr().trim().split('\n')[0] || 'the signer ended without a word',
        todo: 'correct what it names',
      })
    })
    await Promise.race([once(child.stdout!, 'data', options), exit])
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure({
      code: 'SIGNER_DID_NOT_START',
      what: 'the signer was waited for too long',
      todo: 'look at the load of this machine, then try again',
      retry: true,
      cause: error,
    })
  } finally {
    ended.abort()
  }
}

function checkPeer(socketPath: string, client: SignerClient, child: ChildProcess): void {
  const status = lstatSync(socketPath)
  const isOurs = status.isSocket() && status.uid === process.getuid?.() && (status.mode & 0o077) === 0
  if (isOurs && client.facts.pid === child.pid) return
  client.close()
  throw new Failure({
    code: 'SIGNER_NOT_OURS',
    what: 'what answers at the signer’s socket is not the signer that was started',
    where: socketPath,
    todo: 'find out who can write there before anything is traded',
  })
}
