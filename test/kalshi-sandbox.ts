import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { request } from 'node:https'
import { makeCertificate } from '@tandem/sandbox/certificate.ts'
import type { Account } from '@tandem/sandbox/engine/kalshi/account.ts'
import type { OrderTerms } from '@tandem/sandbox/engine/kalshi/order.ts'
import { isRefused, KalshiVenue } from '@tandem/sandbox/engine/kalshi/venue.ts'
import { Random } from '@tandem/sandbox/engine/random.ts'
import { Faults } from '@tandem/sandbox/faults.ts'
import type { Tier } from '@tandem/sandbox/kalshi/limits.ts'
import { KalshiServer } from '@tandem/sandbox/kalshi/server.ts'
import { Timings } from '@tandem/sandbox/timings.ts'
import { SIDE_ASK, SIDE_BID } from '@tandem/shared/units.ts'

// A Kalshi of a few markets, for tests: its engine alone, or behind TLS with a signed client.

export const TICKER = 'KXTEST-26-YES'
export const CRYPTO_TICKER = 'KXCOIN-26-B90'
export const TAPERED_TICKER = 'KXTEST-26-NO'
const DAY_MS = 24 * 3_600_000
export const USD = 1_000_000

/** Two events: one on shard 0 with two markets (whole cents; tapered), one on shard 2. */
export function listMarkets(venue: KalshiVenue, nowMs: number): void {
  const common = { yesSubTitle: 'Yes', noSubTitle: 'No', rulesPrimary: 'Made up.', rulesSecondary: '' }
  const open = { ...common, openMs: nowMs - DAY_MS, settlementTimerSeconds: 1 }
  const cents = {
    closeMs: nowMs + DAY_MS,
    priceLevelStructure: 'linear_cent',
    priceRanges: [{ start: '0.0000', end: '1.0000', step: '0.0100' }],
  }
  const tapered = {
    closeMs: nowMs + DAY_MS,
    priceLevelStructure: 'tapered_deci_cent',
    priceRanges: [
      { start: '0.0000', end: '0.1000', step: '0.0010' },
      { start: '0.1000', end: '0.9000', step: '0.0100' },
      { start: '0.9000', end: '1.0000', step: '0.0010' },
    ],
  }
  const series = { category: 'Tests', frequency: 'custom', feeMultiplier: 1 }
  venue.addSeries({ ...series, ticker: 'KXTEST', title: 'Tests', feeType: 'quadratic' })
  venue.addSeries({ ...series, ticker: 'KXCOIN', title: 'Coins', feeType: 'quadratic_with_maker_fees' })
  const event = { subTitle: '', mutuallyExclusive: false }
  venue.addEvent({ ...event, ticker: 'KXTEST-26', title: 'Does it work?', exchangeIndex: 0 }, 'KXTEST')
  venue.addEvent({ ...event, ticker: 'KXCOIN-26', title: 'Above?', exchangeIndex: 2 }, 'KXCOIN')
  venue.addMarket('KXTEST-26', { ...open, ticker: TICKER }, cents)
  venue.addMarket('KXTEST-26', { ...open, ticker: TAPERED_TICKER }, tapered)
  venue.addMarket('KXCOIN-26', { ...open, ticker: CRYPTO_TICKER }, cents)
}

/** An order as most tests want it; sides by name, price in cents, size in contracts. */
export function terms(
  side: 'bid' | 'ask',
  cents: number,
  contracts: number,
  more: Partial<OrderTerms> = {},
): OrderTerms {
  return {
    ticker: TICKER,
    side: side === 'bid' ? SIDE_BID : SIDE_ASK,
    price: Math.round(cents * 100),
    lots: Math.round(contracts * 100),
    timeInForce: 'good_till_canceled',
    selfTradePrevention: 'taker_at_cross',
    clientOrderId: '',
    expirationMs: undefined,
    postOnly: false,
    reduceOnly: false,
    cancelOnPause: false,
    orderGroupId: undefined,
    exchangeIndex: undefined,
    ...more,
  }
}

/** The venue behind TLS on loopback, with one funded account and its keys. */
export class KalshiSandbox implements AsyncDisposable {
  readonly ca: string
  readonly restUrl: string
  readonly socketUrl: string
  readonly venue: KalshiVenue
  readonly server: KalshiServer
  readonly faults: Faults
  readonly timings: Timings
  readonly account: Account
  /** Other traders: their money has no end. */
  readonly house: Account
  readonly keyId = '00000000-1111-4222-8333-444444444444'
  readonly privateKey: KeyObject
  readonly #timer: NodeJS.Timeout

  static async start(options: { tier?: Tier; readLagMs?: number } = {}): Promise<KalshiSandbox> {
    const certificate = await makeCertificate(Date.now())
    const nowMs = (): number => Date.now()
    const faults = new Faults(nowMs)
    const timings = new Timings(() => performance.now() * 1_000_000)
    const random = new Random(1)
    let server: KalshiServer
    const venue = new KalshiVenue({ nowMs, random, emit: (occurrence) => server.hear(occurrence) })
    server = new KalshiServer({
      venue,
      random,
      faults,
      timings,
      tier: options.tier ?? 'prestige',
      readLagMs: options.readLagMs ?? 0,
      certificate,
      nowMs,
    })
    listMarkets(venue, nowMs())
    return new KalshiSandbox(certificate.ca, await server.listen(), venue, server, faults, timings)
  }

  private constructor(
    ca: string,
    port: number,
    venue: KalshiVenue,
    server: KalshiServer,
    faults: Faults,
    timings: Timings,
  ) {
    this.ca = ca
    this.restUrl = `https://localhost:${port}/trade-api/v2`
    this.socketUrl = `wss://localhost:${port}/trade-api/ws/v2`
    this.venue = venue
    this.server = server
    this.faults = faults
    this.timings = timings
    this.account = venue.openAccount('a1b2c3d4-e5f6-7890-abcd-ef1234567890')
    this.house = venue.openAccount('house', true)
    venue.fund(this.account, 0, 100 * USD)
    venue.fund(this.account, 2, 100 * USD)
    const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 })
    this.privateKey = pair.privateKey
    server.keys.register(
      this.keyId,
      pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      this.account,
    )
    this.#timer = setInterval(() => {
      venue.tick(Date.now())
      server.tick(Date.now())
    }, 10)
  }

  /** Another trader's order, straight into the book. */
  quote(side: 'bid' | 'ask', cents: number, contracts: number, ticker = TICKER): string {
    const placed = this.venue.placeOrder(this.house, terms(side, cents, contracts, { ticker }))
    if (isRefused(placed)) throw new Error(placed.refusal)
    return placed.value.id
  }

  /** Headers that are right unless something else is asked for. */
  headers(
    method: string,
    path: string,
    wrong: { saltLength?: number; skewMs?: number; keyId?: string; signed?: string } = {},
  ): Record<string, string> {
    const timestamp = String(Date.now() + (wrong.skewMs ?? 0))
    const message = Buffer.from(wrong.signed ?? timestamp + method + path.split('?')[0])
    const key = { key: this.privateKey, padding: 6, saltLength: wrong.saltLength ?? 32 }
    return {
      'KALSHI-ACCESS-KEY': wrong.keyId ?? this.keyId,
      'KALSHI-ACCESS-TIMESTAMP': timestamp,
      'KALSHI-ACCESS-SIGNATURE': sign('sha256', message, key).toString('base64'),
    }
  }

  /** One request over TLS, signed unless headers are given. */
  async ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = this.headers(method, `/trade-api/v2${path}`),
  ): Promise<{ status: number; body: unknown; headers: object }> {
    const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
    const { promise, resolve, reject } = Promise.withResolvers<{
      status: number
      body: unknown
      headers: object
    }>()
    const sent = request(
      this.restUrl + path,
      {
        method,
        ca: this.ca,
        headers: { ...headers, ...(text === undefined ? {} : { 'Content-Type': 'application/json' }) },
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const answered = Buffer.concat(chunks).toString()
          resolve({
            status: response.statusCode ?? 0,
            body: answered === '' ? undefined : JSON.parse(answered),
            headers: response.headers,
          })
        })
      },
    )
    sent.on('error', reject)
    sent.end(text)
    return promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.server.close()
  }
}
