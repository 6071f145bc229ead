import type { Duplex } from 'node:stream'
import { assert } from '@tandem/shared/assert.ts'
import { Failure } from '@tandem/shared/failure.ts'
import { wordOfDecimal } from '../venue/polymarket/eip712.ts'
import {
  ANSWER_BYTES_MAX,
  AnswerKind,
  FRAME_HEAD_BYTES,
  FrameReader,
  HEADER_BYTES,
  ORDER_BYTES,
  ORDER_HASH_BYTES,
  ORDER_SIGNATURE_AT,
  REGISTER_BYTES,
  REQUEST_BYTES_MAX,
  readHello,
  TOKENS_MAX,
  ticketOf,
  WAITING_MAX,
  writeHeader,
  writeOrder,
  writeRegister,
} from './frames.ts'
import {
  LANE_URGENT,
  type Lane,
  type OrderSide,
  type Refusal,
  type Signer,
  type SignerFacts,
  type SignerListener,
} from './signer.ts'

/** A part of WAITING_MAX that refills leave to urgent orders and headers. */
const RESERVED = WAITING_MAX / 4
/** Requests of one turn are written together; a turn that asks for more than this is written in parts. */
const BATCH_REQUESTS = 256

/**
 * The executor's end of the signer's socket. Asking allocates one small Buffer per write, and being answered nothing
 * beyond the socket's chunk.
 */
export class SignerClient implements Signer {
  readonly facts: SignerFacts
  /** Whoever waits for the answers. Set it before anything is asked. */
  listener: SignerListener | undefined
  readonly #socket: Duplex
  readonly #tokens = new Map<string, number>()
  readonly #out = Buffer.alloc(BATCH_REQUESTS * REQUEST_BYTES_MAX)
  #outBytes = 0
  #waiting = 0
  #isFlushDue = false
  #isClosed = false
  readonly #digest = new Uint8Array(ORDER_HASH_BYTES)
  readonly #orderSignature: Uint8Array
  readonly #headerSignature: Uint8Array
  readonly #flushLater = () => this.#flush()

  private constructor(socket: Duplex, facts: SignerFacts) {
    this.#socket = socket
    this.facts = facts
    this.#orderSignature = new Uint8Array(facts.orderSignatureBytes)
    this.#headerSignature = new Uint8Array(facts.kalshi.signatureLength)
  }

  /** Waits for the signer's hello on a socket that is connected to it. */
  static greet(socket: Duplex): Promise<SignerClient> {
    return new Promise((done, fail) => {
      let client: SignerClient | undefined
      const reader = new FrameReader(ANSWER_BYTES_MAX, (bytes, at, length) => {
        if (client !== undefined) return client.#answer(bytes, at, length)
        const facts = readHello(bytes, at, length)
        if (facts === undefined) return false
        client = new SignerClient(socket, facts)
        done(client)
        return true
      })
      socket.on('data', (chunk: Buffer) => {
        if (!reader.read(chunk)) socket.destroy()
      })
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        fail(
          new Failure({
            code: 'SIGNER_SILENT',
            what: 'the signer closed the connection without a hello that we understand',
            todo: 'see that it is of our version and has no other client',
            retry: true,
          }),
        )
        if (client !== undefined) client.#close()
      })
    })
  }

  registerToken(tokenId: string, version: string, negRisk: boolean, tick: number): number {
    const token = this.#tokens.get(tokenId) ?? this.#tokens.size
    assert(token < TOKENS_MAX, 'SIGNER_TOKENS_FULL')
    this.#tokens.set(tokenId, token)
    const at = this.#room(REGISTER_BYTES)
    const digit = /^[1-9]$/.test(version) ? Number(version) : 0
    writeRegister(this.#out, at, token, digit, negRisk, tick, wordOfDecimal(tokenId))
    this.#flushSoon()
    return token
  }

  order(
    lane: Lane,
    ticket: number,
    token: number,
    side: OrderSide,
    makerAmount: number,
    takerAmount: number,
    salt: number,
    timestampMs: number,
  ): boolean {
    const isUrgent = lane === LANE_URGENT
    if (!this.#mayAsk(isUrgent)) return false
    const at = this.#room(ORDER_BYTES)
    writeOrder(this.#out, at, lane, ticket, token, side, makerAmount, takerAmount, salt, timestampMs)
    if (isUrgent) this.#flush()
    else this.#flushSoon()
    return true
  }

  header(ticket: number, request: number, timestampMs: number, id = ''): boolean {
    if (!this.#mayAsk(true)) return false
    writeHeader(this.#out, this.#room(HEADER_BYTES + id.length), ticket, request, timestampMs, id)
    this.#flushSoon()
    return true
  }

  /** Ends the connection; `closed` of the listener follows. */
  close(): void {
    this.#socket.destroy()
  }

  #mayAsk(isUrgent: boolean): boolean {
    if (this.#isClosed || this.#waiting >= (isUrgent ? WAITING_MAX : WAITING_MAX - RESERVED)) return false
    this.#waiting++
    return true
  }

  #room(bytes: number): number {
    if (this.#outBytes + bytes > this.#out.length) this.#flush()
    const at = this.#outBytes
    this.#outBytes += bytes
    return at
  }

  /** At the end of the turn, so that its requests are one write. */
  #flushSoon(): void {
    if (this.#isFlushDue) return
    this.#isFlushDue = true
    queueMicrotask(this.#flushLater)
  }

  #flush(): void {
    this.#isFlushDue = false
    if (this.#outBytes === 0) return
    // A copy, since the socket keeps what it cannot send at once.
    if (!this.#isClosed) this.#socket.write(Buffer.from(this.#out.subarray(0, this.#outBytes)))
    this.#outBytes = 0
  }

  /** False for a frame that is none of the protocol: the connection is given up. */
  #answer(bytes: Buffer, at: number, length: number): boolean {
    const listener = this.listener
    assert(listener !== undefined, 'SIGNER_LISTENER_SET')
    const ticket = ticketOf(bytes, at)
    const end = at + length
    switch (bytes[at + 2]) {
      case AnswerKind.OrderSigned:
        if (length !== ORDER_SIGNATURE_AT + this.#orderSignature.length) return false
        this.#waiting--
        bytes.copy(this.#digest, 0, at + FRAME_HEAD_BYTES, at + ORDER_SIGNATURE_AT)
        bytes.copy(this.#orderSignature, 0, at + ORDER_SIGNATURE_AT, end)
        listener.orderSigned(ticket, this.#digest, this.#orderSignature)
        return true
      case AnswerKind.HeaderSigned:
        if (length !== FRAME_HEAD_BYTES + this.#headerSignature.length) return false
        this.#waiting--
        bytes.copy(this.#headerSignature, 0, at + FRAME_HEAD_BYTES, end)
        listener.headerSigned(ticket, this.#headerSignature)
        return true
      case AnswerKind.Refused:
        this.#waiting--
        listener.refused(ticket, bytes[at + 3] as Refusal)
        return true
      default:
        return false
    }
  }

  #close(): void {
    this.#isClosed = true
    this.listener?.closed()
  }
}
