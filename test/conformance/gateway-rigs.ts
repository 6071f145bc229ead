import { constants, sign } from 'node:crypto'
import { connect } from 'node:tls'
import { Book } from '@tandem/colo/book/book.ts'
import { type Clock, SimulatedClock } from '@tandem/colo/clock.ts'
import type { Approved } from '@tandem/colo/risk/intent.ts'
import { tokenValue } from '@tandem/colo/token.ts'
import type { Gateway, LiveLegListener } from '@tandem/colo/venue/gateway.ts'
import { SIGNED_MESSAGE_MAX, type SignedRequest, writeSignedMessage } from '@tandem/colo/venue/kalshi/auth.ts'
import {
  clientOrderId,
  OrderRequest as KalshiRequest,
  TimeInForce,
} from '@tandem/colo/venue/kalshi/encode.ts'
import { KalshiGateway } from '@tandem/colo/venue/kalshi/gateway.ts'
import { KalshiRest } from '@tandem/colo/venue/kalshi/rest.ts'
import type { GatewayParts } from '@tandem/colo/venue/order-entry.ts'
import { PaperVenues } from '@tandem/colo/venue/paper/gateway.ts'
import {
  marketBuyMaker,
  marketBuyTakerFloor,
  notionalMicroUsd,
  sharesMicro,
} from '@tandem/colo/venue/polymarket/amounts.ts'
import { Seal } from '@tandem/colo/venue/polymarket/auth.ts'
import {
  OrderBody,
  OrderType,
  OrderRequest as PolymarketRequest,
} from '@tandem/colo/venue/polymarket/encode.ts'
import { PolymarketGateway } from '@tandem/colo/venue/polymarket/gateway.ts'
import { PolymarketRest } from '@tandem/colo/venue/polymarket/rest.ts'
import { KALSHI, POLYMARKET, type Venue } from '@tandem/colo/venue/venue.ts'
import { kalshiFeeSchedule, kalshiTradeFeeCeilMicroUsd, ROLE_TAKER } from '@tandem/shared/fees/kalshi.ts'
import { polymarketFeeChargedMicroUsd, polymarketFeeSchedule } from '@tandem/shared/fees/polymarket.ts'
import { type Lots, MICRO_SHARES_PER_LOT, type Ns, type Price } from '@tandem/shared/units.ts'
import { hashTypedData } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { dispatcherTo } from '../dispatcher.ts'
import { KalshiSandbox, TICKER } from '../kalshi-sandbox.ts'
import { startVenue } from './polymarket-venue.ts'
import { credentials, exchangeOf, typedOrder } from './typed-orders.ts'

// Every gateway behind the same few words, for test/conformance/gateway-suite.test.ts: prices are in cents of the share that
// is bought or sold, sizes in shares.

export interface Ended {
  readonly order: number
  /** Below zero for what was sold. */
  readonly microShares: number
  readonly costMicroUsd: number
  readonly feeMicroUsd: number
}

/** So many shares at so many cents. */
export type WantedFill = readonly [cents: number, shares: number]

export interface Rig {
  readonly gateway: Gateway
  /** Every end that was told, in order. */
  readonly ended: readonly Ended[]
  /** Somebody offers, or bids for, so many shares. */
  offer(cents: number, shares: number): void
  bid(cents: number, shares: number): void
  /**
   * Sends an order that wants these fills, up to a limit, and does not wait for its end: on Polymarket it spends what they
   * cost, on Kalshi it asks for their shares. `whole`: all or nothing. @returns its number
   */
  buy(limitCents: number, wanted: readonly WantedFill[], whole?: boolean): Promise<number>
  sell(limitCents: number, shares: number): Promise<number>
  /** What the venue charges a taker for a fill. */
  feeMicroUsd(cents: number, shares: number): number
  close(): Promise<void>
}

const MICRO_SHARES = 1_000_000
const LOTS = 100
const PRICE_PER_CENT = 100
const TICK = 100 as Price
const PREFIX = 'suite-'
const SALT_FROM = 1
const FEES = {
  polymarket: polymarketFeeSchedule({ rate: 0.04, exponent: 1 }, 'test'),
  kalshi: kalshiFeeSchedule({ feeType: 'quadratic', feeMultiplier: 1 }, 'test'),
}
const polymarketFee = (price: Price, microShares: number): number =>
  polymarketFeeChargedMicroUsd(FEES.polymarket, price, microShares as never)
const kalshiFee = (price: Price, microShares: number): number =>
  kalshiTradeFeeCeilMicroUsd(
    FEES.kalshi,
    ROLE_TAKER,
    price,
    Math.ceil(microShares / MICRO_SHARES_PER_LOT) as Lots,
  )
const feeBy =
  (of: typeof polymarketFee) =>
  (cents: number, shares: number): number =>
    of((cents * PRICE_PER_CENT) as Price, shares * MICRO_SHARES)

/** On Kalshi what sells is told as a purchase of the other outcome: each takes one off what is held, and the two are a dollar. */
class Ends {
  readonly all: Ended[] = []
  readonly sales = new Set<number>()
  readonly listener: LiveLegListener

  constructor(venue: Venue) {
    this.listener = {
      legDone: (order, _venue, microShares, costMicroUsd, feeMicroUsd) => {
        const nets = venue === KALSHI && this.sales.has(order)
        this.all.push({
          order,
          microShares: nets ? -microShares : microShares,
          costMicroUsd: nets ? costMicroUsd - microShares : costMicroUsd,
          feeMicroUsd,
        })
      },
      legTaken() {},
      legUnknown() {},
      legSettled() {},
      legCorrected() {},
    }
  }
}

interface Wanted {
  readonly shares: number
  /** What they cost. */
  readonly cents: number
}

/** Bytes of one order after the other, as our own encoders write them. */
interface Orders {
  write(order: number, buys: boolean, limitCents: number, wanted: Wanted, whole: boolean): Promise<Buffer>
}

function kalshiOrders(keyId: string, signed: (timestampMs: number) => string): Orders {
  return {
    async write(order, buys, limitCents, { shares }, whole) {
      const timestampMs = Date.now()
      const signature = Buffer.from(signed(timestampMs))
      const request = new KalshiRequest(
        {
          host: 'localhost',
          keyId,
          signatureLength: signature.length,
          clientOrderPrefix: PREFIX,
          subaccount: 0,
        },
        TICKER,
        0,
        whole ? TimeInForce.FillOrKill : TimeInForce.ImmediateOrCancel,
      )
      const bytes = Buffer.alloc(request.bytes)
      request.write(
        bytes,
        timestampMs,
        signature,
        0,
        order,
        buys ? 0 : 1,
        limitCents * PRICE_PER_CENT,
        shares * LOTS,
      )
      return bytes
    },
  }
}

interface PolymarketAccount {
  readonly apiKey: string
  readonly secret: string
  readonly passphrase: string
  readonly hashes: string[]
}

function polymarketOrders(
  account: ReturnType<typeof privateKeyToAccount>,
  { apiKey, secret, passphrase, hashes }: PolymarketAccount,
  token: string,
): Orders {
  const { address } = account
  const body = new OrderBody({ maker: address, signer: address, signatureType: 0, owner: apiKey })
  const request = new PolymarketRequest({ host: 'localhost', address, apiKey, passphrase }, new Seal(secret))
  return {
    async write(order, buys, limitCents, { shares, cents }, whole) {
      const price = (limitCents * PRICE_PER_CENT) as Price
      const lots = (shares * LOTS) as Lots
      const maker = buys ? marketBuyMaker(cents) : sharesMicro(lots)
      const taker = buys ? marketBuyTakerFloor(cents, price, TICK) : notionalMicroUsd(price, lots)
      const timestampMs = Date.now()
      const side = buys ? 0 : 1
      const salt = SALT_FROM + order
      const typed = typedOrder(address, token, maker, taker, salt, timestampMs, exchangeOf('v1', false), side)
      hashes[order] = hashTypedData(typed)
      const signature = Buffer.from((await account.signTypedData(typed)).slice(2), 'hex')
      const [scratch, bytes] = [Buffer.alloc(4_096), Buffer.alloc(4_096)]
      const end = body.write(scratch, 0, Buffer.from(token), side, maker, taker, salt, timestampMs, signature)
      const type = whole ? OrderType.FOK : OrderType.FAK
      const length = request.write(bytes, scratch, 0, end, type, Math.floor(timestampMs / 1_000))
      return bytes.subarray(0, length)
    },
  }
}

function sender(gateway: Gateway, ends: Ends, orders: Orders) {
  let next = 0
  const send = async (buys: boolean, limitCents: number, wanted: Wanted, whole: boolean): Promise<number> => {
    const order = next++
    if (!buys) ends.sales.add(order)
    const bytes = await orders.write(order, buys, limitCents, wanted, whole)
    gateway.send({ bundle: 0 } as Approved, order, bytes, bytes.length)
    return order
  }
  return {
    buy(limitCents: number, fills: readonly WantedFill[], whole = false): Promise<number> {
      const shares = fills.reduce((sum, [, each]) => sum + each, 0)
      const cents = fills.reduce((sum, [price, each]) => sum + price * each, 0)
      return send(true, limitCents, { shares, cents }, whole)
    },
    sell: (limitCents: number, shares: number): Promise<number> =>
      send(false, limitCents, { shares, cents: 0 }, false),
  }
}

/** On our own books, at once: what `replay` trades on. */
export async function paperRig(venue: Venue): Promise<Rig> {
  const clock = new SimulatedClock(Date.now())
  const book = new Book(TICK)
  const account = privateKeyToAccount(generatePrivateKey())
  const token = '1'
  const fee = venue === POLYMARKET ? polymarketFee : kalshiFee
  const market = { book, complement: false, takerDelayNs: 0, orderFees: () => fee }
  const markets = [new Map([[token, market]]), new Map([[TICKER, market]])] as ConstructorParameters<
    typeof PaperVenues
  >[0]
  const venues = new PaperVenues(markets, { latencyNs: [1, 1], othersLeave: 1, remembers: true }, clock)
  const ends = new Ends(venue)
  venues.listener = ends.listener
  const made = {
    apiKey: 'key',
    secret: Buffer.alloc(32).toString('base64url'),
    passphrase: 'pass',
    hashes: [],
  }
  const orders =
    venue === POLYMARKET ? polymarketOrders(account, made, token) : kalshiOrders('key', () => 'signature')
  const gateway = venues.gateway(venue)
  const trades = sender(gateway, ends, orders)
  const timer = setInterval(() => {
    for (let due = clock.step(clock.nowNs() + 1e6); due !== -1; due = clock.step(clock.nowNs() + 1e6))
      venues.due(tokenValue(due))
  }, 1)
  return {
    gateway,
    ended: ends.all,
    offer: (cents, shares) => book.asks.set((cents * PRICE_PER_CENT) as Price, (shares * LOTS) as Lots),
    bid: (cents, shares) => book.bids.set((cents * PRICE_PER_CENT) as Price, (shares * LOTS) as Lots),
    ...trades,
    feeMicroUsd: feeBy(fee),
    close: async () => clearInterval(timer),
  }
}

const wallClock: Clock = {
  nowNs: () => Math.floor(performance.now() * 1e6) as Ns,
  wallMs: () => Date.now(),
  at() {},
  cancel() {},
}

/** Fills are looked up by REST: the private channel stays silent here. */
function live(gateway: KalshiGateway | PolymarketGateway): NodeJS.Timeout {
  gateway.privateIsLive = false
  return setInterval(() => gateway.tick(wallClock.nowNs()), 5)
}

function liveParts(restUrl: string, ca: string | undefined, ends: Ends, fee: typeof kalshiFee) {
  const port = Number(new URL(restUrl).port)
  return {
    host: 'localhost',
    connections: 4,
    open: ((session) =>
      connect({
        host: '127.0.0.1',
        port,
        servername: 'localhost',
        ...(ca === undefined ? {} : { ca }),
        ...(session === undefined ? {} : { session }),
      })) as GatewayParts['open'],
    clock: wallClock,
    random: Math.random,
    listener: ends.listener,
    feeMicroUsd: (_bundle: number, price: Price, microShares: number) => fee(price, microShares),
    bundleOf: () => 0,
  }
}

export async function kalshiRig(): Promise<Rig> {
  const sandbox = await KalshiSandbox.start()
  const ends = new Ends(KALSHI)
  const message = Buffer.alloc(SIGNED_MESSAGE_MAX)
  const signed = (request: SignedRequest, timestampMs: number): string =>
    sign('sha256', message.subarray(0, writeSignedMessage(message, request, timestampMs)), {
      key: sandbox.privateKey,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    }).toString('base64')
  const dispatcher = dispatcherTo(new URL(sandbox.restUrl).origin, sandbox.ca)
  const rest = new KalshiRest({
    dispatcher,
    headers: async (request) => {
      const timestampMs = Date.now()
      return {
        'KALSHI-ACCESS-KEY': sandbox.keyId,
        'KALSHI-ACCESS-TIMESTAMP': String(timestampMs),
        'KALSHI-ACCESS-SIGNATURE': signed(request, timestampMs),
      }
    },
  })
  const sentMs = Date.now()
  const gateway = new KalshiGateway({
    ...liveParts(sandbox.restUrl, sandbox.ca, ends, kalshiFee),
    sells: () => false,
    nameOf: (order) => clientOrderId(PREFIX, order),
    lookUp: (order, orderId) => rest.lookUp(TICKER, clientOrderId(PREFIX, order), orderId, sentMs),
  })
  const timer = live(gateway)
  const trades = sender(
    gateway,
    ends,
    kalshiOrders(sandbox.keyId, (timestampMs) => signed(0, timestampMs)),
  )
  return {
    gateway,
    ended: ends.all,
    offer: (cents, shares) => void sandbox.quote('ask', cents, shares),
    bid: (cents, shares) => void sandbox.quote('bid', cents, shares),
    ...trades,
    feeMicroUsd: feeBy(kalshiFee),
    async close() {
      clearInterval(timer)
      gateway.close(wallClock.nowNs())
      await dispatcher.destroy()
      await sandbox[Symbol.asyncDispose]()
    },
  }
}

export async function polymarketRig(): Promise<Rig> {
  const loopback = await startVenue()
  const market = loopback.addMarket()
  const account = privateKeyToAccount(generatePrivateKey())
  loopback.grant(account.address, 10_000)
  const ends = new Ends(POLYMARKET)
  const dispatcher = dispatcherTo(loopback.restUrl, loopback.ca)
  const made = { ...(await credentials(dispatcher, account)), hashes: [] as string[] }
  const { apiKey, passphrase, secret } = made
  const [token] = market.terms.tokens
  const rest = new PolymarketRest({
    dispatcher,
    account: { address: account.address, apiKey, passphrase },
    signatureType: 0,
    seal: new Seal(secret),
    wallMs: Date.now,
  })
  const sentMs = Date.now()
  const gateway = new PolymarketGateway({
    ...liveParts(loopback.restUrl, undefined, ends, polymarketFee),
    sells: (order) => ends.sales.has(order),
    nameOf: (order) => made.hashes[order],
    lookUp: (order) => rest.lookUp(token, made.hashes[order], sentMs, 0),
  })
  const timer = live(gateway)
  const trades = sender(gateway, ends, polymarketOrders(account, made, token))
  const quote = (side: 0 | 1, cents: number, shares: number): void =>
    void loopback.venue.quote(market, side, cents * PRICE_PER_CENT, shares * MICRO_SHARES)
  return {
    gateway,
    ended: ends.all,
    offer: (cents, shares) => quote(1, cents, shares),
    bid: (cents, shares) => quote(0, cents, shares),
    ...trades,
    feeMicroUsd: feeBy(polymarketFee),
    async close() {
      clearInterval(timer)
      gateway.close(wallClock.nowNs())
      await dispatcher.destroy()
      await loopback.close()
    },
  }
}
