import type { RedisClient } from './cache/redis.ts'
import { Books, type Recovered } from './recovery.ts'
import { LOOKED_BACK_MS } from './restart.ts'
import { HASH_FIELD, KIND_FIELD, PAYLOAD_FIELD, RUN_FIELD, WALL_FIELD } from './stream/entry.ts'
import { idOfText } from './stream/id.ts'
import { Stream, streamKey } from './stream/stream.ts'

const PAGE_ENTRIES = 1_000

/**
 * What `recover` says of the journal that executors of this name have streamed, one run after the other, wherever they ran.
 *
 * Where the cap has cut entries away it is as if whole segments had been moved away: it begins with the first run that is
 * there from its beginning.
 *
 * @returns undefined when nobody knows: there is no such run; or its checkpoint is not whole; or it began so late that
 * orders from before it may still be looked for
 */
export async function recoverFromStream(
  client: RedisClient,
  name: string,
  nowMs: number,
): Promise<Recovered | undefined> {
  const books = new Books(nowMs)
  const key = streamKey(Stream.Journal, name)
  let firstId: string | undefined
  /** When the first run that is there from its beginning began. */
  let beganMs: number | undefined
  let isCut = false
  /** Sequences of several machines' journals begin anew; here they go on. */
  let sequenceBefore = 0
  let sequenceOfRun = 0
  let sequence = 0
  for await (const { id, fields } of entriesOf(client, key)) {
    firstId ??= id
    const runId = fields.get(RUN_FIELD)
    if (runId !== undefined) {
      const wallAtZeroMs = Number(fields.get(WALL_FIELD))
      books.run(runId.toString(), wallAtZeroMs)
      beganMs ??= wallAtZeroMs
      sequenceOfRun = idOfText(id).sequence
      sequenceBefore = sequence
    } else if (beganMs === undefined) isCut = true
    else {
      sequence = sequenceBefore + idOfText(id).sequence - sequenceOfRun
      books.record(sequence, Number(fields.get(KIND_FIELD)), fields.get(PAYLOAD_FIELD) as Buffer)
    }
  }
  if (beganMs === undefined) return undefined
  for await (const { fields } of entriesOf(client, streamKey(Stream.Hashes, name)))
    books.hash(fields.get(HASH_FIELD) as Buffer)
  // The oldest may have been cut while it was read.
  const [oldest] = await client.xrange(key, '-', '+', 'COUNT', 1)
  if (oldest?.[0] !== firstId) return undefined
  const recovered = books.result()
  isCut ||= (await cutCount(client, key)) > 0
  const isOldEnough = beganMs <= (recovered.lastMs ?? 0) - LOOKED_BACK_MS
  return !isCut || (books.hasCheckpoint && isOldEnough) ? recovered : undefined
}

/** All of a stream, page by page. */
async function* entriesOf(client: RedisClient, key: string) {
  for (let from = '-'; ; ) {
    const page = await client.xrangeBuffer(key, from, '+', 'COUNT', PAGE_ENTRIES)
    for (const [id, fields] of page)
      yield {
        id: id.toString(),
        fields: new Map(
          fields.flatMap((name, i) => (i % 2 === 0 ? [[name.toString(), fields[i + 1]] as const] : [])),
        ),
      }
    const last = page.at(-1)
    if (last === undefined) return
    from = `(${last[0].toString()}`
  }
}

/** Entries that were in a stream and are not any more. */
async function cutCount(client: RedisClient, key: string): Promise<number> {
  const flat = (await client.xinfo('STREAM', key)) as (string | number)[]
  const of = (name: string): number => Number(flat[flat.indexOf(name) + 1])
  return of('entries-added') - of('length')
}
