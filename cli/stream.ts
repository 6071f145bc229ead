import { hostname } from 'node:os'
import type { RedisClient } from '@tandem/colo/cache/redis.ts'
import { readRedisUrl } from '@tandem/colo/cache/redis-url.ts'
import { GroupReader, readFrom, type StreamEntry } from '@tandem/colo/stream/group-reader.ts'
import { idOfText } from '@tandem/colo/stream/id.ts'
import {
  NAME_DEFAULT,
  readExecutorName,
  Stream,
  streamKey,
  TRADE_STREAMS,
  type TradeStream,
} from '@tandem/colo/stream/stream.ts'
import { decodeValue } from '@tandem/colo/stream/value.ts'
import { recoverFromStream } from '@tandem/colo/stream-recovery.ts'
import { Failure } from '@tandem/shared/failure.ts'
import type { Io, Register } from './command.ts'
import { recordLine } from './journal/line.ts'
import { count } from './journal/summary.ts'
import { connectRedis } from './redis.ts'

// `tandem stream`: what executors of a name have streamed to Redis.

interface Options {
  redis: string
  name: string
  json?: boolean
}

interface TradeOptions extends Options {
  group?: string
  consumer: string
  follow?: boolean
}

/** Between two looks for what is new. */
const LOOK_MS = 100
const KINDS: Readonly<Record<TradeStream, string>> = { turns: 'Turn', fills: 'Fill', signals: 'Signal' }

export const register: Register = (program, io) => {
  const stream = program.command('stream').description('read what executors have streamed to Redis')
  const common = (name: string, description: string) =>
    stream
      .command(name)
      .description(description)
      .requiredOption('--redis <url>', 'where it is')
      .option('--name <name>', 'of the executors', NAME_DEFAULT)
  for (const name of TRADE_STREAMS)
    common(name, `print ${name}, oldest first`)
      .option('--group <name>', 'print what no consumer of this group has printed')
      .option('--consumer <name>', 'of the group; what this one did not finish comes first', hostname())
      .option('--follow', 'go on with what is new, until Ctrl-C')
      .option('--json', 'one JSON document: an array; with --follow a document a line')
      .action((options: TradeOptions) =>
        withRedis(options, (client) => printEntries(client, name, options, io)),
      )
  common('journal', 'say what a successor would take up from it; exit code 2 when it could not')
    .option('--json', 'one JSON document')
    .action((options: Options) => withRedis(options, (client) => printStanding(client, options, io)))
}

async function withRedis(
  { redis, name }: Options,
  act: (client: RedisClient) => Promise<void>,
): Promise<void> {
  readExecutorName(name, '--name')
  const client = await connectRedis(readRedisUrl(redis, undefined, '--redis'))
  try {
    await act(client)
  } finally {
    client.disconnect()
  }
}

async function printEntries(
  client: RedisClient,
  stream: TradeStream,
  { name, group, consumer, follow = false, json = false }: TradeOptions,
  io: Io,
): Promise<void> {
  const key = streamKey(stream, name)
  const isArray = json && !follow
  let separator = '[\n'
  const print = (text: string, document: object): void => {
    const written = json ? JSON.stringify(document) : text
    io.stdout(isArray ? separator + written : `${written}\n`)
    separator = ',\n'
  }
  const printAll = (entries: readonly StreamEntry[]): void => {
    for (const entry of entries) print(lineOf(stream, entry), documentOf(stream, entry))
  }
  const reader = group === undefined ? undefined : new GroupReader(client, key, group, consumer)
  let from = '-'
  /** @returns whether there was anything */
  const printPage = async (): Promise<boolean> => {
    if (reader === undefined) {
      const entries = await readFrom(client, key, from)
      printAll(entries)
      from = entries.length === 0 ? from : `(${entries.at(-1)?.id}`
      return entries.length > 0
    }
    const { missed, entries } = await reader.read()
    if (missed > 0) {
      io.stderr(`tandem: ${missed} ${stream} were cut away before ${group} had read them [STREAM_MISSED]\n`)
      if (json) print('', { missed })
    }
    printAll(entries)
    // What it did not acknowledge it is given again.
    await reader.acknowledge(entries)
    return missed > 0 || entries.length > 0
  }
  for (;;) {
    const isMore = await printPage().catch((error: unknown) => {
      // It comes back, and then nothing is missed.
      if (follow && !isLasting(error)) return false
      throw failureOf(error, key)
    })
    if (isMore) continue
    if (!follow) break
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  if (isArray) io.stdout(separator === '[\n' ? '[]\n' : '\n]\n')
}

/** Errors that another attempt would only bring again, not those of a Redis that is away, loading or changing its master. */
function isLasting(error: unknown): boolean {
  return error instanceof Error && /^(ERR|WRONGTYPE|NOAUTH|NOPERM) /.test(error.message)
}

function failureOf(cause: unknown, where: string): unknown {
  if (!(cause instanceof Error)) return cause
  return new Failure({
    code: 'STREAM_UNREADABLE',
    what: `it cannot be read (${cause.message})`,
    where,
    todo: 'look at that Redis, which has to be version 7 or later, and go on with the same command',
    retry: true,
    cause,
  })
}

function documentOf(stream: TradeStream, { id, value }: StreamEntry): object {
  return { id, ...(decodeValue(stream, value) ?? { unreadable: value.toString('hex') }) }
}

function lineOf(stream: TradeStream, { id, value }: StreamEntry): string {
  const { atMs, pair, runId, ...cells } = decodeValue(stream, value) ?? {}
  return recordLine({
    sequence: idOfText(id).sequence,
    run_id: String(runId),
    at: atMs === undefined ? null : new Date(Number(atMs)).toISOString(),
    kind: KINDS[stream],
    cells: cells as Record<string, number>,
    tail: atMs === undefined ? 'of a later version' : String(pair),
  })
}

async function printStanding(client: RedisClient, { name, json }: Options, io: Io): Promise<void> {
  const where = streamKey(Stream.Journal, name)
  const recovered = await recoverFromStream(client, name, Date.now()).catch((error: unknown) => {
    throw failureOf(error, where)
  })
  if (recovered === undefined)
    throw new Failure({
      code: 'STREAM_NOT_WHOLE',
      what: 'no run is there from its beginning, so that nobody could take over',
      where,
      todo: 'look whether an executor of that name streams to this Redis; if it does, start it anew',
    })
  const positions = recovered.positions.filter(({ heldMicroShares }) => heldMicroShares !== 0)
  const { orders, runIds, lastMs } = recovered
  const last = lastMs === undefined ? null : new Date(lastMs).toISOString()
  io.stdout(
    json
      ? `${JSON.stringify({ runs: [...runIds], last_at: last, positions, orders })}\n`
      : `${where}: ${count(positions.length, 'position')}, ${count(orders.length, 'order')} without an end, of ${count(runIds.size, 'run')}; last written ${last ?? 'never'}\n`,
  )
}
