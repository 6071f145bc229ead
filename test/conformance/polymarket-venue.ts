import { setDefaultCACertificates } from 'node:tls'
import { makeCertificate } from '@tandem/sandbox/certificate.ts'
import { COLLATERAL } from '@tandem/sandbox/engine/polymarket/funds.ts'
import type { Market, MarketTerms } from '@tandem/sandbox/engine/polymarket/market.ts'
import { PolymarketVenue } from '@tandem/sandbox/engine/polymarket/venue.ts'
import { Random } from '@tandem/sandbox/engine/random.ts'
import { Faults } from '@tandem/sandbox/faults.ts'
import { PolymarketServer } from '@tandem/sandbox/polymarket/server.ts'
import { Timings } from '@tandem/sandbox/timings.ts'

const TICK_MS = 5
export const TAKER_DELAY_MS = 100

/** The sandbox's Polymarket over TLS in this process, which trusts its authority. */
export interface LoopbackVenue {
  readonly venue: PolymarketVenue
  readonly faults: Faults
  readonly timings: Timings
  /** PEM of its authority. */
  readonly ca: string
  readonly restUrl: string
  readonly socketUrl: string
  /** How far the venue's clock is ahead of ours. */
  skewMs: number
  addMarket(terms?: Partial<MarketTerms>): Market
  grant(address: string, dollars: number): void
  close(): Promise<void>
}

export async function startVenue(): Promise<LoopbackVenue> {
  const certificate = await makeCertificate(Date.now())
  setDefaultCACertificates([certificate.ca])
  const random = new Random(1)
  const nowMs = (): number => Date.now() + loopback.skewMs
  const faults = new Faults(nowMs)
  const timings = new Timings(() => performance.now() * 1e6)
  const venue = new PolymarketVenue({
    nowMs,
    random,
    emit: (event) => server?.hear(event),
    settlement: { minedMs: 20, finalMs: 40 },
    extraDelayMs: () => (faults.has('taker-delay', 'polymarket') ? TAKER_DELAY_MS : 0),
    tradeFails: () => faults.strikes('failed-trade', 'polymarket'),
  })
  let server: PolymarketServer | undefined
  server = new PolymarketServer({ venue, faults, timings, random, certificate, root: 'test', nowMs })
  let markets = 0
  const loopback: LoopbackVenue = {
    venue,
    faults,
    timings,
    ca: certificate.ca,
    restUrl: '',
    socketUrl: '',
    skewMs: 0,
    addMarket(terms = {}) {
      const number = ++markets
      return venue.addMarket({
        conditionId: `0x${random.hex(64)}`,
        tokens: [`${10 ** 15 + number}1`, `${10 ** 15 + number}2`],
        outcomes: ['Yes', 'No'],
        question: `Question ${number}?`,
        slug: `question-${number}`,
        tick: 100,
        minimumShares: 5,
        fee: { rate: 0.04, exponent: 1 },
        negRisk: false,
        version: 'v1',
        takerDelayMs: 0,
        secondsDelay: 0,
        ...terms,
      })
    },
    close: async () => {},
    grant: (address, dollars) => venue.ledger.add(address.toLowerCase(), COLLATERAL, dollars * 1_000_000),
  }
  const port = await server.listen()
  const ticking = setInterval(() => {
    venue.tick(nowMs())
    server.tick(nowMs())
  }, TICK_MS)
  return Object.assign(loopback, {
    restUrl: `https://localhost:${port}`,
    socketUrl: `wss://localhost:${port}`,
    close: () => {
      clearInterval(ticking)
      return server.close()
    },
  })
}
