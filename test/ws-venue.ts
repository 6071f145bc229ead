import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { makeCertificate } from '@tandem/sandbox/certificate.ts'

// A venue's socket side that does as a test tells it: WebSocket frames made by hand over TLS on loopback, so that which
// frames share a write, and the moment at which a connection dies, are the test's own.

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const Opcode = { Text: 1, Close: 8, Ping: 9, Pong: 10 } as const
const SHORT_MAX = 125
const LENGTH_16 = 126

/** One frame as a server sends it: whole, and without a mask. */
function frame(opcode: number, payload: Buffer): Buffer {
  const isShort = payload.length <= SHORT_MAX
  const head = Buffer.alloc(isShort ? 2 : 4)
  head[0] = 0x80 | opcode
  head[1] = isShort ? payload.length : LENGTH_16
  if (!isShort) head.writeUInt16BE(payload.length, 2)
  return Buffer.concat([head, payload])
}

/** One client's connection. */
export class Peer {
  readonly stream: Duplex
  /** Answers nothing any more, pings included, and lets nobody know: a half-open link. */
  isDead = false
  /** Answers pings and says nothing else: whoever speaks for the venue keeps to it. */
  isFrozen = false
  onText: (text: string) => void = () => {}
  #waiting = Buffer.alloc(0)

  constructor(stream: Duplex) {
    this.stream = stream
    stream.on('error', () => {})
    stream.on('data', (bytes: Buffer) => this.#read(bytes))
  }

  /** Frames of one write, which is one record, and so one read. */
  send(...texts: readonly (string | Buffer)[]): void {
    if (!this.isDead)
      this.stream.write(Buffer.concat(texts.map((text) => frame(Opcode.Text, Buffer.from(text)))))
  }

  /** The network takes it away: no goodbye. */
  reset(): void {
    this.stream.destroy()
  }

  #read(bytes: Buffer): void {
    this.#waiting = Buffer.concat([this.#waiting, bytes])
    for (;;) {
      const waiting = this.#waiting
      if (waiting.length < 2) return
      const short = waiting[1] & 0x7f
      const at = short === LENGTH_16 ? 4 : 2
      const length = short === LENGTH_16 ? waiting.readUInt16BE(2) : short
      if (waiting.length < at + 4 + length) return
      const payload = Buffer.from(waiting.subarray(at + 4, at + 4 + length))
      for (let i = 0; i < length; i++) payload[i] ^= waiting[at + (i & 3)]
      this.#waiting = waiting.subarray(at + 4 + length)
      if (!this.isDead) this.#take(waiting[0] & 0x0f, payload)
    }
  }

  #take(opcode: number, payload: Buffer): void {
    if (opcode === Opcode.Text) this.onText(payload.toString())
    else if (opcode === Opcode.Ping) this.stream.write(frame(Opcode.Pong, payload))
    else if (opcode === Opcode.Close) this.stream.end(frame(Opcode.Close, payload))
  }
}

export class WsVenue {
  /** What the upgrade is answered with: 101, or a refusal. */
  status = 101
  readonly peers: Peer[] = []
  /** Headers of every attempt. */
  readonly upgrades: IncomingMessage[] = []
  onPeer: (peer: Peer) => void = () => {}
  onRequest: (body: string, response: ServerResponse) => void = (_body, response) => response.end('[]')
  readonly ca: string
  readonly #server: Server

  private constructor(server: Server, ca: string) {
    this.#server = server
    this.ca = ca
    server.on('upgrade', (request: IncomingMessage, stream: Duplex) => this.#upgrade(request, stream))
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      let body = ''
      request.on('data', (bytes) => {
        body += bytes
      })
      request.on('end', () => this.onRequest(body, response))
    })
  }

  static async open(): Promise<WsVenue> {
    const { key, cert, ca } = await makeCertificate(Date.now())
    const server = createServer({ key, cert })
    server.on('tlsClientError', () => {})
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new WsVenue(server, ca)
  }

  get host(): string {
    return `localhost:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    for (const { stream } of this.peers) stream.destroy()
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #upgrade(request: IncomingMessage, stream: Duplex): void {
    this.upgrades.push(request)
    if (this.status !== 101) {
      stream.end(`HTTP/1.1 ${this.status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
      return
    }
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}${GUID}`)
      .digest('base64')
    stream.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
    const peer = new Peer(stream)
    this.peers.push(peer)
    this.onPeer(peer)
  }
}
