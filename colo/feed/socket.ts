import type { IncomingMessage } from 'node:http'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Ns } from '@tandem/shared/units.ts'
import type { ClientOptions, WebSocket } from 'ws'
import type { Clock } from '../clock.ts'
import { Loss } from './connection.ts'

// All frames of one read are handed over before anything is decided. Where a read ends is not said anywhere:
//
//     TCP read      | record 1: f1 f2 | record 2: f3 | record 3: f4 ..half of f5 |        one system call, up to 64 KiB
//     'data' event    ^ f1 f2            ^ f3           ^ f4                              one for each TLS record
//
// Within a 'data' event ws tells its frames one after the other, so a listener behind its own hears the end of the
// record. Whether there is another record in the same read, the bytes say: those that the TCP socket has read less those
// that the records so far were made of. Nothing left: decide at once, which is the usual case and costs a lone frame
// nothing. Something left: the next record's event follows before the loop turns; should it not (half a record, a session
// ticket), the end of the loop's polling phase decides. So the sum need not be exact: too much waits some microseconds
// for nothing, too little decides once more often.

/**
 * What a record of TLS 1.3 adds to its bytes: a header of 5, the type's byte, a tag of 16. Records of TLS 1.2 add 8
 * more, which only means too much left.
 */
const RECORD_BYTES = 22
/** A record with less in it holds no frame. */
const LEFT_BYTES_MIN = RECORD_BYTES + 2
/** Kalshi's limit (fact sheet, section 1); Polymarket publishes none. */
const MESSAGE_BYTES_MAX = 64 * 1024 * 1024

const REFUSALS: readonly (number | undefined)[] = [401, 403]
const NO_FRAME = -1 as Ns

/** Makes the WebSocket: `(url, options) => new WebSocket(url, options)`. */
export type MakeSocket = (url: string, options: ClientOptions) => WebSocket

export interface SocketParts {
  readonly makeSocket: MakeSocket
  readonly clock: Clock
  /** Calls back when the loop has polled all sockets that are readable now: setImmediate. */
  readonly afterReads: (then: () => void) => void
  /** Of the sandbox; undefined for the system's. */
  readonly ca: string | undefined
}

export interface SocketEvents {
  opened(): void
  /** One frame, a view that is valid during the call. `nowNs` is when its bytes were there. */
  message(bytes: Uint8Array, nowNs: Ns): void
  /** All frames of one read were told; `nowNs` is that of the first. */
  readEnded(nowNs: Ns): void
  /** A ping of ours was answered. */
  ponged(): void
  /** It is over, once; `why` is for a person. Never after `drop`. */
  closed(loss: Loss, why: string): void
}

/** One WebSocket: bytes in, reads told apart, everything else in as few words as possible. */
export class FeedSocket {
  readonly #parts: SocketParts
  readonly #events: SocketEvents
  readonly #socket: WebSocket
  #tcp: Socket | undefined
  #tcpBytes = 0
  /** Bytes of the read in hand that no record has accounted for. */
  #leftBytes = 0
  #nowNs = NO_FRAME
  /** When the first frame that is not decided on was there. */
  #firstNs = NO_FRAME
  #isArmed = false
  #isOver = false

  constructor(url: string, headers: Record<string, string>, parts: SocketParts, events: SocketEvents) {
    this.#parts = parts
    this.#events = events
    const isSecure = url.startsWith('wss:')
    this.#socket = parts.makeSocket(url, {
      headers,
      perMessageDeflate: false,
      skipUTF8Validation: true,
      maxPayload: MESSAGE_BYTES_MAX,
      ...(parts.ca === undefined ? {} : { ca: parts.ca }),
      ...(isSecure ? { createConnection: this.#connect as unknown as typeof connectTcp } : {}),
    })
    this.#listen()
  }

  send(text: string): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(text)
  }

  ping(): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping()
  }

  /** Says goodbye; `closed` follows. */
  close(): void {
    this.#socket.close(1000)
  }

  /** Ends it here and now, and tells nobody. */
  drop(): void {
    this.#isOver = true
    this.#socket.terminate()
  }

  #listen(): void {
    const socket = this.#socket
    // Listeners stay when it is over: an error that nobody hears would end the process.
    socket.on('error', (error: NodeJS.ErrnoException) => this.#end(Loss.Failed, error.code ?? error.message))
    socket.on('close', (code) => this.#end(Loss.Closed, `close ${code}`))
    socket.on('unexpected-response', (request, response) => {
      const { statusCode } = response
      this.#end(REFUSALS.includes(statusCode) ? Loss.Refused : Loss.Failed, `HTTP ${statusCode}`)
      request.destroy()
    })
    socket.on('upgrade', ({ socket: stream }: IncomingMessage) =>
      socket.once('open', () => this.#opened(stream)),
    )
    socket.on('message', (bytes: Buffer) => this.#message(bytes))
    socket.on('pong', () => {
      if (!this.#isOver) this.#events.ponged()
    })
  }

  /** ws has hung its own listener on the stream: ours go before it and behind it. */
  #opened(stream: Socket): void {
    if (this.#isOver) return
    this.#tcpBytes = this.#tcp?.bytesRead ?? 0
    stream.prependListener('data', () => {
      this.#nowNs = this.#parts.clock.nowNs()
    })
    stream.on('data', (bytes: Buffer) => this.#recordEnded(bytes.length))
    this.#events.opened()
  }

  #message(bytes: Buffer): void {
    if (this.#isOver) return
    if (this.#firstNs === NO_FRAME) this.#firstNs = this.#nowNs
    this.#events.message(bytes, this.#nowNs)
  }

  #recordEnded(bytes: number): void {
    if (this.#tcp !== undefined) {
      const tcpBytes = this.#tcp.bytesRead
      this.#leftBytes += tcpBytes - this.#tcpBytes - bytes - RECORD_BYTES
      this.#tcpBytes = tcpBytes
    }
    if (this.#leftBytes < LEFT_BYTES_MIN) this.#readEnded()
    else if (!this.#isArmed) {
      this.#isArmed = true
      this.#parts.afterReads(this.#polled)
    }
  }

  readonly #polled = (): void => {
    this.#isArmed = false
    this.#readEnded()
  }

  #readEnded(): void {
    this.#leftBytes = 0
    const firstNs = this.#firstNs
    if (firstNs === NO_FRAME || this.#isOver) return
    this.#firstNs = NO_FRAME
    this.#events.readEnded(firstNs)
  }

  #end(loss: Loss, why: string): void {
    if (this.#isOver) return
    this.#readEnded()
    this.#isOver = true
    this.#events.closed(loss, why)
  }

  /** TLS over a TCP socket of our own, which counts the bytes that it reads. */
  readonly #connect = (options: { host: string; port: number }) => {
    const { host, port } = options
    const tcp = connectTcp({ host, port, noDelay: true })
    const secure = connectTls({ ...options, socket: tcp, servername: isIP(host) ? '' : host })
    tcp.on('error', (error) => secure.destroy(error))
    this.#tcp = tcp
    return secure
  }
}
