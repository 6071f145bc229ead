import { Cluster, Redis } from 'ioredis'

/** Where a Redis is, in one of the three ways in which there can be one. */
export interface RedisPlace {
  readonly kind: 'single' | 'sentinel' | 'cluster'
  /** The server; the sentinels; some nodes of the cluster. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[]
  /** What the sentinels call it. */
  readonly master: string
  readonly username: string | undefined
  readonly password: string | undefined
  readonly tls: boolean
}

export type RedisClient = Redis | Cluster

/** A command that was not answered by then has failed: whoever sent it knows something newer. */
const COMMAND_MS_MAX = 2_000
export const CONNECT_MS_MAX = 2_000
const PAUSE_MS_MIN = 50
const PAUSE_MS_MAX = 1_000

/**
 * A client that connects by itself and again. While there is no connection a command fails at once: nothing waits in a
 * queue that knows no bound.
 *
 * @param onTrouble hears why there is none, without the password, as often as it is tried
 */
export function openRedis(place: RedisPlace, onTrouble: (why: string) => void): RedisClient {
  const { kind, nodes, master, username, password, tls } = place
  const retryStrategy = (times: number): number => Math.min(PAUSE_MS_MIN * 2 ** (times - 1), PAUSE_MS_MAX)
  const shared = {
    // ioredis 6 speaks RESP3 otherwise, whose replies are nested.
    protocol: 2,
    enableAutoPipelining: true,
    enableOfflineQueue: false,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: {} } : {}),
  } as const
  const options = {
    ...shared,
    connectTimeout: CONNECT_MS_MAX,
    commandTimeout: COMMAND_MS_MAX,
    maxRetriesPerRequest: 0,
    retryStrategy,
  }
  const client =
    kind === 'cluster'
      ? new Cluster([...nodes], {
          redisOptions: options,
          clusterRetryStrategy: retryStrategy,
          enableAutoPipelining: true,
          enableOfflineQueue: false,
        })
      : kind === 'sentinel'
        ? new Redis({ ...options, sentinels: [...nodes], name: master, sentinelRetryStrategy: retryStrategy })
        : new Redis({ ...options, ...nodes[0] })
  client.on('error', (error: NodeJS.ErrnoException) => onTrouble(error.code ?? error.message))
  return client
}
