import { type KalshiFeeSchedule, KalshiOrderFees, ROLE_TAKER } from '@tandem/shared/fees/kalshi.ts'
import { type PolymarketFeeSchedule, polymarketFeeCeilMicroUsd } from '@tandem/shared/fees/polymarket.ts'
import type { Settings } from '@tandem/shared/settings.ts'
import { type Lots, MICRO_SHARES_PER_LOT, NS_PER_MS } from '@tandem/shared/units.ts'
import type { Clock } from './clock.ts'
import type { Listing } from './listing.ts'
import type { Access } from './main.ts'
import { type PaperMarket, PaperVenues } from './venue/paper/gateway.ts'
import { KALSHI, POLYMARKET } from './venue/venue.ts'

/** The paper venues check no credential; these only fill the places of real ones. */
export const PAPER_ACCESS: Access = {
  polymarket: {
    host: 'polymarket.paper',
    apiKey: '00000000-0000-0000-0000-000000000000',
    passphrase: 'paper',
    secret: 'paper',
  },
  kalshi: { host: 'kalshi.paper', useYesPrice: false },
}

/**
 * Both venues on paper, over the books of what is listed and with its fees.
 *
 * @param remembers whether what was taken stays taken: false only where the pool is measured and not the market
 * @param onRequest called with every request, before it is looked at
 */
export function paperVenues(
  { pairs, bundles, books }: Listing,
  settings: Settings,
  remembers: boolean,
  clock: Clock,
  onRequest?: () => void,
): PaperVenues {
  const polymarket = new Map<string, PaperMarket>()
  const kalshi = new Map<string, PaperMarket>()
  for (const [place, { pair }] of pairs.entries()) {
    const bundle = bundles[place]
    const book = books[POLYMARKET][bundle.books[POLYMARKET]]
    const orderFees = polymarketOrderFees(bundle.polymarketFees)
    const takerDelayNs = pair.polymarket.takerDelayMs * NS_PER_MS
    polymarket.set(pair.polymarket.yesToken, { book, complement: false, takerDelayNs, orderFees })
    polymarket.set(pair.polymarket.noToken, { book, complement: true, takerDelayNs, orderFees })
    kalshi.set(pair.kalshi.ticker, {
      book: books[KALSHI][bundle.books[KALSHI]],
      complement: false,
      takerDelayNs: 0,
      orderFees: kalshiOrderFees(bundle.kalshiFees, settings.kalshi.balancePrecisionMicroUsd),
    })
  }
  const { latencyMs, othersLeave } = settings.paper
  const latencyNs = [latencyMs.polymarket * NS_PER_MS, latencyMs.kalshi * NS_PER_MS] as const
  return new PaperVenues([polymarket, kalshi], { latencyNs, othersLeave, remembers }, clock, onRequest)
}

/** Each level that an order takes is one fill, rounded up. */
function polymarketOrderFees(schedule: PolymarketFeeSchedule): PaperMarket['orderFees'] {
  return () => (price, microShares) => polymarketFeeCeilMicroUsd(schedule, price, microShares)
}

/** Fill by fill, with the order's own accumulator. */
function kalshiOrderFees(schedule: KalshiFeeSchedule, precisionMicroUsd: number): PaperMarket['orderFees'] {
  return () => {
    const fees = new KalshiOrderFees(schedule, precisionMicroUsd)
    return (price, microShares, costMicroUsd) => {
      fees.fill(ROLE_TAKER, price, (microShares / MICRO_SHARES_PER_LOT) as Lots, -costMicroUsd)
      return fees.netFeeMicroUsd
    }
  }
}
