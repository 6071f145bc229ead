import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import { Book } from '@tandem/colo/book/book.ts'
import { newBoardMemory, QuoteReader, QuoteWriter } from '@tandem/colo/cache/quote-board.ts'
import type { Lots, Price } from '@tandem/shared/units.ts'
import fc from 'fast-check'

const EPOCH = 7
const CENT = 100 as Price

/** A book whose bid says how much stands at all of its levels. */
function bookAt(book: Book, bid: number): Book {
  book.beginSnapshot(CENT, bid)
  for (let level = 0; level < 3; level++) {
    book.bids.set((bid - level * CENT) as Price, bid as Lots)
    book.asks.set((bid + (1 + level) * CENT) as Price, bid as Lots)
  }
  book.endSnapshot(0)
  return book
}

describe('the board of quotes', () => {
  it('gives back the newest of each book that has changed, once, in whatever order it is written and read', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.oneof(fc.nat(8), fc.constant('read' as const)), { maxLength: 300 }),
        (books, steps) => {
          const memory = newBoardMemory(books)
          const [writer, reader] = [new QuoteWriter(memory, books, EPOCH), new QuoteReader(memory, books)]
          const book = new Book(CENT)
          const written = new Array<number>(books).fill(0)
          const unread = new Set<number>()
          let bid = 300
          const bids = new Map<number, number>()
          for (const step of steps) {
            if (step !== 'read') {
              const place = step % books
              bid = bid >= 9_000 ? 300 : bid + 100
              writer.write(place, bookAt(book, bid), 5)
              written[place]++
              bids.set(place, bid)
              unread.add(place)
              continue
            }
            const place = reader.next()
            assert.equal(place === -1, unread.size === 0)
            if (place === -1) continue
            assert.ok(unread.delete(place))
            const quote = reader.read(place)
            const newest = bids.get(place)
            assert.deepEqual([quote.epoch, quote.sequence, quote.bid], [EPOCH, written[place], newest])
            assert.deepEqual(
              [quote.ask, quote.askDepthLots],
              [(newest as number) + 100, 3 * (newest as number)],
            )
          }
        },
      ),
      { seed: 1, numRuns: 300 },
    )
  })

  it('shows empty sides and dust as nothing', () => {
    const memory = newBoardMemory(1)
    const [writer, reader] = [new QuoteWriter(memory, 1, EPOCH), new QuoteReader(memory, 1)]
    const book = new Book(CENT)
    book.beginSnapshot(CENT, 1)
    book.bids.set(500 as Price, -1 as Lots)
    book.endSnapshot(0)
    writer.write(0, book, 5)
    const { bid, bidLots, bidDepthLots, ask, askLots } = reader.read(0)
    assert.deepEqual([bid, bidLots, bidDepthLots, ask, askLots], [500, 0, 0, -1, 0])
  })

  it('is never read in the middle of a change by another thread', async () => {
    const memory = newBoardMemory(1)
    const source = `
      import { parentPort, workerData } from 'node:worker_threads'
      import { QuoteReader } from '${import.meta.resolve('@tandem/colo/cache/quote-board.ts')}'
      const reader = new QuoteReader(workerData, 1)
      let torn = 0, reads = 0, last = 0
      const until = performance.now() + 500
      while (performance.now() < until) {
        const { sequence, bid, bidLots, askDepthLots } = reader.read(0)
        if (sequence === 0) continue
        if (bid !== bidLots || askDepthLots !== 3 * bid || sequence < last) torn++
        last = sequence
        reads++
      }
      parentPort.postMessage({ torn, reads, last })`
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), {
      workerData: memory,
    })
    const told = new Promise<{ torn: number; reads: number; last: number }>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    const writer = new QuoteWriter(memory, 1, EPOCH)
    const book = new Book(CENT)
    let isOver = false
    const over = told.finally(() => {
      isOver = true
    })
    for (let bid = 300; !isOver; bid = bid >= 9_000 ? 300 : bid + 100) {
      for (let repeat = 0; repeat < 50; repeat++) writer.write(0, bookAt(book, bid), 5)
      await new Promise((resolve) => setImmediate(resolve))
    }
    const result = await over
    assert.equal(result.torn, 0)
    assert.ok(result.reads > 1_000 && result.last > 1_000, JSON.stringify(result))
  })
})
