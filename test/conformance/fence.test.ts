import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { connect } from 'node:tls'
import { deleteApiKeyOf, type Fence, pullFence, readFence } from '@tandem/colo/fence.ts'
import { openRest, type RestClient } from '@tandem/colo/network.ts'
import { SignatureDesk } from '@tandem/colo/signature-desk.ts'
import { attest } from '@tandem/colo/signer/attest.ts'
import { LANE_URGENT, ORDER_BUY } from '@tandem/colo/signer/signer.ts'
import { type SpawnedSigner, spawnSigner } from '@tandem/colo/signer/spawn.ts'
import { SIGNATURE_HEADER, SignedRequest } from '@tandem/colo/venue/kalshi/auth.ts'
import { OrderRequest as KalshiRequest, TimeInForce } from '@tandem/colo/venue/kalshi/encode.ts'
import { KalshiRest } from '@tandem/colo/venue/kalshi/rest.ts'
import { marketBuyMaker, marketBuyTakerFloor } from '@tandem/colo/venue/polymarket/amounts.ts'
import { type ApiKey, apiKeyOf } from '@tandem/colo/venue/polymarket/api-key.ts'
import { Seal } from '@tandem/colo/venue/polymarket/auth.ts'
import {
  OrderBody,
  OrderType,
  OrderRequest as PolymarketRequest,
} from '@tandem/colo/venue/polymarket/encode.ts'
import { subscribeUser } from '@tandem/colo/venue/polymarket/messages.ts'
import { PolymarketRest } from '@tandem/colo/venue/polymarket/rest.ts'
import { PolymarketChannel } from '@tandem/colo/venue/polymarket/urls.ts'
import { scaledFromDecimal } from '@tandem/shared/decimal.ts'
import { PRICE_ONE, type Price } from '@tandem/shared/units.ts'
import { WebSocket } from 'ws'
import { KeyFolder } from '../key-file.ts'
import { type SandboxStarted, startSandbox } from '../sandbox-process.ts'

// Two executors on one account at each venue: what the venues take of the first, before and after the second had it stopped.
// Real requests of the real signer, to the sandbox's sockets.

const CENTS = 500
/** Bought up to here: the book holds some. */
const KALSHI_PRICE = 9_900
const KALSHI_LOTS = 200

let sandbox: Awaited<ReturnType<typeof startSandbox>>
let started: SandboxStarted
let folder: KeyFolder
let orderKeyFile: string
let executors: Executor[] = []
before(async () => {
  sandbox = await startSandbox('--markets', '8', '--seed', '5')
  started = sandbox.started
  folder = new KeyFolder()
  orderKeyFile = folder.file('order-key', started.accounts.polymarket.privateKey)
  executors = [await Executor.start('first', 1_790_000_001), await Executor.start('second', 1_790_000_002)]
})
after(async () => {
  for (const executor of executors) await executor.stop()
  await sandbox?.stop()
  folder?.[Symbol.dispose]()
})

interface Answered {
  readonly status: number
  readonly text: string
}

/** Sends the bytes of one request over a connection of its own. */
async function send(restUrl: string, bytes: Uint8Array): Promise<Answered> {
  const socket = connect({ host: 'localhost', port: Number(new URL(restUrl).port), ca: started.ca })
  try {
    socket.write(bytes)
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    const text = chunk.toString()
    return { status: Number(text.split(' ', 2)[1]), text }
  } finally {
    socket.destroy()
  }
}

/** A signer, an API key and order groups of its own. */
class Executor {
  fence: Fence
  readonly key: ApiKey
  readonly kalshi: KalshiRest
  readonly #polymarket: RestClient
  readonly #kalshiClient: RestClient
  readonly #signer: SpawnedSigner
  readonly #signatures: SignatureDesk
  #orders = 0
  #signed: (signature: Uint8Array) => void = () => {}

  static async start(name: string, apiKeyNonce: number): Promise<Executor> {
    const signer = await spawnSigner({ orderKeyFile, ephemeral: 'ed25519', kalshiKeyId: `key-of-${name}` })
    const { keyId, publicKey } = signer.client.facts.kalshi
    const pem = `-----BEGIN PUBLIC KEY-----\n${Buffer.from(publicKey).toString('base64')}\n-----END PUBLIC KEY-----\n`
    const { userId } = started.accounts.kalshi
    const granted = await fetch(`${started.controlUrl}/accounts`, {
      method: 'POST',
      headers: { authorization: `Bearer ${started.controlToken}` },
      body: JSON.stringify({ kalshi: { userId, keyId, publicKey: pem } }),
    })
    assert.equal(granted.status, 200)
    const polymarket = openRest(started.polymarket.restUrl, started.ca)
    const key = await apiKeyOf(polymarket, await attest({ orderKeyFile }, apiKeyNonce))
    const executor = new Executor(signer, polymarket, key, { runId: name, apiKeyNonce, orderGroups: [] })
    const orderGroups = await Promise.all(
      shards().map(({ exchange_index }) => executor.kalshi.createOrderGroup(exchange_index, 1_000)),
    )
    executor.fence = { ...executor.fence, orderGroups }
    return executor
  }

  private constructor(signer: SpawnedSigner, polymarket: RestClient, key: ApiKey, fence: Fence) {
    this.#signer = signer
    this.#polymarket = polymarket
    this.key = key
    this.fence = fence
    this.#signatures = new SignatureDesk(signer.client, {
      orderSigned: (_ticket, _digest, signature) => this.#signed(signature.slice()),
      headerSigned() {},
      refused: (_ticket, refusal) => assert.fail(`refused ${refusal}`),
      closed() {},
    })
    signer.client.listener = this.#signatures
    this.#kalshiClient = openRest(started.kalshi.restUrl, started.ca)
    this.kalshi = new KalshiRest({
      dispatcher: this.#kalshiClient,
      headers: (request, id) => this.#signatures.headers(request, Date.now(), id),
    })
  }

  /** Buys on Kalshi, on the shard of that number in `shards()`. */
  async buyKalshi(at: number, orderGroup: string | undefined): Promise<Answered> {
    const { ticker, exchange_index } = shards()[at]
    const { keyId, signatureLength } = this.#signer.client.facts.kalshi
    const request = new KalshiRequest(
      { host: 'localhost', keyId, signatureLength, clientOrderPrefix: this.fence.runId, subaccount: 0 },
      ticker,
      exchange_index,
      TimeInForce.ImmediateOrCancel,
      orderGroup,
    )
    const timestampMs = Date.now()
    const headers = await this.#signatures.headers(SignedRequest.CreateOrder, timestampMs)
    const bytes = Buffer.alloc(request.bytes)
    const signature = Buffer.from(headers[SIGNATURE_HEADER])
    request.write(bytes, timestampMs, signature, 0, this.#orders++, 0, KALSHI_PRICE, KALSHI_LOTS)
    return send(started.kalshi.restUrl, bytes)
  }

  async buyPolymarket(): Promise<Answered> {
    const { yes_token, neg_risk, version, tick } = started.pairs[0].polymarket
    const step = scaledFromDecimal(tick, 4) as Price
    const maker = marketBuyMaker(CENTS)
    const taker = marketBuyTakerFloor(CENTS, (PRICE_ONE - step) as Price, step)
    const { client } = this.#signer
    const token = client.registerToken(yes_token, version === 'v2' ? '3' : '2', neg_risk, step)
    const salt = Date.now()
    const signature = await new Promise<Uint8Array>((done) => {
      this.#signed = done
      client.order(LANE_URGENT, 1, token, ORDER_BUY, maker, taker, salt, salt)
    })
    const { address } = started.accounts.polymarket
    const { apiKey, passphrase, secret } = this.key
    const body = new OrderBody({ maker: address, signer: address, signatureType: 0, owner: apiKey })
    const request = new PolymarketRequest(
      { host: 'localhost', address, apiKey, passphrase },
      new Seal(secret),
    )
    const [bytes, scratch] = [Buffer.alloc(4_096), Buffer.alloc(4_096)]
    const end = body.write(
      scratch,
      0,
      Buffer.from(yes_token),
      0,
      maker,
      taker,
      salt,
      salt,
      Buffer.from(signature),
    )
    const length = request.write(bytes, scratch, 0, end, OrderType.FAK, Math.floor(salt / 1_000))
    return send(started.polymarket.restUrl, bytes.subarray(0, length))
  }

  /** How many trades of the account it is shown, under its own key. */
  async tradesShown(): Promise<number> {
    const rest = new PolymarketRest({
      dispatcher: this.#polymarket,
      account: { ...this.key, address: started.accounts.polymarket.address },
      signatureType: 0,
      seal: new Seal(this.key.secret),
      wallMs: Date.now,
    })
    return (await rest.tradesSince(Date.now() - 60_000)).length
  }

  /** With which code the venue closes a user channel that has just subscribed. */
  async userChannelClosed(): Promise<number> {
    const socket = new WebSocket(started.polymarket.socketUrl + PolymarketChannel.User, { ca: started.ca })
    try {
      await once(socket, 'open')
      socket.send(subscribeUser(this.key, []))
      const [code] = await once(socket, 'close')
      return code
    } finally {
      socket.terminate()
    }
  }

  pull(fence: Fence): Promise<void> {
    return pullFence(fence, {
      triggerOrderGroup: (id) => this.kalshi.triggerOrderGroup(id),
      deleteApiKey: (nonce) =>
        deleteApiKeyOf(nonce, this.#polymarket, (each) => attest({ orderKeyFile }, each), Date.now),
    })
  }

  async stop(): Promise<void> {
    await this.#signer.stop()
    await this.#polymarket.destroy()
    await this.#kalshiClient.destroy()
  }
}

/** A market on each of Kalshi's shards that there are any on. */
function shards() {
  const all = started.pairs.map(({ kalshi }) => kalshi)
  return all.filter(
    ({ exchange_index }, at) => all.findIndex((o) => o.exchange_index === exchange_index) === at,
  )
}

test(
  'a pulled fence stops the entries of the executor before, and of nobody else',
  { timeout: 60_000 },
  async () => {
    const [first, second] = executors
    assert.ok(shards().length > 1)
    const statuses = async (executor: Executor) => ({
      kalshi: await Promise.all(
        executor.fence.orderGroups.map(async (group, at) => (await executor.buyKalshi(at, group)).status),
      ),
      polymarket: (await executor.buyPolymarket()).status,
    })
    const taken = { kalshi: shards().map(() => 201), polymarket: 200 }
    const refused = { kalshi: shards().map(() => 409), polymarket: 401 }
    assert.deepEqual(await statuses(first), taken)
    assert.deepEqual(await statuses(second), taken)

    for (let times = 0; times < 2; times++) {
      await second.pull(readFence(JSON.stringify(first.fence)))
      assert.deepEqual(await statuses(first), refused)
      assert.match((await first.buyKalshi(0, first.fence.orderGroups[0])).text, /order_group_triggered/)
      assert.deepEqual(await statuses(second), taken)
    }
    // Ways out name no group, and the second sees what was traded under the first's key.
    for (const executor of executors) assert.equal((await executor.buyKalshi(0, undefined)).status, 201)
    assert.equal(await second.tradesShown(), 4)
    assert.equal(await first.userChannelClosed(), 1008)
  },
)
