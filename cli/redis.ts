import { CONNECT_MS_MAX, openRedis, type RedisClient, type RedisPlace } from '@tandem/colo/cache/redis.ts'
import { Failure } from '@tandem/shared/failure.ts'

const LOOK_MS = 10

/** A client that has connected. @throws Failure REDIS_UNREACHABLE */
export async function connectRedis(place: RedisPlace): Promise<RedisClient> {
  let why = 'no answer'
  const client = openRedis(place, (trouble) => {
    why = trouble
  })
  const untilMs = performance.now() + 2 * CONNECT_MS_MAX
  while (client.status !== 'ready' && performance.now() < untilMs)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  if (client.status === 'ready') return client
  client.disconnect()
  throw new Failure({
    code: 'REDIS_UNREACHABLE',
    what: `there is no Redis (${why})`,
    where: place.nodes.map(({ host, port }) => `${host}:${port}`).join(', '),
    todo: 'start it, or name another one',
    retry: true,
  })
}
