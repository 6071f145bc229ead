import { NS_PER_MS, type Ns } from '@tandem/shared/units.ts'
import { BookState, isMissing, LAG_MS_MAX } from '../book/integrity.ts'
import { addMarkets, getSnapshot, subscribeBooks, unsubscribe } from '../venue/kalshi/messages.ts'
import { Control } from '../venue/sink.ts'
import { Loss } from './connection.ts'
import { Repairs } from './repair.ts'
import { endsSubscription, isRepairOverdue } from './sequence.ts'
import type { Carried, Upkeep } from './upkeep.ts'

// One sid a socket, numbered throughout. What is missing is asked for on the same socket, in the same numbers:
//
//     gap        get_snapshot of every SUSPECT ticker; each answer heals its own at its own number
//     2 s        no answer: subscribed anew (unsubscribe first: a second subscribe would join the old sid, and bring
//                no snapshot; Kalshi fact sheet, section 3.3)
//     error 25   the sid is gone: subscribed anew at once
//     2 times    that did not help: a new connection
//
// Where others were answered and one ticker was not, the sid is well, and only that ticker is asked for again. Not by
// get_snapshot alone, which answers for tickers that the sid does not carry: a book would be LIVE without its deltas.

/** Subscriptions that may bring nothing before the connection itself is doubted. */
const RESUBSCRIBES_MAX = 2
/** The feed and a snapshot may once disagree by the venue's timing; twice in so short a time is a feed that loses. */
const CONTRADICTIONS_NS_MIN = 60_000_000_000
const SID_NONE = -1
const ID_NONE = -1
const NOTHING_ASKED = Number.POSITIVE_INFINITY

/** What is known of one connection's subscription. */
class Subscription {
  sid = SID_NONE
  /** The venue has ended it. */
  isEnded = false
  isContradicted = false
  contradictedNs = Number.NEGATIVE_INFINITY
  /** When something was asked for, or its latest answer came, and how many have come. */
  heardNs = 0
  answers = 0
  /** Since when snapshots are waited for, on this connection, and none has come: asking again is no answer. */
  waitsNs = NOTHING_ASKED
  resubscribes = 0
  /** The get_snapshot that proves that a pause is over. */
  proofId = ID_NONE
  proofNs = 0
  /** A get_snapshot that nothing was known to be wrong before, and when it was sent: unanswered it is a stall. */
  auditId = ID_NONE
  auditNs = 0
}

export class KalshiUpkeep implements Upkeep {
  readonly #feed: Carried
  readonly #useYesPrice: boolean
  readonly #subscriptions: Subscription[]
  readonly #repairs: Repairs
  /** Of the last command; unique in every session since it is in all of them. */
  #id = 0

  /** @param useYesPrice as the parser was told */
  constructor(feed: Carried, useYesPrice: boolean) {
    this.#feed = feed
    this.#useYesPrice = useYesPrice
    this.#subscriptions = feed.books.map(() => new Subscription())
    this.#repairs = new Repairs(feed.ids.length)
  }

  subscribe(socket: number, nowNs: Ns): void {
    const subscription = this.#subscriptions[socket]
    subscription.sid = SID_NONE
    subscription.isEnded = false
    subscription.isContradicted = false
    subscription.heardNs = nowNs
    subscription.answers = 0
    subscription.waitsNs = Math.min(subscription.waitsNs, nowNs)
    subscription.proofId = ID_NONE
    subscription.auditId = ID_NONE
    const { books, links } = this.#feed
    // Their snapshots are on the way.
    for (const book of books[socket]) this.#repairs.asked(book, nowNs)
    links[socket].send(subscribeBooks(++this.#id, this.#tickers(books[socket]), this.#useYesPrice))
  }

  controlled(socket: number, kind: Control, a: number, b: number): void {
    const subscription = this.#subscriptions[socket]
    if (kind === Control.Subscribed) subscription.sid = b
    if (kind !== Control.Refused || !endsSubscription(a)) return
    if (b === SID_NONE || b === subscription.sid) subscription.isEnded = true
  }

  snapshotTaken(socket: number, book: number, commandId: number, nowNs: Ns): void {
    const subscription = this.#subscriptions[socket]
    const { auditId, auditNs, proofId, proofNs, waitsNs } = subscription
    subscription.heardNs = nowNs
    subscription.answers++
    this.#repairs.healed(book)
    const isCheck = commandId !== ID_NONE && (commandId === auditId || commandId === proofId)
    if (!isCheck) {
      // It has no time of its own: it may be as old as it was long in coming.
      subscription.waitsNs = NOTHING_ASKED
      if (nowNs - waitsNs > LAG_MS_MAX * NS_PER_MS) this.#feed.intake.late(nowNs - waitsNs)
      return
    }
    // Books tell nothing on a quiet socket: there the answer alone shows that the venue sends in time.
    const askedNs = commandId === proofId ? proofNs : auditNs
    const isTimely = nowNs - askedNs <= LAG_MS_MAX * NS_PER_MS
    if (commandId === auditId) subscription.auditId = ID_NONE
    if (commandId === proofId) subscription.proofId = ID_NONE
    if (commandId === proofId || isTimely) this.#feed.intake.caughtUp(socket, isTimely)
  }

  gapFound(socket: number): void {
    for (const book of this.#feed.books[socket]) this.#repairs.again(book)
  }

  contradicted(socket: number): void {
    this.#subscriptions[socket].isContradicted = true
  }

  prove(socket: number, nowNs: Ns): void {
    const { intake, books } = this.#feed
    const doubted = books[socket].find((book) => intake.books[book].state === BookState.Unsettled)
    if (doubted === undefined) return
    const subscription = this.#subscriptions[socket]
    subscription.proofId = this.#ask(socket, [doubted])
    subscription.proofNs = nowNs
  }

  audit(socket: number, book: number, nowNs: Ns): void {
    this.#audit(socket, [book], nowNs)
  }

  /** Its books are STALE until each has spoken, or has answered. */
  revive(socket: number, nowNs: Ns): void {
    this.#feed.intake.stalled(socket, nowNs)
    this.#audit(socket, [...this.#feed.books[socket]], nowNs)
  }

  look(socket: number, nowNs: Ns): void {
    const subscription = this.#subscriptions[socket]
    const isAudited = subscription.auditId !== ID_NONE
    if (subscription.isEnded || (isAudited && isRepairOverdue(1, subscription.auditNs, nowNs)))
      this.#subscribeAnew(socket, nowNs)
    else if (subscription.isContradicted) this.#suspectAll(socket, nowNs)
    else this.#askForMissing(socket, nowNs)
  }

  lost(socket: number): void {
    const subscription = this.#subscriptions[socket]
    subscription.sid = SID_NONE
    subscription.resubscribes = 0
    subscription.waitsNs = NOTHING_ASKED
  }

  #askForMissing(socket: number, nowNs: Ns): void {
    const subscription = this.#subscriptions[socket]
    const { intake, books, random } = this.#feed
    if (intake.missing(socket) === 0 && this.#repairs.isQuiet) {
      subscription.resubscribes = 0
      return
    }
    const due: number[] = []
    const waiting: number[] = []
    for (const book of books[socket]) {
      if (!isMissing(intake.books[book].state)) this.#repairs.well(book, nowNs)
      else if (!this.#repairs.isAsked(book)) {
        if (this.#repairs.isDue(book, nowNs)) due.push(book)
      } else if (this.#repairs.isDue(book, nowNs)) this.#repairs.failed(book, nowNs, random())
      else if (!this.#repairs.isGivenUp(book)) waiting.push(book)
    }
    if (isRepairOverdue(waiting.length, subscription.heardNs, nowNs)) {
      if (subscription.answers === 0) {
        this.#subscribeAnew(socket, nowNs)
        return
      }
      for (const book of waiting) this.#repairs.failed(book, nowNs, random())
    }
    if (waiting.length === 0 && due.length === 0) subscription.resubscribes = 0
    if (due.length === 0 || subscription.sid === SID_NONE) return
    const unanswered = due.filter((book) => this.#repairs.hasFailed(book))
    if (unanswered.length > 0)
      this.#feed.links[socket].send(addMarkets(++this.#id, subscription.sid, this.#tickers(unanswered)))
    this.#ask(socket, due)
    subscription.heardNs = nowNs
    subscription.answers = 0
    subscription.waitsNs = Math.min(subscription.waitsNs, nowNs)
    for (const book of due) this.#repairs.asked(book, nowNs)
  }

  /** A snapshot in sequence did not equal the book: deltas are missing, and no number was. */
  #suspectAll(socket: number, nowNs: Ns): void {
    const subscription = this.#subscriptions[socket]
    const { intake, books } = this.#feed
    const isAgain = nowNs - subscription.contradictedNs < CONTRADICTIONS_NS_MIN
    subscription.isContradicted = false
    subscription.contradictedNs = nowNs
    if (isAgain) this.#subscribeAnew(socket, nowNs)
    else
      for (const book of books[socket]) {
        intake.contradict(book, nowNs)
        this.#repairs.again(book)
      }
  }

  #audit(socket: number, books: readonly number[], nowNs: Ns): void {
    const subscription = this.#subscriptions[socket]
    if (subscription.auditId !== ID_NONE) return
    subscription.auditId = this.#ask(socket, books)
    subscription.auditNs = nowNs
  }

  /** @returns the command's id, or ID_NONE while there is no sid to ask on. */
  #ask(socket: number, books: readonly number[]): number {
    const { sid } = this.#subscriptions[socket]
    if (sid === SID_NONE) return ID_NONE
    this.#feed.links[socket].send(getSnapshot(++this.#id, sid, this.#tickers(books)))
    return this.#id
  }

  #subscribeAnew(socket: number, nowNs: Ns): void {
    const subscription = this.#subscriptions[socket]
    const { intake, links } = this.#feed
    if (subscription.resubscribes++ >= RESUBSCRIBES_MAX) {
      links[socket].renew(Loss.Unrepaired, 'subscribing anew brought nothing')
      return
    }
    intake.disconnected(socket, nowNs, false)
    if (subscription.sid !== SID_NONE && !subscription.isEnded)
      links[socket].send(unsubscribe(++this.#id, [subscription.sid]))
    this.subscribe(socket, nowNs)
  }

  #tickers(books: Iterable<number>): string[] {
    return Array.from(books, (book) => this.#feed.ids[book][0])
  }
}
