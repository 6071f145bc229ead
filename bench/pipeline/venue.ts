import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { type Certificate, makeCertificate } from '@tandem/sandbox/certificate.ts'
import { type WebSocket, WebSocketServer } from 'ws'
import { kalshiBook, kalshiChange, PAIRS, polymarketBooks, polymarketChange, tickers } from './market.ts'
import { answer, openOrderSink, type ReadOrder } from './order-sink.ts'

// Both venues, in a process of their own: writes a frame that opens a cross to one client, waits until both of its orders
// are read, closes the cross, rests, and turns to the next client. Each client has sockets and order sinks of its own, so
// that what comes late for one is not taken for another's.

export const CLIENTS = ['ours', 'echo', 'sdk'] as const
export type Client = (typeof CLIENTS)[number]

/** Ports of one client's venues. */
export interface Doors {
  readonly polymarketFrames: number
  readonly kalshiFrames: number
  readonly polymarketOrders: number
  readonly kalshiOrders: number
}

export interface VenueStarted {
  readonly ca: string
  readonly doors: Readonly<Record<Client, Doors>>
}

/** What the parent asks for: so many rounds, each with a frame to every client that is due in it. */
export interface RoundsOrder {
  readonly rounds: number
  readonly pacingMs: number
  /** Rounds between two turns of each client; 0 leaves it out. */
  readonly every: Readonly<Record<Client, number>>
}

export interface RoundsDone {
  /** Microseconds from the frame's write until the later order was read, of samples in which both came. */
  readonly wireUs: Readonly<Record<Client, readonly number[]>>
  /** Samples in which they did not. */
  readonly missed: Readonly<Record<Client, number>>
  /** The newest requests of ours, base64: Polymarket's and Kalshi's. */
  readonly requests: readonly [string, string]
}

/** Of the level that opens a cross; up to twice as many, and never those of the time before. */
const SHARES = 100
/** A sample is given up after so long: a decision was refused, or its order was not there. */
const SAMPLE_MS_MAX = 250
const MISSED_IN_A_ROW_MAX = 100
/** Both orders end unfilled: nothing to even out, no fills to wait for. */
const NO_MATCH =
  '{"error":"no orders found to match with FAK order. FAK orders are partially filled or killed"}'
const UNFILLED = '{"order_id":"1","fill_count":"0.00","remaining_count":"0.00","ts_ms":1790000000000}'

function answerOrder(venue: number, socket: TLSSocket): void {
  if (venue === 0) answer(socket, 400, NO_MATCH)
  else answer(socket, 201, UNFILLED)
}

async function openFrames(
  { key, cert }: Certificate,
  hello: (socket: WebSocket, text: string) => void,
): Promise<number> {
  const server = createServer({ key, cert })
  server.on('tlsClientError', () => {})
  const sockets = new WebSocketServer({ server, perMessageDeflate: false })
  sockets.on('connection', (socket) => {
    socket.on('error', () => {})
    socket.on('message', (bytes: Buffer) => {
      const text = bytes.toString()
      if (text === 'PING') socket.send('PONG')
      else hello(socket, text)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** One client's side of the venues. */
class Peer {
  doors: Doors | undefined
  /** Newest requests: Polymarket's, Kalshi's. */
  readonly requests: Buffer[] = [Buffer.alloc(0), Buffer.alloc(0)]
  #polymarket: WebSocket | undefined
  #kalshi: WebSocket | undefined
  #kalshiSeq = 0
  #samples = 0
  /** At Kalshi's bid, by pair. */
  readonly #contracts = new Int32Array(PAIRS).fill(100)
  readonly #orders: (ReadOrder | undefined)[] = [undefined, undefined]
  #done: (() => void) | undefined

  async open(certificate: Certificate): Promise<Doors> {
    return {
      polymarketFrames: await openFrames(certificate, (socket, text) => {
        if (text.includes('"user"')) return
        this.#polymarket = socket
        socket.send(polymarketBooks(Date.now()))
      }),
      kalshiFrames: await openFrames(certificate, (socket, text) => this.#subscribed(socket, text)),
      polymarketOrders: await openOrderSink(certificate, (order) => this.#read(0, order)),
      kalshiOrders: await openOrderSink(certificate, (order) => this.#read(1, order)),
    }
  }

  /** One sample. @returns microseconds, or -1 when not both orders came. */
  async sample(): Promise<number> {
    const sample = this.#samples++
    const pair = sample % PAIRS
    const text = polymarketChange(pair, SHARES + (Math.floor(sample / PAIRS) % SHARES), Date.now())
    const bothRead = new Promise<void>((resolve) => {
      this.#done = resolve
    })
    const given = setTimeout(() => this.#done?.(), SAMPLE_MS_MAX)
    this.#polymarket?.send(text)
    const writtenMs = performance.now()
    await bothRead
    clearTimeout(given)
    this.#done = undefined
    const [first, second] = this.#orders
    for (const [venue, order] of this.#orders.entries()) {
      if (order === undefined) continue
      answerOrder(venue, order.socket)
      this.requests[venue] = order.bytes
      this.#orders[venue] = undefined
    }
    this.#polymarket?.send(polymarketChange(pair, 0, Date.now()))
    // Of a pair whose turn was long ago: Kalshi's frame may overtake Polymarket's, which still has to close the cross.
    const rested = (pair + PAIRS / 2) % PAIRS
    this.#contracts[rested]++
    this.#kalshi?.send(kalshiChange(rested, ++this.#kalshiSeq, Date.now()))
    if (first === undefined || second === undefined) return -1
    return (Math.max(first.readMs, second.readMs) - writtenMs) * 1_000
  }

  #subscribed(socket: WebSocket, text: string): void {
    const { id, cmd, params } = JSON.parse(text) as {
      id: number
      cmd: string
      params: { market_tickers?: string[] }
    }
    if (cmd === 'subscribe')
      socket.send(JSON.stringify({ id, type: 'subscribed', msg: { channel: 'orderbook_delta', sid: 1 } }))
    if (params.market_tickers === undefined) return
    if (cmd === 'subscribe') this.#kalshiSeq = 0
    this.#kalshi = socket
    for (const name of params.market_tickers)
      socket.send(kalshiBook(name, this.#contracts[tickers.indexOf(name)], ++this.#kalshiSeq, id))
  }

  #read(venue: number, order: ReadOrder): void {
    if (this.#done === undefined) {
      answerOrder(venue, order.socket)
      return
    }
    this.#orders[venue] = order
    if (this.#orders[0] !== undefined && this.#orders[1] !== undefined) this.#done()
  }
}

const each = <Value>(make: () => Value): Record<Client, Value> => ({
  ours: make(),
  echo: make(),
  sdk: make(),
})

async function runRounds(peers: Record<Client, Peer>, order: RoundsOrder): Promise<RoundsDone> {
  const wireUs = each<number[]>(() => [])
  const missed = each(() => 0)
  const inARow = each(() => 0)
  for (let round = 0; round < order.rounds; round++) {
    for (const client of CLIENTS) {
      const every = order.every[client]
      if (every === 0 || round % every !== 0) continue
      const us = await peers[client].sample()
      if (us < 0) missed[client]++
      else wireUs[client].push(us)
      inARow[client] = us < 0 ? inARow[client] + 1 : 0
      // Each waits for SAMPLE_MS_MAX: better no figure than one of the few that came.
      if (inARow[client] > MISSED_IN_A_ROW_MAX)
        throw new Error(`${client} has sent no order ${inARow[client]} times in a row`)
      await new Promise((resolve) => setTimeout(resolve, order.pacingMs))
    }
  }
  const [polymarket, kalshi] = peers.ours.requests
  return { wireUs, missed, requests: [polymarket.toString('base64'), kalshi.toString('base64')] }
}

if (import.meta.main) {
  const certificate = await makeCertificate(Date.now())
  const peers = each(() => new Peer())
  const doors = {} as Record<Client, Doors>
  for (const client of CLIENTS) doors[client] = await peers[client].open(certificate)
  process.on('message', async (order: RoundsOrder) => process.send?.(await runRounds(peers, order)))
  process.on('disconnect', () => process.exit())
  process.send?.({ ca: certificate.ca, doors } satisfies VenueStarted)
}
