import { once } from 'node:events'
import { connect } from 'node:tls'
import WebSocket from 'ws'
import { OPENING_BYTES, tickers } from './market.ts'
import type { Doors } from './venue.ts'

// The least that a client can do: on a frame of the right length it writes two requests that it was given. No parsing,
// no book, no decision; the same ws, sockets, TLS, frames and request bytes as the executor has.

export interface EchoOrder {
  readonly ca: string
  readonly doors: Doors
  /** Base64: Polymarket's, Kalshi's. */
  readonly requests: readonly [string, string]
}

async function open(port: number, ca: string, hello: object): Promise<WebSocket> {
  const socket = new WebSocket(`wss://localhost:${port}`, {
    ca,
    perMessageDeflate: false,
    skipUTF8Validation: true,
  })
  await once(socket, 'open')
  socket.send(JSON.stringify(hello))
  return socket
}

async function openOrders(port: number, ca: string) {
  const socket = connect({ host: 'localhost', port, servername: 'localhost', ca }).setNoDelay(true)
  await once(socket, 'secureConnect')
  socket.resume()
  return socket
}

async function start({ ca, doors, requests }: EchoOrder): Promise<void> {
  const [polymarketRequest, kalshiRequest] = requests.map((text) => Buffer.from(text, 'base64'))
  const polymarket = await openOrders(doors.polymarketOrders, ca)
  const kalshi = await openOrders(doors.kalshiOrders, ca)
  await open(doors.kalshiFrames, ca, { id: 1, cmd: 'subscribe', params: { market_tickers: tickers } })
  const frames = await open(doors.polymarketFrames, ca, { type: 'market' })
  frames.on('message', (bytes: Buffer) => {
    if (bytes.length !== OPENING_BYTES) return
    polymarket.write(polymarketRequest)
    kalshi.write(kalshiRequest)
  })
  process.send?.('ready')
}

if (import.meta.main) {
  process.once('message', start)
  process.on('disconnect', () => process.exit())
}
