import { decimalFromScaled, scaledFromDecimal } from '@tandem/shared/decimal.ts'
import { PRICE_ONE } from '@tandem/shared/units.ts'
import type { Market, Outcome } from '../engine/polymarket/market.ts'
import type { PolymarketVenue } from '../engine/polymarket/venue.ts'
import type { Faults } from '../faults.ts'
import { compactMarketOf, FEE_CAP, marketOf, priceText, summaryOf, topOf } from './documents.ts'
import { type Answer, failed, MARKET_NOT_FOUND, NO_ORDERBOOK, PAYLOAD_TOO_LONG } from './errors.ts'
import { fields, parseJson } from './payload.ts'
import { lastPart, ok, pageOf, type Request, type Routes } from './request.ts'

// What everybody may ask: Polymarket fact sheet, section 5.

const BATCH_MOST = 500
const MARKETS_A_PAGE = 1_000

export interface PublicParts {
  readonly venue: PolymarketVenue
  readonly faults: Faults
  nowMs(): number
}

export function publicRoutes({ venue, faults, nowMs }: PublicParts): Routes {
  const summary = (market: Market, outcome: Outcome): object =>
    summaryOf(market, outcome, nowMs(), faults.has('ghost-book', 'polymarket'))

  /** Answers a question about the token that a query names. */
  const ofToken =
    (answer: (market: Market, outcome: Outcome, request: Request) => unknown, missing = NO_ORDERBOOK) =>
    (request: Request): Answer => {
      const found = venue.find(request.query.get('token_id') ?? '')
      return found === undefined ? missing : ok(answer(...found, request))
    }

  /** Answers for all tokens that a body lists, those that are known. */
  const ofTokens =
    (answer: (tokens: readonly [string, Market, Outcome][]) => unknown) =>
    ({ body }: Request): Answer => {
      const list = parseJson(body)
      if (!Array.isArray(list)) return failed(400, 'Invalid payload')
      if (list.length > BATCH_MOST) return PAYLOAD_TOO_LONG
      const tokens = list.flatMap((item): [string, Market, Outcome][] => {
        const token = String(fields(item)?.token_id ?? '')
        const found = venue.find(token)
        return found === undefined ? [] : [[token, ...found]]
      })
      return ok(answer(tokens))
    }

  const byToken = (value: (market: Market, outcome: Outcome) => unknown) =>
    ofTokens((tokens) => Object.fromEntries(tokens.map(([token, ...of]) => [token, value(...of)])))

  const listed =
    (document: (market: Market) => object) =>
    ({ query }: Request): Answer =>
      pageOf([...venue.markets.values()].map(document), query, MARKETS_A_PAGE)

  /** Answers a question about the condition that ends the path. */
  const ofCondition =
    (document: (market: Market) => object) =>
    ({ path }: Request): Answer => {
      const market = venue.markets.get(lastPart(path))
      return market === undefined ? MARKET_NOT_FOUND : ok(document(market))
    }

  return {
    'GET /ok': () => ok('OK'),
    'GET /time': () => ok(Math.floor(nowMs() / 1_000)),
    'GET /version': () => ok({ version: 2 }),
    'GET /book': ofToken(summary),
    // Not in the order that was asked.
    'POST /books': ofTokens((tokens) => tokens.map(([, ...of]) => summary(...of)).reverse()),
    'GET /price': ofToken((market, outcome, { query }) => ({
      price: topOf(market, outcome)[query.get('side') === 'SELL' ? 'ask' : 'bid'],
    })),
    'POST /prices': byToken((market, outcome) => {
      const { bid, ask } = topOf(market, outcome)
      return { BUY: bid, SELL: ask }
    }),
    'GET /midpoint': ofToken((market, outcome) => ({ mid: midOf(market, outcome) })),
    'POST /midpoints': byToken(midOf),
    'GET /spread': ofToken((market, outcome) => ({ spread: spreadOf(market, outcome) })),
    'POST /spreads': byToken(spreadOf),
    'GET /last-trade-price': ofToken((market) => lastTradeOf(market)),
    'POST /last-trades-prices': ofTokens((tokens) =>
      tokens.map(([token_id, market]) => ({ token_id, ...lastTradeOf(market) })),
    ),
    'GET /tick-size': ofToken((market) => ({ minimum_tick_size: market.tick / PRICE_ONE })),
    'GET /neg-risk': ofToken((market) => ({ neg_risk: market.terms.negRisk })),
    'GET /fee-rate': ofToken(
      (market) => ({ base_fee: market.terms.fee.rate > 0 ? FEE_CAP : 0 }),
      failed(404, 'fee rate not found for market'),
    ),
    'GET /markets': listed(marketOf),
    'GET /sampling-markets': listed(marketOf),
    'GET /markets/': ofCondition(marketOf),
    'GET /clob-markets/': ofCondition(compactMarketOf),
    'GET /markets-by-token/': ({ path }) => {
      const market = venue.find(lastPart(path))?.[0]
      if (market === undefined) return MARKET_NOT_FOUND
      const { conditionId, tokens } = market.terms
      return ok({ condition_id: conditionId, primary_token_id: tokens[0], secondary_token_id: tokens[1] })
    },
  }
}

function midOf(market: Market, outcome: Outcome): string {
  const [bid, ask] = prices(market, outcome)
  return decimalFromScaled((bid + ask) * 5, 5)
}

function spreadOf(market: Market, outcome: Outcome): string {
  const [bid, ask] = prices(market, outcome)
  return priceText(ask - bid)
}

function prices(market: Market, outcome: Outcome): [bid: number, ask: number] {
  const { bid, ask } = topOf(market, outcome)
  return [scaledFromDecimal(bid, 4) ?? 0, scaledFromDecimal(ask, 4) ?? 0]
}

function lastTradeOf(market: Market): object {
  const { lastTradePrice } = market
  return lastTradePrice === 0 ? { price: '0.5', side: '' } : { price: priceText(lastTradePrice), side: 'BUY' }
}
