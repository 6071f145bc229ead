// Kalshi fact sheet, sections 1 and 4. Hosts are defaults; the configuration may name others.

export const KalshiHost = {
  Rest: 'https://external-api.kalshi.com',
  Socket: 'wss://external-api-ws.kalshi.com',
  DemoRest: 'https://external-api.demo.kalshi.co',
  DemoSocket: 'wss://external-api-ws.demo.kalshi.co',
} as const

/** Whole paths from the root, as signatures cover them: the prefix included, without a query. */
export const KalshiPath = {
  Socket: '/trade-api/ws/v2',
  Orders: '/trade-api/v2/portfolio/events/orders',
  /** Reads stayed here when the writes moved to `Orders`. */
  OrderHistory: '/trade-api/v2/portfolio/orders',
  Fills: '/trade-api/v2/portfolio/fills',
  Positions: '/trade-api/v2/portfolio/positions',
  Settlements: '/trade-api/v2/portfolio/settlements',
  NewOrderGroup: '/trade-api/v2/portfolio/order_groups/create',
  Balance: '/trade-api/v2/portfolio/balance',
  /** How fresh the portfolio's answers are. */
  UserDataTimestamp: '/trade-api/v2/exchange/user_data_timestamp',
  ExchangeStatus: '/trade-api/v2/exchange/status',
  AccountLimits: '/trade-api/v2/account/limits',
  Markets: '/trade-api/v2/markets',
  OrderBooks: '/trade-api/v2/markets/orderbooks',
} as const

export function kalshiOrderPath(orderId: string): string {
  return `${KalshiPath.Orders}/${orderId}`
}

export function kalshiTriggerPath(orderGroupId: string): string {
  return `/trade-api/v2/portfolio/order_groups/${orderGroupId}/trigger`
}

export function kalshiOrderBookPath(ticker: string): string {
  return `${KalshiPath.Markets}/${ticker}/orderbook`
}
