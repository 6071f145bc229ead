import type { RedisClient } from '../cache/redis.ts'

// A consumer group's next entries, and how many were cut away before the group had read them. In one script, so that nothing
// is cut in between. Redis knows how many entries there ever were and how many of them the group has read; what lies
// between that and the oldest that is there, nobody will read. It is told once: from then on it counts as read.
const READ = `
local key, group, consumer, from, count = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local function facts(flat)
  local named = {}
  for i = 1, #flat, 2 do named[flat[i]] = flat[i + 1] end
  return named
end
local missed = 0
if redis.call('EXISTS', key) == 0 then
  redis.call('XGROUP', 'CREATE', key, group, '0', 'MKSTREAM')
else
  local stream = facts(redis.call('XINFO', 'STREAM', key))
  local cut = stream['entries-added'] - stream['length']
  local own
  for _, flat in ipairs(redis.call('XINFO', 'GROUPS', key)) do
    local found = facts(flat)
    if found['name'] == group then own = found end
  end
  if not own then
    redis.call('XGROUP', 'CREATE', key, group, '0', 'ENTRIESREAD', cut)
  elseif not own['entries-read'] or own['entries-read'] < cut then
    missed = own['entries-read'] and cut - own['entries-read'] or 0
    redis.call('XGROUP', 'SETID', key, group, own['last-delivered-id'], 'ENTRIESREAD', cut)
  end
end
local read = redis.call('XREADGROUP', 'GROUP', group, consumer, 'COUNT', count, 'STREAMS', key, from)
return {missed, read and read[1][2] or {}}
`

const PAGE_ENTRIES = 500
const PENDING_FROM_START = '0'
const NEW = '>'

export interface StreamEntry {
  readonly id: string
  readonly value: Buffer
}

export interface StreamPage {
  /** Entries that were cut away before this group had them. */
  readonly missed: number
  readonly entries: readonly StreamEntry[]
}

type Fields = readonly Buffer[]
interface ReadCommand {
  tandemReadGroupBuffer(
    key: string,
    group: string,
    consumer: string,
    from: string,
    count: number,
  ): Promise<[missed: number, entries: [id: Buffer, fields: Fields | null][]]>
}

/**
 * One consumer of a group: first what it was given before and did not acknowledge, then what is new. Needs Redis 7. Of what
 * was handed out but not acknowledged the same consumer is given all again, so that an entry may come twice, never not.
 */
export class GroupReader {
  readonly #client: RedisClient & ReadCommand
  readonly #key: string
  readonly #group: string
  readonly #consumer: string
  #from = PENDING_FROM_START

  constructor(client: RedisClient, key: string, group: string, consumer: string) {
    client.defineCommand('tandemReadGroup', { numberOfKeys: 1, lua: READ })
    this.#client = client as RedisClient & ReadCommand
    this.#key = key
    this.#group = group
    this.#consumer = consumer
  }

  /** The next entries; none when there is nothing new. After a failure it begins again with what is pending. */
  async read(): Promise<StreamPage> {
    try {
      const page = await this.#page()
      const isPendingOver = page.entries.length === 0 && page.missed === 0 && this.#from !== NEW
      if (!isPendingOver) return page
      this.#from = NEW
      return await this.#page()
    } catch (error) {
      this.#from = PENDING_FROM_START
      throw error
    }
  }

  /** They were taken care of, and are not given again. */
  async acknowledge(entries: readonly StreamEntry[]): Promise<void> {
    if (entries.length > 0) await this.#client.xack(this.#key, this.#group, ...entries.map(({ id }) => id))
  }

  async #page(): Promise<StreamPage> {
    const [missed, read] = await this.#client.tandemReadGroupBuffer(
      this.#key,
      this.#group,
      this.#consumer,
      this.#from,
      PAGE_ENTRIES,
    )
    const entries = read.flatMap(([id, fields]) => (fields === null ? [] : [entryOf(id, fields)]))
    // Given before, never acknowledged, and cut since.
    const cut = read.flatMap(([id, fields]) => (fields === null ? [id] : []))
    if (cut.length > 0) await this.#client.xack(this.#key, this.#group, ...cut)
    const last = read.at(-1)
    if (last !== undefined && this.#from !== NEW) this.#from = last[0].toString()
    return { missed: missed + cut.length, entries }
  }
}

/** What stands in a stream from an id on (`-` for its beginning, `(ID` for what is behind one), without a group. */
export async function readFrom(client: RedisClient, key: string, from: string): Promise<StreamEntry[]> {
  const read = await client.xrangeBuffer(key, from, '+', 'COUNT', PAGE_ENTRIES)
  return read.map(([id, fields]) => entryOf(id, fields))
}

/** Entries of turns, fills and signals have one field. */
function entryOf(id: Buffer, fields: Fields): StreamEntry {
  return { id: id.toString(), value: fields[1] }
}
