import assert from 'node:assert/strict'
import { constants, sign } from 'node:crypto'
import { after, before, test } from 'node:test'
import { connect } from 'node:tls'
import type { Clock } from '@tandem/colo/clock.ts'
import type { Approved } from '@tandem/colo/risk/intent.ts'
import type { LiveLegListener } from '@tandem/colo/venue/gateway.ts'
import { SIGNED_MESSAGE_MAX, type SignedRequest, writeSignedMessage } from '@tandem/colo/venue/kalshi/auth.ts'
import {
  clientOrderId,
  OrderRequest as KalshiRequest,
  TimeInForce,
} from '@tandem/colo/venue/kalshi/encode.ts'
import { KalshiGateway } from '@tandem/colo/venue/kalshi/gateway.ts'
import { KalshiRest } from '@tandem/colo/venue/kalshi/rest.ts'
import { LegEnd } from '@tandem/colo/venue/leg.ts'
import type { GatewayParts } from '@tandem/colo/venue/order-entry.ts'
import { marketBuyMaker, marketBuyTakerFloor } from '@tandem/colo/venue/polymarket/amounts.ts'
import { Seal } from '@tandem/colo/venue/polymarket/auth.ts'
import {
  OrderBody,
  OrderType,
  OrderRequest as PolymarketRequest,
} from '@tandem/colo/venue/polymarket/encode.ts'
import { PolymarketGateway } from '@tandem/colo/venue/polymarket/gateway.ts'
import { PolymarketRest } from '@tandem/colo/venue/polymarket/rest.ts'
import { scaledFromDecimal } from '@tandem/shared/decimal.ts'
import { polymarketFeeChargedMicroUsd, polymarketFeeSchedule } from '@tandem/shared/fees/polymarket.ts'
import { type Ns, PRICE_ONE, type Price } from '@tandem/shared/units.ts'
import { hashTypedData } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { dispatcherTo } from '../dispatcher.ts'
import { type SandboxStarted, startSandbox } from '../sandbox-process.ts'
import { credentials, exchangeOf, typedOrder } from './typed-orders.ts'

// Our gateways against the sandbox: what a leg is reported to have filled and cost is what the venue's ledger shows, to
// the micro-dollar. The private channels stay silent here, so every fill is looked up by REST.

const LEGS = 8
const PREFIX = 'gateways-'
const clock: Clock = {
  nowNs: () => Math.floor(performance.now() * 1e6) as Ns,
  wallMs: () => Date.now(),
  at() {},
  cancel() {},
}

let sandbox: Awaited<ReturnType<typeof startSandbox>>
let started: SandboxStarted
before(async () => {
  sandbox = await startSandbox('--markets', '4', '--seed', '5')
  started = sandbox.started
})
after(() => sandbox.stop())

interface Ended {
  readonly filled: number
  readonly spent: number
  readonly end: number
  readonly refusal: number
}

/** Sends legs one after another and hears how each ended. */
class Desk {
  readonly ended: Ended[] = []
  #heard: () => void = () => {}
  readonly listener: LiveLegListener = {
    legDone: (_trade, _venue, filled, cost, fee, _nowNs, end, refusal) =>
      this.#hear({ filled, spent: cost + fee, end, refusal }),
    legUnknown: (_trade, _venue, reason) => this.#hear({ filled: -1, spent: -1, end: -1, refusal: reason }),
    legTaken() {},
    legSettled() {},
    legCorrected() {},
  }

  #hear(ended: Ended): void {
    this.ended.push(ended)
    this.#heard()
  }

  async until(gateway: KalshiGateway | PolymarketGateway, send: () => void): Promise<Ended> {
    while (!gateway.free()) await new Promise((resolve) => setTimeout(resolve, 5))
    const heard = new Promise<void>((resolve) => {
      this.#heard = resolve
    })
    send()
    await heard
    return this.ended.at(-1) as Ended
  }
}

function partsFor(
  restUrl: string,
  desk: Desk,
  nameOf: GatewayParts['nameOf'],
  lookUp: GatewayParts['lookUp'],
): GatewayParts {
  const port = Number(new URL(restUrl).port)
  const terms = polymarketFeeSchedule(started.fees.sandbox.polymarket, 'test')
  return {
    host: 'localhost',
    connections: 2,
    open: (session) =>
      connect({
        host: '127.0.0.1',
        port,
        servername: 'localhost',
        ca: started.ca,
        ...(session === undefined ? {} : { session }),
      }),
    clock,
    random: Math.random,
    listener: desk.listener,
    feeMicroUsd: (_bundle, price, microShares) => polymarketFeeChargedMicroUsd(terms, price, microShares),
    bundleOf: () => 0,
    sells: () => false,
    nameOf,
    lookUp,
  }
}

async function running<Result>(
  gateway: KalshiGateway | PolymarketGateway,
  work: () => Promise<Result>,
): Promise<Result> {
  gateway.privateIsLive = false
  const timer = setInterval(() => gateway.tick(clock.nowNs()), 5)
  try {
    return await work()
  } finally {
    clearInterval(timer)
    gateway.close(clock.nowNs())
  }
}

async function ledger(query: string): Promise<{ balanceMicroUsd: number; [name: string]: unknown }> {
  const headers = { authorization: `Bearer ${started.controlToken}` }
  const answer = await fetch(`${started.controlUrl}/ledger?${query}`, { headers })
  const [only] = Object.values((await answer.json()) as Record<string, { balanceMicroUsd: number }>)
  return only as { balanceMicroUsd: number }
}

test('Kalshi’s ledger shows what its legs were reported to cost', { timeout: 60_000 }, async () => {
  const { userId, keyId, privateKey } = started.accounts.kalshi
  const sentMs = Date.now()
  const desk = new Desk()
  const message = Buffer.alloc(SIGNED_MESSAGE_MAX)
  const signed = (request: SignedRequest, timestampMs: number): string =>
    sign('sha256', message.subarray(0, writeSignedMessage(message, request, timestampMs)), {
      key: privateKey,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    }).toString('base64')
  const dispatcher = dispatcherTo(started.kalshi.restUrl, started.ca)
  const rest = new KalshiRest({
    dispatcher,
    headers: async (request) => {
      const timestampMs = Date.now()
      return {
        'KALSHI-ACCESS-KEY': keyId,
        'KALSHI-ACCESS-TIMESTAMP': String(timestampMs),
        'KALSHI-ACCESS-SIGNATURE': signed(request, timestampMs),
      }
    },
  })
  const gateway = new KalshiGateway(
    partsFor(
      started.kalshi.restUrl,
      desk,
      (order) => clientOrderId(PREFIX, order),
      (order, orderId) => {
        const { ticker } = started.pairs[order % started.pairs.length].kalshi
        return rest.lookUp(ticker, clientOrderId(PREFIX, order), orderId, sentMs)
      },
    ),
  )
  const before = await ledger(`kalshi=${userId}`)
  const limit = await rest.writeLimit()
  gateway.limit(limit.tokensPerS, limit.capacity)
  await running(gateway, async () => {
    for (let i = 0; i < LEGS; i++) {
      const { ticker, exchange_index } = started.pairs[i % started.pairs.length].kalshi
      const request = new KalshiRequest(
        { host: 'localhost', keyId, signatureLength: 344, clientOrderPrefix: PREFIX, subaccount: 0 },
        ticker,
        exchange_index,
        TimeInForce.ImmediateOrCancel,
      )
      const bytes = Buffer.alloc(request.bytes)
      const timestampMs = Date.now()
      const signature = Buffer.from(signed(0, timestampMs))
      // The second round sells back some of what the first bought.
      const side = i < LEGS / 2 ? 0 : 1
      request.write(bytes, timestampMs, signature, 0, i, side, side === 0 ? 9_900 : 100, 1_000 + 137 * i)
      const ended = await desk.until(gateway, () =>
        gateway.send({ bundle: 0 } as Approved, i, bytes, bytes.length),
      )
      assert.equal(ended.end, LegEnd.Fills)
    }
  })
  const after = await ledger(`kalshi=${userId}`)
  await dispatcher.destroy()
  assert.ok(desk.ended.every(({ filled }) => filled > 0))
  const positions = Object.values(after.positions as Record<string, number>)
  const held = positions.reduce((sum, microShares) => sum + Math.abs(microShares), 0)
  const bought = desk.ended.reduce((sum, { filled }) => sum + filled, 0)
  // A share of YES and one of NO together left the account for a dollar.
  const netted = (bought - held) / 2
  assert.ok(netted > 0)
  const spent = desk.ended.reduce((sum, leg) => sum + leg.spent, 0)
  assert.equal(after.balanceMicroUsd - before.balanceMicroUsd, netted - spent)
})

test('Polymarket’s ledger shows what its legs were reported to cost', { timeout: 60_000 }, async () => {
  const { address, privateKey } = started.accounts.polymarket
  const { restUrl } = started.polymarket
  const account = privateKeyToAccount(privateKey)
  const dispatcher = dispatcherTo(restUrl, started.ca)
  const { apiKey, secret, passphrase } = await credentials(dispatcher, account)
  const hashes: string[] = []
  const tokens: string[] = []
  const sentMs = Date.now()
  const desk = new Desk()
  const seal = new Seal(secret)
  const parts = { address, apiKey, passphrase }
  const rest = new PolymarketRest({ dispatcher, account: parts, signatureType: 0, seal, wallMs: Date.now })
  const gateway = new PolymarketGateway(
    partsFor(
      restUrl,
      desk,
      (order) => hashes[order],
      (order) => rest.lookUp(tokens[order], hashes[order], sentMs, 0),
    ),
  )
  const body = new OrderBody({ maker: address, signer: address, signatureType: 0, owner: apiKey })
  const request = new PolymarketRequest({ host: 'localhost', ...parts }, seal)
  const before = await rest.balanceMicroUsd()
  let shares = 0
  await running(gateway, async () => {
    for (let i = 0; i < LEGS; i++) {
      const { yes_token, no_token, neg_risk, version, tick } =
        started.pairs[i % started.pairs.length].polymarket
      const token = i % 2 === 0 ? yes_token : no_token
      const cents = 500 + 777 * i
      const maker = marketBuyMaker(cents)
      const step = scaledFromDecimal(tick, 4) as Price
      const taker = marketBuyTakerFloor(cents, (PRICE_ONE - step) as Price, step)
      const timestampMs = Date.now()
      const order = typedOrder(
        address,
        token,
        maker,
        taker,
        i + 1,
        timestampMs,
        exchangeOf(version, neg_risk),
      )
      tokens.push(token)
      hashes.push(hashTypedData(order))
      const signature = await account.signTypedData(order)
      const bytes = Buffer.alloc(4_096)
      const scratch = Buffer.alloc(4_096)
      const end = body.write(
        scratch,
        0,
        Buffer.from(token),
        0,
        maker,
        taker,
        i + 1,
        timestampMs,
        Buffer.from(signature.slice(2), 'hex'),
      )
      const length = request.write(bytes, scratch, 0, end, OrderType.FAK, Math.floor(timestampMs / 1_000))
      const ended = await desk.until(gateway, () => gateway.send({ bundle: 0 } as Approved, i, bytes, length))
      assert.equal(ended.end, LegEnd.Fills, JSON.stringify(ended))
      shares += ended.filled
    }
  })
  const after = await ledger(`polymarket=${address}`)
  await dispatcher.destroy()
  const held = Object.values(after.tokens as Record<string, number>).reduce((sum, held) => sum + held, 0)
  assert.equal(held, shares)
  const spent = desk.ended.reduce((sum, leg) => sum + leg.spent, 0)
  assert.equal(before - after.balanceMicroUsd, spent)
})
