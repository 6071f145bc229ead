import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { PolymarketEvent } from '../engine/polymarket/event.ts'
import { peerOf } from '../wire.ts'
import type { Answer } from './errors.ts'
import { type ChannelPath, PolymarketFront, type PolymarketFrontParts } from './front.ts'
import type { ApiKeys } from './keys.ts'
import { readRequest } from './request.ts'

export interface PolymarketServerParts extends PolymarketFrontParts {
  /** In PEM. */
  readonly certificate: { readonly key: string; readonly cert: string }
}

/** Longer than a client keeps an idle connection. */
const KEEP_ALIVE_MS = 120_000

/** Polymarket on loopback: REST and both channels behind one TLS port. */
export class PolymarketServer {
  readonly #parts: PolymarketServerParts
  readonly #front: PolymarketFront
  readonly #server: Server
  readonly #upgrades = new WebSocketServer({ noServer: true, perMessageDeflate: false, autoPong: false })

  constructor(parts: PolymarketServerParts) {
    this.#parts = parts
    this.#front = new PolymarketFront(parts)
    const options = { ...parts.certificate, keepAliveTimeout: KEEP_ALIVE_MS }
    this.#server = createServer(options, (incoming, response) => {
      // What throws here is a fault of ours: it ends the process, and must not look like an answer of the venue.
      void this.#receive(incoming, response)
    })
    this.#server.on('upgrade', (incoming, socket, head) => {
      const path = new URL(incoming.url ?? '/', 'https://localhost').pathname
      const refusal = this.#front.refusesUpgrade(path)
      if (refusal !== undefined) return refuseUpgrade(socket, refusal)
      this.#upgrades.handleUpgrade(incoming, socket, head, (webSocket) => {
        this.#opened(webSocket, path as ChannelPath)
      })
    })
  }

  get keys(): ApiKeys {
    return this.#front.keys
  }

  /** Listens on loopback. Returns the port. */
  async listen(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve))
    return (this.#server.address() as AddressInfo).port
  }

  /** What the venue emits. */
  hear(event: PolymarketEvent): void {
    this.#front.hear(event)
  }

  /** Lets time pass for what was held back, and for faults that strike sockets; the venue has its own `tick`. */
  tick(nowMs: number): void {
    this.#front.tick(nowMs)
  }

  async close(): Promise<void> {
    this.#front.close()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #receive(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await readRequest(incoming, () => this.#parts.timings.now())
    if (request === undefined) {
      incoming.socket.destroy()
      return
    }
    await this.#front.receive(request, (answer) => {
      if (answer === undefined) response.socket?.destroy()
      else write(response, answer)
    })
  }

  #opened(socket: WebSocket, path: ChannelPath): void {
    const events = this.#front.open(peerOf(socket), path)
    socket.on('message', (data) => events.message(data.toString()))
    socket.on('ping', (data) => {
      if (events.pinged()) socket.pong(data)
    })
    // What breaks a socket also closes it.
    socket.on('error', () => {})
    socket.on('close', () => events.closed())
  }
}

function write(response: ServerResponse, answer: Answer): void {
  const body = JSON.stringify(answer.body)
  response.writeHead(answer.status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    ...answer.headers,
  })
  response.end(body)
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}
