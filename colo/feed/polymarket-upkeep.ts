import type { Ns } from '@tandem/shared/units.ts'
import { BookState, isMissing, LAG_MS_MAX } from '../book/integrity.ts'
import { subscribe } from '../venue/polymarket/messages.ts'
import { Control } from '../venue/sink.ts'
import { Loss } from './connection.ts'
import { Repairs } from './repair.ts'
import { type BookParser, readRestBooks, type TakenBook } from './rest-book.ts'
import { restContradicts } from './stall.ts'
import type { Carried, Upkeep } from './upkeep.ts'

// Nothing is numbered and nothing can be asked for on the socket, so what is missing is asked for by REST, and what is
// thought LIVE is compared with REST now and then:
//
//     SUSPECT    POST /books, spliced into the stream (splice.ts); the answer may be a ghost, or older than the doubt:
//                asked again, less and less often. The socket's other books are not touched.
//     LIVE       REST shows other levels of our very moment: the book is SUSPECT.
//                REST shows another top, newer than ours, and no message explains it in time: the book is SUSPECT, and
//                if the socket was silent meanwhile, it is a frozen one: made anew.

/** POST /books of some tokens: the answer's body. Rejects when there is none. */
export type FetchBooks = (tokens: readonly string[]) => Promise<Uint8Array>

/** How long a book may take after the subscription before REST is asked: one request, that a dump on its way makes idle. */
const DUMP_NS_MAX = 1_000_000_000
/** The venue answers at most 500 (fact sheet, section 5); a fifth of that keeps the parse of it off our frames' time. */
const BOOKS_PER_REQUEST_MAX = 100
/** Books compared at once. */
const AUDITED_BOOKS = 10
/** REST must have been held for longer than a message may lag before it contradicts (stall.ts). */
const AUDIT_HELD_NS = 1_600_000_000
/** For how long agreement with REST explains a silence. */
const AGREEMENT_NS_MAX = 30_000_000_000
const NS_PER_MS = 1_000_000

/** What is known of one socket. */
class Watch {
  /** The PING whose answer proves that a pause is over; 0 for none. */
  proof = 0
  isAuditing = false
  audited: readonly TakenBook[] = []
  auditedNs = 0 as Ns
  agreedNs = Number.NEGATIVE_INFINITY
  subscribedNs = 0
  /** Something has come since. */
  isAnswered = false
}

export class PolymarketUpkeep implements Upkeep {
  readonly #feed: Carried
  readonly #fetchBooks: FetchBooks
  readonly #parser: BookParser
  readonly #nowNs: () => Ns
  readonly #watches: Watch[]
  readonly #repairs: Repairs

  /** @param parser one of its own: an answer by REST must not change what the frames' parser expects next */
  constructor(feed: Carried, fetchBooks: FetchBooks, parser: BookParser, nowNs: () => Ns) {
    this.#feed = feed
    this.#fetchBooks = fetchBooks
    this.#parser = parser
    this.#nowNs = nowNs
    this.#watches = feed.books.map(() => new Watch())
    this.#repairs = new Repairs(feed.ids.length)
  }

  subscribe(socket: number, nowNs: Ns): void {
    const { books, ids, links } = this.#feed
    const watch = this.#watches[socket]
    watch.subscribedNs = nowNs
    watch.isAnswered = false
    for (const book of books[socket]) this.#repairs.notBefore(book, nowNs + DUMP_NS_MAX)
    links[socket].send(subscribe(Array.from(books[socket], (book) => ids[book]).flat()))
  }

  controlled(socket: number, kind: Control): void {
    const watch = this.#watches[socket]
    const isProof = kind === Control.Pong && watch.proof !== 0
    if (!isProof || this.#feed.links[socket].answers < watch.proof) return
    watch.proof = 0
    this.#feed.intake.caughtUp(socket, false)
  }

  snapshotTaken(socket: number, book: number, _commandId: number, nowNs: Ns): void {
    const watch = this.#watches[socket]
    // Stamped with the book's last change: it may be as old as it was long in coming.
    const waitedNs = nowNs - watch.subscribedNs
    if (waitedNs > LAG_MS_MAX * NS_PER_MS && !watch.isAnswered) this.#feed.intake.late(waitedNs)
    watch.isAnswered = true
    this.#repairs.healed(book)
  }

  gapFound(): void {}

  contradicted(): void {}

  prove(socket: number, nowNs: Ns): void {
    this.#watches[socket].proof = this.#feed.links[socket].ping(nowNs)
  }

  audit(socket: number, first: number): void {
    const watch = this.#watches[socket]
    if (watch.isAuditing) return
    const { books, intake } = this.#feed
    const carried = books[socket]
    const from = Math.max(0, carried.indexOf(first))
    const asked: number[] = []
    for (let i = 0; i < carried.length && asked.length < AUDITED_BOOKS; i++) {
      const book = carried[(from + i) % carried.length]
      if (intake.books[book].state === BookState.Live) asked.push(book)
    }
    if (asked.length === 0) return
    watch.isAuditing = true
    const heard = asked.map((book) => ({
      venueMs: intake.books[book].venueMs,
      told: intake.books[book].told,
    }))
    this.#fetch(socket, asked, (taken) => {
      watch.isAuditing = taken.length > 0
      watch.audited = taken
      watch.auditedNs = this.#nowNs()
      for (const rest of taken) {
        const { venueMs, told } = heard[asked.indexOf(rest.book)]
        const book = intake.books[rest.book]
        // Several messages may be of one moment: in the midst of them the answer is of its end.
        if (book.venueMs === venueMs && book.told === told) intake.audited(rest.book, rest, watch.auditedNs)
      }
    })
  }

  revive(socket: number, nowNs: Ns): void {
    if (nowNs - this.#watches[socket].agreedNs < AGREEMENT_NS_MAX) return
    this.#feed.intake.stalled(socket, nowNs)
    this.#feed.links[socket].renew(Loss.Stalled, 'silent for longer than its rate explains')
  }

  look(socket: number, nowNs: Ns): void {
    const watch = this.#watches[socket]
    if (watch.audited.length > 0 && nowNs - watch.auditedNs > AUDIT_HELD_NS) this.#compare(socket, nowNs)
    const { intake, books, random } = this.#feed
    if (intake.missing(socket) === 0 && this.#repairs.isQuiet) return
    const due: number[] = []
    for (const book of books[socket]) {
      if (!isMissing(intake.books[book].state)) this.#repairs.well(book, nowNs)
      else if (!this.#repairs.isDue(book, nowNs)) continue
      else if (this.#repairs.isAsked(book)) this.#giveUp(book, nowNs, random())
      else if (due.length < BOOKS_PER_REQUEST_MAX) due.push(book)
    }
    if (due.length > 0) this.#repair(socket, due, nowNs)
  }

  lost(socket: number): void {
    this.#watches[socket].proof = 0
    this.#watches[socket].isAuditing = false
    this.#watches[socket].audited = []
  }

  #repair(socket: number, asked: readonly number[], nowNs: Ns): void {
    const { intake, random, changed } = this.#feed
    for (const book of asked) {
      intake.awaitRest(book)
      this.#repairs.asked(book, nowNs)
    }
    this.#fetch(socket, asked, (taken) => {
      const answeredNs = this.#nowNs()
      for (const book of asked) {
        const rest = taken.find((one) => one.book === book)
        // Whether or not it is LIVE now, it is not asked for again at once: it may be of another mind in a moment.
        if (rest !== undefined && intake.spliceRest(book, rest, answeredNs)) {
          this.#repairs.failed(book, answeredNs, random())
          changed(answeredNs)
        } else if (this.#repairs.isAsked(book)) this.#giveUp(book, answeredNs, random())
      }
    })
  }

  #giveUp(book: number, nowNs: Ns, chance: number): void {
    this.#feed.intake.giveUpRest(book)
    this.#repairs.failed(book, nowNs, chance)
  }

  /** Holds what REST said a while ago against what the socket has told by now. */
  #compare(socket: number, nowNs: Ns): void {
    const watch = this.#watches[socket]
    const { intake, links, silenceNs } = this.#feed
    const heldMs = (nowNs - watch.auditedNs) / NS_PER_MS
    let agreed = 0
    const contradicted: number[] = []
    for (const { book: index, bid, ask, venueMs } of watch.audited) {
      const book = intake.books[index]
      if (book.state !== BookState.Live) continue
      const agrees = book.bids.bestPrice() === bid && book.asks.bestPrice() === ask
      if (agrees) agreed++
      if (restContradicts(agrees, book.venueMs, bid, ask, venueMs, heldMs)) contradicted.push(index)
    }
    const isSilent = silenceNs(socket, nowNs) > nowNs - watch.auditedNs
    watch.audited = []
    watch.isAuditing = false
    for (const book of contradicted) intake.contradict(book, nowNs)
    if (contradicted.length > 0 && isSilent)
      links[socket].renew(Loss.Stalled, 'REST knows of changes that were never told')
    else if (contradicted.length === 0 && agreed > 0) watch.agreedNs = nowNs
  }

  /** Tells what REST says of these books, ghosts left out; nothing when there is no answer to be believed. */
  #fetch(socket: number, books: readonly number[], then: (taken: readonly TakenBook[]) => void): void {
    const link = this.#feed.links[socket]
    const { opens } = link
    this.#fetchBooks(books.map((book) => this.#feed.ids[book][0])).then(
      (body) => {
        if (link.isOpen && link.opens === opens) then(readRestBooks(body, this.#parser))
      },
      () => {
        if (link.isOpen && link.opens === opens) then([])
      },
    )
  }
}
