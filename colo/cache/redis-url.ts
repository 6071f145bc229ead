import { Failure } from '@tandem/shared/failure.ts'
import type { RedisPlace } from './redis.ts'

// One line names a Redis of any kind:
//
//   redis://127.0.0.1:6379                           rediss://... over TLS
//   redis+sentinel://h1:26379,h2:26379/master        what the sentinels call it
//   redis+cluster://h1:6379,h2:6379                  some of its nodes
//
// A password is no part of it: what a URL holds is seen in lists of processes and in logs.

const FORM = /^redis(s?)(?:\+(sentinel|cluster))?:\/\/([^/@?#]+)(?:\/([\w.-]+))?\/?$/
const NODE = /^([\w.-]+|\[[0-9a-fA-F:]+\])(?::(\d{1,5}))?$/
const PORTS = { single: 6379, sentinel: 26379, cluster: 6379 } as const
const PORT_MAX = 65_535

/**
 * @param where names the option or key that held it
 * @throws Failure REDIS_URL_BAD, without the URL: somebody may have put a password into it
 */
export function readRedisUrl(url: string, password: string | undefined, where: string): RedisPlace {
  const [, tls, form, list, master] = FORM.exec(url) ?? []
  const kind = (form ?? 'single') as RedisPlace['kind']
  const nodes = (list ?? '').split(',').map((node) => {
    const [, host, port] = NODE.exec(node) ?? []
    return {
      host: host?.replace(/^\[|\]$/g, '') ?? '',
      port: port === undefined ? PORTS[kind] : Number(port),
    }
  })
  const isGood =
    nodes.every(({ host, port }) => host !== '' && port > 0 && port <= PORT_MAX) &&
    (kind === 'sentinel') === (master !== undefined) &&
    (kind !== 'single' || nodes.length === 1)
  if (!isGood)
    throw new Failure({
      code: 'REDIS_URL_BAD',
      what: 'this names no Redis',
      where,
      todo: 'give redis://HOST:PORT, redis+sentinel://HOST:PORT,.../MASTER or redis+cluster://HOST:PORT,..., and a password by a file',
    })
  return { kind, nodes, master: master ?? '', username: undefined, password, tls: tls === 's' }
}
