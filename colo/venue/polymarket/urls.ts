// Polymarket fact sheet, sections 2, 5 and 6. Hosts are defaults; the configuration may name others.

export const PolymarketHost = {
  Rest: 'https://clob.polymarket.com',
  Socket: 'wss://ws-subscriptions-clob.polymarket.com',
  Gamma: 'https://gamma-api.polymarket.com',
  /** Not under the REST host. Answers `{"blocked":..,"country":..}` for the address that asks. */
  Geoblock: 'https://polymarket.com/api/geoblock',
} as const

/** Paths under the socket's host. */
export const PolymarketChannel = {
  Market: '/ws/market',
  User: '/ws/user',
} as const

/** Paths under the REST host, as the request's signature covers them: without a query. */
export const PolymarketPath = {
  Time: '/time',
  Version: '/version',
  Book: '/book',
  Books: '/books',
  Order: '/order',
  Orders: '/orders',
  CancelAll: '/cancel-all',
  CancelMarketOrders: '/cancel-market-orders',
  OpenOrders: '/data/orders',
  Trades: '/data/trades',
  BalanceAllowance: '/balance-allowance',
  Heartbeats: '/v1/heartbeats',
  ApiKey: '/auth/api-key',
  DerivedApiKey: '/auth/derive-api-key',
} as const

/** What one market is, with its fee, delay and version. `conditionId` is 0x and 64 hex digits. */
export function clobMarketPath(conditionId: string): string {
  return `/clob-markets/${conditionId}`
}

/** One market as the venue lists it, with its winner once there is one. */
export function marketPath(conditionId: string): string {
  return `/markets/${conditionId}`
}

/** One order by its digest. */
export function orderPath(orderId: string): string {
  return `/data/order/${orderId}`
}
