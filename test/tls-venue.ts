import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type TLSSocket } from 'node:tls'
import { makeCertificate } from '@tandem/sandbox/certificate.ts'

// A venue that does as a test tells it: raw HTTP/1.1 over TLS on loopback, so that every byte of an answer, and the
// moment at which a connection dies, are the test's own.

export interface VenueRequest {
  /** `POST /order`, without the version. */
  readonly line: string
  readonly text: string
  readonly body: string
  /** Which of the connections that the venue has taken, from 0. */
  readonly connection: number
  readonly socket: TLSSocket
}

/** An answer with a counted body. */
export function httpAnswer(status: number, body: unknown, head = ''): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return `HTTP/1.1 ${status} X\r\n${head}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
}

export class TlsVenue {
  /** Called for every request; what it does not answer stays unanswered. */
  onRequest: (request: VenueRequest) => void = ({ socket }) => socket.write(httpAnswer(200, '{}'))
  readonly requests: VenueRequest[] = []
  readonly sockets: TLSSocket[] = []
  /** Requests that came while the one before them on their connection had no answer. */
  pipelined = 0
  resumed = 0
  readonly #server: Server
  readonly #ca: string

  private constructor(server: Server, ca: string) {
    this.#server = server
    this.#ca = ca
    server.on('secureConnection', (socket) => this.#accept(socket))
  }

  static async open(): Promise<TlsVenue> {
    const { key, cert, ca } = await makeCertificate(Date.now())
    const server = createServer({ key, cert, ALPNProtocols: ['http/1.1'] })
    server.on('tlsClientError', () => {})
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new TlsVenue(server, ca)
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get ca(): string {
    return this.#ca
  }

  get url(): string {
    return `https://localhost:${this.port}`
  }

  /** A socket to this venue, as main would open one; `ca` may be another's, to see it refused. */
  readonly connect = (session: Buffer | undefined, ca = this.#ca): TLSSocket =>
    connect({
      host: '127.0.0.1',
      port: this.port,
      servername: 'localhost',
      ca,
      ALPNProtocols: ['http/1.1'],
      ...(session === undefined ? {} : { session }),
    })

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(socket: TLSSocket): void {
    const connection = this.sockets.push(socket) - 1
    if (socket.isSessionReused()) this.resumed++
    let waiting = Buffer.alloc(0)
    let written = socket.bytesWritten
    let isAsked = false
    socket.on('error', () => {})
    socket.on('data', (bytes: Buffer) => {
      waiting = Buffer.concat([waiting, bytes])
      for (;;) {
        const text = waiting.toString('latin1')
        const head = text.indexOf('\r\n\r\n')
        const length = Number(/content-length: *(\d+)/i.exec(text.slice(0, head))?.[1] ?? 0)
        if (head === -1 || waiting.length < head + 4 + length) return
        waiting = waiting.subarray(head + 4 + length)
        if (isAsked && socket.bytesWritten === written) this.pipelined++
        isAsked = true
        written = socket.bytesWritten
        const request = {
          line: text.slice(0, text.indexOf(' HTTP/')),
          text: text.slice(0, head + 4 + length),
          body: text.slice(head + 4, head + 4 + length),
          connection,
          socket,
        }
        this.requests.push(request)
        this.onRequest(request)
      }
    })
  }
}
