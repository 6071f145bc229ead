// The mirror's thread: what has changed on the board goes to Redis. It is late only by its own round; what it cannot write
// stays on the board, where the newest writes over it.
import { workerData } from 'node:worker_threads'
import { CounterCells, Counters } from '@tandem/shared/counters.ts'
import type { MirrorOrder } from './mirror.ts'
import { type Candidate, candidatesMax, newestOn, PRICE_MS } from './newest.ts'
import { encodeQuote, QUOTE_LISTS, QUOTE_LISTS_KEY } from './quote.ts'
import { QuoteReader } from './quote-board.ts'
import { openRedis } from './redis.ts'

const ROUND_MS = 1
/** Values that Redis has not answered: more of them would only be older when they arrive. */
const ON_THEIR_WAY_MAX = 1_000
/** After Redis has refused one: it is a replica, or full, and will be for a while. */
const REST_MS = 100
/** What is still so is said again well before it expires. */
const REFRESH_MS = PRICE_MS / 3

const { memory, keys, place, cells: countersMemory } = workerData as MirrorOrder
const reader = new QuoteReader(memory, keys.length)
const cells = new CounterCells(countersMemory)
const client = openRedis(place, () => {})
const writeNewest = newestOn(client)
const batchMax = candidatesMax(client)
/** By book: when it was last written; 0 for those of which nothing is known. */
const writtenMs = new Float64Array(keys.length)
/** Books to be written although they have not changed: the last writing failed, or its price would expire. */
const again = new Set<number>()
let batch: Candidate[] = []
/** Of the batch's candidates. */
let books: number[] = []
let onTheirWay = 0
let restsUntilMs = 0

/** Takes the newest of a book into the batch. */
function take(book: number, nowMs: number): void {
  const quote = reader.read(book)
  if (quote.sequence === 0) return
  writtenMs[book] = nowMs
  const { epoch, sequence } = quote
  const value = encodeQuote(quote)
  for (const key of keys[book]) {
    batch.push({ key, epoch, sequence, value })
    books.push(book)
    if (batch.length === batchMax) send()
  }
}

function send(): void {
  const [candidates, ofBooks] = [batch, books]
  const count = candidates.length
  if (count === 0) return
  batch = []
  books = []
  onTheirWay += count
  writeNewest(candidates)
    .then(
      (written) => {
        cells.add(Counters.mirrorWritten, 0, written)
        cells.add(Counters.mirrorOlder, 0, count - written)
      },
      () => {
        cells.add(Counters.mirrorFailed, 0, count)
        for (const book of ofBooks) again.add(book)
        restsUntilMs = Date.now() + REST_MS
      },
    )
    .finally(() => {
      onTheirWay -= count
    })
}

function round(): void {
  const nowMs = Date.now()
  const isUp = client.status === 'ready'
  cells.set(Counters.mirrorUp, Number(isUp))
  if (isUp && nowMs >= restsUntilMs) {
    for (const book of again) {
      if (onTheirWay >= ON_THEIR_WAY_MAX) break
      again.delete(book)
      take(book, nowMs)
    }
    while (onTheirWay < ON_THEIR_WAY_MAX) {
      const book = reader.next()
      if (book === -1) break
      take(book, nowMs)
    }
    send()
  }
  setTimeout(round, ROUND_MS)
}

let beats = 0

function refresh(): void {
  const nowMs = Date.now()
  // A loop that stands still knows nothing of its books: their prices expire.
  const isAlive = cells.read(Counters.beats) !== beats
  beats = cells.read(Counters.beats)
  if (!isAlive) return
  for (let book = 0; book < keys.length; book++)
    if (writtenMs[book] > 0 && nowMs - writtenMs[book] >= REFRESH_MS) again.add(book)
}

client.on('ready', () => {
  client.set(QUOTE_LISTS_KEY, JSON.stringify(QUOTE_LISTS)).catch(() => {})
})
setInterval(refresh, REFRESH_MS / 10)
round()
