import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { RedisPlace } from '@tandem/colo/cache/redis.ts'
import { requirePart } from '../required.ts'

// Real redis-server processes on loopback, each with a folder of its own, nothing kept.

/** For `skip` of node:test: false when redis-server is here, else the reason. */
export function skipWithoutRedis(): string | false {
  return requirePart('redis', spawnSync('redis-server', ['--version']).status === 0)
}

const UP_MS_MAX = 10_000
const LOOK_MS = 20
const run = promisify(execFile)

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** Polls until `look` is true. */
async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  const untilMs = Date.now() + UP_MS_MAX
  while (!(await look().catch(() => false))) {
    if (Date.now() > untilMs) throw new Error(`${what} did not come about`)
    await sleep(LOOK_MS)
  }
}

/** What redis-cli says of a server. */
export async function redisCli(port: number, ...words: string[]): Promise<string> {
  const { stdout } = await run('redis-cli', ['-p', String(port), ...words])
  return stdout.trim()
}

/** One process; the same port again after `restart`. */
export class RedisServer {
  readonly port: number
  readonly #args: readonly string[]
  readonly #folder: string
  #process: ChildProcess | undefined

  private constructor(port: number, folder: string, args: readonly string[]) {
    this.port = port
    this.#folder = folder
    this.#args = args
  }

  static async start(...more: string[]): Promise<RedisServer> {
    const port = await freePort()
    const folder = mkdtempSync(join(tmpdir(), 'tandem-redis-'))
    const common = ['--bind', '127.0.0.1', '--save', '', '--dir', folder, '--port', String(port)]
    const server = new RedisServer(port, folder, [...common, ...more])
    await server.restart()
    return server
  }

  /** One that watches a master, as `master`. */
  static async startSentinel(masterPort: number): Promise<RedisServer> {
    const port = await freePort()
    const folder = mkdtempSync(join(tmpdir(), 'tandem-sentinel-'))
    const file = join(folder, 'sentinel.conf')
    writeFileSync(
      file,
      [
        `port ${port}`,
        'bind 127.0.0.1',
        `dir ${folder}`,
        `sentinel monitor master 127.0.0.1 ${masterPort} 2`,
        'sentinel down-after-milliseconds master 500',
        'sentinel failover-timeout master 3000',
        '',
      ].join('\n'),
    )
    const server = new RedisServer(port, folder, [file, '--sentinel'])
    await server.restart()
    return server
  }

  async restart(): Promise<void> {
    this.#process = spawn('redis-server', this.#args, { stdio: 'ignore' })
    await until('a redis-server', async () => (await redisCli(this.port, 'ping')) === 'PONG')
  }

  /** As a crash: nothing is said to anybody. */
  async kill(): Promise<void> {
    const process = this.#process
    this.#process = undefined
    if (process === undefined) return
    const exited = once(process, 'exit')
    process.kill('SIGKILL')
    await exited
  }

  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  get place(): RedisPlace {
    return placeOf('single', [this])
  }
}

export function placeOf(kind: RedisPlace['kind'], servers: readonly RedisServer[]): RedisPlace {
  return {
    kind,
    nodes: servers.map(({ port }) => ({ host: '127.0.0.1', port })),
    master: 'master',
    username: undefined,
    password: undefined,
    tls: false,
  }
}

/** Three masters with a replica each. */
export async function startCluster(): Promise<RedisServer[]> {
  const nodes = await Promise.all(
    Array.from({ length: 6 }, () =>
      RedisServer.start('--cluster-enabled', 'yes', '--cluster-node-timeout', '1000'),
    ),
  )
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`)
  await run('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes'])
  // A new one answers CLUSTERDOWN for a moment.
  await until('a cluster', async () => {
    const told = await Promise.all(nodes.map(({ port }) => redisCli(port, 'cluster', 'info')))
    return told.every((info) => info.includes('cluster_state:ok'))
  })
  return nodes
}
