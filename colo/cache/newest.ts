import { Cluster } from 'ioredis'
import type { RedisClient } from './redis.ts'

// Newest wins, decided where the values lie: two executors, or one that was slow, may write the same keys. A record of
// msgpackr is to cmsgpack a row of values, of which the first says which list of names, then epoch and sequence
// (quote.ts). What cannot be read is written over.
const NEWEST = `
local written = 0
for i, key in ipairs(KEYS) do
  local epoch, sequence, value = tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i]), ARGV[3 * i + 1]
  local old = redis.call('GET', key)
  local isOlder = false
  if old then
    local isRead, _, oldEpoch, oldSequence = pcall(cmsgpack.unpack, old)
    if isRead and type(oldEpoch) == 'number' and type(oldSequence) == 'number' then
      isOlder = oldEpoch > epoch or (oldEpoch == epoch and oldSequence > sequence)
    end
  end
  if not isOlder then
    redis.call('SET', key, value, 'PX', ARGV[1])
    written = written + 1
  end
end
return written
`

/** A price that is not written again expires: whoever wrote it is gone. */
export const PRICE_MS = 60_000

/** A value for a key, and what decides whether it is the newest. */
export interface Candidate {
  readonly key: string
  readonly epoch: number
  readonly sequence: number
  readonly value: Buffer
}

interface NewestCommand {
  tandemNewest(keys: number, ...rest: (string | number | Buffer)[]): Promise<number>
}

/** @returns how many were the newest, and are there now */
export type WriteNewest = (candidates: readonly Candidate[]) => Promise<number>

/** As many candidates as one command may carry. A cluster takes keys of one slot alone, so there each has its own. */
export function candidatesMax(client: RedisClient): number {
  return client instanceof Cluster ? 1 : 200
}

export function newestOn(client: RedisClient): WriteNewest {
  client.defineCommand('tandemNewest', { lua: NEWEST })
  const scripted = client as RedisClient & NewestCommand
  return (candidates) =>
    scripted.tandemNewest(
      candidates.length,
      ...candidates.map(({ key }) => key),
      PRICE_MS,
      ...candidates.flatMap(({ epoch, sequence, value }) => [epoch, sequence, value]),
    )
}
