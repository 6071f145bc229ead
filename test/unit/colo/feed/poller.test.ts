import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Book } from '@tandem/colo/book/book.ts'
import { BookState } from '@tandem/colo/book/integrity.ts'
import { BOOKS_PER_POLL_MAX, POLL_NS, POLLED_AGAIN_NS, Poller } from '@tandem/colo/feed/poller.ts'
import { TakenBook } from '@tandem/colo/feed/rest-book.ts'
import { type Lots, type Ns, PRICE_NONE, type Price, SIDE_ASK, SIDE_BID } from '@tandem/shared/units.ts'

const CENT = 100 as Price

function scene(count: number, wanted: (book: number) => boolean = () => true) {
  const books = Array.from({ length: count }, () => new Book(CENT))
  const asked: number[][] = []
  const told: number[] = []
  let answer: (books: readonly TakenBook[] | Error) => void = () => {}
  const poller = new Poller({
    books,
    isWanted: wanted,
    fetch(question) {
      asked.push([...question])
      return new Promise((resolve, reject) => {
        answer = (taken) => (taken instanceof Error ? reject(taken) : resolve(taken))
      })
    },
    told: (book) => told.push(book),
    nowNs: () => 0 as Ns,
  })
  const reply = async (taken: readonly TakenBook[] | Error): Promise<void> => {
    answer(taken)
    await new Promise(setImmediate)
  }
  const taken = (book: number, bid: number, ask: number): TakenBook => {
    const rest = new TakenBook(book, PRICE_NONE, 5)
    rest.add(SIDE_BID, bid as Price, 100 as Lots)
    rest.add(SIDE_ASK, ask as Price, 100 as Lots)
    return rest
  }
  return { poller, books, asked, told, reply, taken }
}

test('asks one question at a time, at most every POLL_NS, and again for a book after POLLED_AGAIN_NS', async () => {
  const { poller, asked, reply } = scene(2, (book) => book === 1)
  poller.tick(0 as Ns)
  poller.tick(POLLED_AGAIN_NS as Ns)
  assert.deepEqual(asked, [[1]])
  await reply([])
  poller.tick((POLLED_AGAIN_NS - 1) as Ns)
  assert.equal(asked.length, 1)
  poller.tick(POLLED_AGAIN_NS as Ns)
  await reply(new Error('nobody answers'))
  assert.deepEqual([asked.length, poller.counts], [2, { asked: 2, failed: 1 }])
})

test('comes to every book in turn where one question does not hold all', async () => {
  const count = 2 * BOOKS_PER_POLL_MAX + 1
  const { poller, asked, reply } = scene(count)
  for (let i = 0; i < 3; i++) {
    poller.tick((i * POLL_NS) as Ns)
    await reply([])
  }
  assert.deepEqual(asked.flat(), [...Array(count).keys()])
})

test('fills a book of its own, finer where that is needed, and shows none that is crossed', async () => {
  const { poller, books, told, reply, taken } = scene(3)
  poller.tick(0 as Ns)
  await reply([taken(0, 4_755, 4_900), taken(2, 4_900, 4_900)])
  assert.deepEqual([books[0].state, books[0].bids.bestPrice()], [BookState.Polled, 4_755])
  assert.equal(books[2].state, BookState.Empty)
  assert.deepEqual(told, [0, 2])
})
