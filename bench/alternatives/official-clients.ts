import { generateKeyPairSync } from 'node:crypto'
import { subscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { setDefaultCACertificates } from 'node:tls'
import { ClobClient, OrderType, Side } from '@polymarket/clob-client-v2'
import { Configuration, OrdersApi } from 'kalshi-typescript'
import { createWalletClient, http } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { polygon } from 'viem/chains'
import WebSocket from 'ws'
import type { Doors } from '../pipeline/venue.ts'

// Both venues' official clients, unmodified, behind the detector that one writes first: JSON.parse, and a price under a
// constant. What they may know ahead (tick size, fees, version, connections) they have fetched in the rounds before.

export interface OfficialOrder {
  readonly ca: string
  readonly doors: Doors
}

interface Change {
  price_changes?: { asset_id: string; best_ask: string }[]
}

const CROSSED_BELOW = 0.45
const TICKER = 'KXBENCH-26-1000'

async function start({ ca, doors }: OfficialOrder): Promise<void> {
  setDefaultCACertificates([ca])
  const account = privateKeyToAccount(generatePrivateKey())
  const polymarket = new ClobClient({
    host: `https://localhost:${doors.polymarketOrders}`,
    chain: 137,
    signer: createWalletClient({ account, chain: polygon, transport: http() }),
    creds: {
      key: '00000000-0000-4000-8000-000000000000',
      secret: Buffer.alloc(32, 7).toString('base64'),
      passphrase: 'b'.repeat(64),
    },
  })
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const kalshi = new OrdersApi(
    new Configuration({
      basePath: `https://localhost:${doors.kalshiOrders}/trade-api/v2`,
      apiKey: '00000000-1111-4222-8333-444444444444',
      privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    }),
  )

  let beforeWriteUs: number[] = []
  let frameMs = 0
  let isSecond = false
  // Node tells of each request when it is made, its body at hand; the later of the two ends the clients' own work.
  subscribe('http.client.request.created', (message) => {
    if ((message as { request: { method: string } }).request.method !== 'POST') return
    if (isSecond) beforeWriteUs.push((performance.now() - frameMs) * 1_000)
    isSecond = !isSecond
  })
  let orders = 0
  const trade = (tokenID: string): void => {
    const bought = polymarket.createAndPostMarketOrder(
      { tokenID, amount: 32, price: 0.43, side: Side.BUY },
      { tickSize: '0.01', negRisk: false },
      OrderType.FAK,
    )
    const sold = kalshi.createOrderV2({
      ticker: TICKER,
      client_order_id: `bench-${orders++}`,
      side: 'ask',
      count: '74.00',
      price: '0.4700',
      time_in_force: 'immediate_or_cancel',
      self_trade_prevention_type: 'taker_at_cross',
      exchange_index: 0,
    })
    Promise.all([bought, sold]).catch((error: Error) => {
      process.stderr.write(`official clients: ${error.message}\n`)
      process.exit(1)
    })
  }

  const frames = new WebSocket(`wss://localhost:${doors.polymarketFrames}`, { ca, perMessageDeflate: false })
  await once(frames, 'open')
  frames.on('message', (bytes: Buffer) => {
    const readMs = performance.now()
    const change = (JSON.parse(bytes.toString()) as Change).price_changes?.[0]
    if (change === undefined || Number(change.best_ask) >= CROSSED_BELOW) return
    frameMs = readMs
    isSecond = false
    trade(change.asset_id)
  })
  frames.send('{"type":"market"}')
  process.on('message', () => {
    process.send?.(beforeWriteUs)
    beforeWriteUs = []
  })
  process.send?.('ready')
}

if (import.meta.main) {
  process.once('message', start)
  process.on('disconnect', () => process.exit())
}
