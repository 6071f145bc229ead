import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Account } from '../engine/kalshi/account.ts'
import type { Occurrence } from '../engine/kalshi/occurrence.ts'
import { peerOf } from '../wire.ts'
import type { ApiKeys } from './auth.ts'
import type { Answer } from './errors.ts'
import { KalshiFront, type KalshiFrontParts } from './front.ts'

/** Longer than a client keeps an idle connection. */
const KEEP_ALIVE_MS = 120_000

export interface KalshiServerParts extends KalshiFrontParts {
  readonly certificate: { readonly key: string; readonly cert: string }
}

/** The venue behind TLS: REST and the WebSocket on one port. */
export class KalshiServer {
  readonly #front: KalshiFront
  readonly #parts: KalshiServerParts
  readonly #server: Server
  readonly #upgrades = new WebSocketServer({ noServer: true, perMessageDeflate: false, autoPong: false })

  constructor(parts: KalshiServerParts) {
    this.#parts = parts
    this.#front = new KalshiFront(parts)
    this.#server = createServer(parts.certificate, (request, response) => this.#receive(request, response))
    this.#server.keepAliveTimeout = KEEP_ALIVE_MS
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
  }

  get keys(): ApiKeys {
    return this.#front.keys
  }

  /** Listens on loopback. Returns the port. */
  async listen(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve))
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    this.#front.close()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** What the venue emits. */
  hear(occurrence: Occurrence): void {
    this.#front.hear(occurrence)
  }

  /** Lets time pass: pings, what was held back, faults that strike sockets. */
  tick(nowMs: number): void {
    this.#front.tick(nowMs)
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const body = Buffer.concat(chunks).toString()
      this.#front.receive({ method, url, headers, body }, this.#parts.timings.now(), (answer) => {
        if (answer === undefined) request.socket.destroy()
        else write(response, answer)
      })
    })
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const key = this.#front.admit(request.url ?? '', request.headers)
    if ('refusal' in key) refuseUpgrade(socket, key.refusal)
    else this.#upgrades.handleUpgrade(request, socket, head, (accepted) => this.#open(accepted, key.account))
  }

  #open(socket: WebSocket, account: Account): void {
    const events = this.#front.open(peerOf(socket), account)
    socket.on('message', (data) => events.message(data.toString()))
    socket.on('ping', () => events.pinged() && socket.pong())
    socket.on('close', () => events.closed())
    // A broken frame or connection ends in `close`; there is nobody to tell.
    socket.on('error', () => socket.terminate())
  }
}

function write(response: ServerResponse, { status, body }: Answer): void {
  if (body === undefined) {
    response.writeHead(status).end()
    return
  }
  const text = JSON.stringify(body)
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    .end(text)
}

function refuseUpgrade(socket: Duplex, { status, body }: Answer): void {
  const text = JSON.stringify(body)
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  )
}
