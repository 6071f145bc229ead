import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:https'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readMapping } from '@tandem/shared/mapping.ts'
import { WebSocket } from 'ws'

// The sandbox as the process that `start` runs: what it prints, what its sockets say, and its own door.

const main = fileURLToPath(import.meta.resolve('@tandem/sandbox/main.ts'))
const WATCH_MS = 6_000
const PATIENCE_MS = 10_000

interface Started {
  polymarket: { restUrl: string; socketUrl: string }
  kalshi: { restUrl: string; socketUrl: string }
  ca: string
  pairs: object[]
  fees: object
  accounts: {
    polymarket: { address: string; privateKey: string; chainId: number }
    kalshi: { userId: string; keyId: string; privateKey: string }
  }
  controlUrl: string
  controlToken: string
}

async function start(...args: string[]): Promise<{ child: ChildProcess; started: Started }> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = await once(createInterface({ input: child.stdout! }), 'line')
  return { child, started: JSON.parse(line) }
}

/** One outcome's levels: price in 1e-4 dollar to size in micro-shares. */
type Levels = Map<number, number>
const price = (text: string): number => Math.round(Number(text) * 10_000)
const size = (text: string): number => Math.round(Number(text) * 1_000_000)
const best = (levels: Levels, bid: boolean): number =>
  [...levels.keys()].reduce((top, at) => (bid ? Math.max(top, at) : Math.min(top, at)), bid ? 0 : 10_000)

describe('the sandbox as a process', () => {
  let child: ChildProcess
  let started: Started

  before(async () => {
    ;({ child, started } = await start('--markets', '6', '--seed', '7'))
  })
  after(() => child.kill())

  const kalshiHeaders = (method: string, path: string): Record<string, string> => {
    const { keyId, privateKey } = started.accounts.kalshi
    const timestamp = String(Date.now())
    const key = { key: privateKey, padding: 6, saltLength: 32 }
    return {
      'KALSHI-ACCESS-KEY': keyId,
      'KALSHI-ACCESS-TIMESTAMP': timestamp,
      'KALSHI-ACCESS-SIGNATURE': sign('sha256', Buffer.from(timestamp + method + path), key).toString(
        'base64',
      ),
    }
  }
  const kalshiPost = async (path: string, body: object): Promise<Record<string, string>> => {
    const sent = request(started.kalshi.restUrl + path, {
      method: 'POST',
      ca: started.ca,
      headers: { ...kalshiHeaders('POST', path), 'Content-Type': 'application/json' },
    })
    sent.end(JSON.stringify(body))
    const [response] = await once(sent, 'response')
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk)
    return JSON.parse(Buffer.concat(chunks).toString())
  }
  const control = async (method: string, path: string, body?: object): Promise<[number, never]> => {
    const response = await fetch(started.controlUrl + path, {
      method,
      headers: { authorization: `Bearer ${started.controlToken}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return [response.status, (await response.json()) as never]
  }

  it('says in one line where it is, whom to trust and what is traded', () => {
    const { mapping, ignored } = readMapping({ pairs: started.pairs, fees: started.fees }, 'stdout')
    assert.deepEqual([mapping.pairs.length, ignored], [6, []])
    for (const { restUrl, socketUrl } of [started.polymarket, started.kalshi]) {
      assert.match(restUrl, /^https:\/\/localhost:\d+$/)
      assert.match(socketUrl, /^wss:\/\/localhost:\d+$/)
    }
    assert.match(started.ca, /^-----BEGIN CERTIFICATE-----/)
  })

  it(
    'has books on both venues that move without a gap, and edges between them',
    { timeout: 30_000 },
    async () => {
      const { pairs } = readMapping({ pairs: started.pairs, fees: started.fees }, 'stdout').mapping
      const books = new Map<string, { bids: Levels; asks: Levels }>()
      const bookOf = (id: string): { bids: Levels; asks: Levels } => {
        let book = books.get(id)
        if (book === undefined) {
          book = { bids: new Map(), asks: new Map() }
          books.set(id, book)
        }
        return book
      }
      const moves = new Map<string, number>()
      const disagreements: string[] = []
      const edges = new Set<string>()

      const look = (): void => {
        for (const { id, polarity, kalshi, polymarket } of pairs) {
          const k = bookOf(kalshi.ticker)
          const p = bookOf(polymarket.yesToken)
          if (k.bids.size === 0 || p.bids.size === 0 || k.asks.size === 0 || p.asks.size === 0) continue
          const inverse = polarity === 'inverse'
          const bid = inverse ? 10_000 - best(k.asks, false) : best(k.bids, true)
          const ask = inverse ? 10_000 - best(k.bids, true) : best(k.asks, false)
          // Fees of both venues are below 2.8 cents.
          if (bid - best(p.asks, false) >= 300) edges.add(`${id} buys Polymarket`)
          if (best(p.bids, true) - ask >= 300) edges.add(`${id} buys Kalshi`)
        }
      }
      const moved = (id: string): void => {
        moves.set(id, (moves.get(id) ?? 0) + 1)
        look()
      }

      const kalshi = new WebSocket(`${started.kalshi.socketUrl}/trade-api/ws/v2`, {
        ca: started.ca,
        headers: kalshiHeaders('GET', '/trade-api/ws/v2'),
      })
      let seq = 0
      kalshi.on('message', (data) => {
        const { type, msg, ...frame } = JSON.parse(data.toString())
        if (type === 'subscribed') return
        seq += 1
        if (frame.seq !== seq) disagreements.push(`seq ${frame.seq} after ${seq - 1}`)
        const { bids, asks } = bookOf(msg.market_ticker)
        if (type === 'orderbook_snapshot') {
          for (const [at, count] of msg.yes_dollars_fp) bids.set(price(at), size(count))
          for (const [at, count] of msg.no_dollars_fp) asks.set(price(at), size(count))
          return
        }
        const side = msg.side === 'yes' ? bids : asks
        const at = price(msg.price_dollars)
        const left = (side.get(at) ?? 0) + size(msg.delta_fp)
        if (left < 0) disagreements.push(`${msg.market_ticker} has ${left} at ${at}`)
        if (left === 0) side.delete(at)
        else side.set(at, left)
        moved(msg.market_ticker)
      })
      await once(kalshi, 'open')
      const market_tickers = pairs.map(({ kalshi: { ticker } }) => ticker)
      kalshi.send(
        JSON.stringify({
          id: 1,
          cmd: 'subscribe',
          params: { channels: ['orderbook_delta'], market_tickers, use_yes_price: true },
        }),
      )

      const polymarket = new WebSocket(`${started.polymarket.socketUrl}/ws/market`, { ca: started.ca })
      polymarket.on('message', (data) => {
        const text = data.toString()
        if (text === 'PONG') return
        for (const event of [JSON.parse(text)].flat()) {
          if (event.event_type === 'book') {
            const book = bookOf(event.asset_id)
            for (const [levels, side] of [
              [event.bids, book.bids],
              [event.asks, book.asks],
            ] as const) {
              side.clear()
              for (const level of levels) side.set(price(level.price), size(level.size))
            }
          }
          for (const change of event.price_changes ?? []) {
            const { bids, asks } = bookOf(change.asset_id)
            const side = change.side === 'BUY' ? bids : asks
            if (size(change.size) === 0) side.delete(price(change.price))
            else side.set(price(change.price), size(change.size))
            moved(change.asset_id)
          }
        }
      })
      await once(polymarket, 'open')
      polymarket.send(
        JSON.stringify({ assets_ids: pairs.map(({ polymarket: { yesToken } }) => yesToken), type: 'market' }),
      )

      await new Promise((resolve) => setTimeout(resolve, WATCH_MS))
      kalshi.terminate()
      polymarket.terminate()
      assert.deepEqual(disagreements, [])
      for (const {
        kalshi: { ticker },
        polymarket: { yesToken },
      } of pairs) {
        for (const id of [ticker, yesToken])
          assert.ok((moves.get(id) ?? 0) >= 6, `${id} moved ${moves.get(id)} times`)
      }
      assert.ok(edges.size >= 4, [...edges].join('; '))
    },
  )

  it('takes an order, tells the ledger and when it was read', { timeout: PATIENCE_MS }, async () => {
    const { pairs } = readMapping({ pairs: started.pairs, fees: started.fees }, 'stdout').mapping
    const { ticker, exchangeIndex } = pairs[0].kalshi
    const { userId } = started.accounts.kalshi
    const { address } = started.accounts.polymarket
    interface Ledgers {
      kalshi: { balanceMicroUsd: number; feesMicroUsd: number; positions: Record<string, number> }
      polymarket: { balanceMicroUsd: number }
    }
    const ledger = async (): Promise<Ledgers> =>
      (await control('GET', `/ledger?kalshi=${userId}&polymarket=${address}`))[1]
    const before = await ledger()
    assert.deepEqual(
      [before.kalshi.balanceMicroUsd, before.polymarket.balanceMicroUsd],
      [200_000_000e6, 100_000_000e6],
    )
    const answer = await kalshiPost('/trade-api/v2/portfolio/events/orders', {
      ticker,
      client_order_id: 'mine',
      side: 'bid',
      count: '3.00',
      price: '0.9900',
      time_in_force: 'immediate_or_cancel',
      self_trade_prevention_type: 'taker_at_cross',
      exchange_index: exchangeIndex,
    })
    assert.equal(answer.fill_count, '3.00')
    const { kalshi } = await ledger()
    assert.equal(kalshi.positions[ticker], 3_000_000)
    const cost = Math.round(Number(answer.average_fill_price) * 3_000_000)
    assert.equal(before.kalshi.balanceMicroUsd - kalshi.balanceMicroUsd, cost + kalshi.feesMicroUsd)
    const [, timings] = await control('GET', '/timings')
    const { nowNs, frames, orders } = timings as {
      nowNs: number
      frames: { venue: string; market: string; writtenNs: number }[]
      orders: { venue: string; market: string; order: string; readNs: number }[]
    }
    const [read] = orders
    assert.deepEqual([read.venue, read.market, read.order], ['kalshi', ticker, 'mine'])
    assert.ok(read.readNs < nowNs && nowNs - read.readNs < 5e9)
    assert.deepEqual(new Set(frames.map(({ venue }) => venue)), new Set(['kalshi', 'polymarket']))
    assert.ok(frames.every(({ writtenNs }) => writtenNs < nowNs))
  })

  it(
    'registers accounts, switches faults and pauses, for who has the token',
    { timeout: PATIENCE_MS },
    async () => {
      assert.equal((await fetch(`${started.controlUrl}/ledger`)).status, 401)
      const { publicKey } = generateKeyPairSync('ed25519')
      const granted = await control('POST', '/accounts', {
        polymarket: { address: '0x00000000000000000000000000000000000000AA', balanceMicroUsd: 5_000_000 },
        kalshi: {
          userId: 'somebody',
          keyId: 'key-1',
          publicKey: publicKey.export({ type: 'spki', format: 'pem' }),
          balanceMicroUsd: 1_000_000,
        },
      })
      assert.deepEqual(granted, [200, {}])
      const [, ledger] = await control(
        'GET',
        '/ledger?kalshi=somebody&polymarket=0x00000000000000000000000000000000000000aa',
      )
      const { kalshi, polymarket } = ledger as {
        kalshi: { shards: object }
        polymarket: { balanceMicroUsd: number }
      }
      assert.deepEqual(kalshi.shards, { 0: 1_000_000, 1: 1_000_000, 2: 1_000_000, 3: 1_000_000 })
      assert.equal(polymarket.balanceMicroUsd, 5_000_000)
      assert.equal(
        (await control('POST', '/accounts', { kalshi: { userId: 'x', keyId: 'y', publicKey: 'no' } }))[0],
        400,
      )
      assert.deepEqual(await control('POST', '/faults', { name: 'gap', on: true, venue: 'kalshi' }), [
        200,
        { on: ['gap kalshi'] },
      ])
      assert.deepEqual(await control('POST', '/faults', { name: 'gap', on: false }), [200, { on: [] }])
      assert.equal((await control('POST', '/faults', { name: 'flood', on: true }))[0], 400)
      assert.equal((await control('POST', '/pause', { venue: 'kalshi', pause: 'trading' }))[0], 200)
      const refused = await kalshiPost('/trade-api/v2/portfolio/events/orders', {
        ticker: readMapping({ pairs: started.pairs }, 'stdout').mapping.pairs[0].kalshi.ticker,
        side: 'bid',
        count: '1.00',
        price: '0.0100',
        time_in_force: 'good_till_canceled',
        self_trade_prevention_type: 'maker',
      })
      assert.deepEqual(refused.error, { code: 'trading_is_paused', message: 'trading is paused' })
      assert.equal((await control('POST', '/pause', { venue: 'kalshi', pause: 'none' }))[0], 200)
      assert.equal((await control('POST', '/restart', { venue: 'polymarket', ms: 100 }))[0], 200)
      assert.equal((await control('GET', '/nothing'))[0], 404)
    },
  )

  it('ends with its parent’s pipe, and with SIGTERM', { timeout: PATIENCE_MS }, async () => {
    const other = await start('--markets', '1', '--faults', 'all')
    other.child.stdin!.end()
    assert.deepEqual(await once(other.child, 'exit'), [0, null])
    child.kill('SIGTERM')
    assert.deepEqual(await once(child, 'exit'), [0, null])
  })

  it('says what is wrong with its options, and does not start', async () => {
    for (const args of [
      ['--markets', '5001'],
      ['--faults', 'flood'],
      ['--tier', 'gold'],
    ]) {
      const wrong = spawn(process.execPath, [main, ...args], { stdio: ['pipe', 'ignore', 'pipe'] })
      const [message] = await once(wrong.stderr, 'data')
      assert.match(String(message), /^sandbox: --\w+ /)
      const [code] = wrong.exitCode === null ? await once(wrong, 'exit') : [wrong.exitCode]
      assert.equal(code, 2)
    }
  })
})
