import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import type { Certificate } from '@tandem/sandbox/certificate.ts'
import { marketInfo } from './market.ts'

// Where orders end: HTTP/1.1 over TLS without a framework, so that little lies between the bytes' arrival and the look at
// the clock. Whatever is no order is answered at once.

export interface ReadOrder {
  /** When its last byte had been read: performance.now(). */
  readonly readMs: number
  readonly bytes: Buffer
  readonly socket: TLSSocket
}

const NEW_GROUP = /^POST \S*\/order_groups\/create /
const ORDER = /^POST \/(order|\S*\/portfolio\/events\/orders) /

/** As a server has it: made anew when the second changes. */
function date(): string {
  const second = Math.floor(Date.now() / 1_000)
  if (second !== dateSecond) {
    dateSecond = second
    dateText = new Date(second * 1_000).toUTCString()
  }
  return dateText
}
let dateSecond = 0
let dateText = ''

export function answer(socket: TLSSocket, status: number, body: string): void {
  socket.write(
    `HTTP/1.1 ${status} X\r\nDate: ${date()}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
}

/** Opens one; `onOrder` has to answer. @returns its port. */
export async function openOrderSink(
  { key, cert }: Certificate,
  onOrder: (order: ReadOrder) => void,
): Promise<number> {
  const server: Server = createServer({ key, cert, ALPNProtocols: ['http/1.1'] }, (socket) => {
    socket.setNoDelay(true)
    socket.on('error', () => {})
    let waiting: Buffer = Buffer.alloc(0)
    socket.on('data', (bytes: Buffer) => {
      const readMs = performance.now()
      waiting = waiting.length === 0 ? bytes : Buffer.concat([waiting, bytes])
      const end = waiting.indexOf('\r\n\r\n')
      if (end === -1) return
      const head = waiting.toString('latin1', 0, end)
      const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? '0')
      if (waiting.length < end + 4 + length) return
      const request = waiting
      waiting = Buffer.alloc(0)
      if (ORDER.test(head)) onOrder({ readMs, bytes: request, socket })
      else if (NEW_GROUP.test(head)) answer(socket, 201, '{"order_group_id":"bench"}')
      else if (head.startsWith('POST')) answer(socket, 200, '[]')
      else answer(socket, 200, head.startsWith('GET /time') ? '0' : JSON.stringify(marketInfo))
    })
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
