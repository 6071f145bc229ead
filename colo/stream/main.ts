// The streams' thread: what is durable in the journal goes to Redis. While Redis is away it waits where it is: the files are
// the buffer, and nothing grows in memory.
import { parentPort, workerData } from 'node:worker_threads'
import { CounterCells, Counters } from '@tandem/shared/counters.ts'
import { NS_PER_MS } from '@tandem/shared/units.ts'
import { openRedis } from '../cache/redis.ts'
import { DurableMark } from '../journal/ring.ts'
import type { SegmentHeader } from '../journal/segment.ts'
import { firstSegmentSince, JournalTail } from '../journal/tail.ts'
import { type Entry, JournalEntries, runMs, VALUE_FIELD } from './entry.ts'
import { idOfText, isAfter, type StreamId, textOfId } from './id.ts'
import { SignalReader } from './signal-ring.ts'
import { STREAM_ENTRIES, Stream, streamKey } from './stream.ts'
import { type StreamOrder, SUPERSEDED } from './streams.ts'
import { encodeValue, FIELD_LISTS, FIELDS_KEY } from './value.ts'

const ROUND_MS = 2
/** After Redis has refused: it is a replica, or full, and will be for a while. */
const REST_MS = 100
/** Of one transaction: some 100 KB, which Redis takes within a few milliseconds. */
const ENTRIES_MAX = 1_000
/** Batches that are read in one round, whether they hold entries or not. */
const BATCHES_MAX = 256
const SIGNALS_MAX = 1_000
/** How long an end waits for Redis. */
const CLOSE_MS_MAX = 2_000
/** Those that are written from the journal, in whose order: the highest of their ids says how far. */
const FROM_JOURNAL = [Stream.Journal, Stream.Hashes, Stream.Turns, Stream.Fills]
/** What Redis says of an id that it has, or has passed. */
const PASSED = /equal or smaller/

const order = workerData as StreamOrder
const { name, directory, runId, wallAtZeroMs, pairs } = order
/** Of this run's ids. Whoever took the lease is the last, whatever the clocks of those before have said. */
let ownMs = runMs(Math.max(wallAtZeroMs, order.takenMs ?? 0))
const durable = new DurableMark(order.durability)
const signals = new SignalReader(order.signals)
const cells = new CounterCells(order.cells)
const client = openRedis(order.place, () => {})

let tail: JournalTail | undefined
let entries = new JournalEntries(msOf)
/** Read, and not known to be in Redis; what follows is read once they are. */
let chunk: Entry[] = []
/** The last entry of the journal that is in Redis. */
let written: StreamId | undefined
/** Records of the journal before this one are in Redis. */
let writtenSequence = order.durability.firstSequence
let signalsWritten = 0
/** Whether it is known where the streams stand. A new connection may be to a Redis that has lost something. */
let isPlaced = false
let isSuperseded = false
let isClosing = false

function msOf(header: SegmentHeader): number {
  return header.runId === runId ? ownMs : runMs(header.wallAtZeroMs)
}

/** Finds out where the streams stand, and goes on from there. */
async function findPlace(): Promise<void> {
  let top: StreamId | undefined
  for (const stream of FROM_JOURNAL) {
    const [last] = await client.xrevrange(streamKey(stream, name), '+', '-', 'COUNT', 1)
    const id = last === undefined ? undefined : idOfText(last[0])
    if (id !== undefined && isAfter(id, top)) top = id
  }
  if (order.takenMs !== undefined && tail === undefined) ownMs = Math.max(ownMs, (top?.ms ?? 0) + 1)
  const isLater = top !== undefined && top.ms > ownMs
  if (isLater && !isSuperseded) parentPort?.postMessage(SUPERSEDED)
  isSuperseded = isLater
  if (isLater) return
  isPlaced = true
  if (tail !== undefined && (written === undefined || !isAfter(written, top))) return
  tail?.close()
  const fromMs = order.takenMs === undefined ? (top?.ms ?? 0) : wallAtZeroMs
  tail = new JournalTail(directory, firstSegmentSince(directory, fromMs), () => durable.sequence)
  entries = new JournalEntries(msOf)
  chunk = []
  written = top
}

/** Reads until a chunk is full, or nothing is left. */
function read(from: JournalTail): void {
  for (let batches = 0; batches < BATCHES_MAX && chunk.length < ENTRIES_MAX; batches++) {
    const batch = from.next()
    if (batch === undefined) return
    for (const entry of entries.of(batch)) if (isAfter(entry.id, written)) chunk.push(entry)
  }
}

function signalEntries(): Entry[] {
  return signals.look(SIGNALS_MAX).map((signal, i) => {
    const { bundle, direction, change, grossMicroUsd, atNs } = signal
    const atMs = wallAtZeroMs + atNs / NS_PER_MS
    const fields: Record<string, string | number> = {
      ...{ runId, atMs, pair: pairs[bundle], direction, change, grossMicroUsd },
    }
    return {
      stream: Stream.Signals,
      id: { ms: ownMs, sequence: signalsWritten + i + 1 },
      fields: [VALUE_FIELD, encodeValue(Stream.Signals, (field) => fields[field])],
    }
  })
}

/** Writes what was read from there, all of it or nothing. */
async function write(from: JournalTail): Promise<void> {
  const told = signalEntries()
  if (chunk.length + told.length > 0) {
    const all = client.multi()
    for (const { stream, id, fields } of [...chunk, ...told])
      all.xadd(streamKey(stream, name), 'MAXLEN', '~', STREAM_ENTRIES[stream], textOfId(id), ...fields)
    const answers = (await all.exec()) ?? []
    const refusals = answers.flatMap(([error]) => (error === null ? [] : [error]))
    const other = refusals.find(({ message }) => !PASSED.test(message))
    if (other !== undefined) throw other
    // There already: the answer was lost. Or a later run has begun.
    if (refusals.length > 0) isPlaced = false
    cells.add(Counters.streamWritten, 0, answers.length - refusals.length)
  }
  written = chunk.at(-1)?.id ?? written
  writtenSequence = from.sequence
  chunk = []
  signals.release(told.length)
  signalsWritten += told.length
}

async function round(): Promise<void> {
  let waitMs = ROUND_MS
  const isReady = client.status === 'ready'
  if (!isReady) isPlaced = false
  else
    try {
      if (!isPlaced) await findPlace()
      if (isSuperseded) waitMs = REST_MS
      if (isPlaced && tail !== undefined) {
        read(tail)
        await write(tail)
        if (durable.sequence > tail.sequence) waitMs = 0
      }
    } catch {
      isPlaced = false
      waitMs = REST_MS
    }
  cells.set(Counters.streamUp, Number(isReady && isPlaced))
  cells.set(Counters.streamBehind, durable.sequence - writtenSequence)
  cells.set(Counters.streamDropped, signals.dropped)
  const isDone = isPlaced && chunk.length === 0 && writtenSequence === durable.sequence
  if (isClosing && isDone) process.exit()
  setTimeout(round, waitMs)
}

client.on('ready', () => {
  isPlaced = false
  client.set(FIELDS_KEY, JSON.stringify(FIELD_LISTS)).catch(() => {})
})
parentPort?.once('message', () => {
  isClosing = true
  setTimeout(() => process.exit(), CLOSE_MS_MAX)
})
void round()
