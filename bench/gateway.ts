import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:tls'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import type { Clock } from '@tandem/colo/clock.ts'
import { Connection, ConnectionState } from '@tandem/colo/venue/connection.ts'
import { Seal } from '@tandem/colo/venue/polymarket/auth.ts'
import { OrderBody, OrderRequest, OrderType } from '@tandem/colo/venue/polymarket/encode.ts'
import { makeCertificate } from '@tandem/sandbox/certificate.ts'
import type { Ns } from '@tandem/shared/units.ts'
import { DispatchSender } from './alternatives/undici-dispatch.ts'

// What an order costs on its way out: a prebuilt request on our own TLS connection, and undici's dispatch, to one
// server on another thread. They take turns, order by order, so that a busy machine slows both alike.
//
//   write    the call itself
//   wire     from the call until the server has read the whole request, by its own look at the same clock
//   answer   from the call until the whole answer is read here

const WARM_ORDERS = 500
const ORDERS = 3_000
const PAUSE_MS = 0.2
const PATH = '/order'

const nowNs = (): number => Number(process.hrtime.bigint() % 1_000_000_000_000_000n)

/** The other thread: answers every request with the moment at which it had read it. */
async function serve(): Promise<void> {
  const { key, cert, ca } = await makeCertificate(Date.now())
  const server = createServer({ key, cert, ALPNProtocols: ['http/1.1'] }, (socket) => {
    socket.setNoDelay(true)
    let waiting: Buffer = Buffer.alloc(0)
    socket.on('data', (bytes: Buffer) => {
      const readNs = nowNs()
      waiting = waiting.length === 0 ? bytes : Buffer.concat([waiting, bytes])
      const head = waiting.indexOf('\r\n\r\n')
      const length = /content-length: *(\d+)/i.exec(waiting.toString('latin1', 0, head))?.[1] ?? '0'
      if (head === -1 || waiting.length < head + 4 + Number(length)) return
      waiting = Buffer.alloc(0)
      const body = String(readNs)
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    })
    socket.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  parentPort?.postMessage({ port: (server.address() as AddressInfo).port, ca })
}

if (!isMainThread && parentPort !== null) await serve()

class Sender {
  readonly writeUs: number[] = []
  readonly wireUs: number[] = []
  readonly answerUs: number[] = []
  #startNs = 0
  #done: () => void = () => {}

  /** Times one order: `send` is the call. */
  async time(send: () => void): Promise<void> {
    const answered = new Promise<void>((resolve) => {
      this.#done = resolve
    })
    this.#startNs = nowNs()
    send()
    this.writeUs.push((nowNs() - this.#startNs) / 1_000)
    await answered
  }

  answered(body: string): void {
    this.answerUs.push((nowNs() - this.#startNs) / 1_000)
    this.wireUs.push((Number(body) - this.#startNs) / 1_000)
    this.#done()
  }

  figures(): object {
    return {
      write_us: percentiles(this.writeUs),
      wire_us: percentiles(this.wireUs),
      answer_us: percentiles(this.answerUs),
    }
  }
}

function percentiles(samples: readonly number[]): { p50: number; p99: number } {
  const sorted = samples.slice(WARM_ORDERS).toSorted((a, b) => a - b)
  return { p50: sorted[sorted.length >> 1], p99: sorted[Math.floor(sorted.length * 0.99)] }
}

/** One signed order, as the pool holds it. */
function order(): { request: OrderRequest; body: Buffer } {
  const account = { maker: `0x${'a'.repeat(40)}`, signer: `0x${'a'.repeat(40)}`, signatureType: 0 }
  const body = Buffer.alloc(4_096)
  const end = new OrderBody({ ...account, owner: '00000000-0000-0000-0000-000000000000' }).write(
    body,
    0,
    Buffer.from('71321045679252212594626385532706912750332728571942532289631379312455583992563'),
    0,
    5_000_000,
    9_615_300,
    895_000_000_000,
    1_790_000_000_000,
    Buffer.alloc(65, 0x5a),
  )
  const parts = { host: 'localhost', address: account.maker, apiKey: 'key', passphrase: 'bench' }
  const request = new OrderRequest(parts, new Seal(Buffer.alloc(32, 7).toString('base64url')))
  return { request, body: body.subarray(0, end) }
}

export async function run(): Promise<object> {
  const worker = new Worker(new URL(import.meta.url))
  const [{ port, ca }] = (await once(worker, 'message')) as [{ port: number; ca: string }]
  const { request, body } = order()
  const bytes = Buffer.alloc(4_096)
  const length = request.write(bytes, body, 0, body.length, OrderType.FAK, 1_790_000_000)
  const head = bytes.toString('latin1', 0, request.headBytes)
  // The same fields, but those that undici writes itself.
  const headers = head
    .split('\r\n')
    .slice(1)
    .filter((line) => line !== '' && !/^(host|connection|content-length):/i.test(line))
    .flatMap((line) => line.split(/: */, 2))

  const raw = new Sender()
  const dispatch = new Sender()
  const clock: Clock = { nowNs: () => nowNs() as Ns, wallMs: () => 0, at() {}, cancel() {} }
  const connection = new Connection({
    open: () => connect({ host: '127.0.0.1', port, servername: 'localhost', ca }),
    warmRequest: Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    clock,
    random: () => 0,
    events: {
      answered: (_leg, _status, text) => raw.answered(text),
      lost: () => {
        throw new Error('the server of the bench is gone')
      },
    },
    session: undefined,
    trouble: '',
  })
  connection.tick(clock.nowNs())
  const undici = new DispatchSender(`https://localhost:${port}`, ca, (_status, text) =>
    dispatch.answered(text),
  )
  while (connection.state !== ConnectionState.Idle) await new Promise((resolve) => setTimeout(resolve, 1))

  for (let i = 0; i < WARM_ORDERS + ORDERS; i++) {
    await raw.time(() => connection.send(0, bytes, length, clock.nowNs()))
    await dispatch.time(() => undici.send(PATH, headers, body))
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
  connection.close(clock.nowNs())
  await undici.close()
  await worker.terminate()
  const ratio = (name: 'writeUs' | 'wireUs' | 'answerUs') =>
    percentiles(raw[name]).p50 / percentiles(dispatch[name]).p50
  return {
    orders: ORDERS,
    raw: raw.figures(),
    dispatch: dispatch.figures(),
    ratio: {
      raw_over_dispatch_write_p50: ratio('writeUs'),
      raw_over_dispatch_wire_p50: ratio('wireUs'),
      raw_over_dispatch_answer_p50: ratio('answerUs'),
    },
  }
}
