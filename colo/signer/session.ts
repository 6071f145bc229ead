import type { Duplex } from 'node:stream'
import type { Throttle } from './bounds.ts'
import type { Desk } from './desk.ts'
import {
  ANSWER_BYTES_MAX,
  FrameReader,
  helloFrame,
  isRequest,
  REQUEST_BYTES_MAX,
  RequestKind,
  ticketOf,
  writeRefused,
} from './frames.ts'
import { Lane } from './lane.ts'
import { LANE_URGENT, Refusal, type SignerFacts } from './signer.ts'

/** Answers of refills are written together: a write costs a tenth of a signature. Sixteen of 105 bytes. */
const BATCH_BYTES = 16 * 105

/** What a session needs of its surroundings: the signer's main gives the real ones. */
export interface SessionTime {
  nowNs(): number
  wallMs(): number
  /** Runs it after the socket was looked at again. */
  soon(run: () => void): void
  later(run: () => void, ms: number): void
}

/**
 * One client's requests, in the order of their urgency:
 *
 *   urgent orders    signed as soon as they are read
 *   headers          one at a time, before
 *   refills          one at a time, within the throttle
 *
 * Between two that may wait the socket is looked at, so an urgent one waits for at most one signature.
 */
export class Session {
  readonly #socket: Duplex
  readonly #desk: Desk
  readonly #time: SessionTime
  readonly #throttle: Throttle
  readonly #urgent = new Lane()
  readonly #headers = new Lane()
  readonly #refills = new Lane()
  readonly #reader = new FrameReader(REQUEST_BYTES_MAX, (bytes, at, length) =>
    this.#accept(bytes, at, length),
  )
  readonly #out = Buffer.alloc(BATCH_BYTES + ANSWER_BYTES_MAX)
  #outBytes = 0
  #isScheduled = false
  #isClosed = false
  readonly #work = () => this.#workOnce()

  constructor(socket: Duplex, desk: Desk, facts: SignerFacts, throttle: Throttle, time: SessionTime) {
    this.#socket = socket
    this.#desk = desk
    this.#throttle = throttle
    this.#time = time
    desk.forgetTokens()
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('drain', () => this.#schedule())
    socket.on('close', () => {
      this.#isClosed = true
    })
    socket.write(helloFrame(facts))
  }

  #read(chunk: Buffer): void {
    const isGood = this.#reader.read(chunk)
    while (!this.#urgent.isEmpty) {
      const { nowNs, wallMs } = this.#time
      const at = this.#urgent.shift()
      this.#answered(this.#desk.order(this.#urgent.bytes, at, this.#out, this.#outBytes, nowNs(), wallMs()))
    }
    this.#flush()
    if (!isGood) this.#socket.destroy()
    this.#schedule()
  }

  #accept(bytes: Buffer, at: number, length: number): boolean {
    const kind = bytes[at + 2]
    if (!isRequest(kind, length)) return false
    if (kind === RequestKind.Register) return this.#desk.register(bytes, at)
    if (!this.#laneOf(kind, bytes[at + 3]).push(bytes, at, length)) {
      this.#answered(writeRefused(this.#out, this.#outBytes, ticketOf(bytes, at), Refusal.Busy))
    }
    return true
  }

  #laneOf(kind: number, a: number): Lane {
    if (kind === RequestKind.Header) return this.#headers
    return a === LANE_URGENT ? this.#urgent : this.#refills
  }

  #schedule(): void {
    if (this.#isScheduled || (this.#headers.isEmpty && this.#refills.isEmpty)) return
    this.#isScheduled = true
    this.#time.soon(this.#work)
  }

  /** One signature that may wait. */
  #workOnce(): void {
    this.#isScheduled = false
    if (this.#isClosed || this.#socket.writableNeedDrain) return
    const { nowNs, wallMs } = this.#time
    const startNs = nowNs()
    const restNs = this.#throttle.restNs(startNs)
    const hasWork = !this.#headers.isEmpty || !this.#refills.isEmpty
    if (hasWork && restNs > 0) {
      this.#flush()
      this.#isScheduled = true
      this.#time.later(this.#work, Math.ceil(restNs / 1e6))
      return
    }
    if (!this.#headers.isEmpty) {
      const at = this.#headers.shift()
      this.#answered(this.#desk.header(this.#headers.bytes, at, this.#out, this.#outBytes, wallMs()))
    } else if (!this.#refills.isEmpty) {
      const at = this.#refills.shift()
      this.#answered(this.#desk.order(this.#refills.bytes, at, this.#out, this.#outBytes, startNs, wallMs()))
    }
    if (this.#headers.isEmpty && this.#refills.isEmpty) this.#flush()
    this.#throttle.spent(startNs, nowNs())
    this.#schedule()
  }

  #answered(end: number): void {
    this.#outBytes = end
    if (end >= BATCH_BYTES) this.#flush()
  }

  #flush(): void {
    if (this.#outBytes === 0) return
    // A copy, since the socket keeps what it cannot send at once.
    if (!this.#isClosed) this.#socket.write(Buffer.from(this.#out.subarray(0, this.#outBytes)))
    this.#outBytes = 0
  }
}
