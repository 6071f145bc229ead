import {
  AccountApi,
  Configuration,
  EventsApi,
  ExchangeApi,
  MarketApi,
  OrderGroupsApi,
  OrdersApi,
  PortfolioApi,
} from 'kalshi-typescript'

// The venue's official client in a process of its own: it trusts what NODE_EXTRA_CA_CERTS names, which Node reads at
// its start only. The parent sends calls and gets back what the client returned or threw.
//
//   argv: base URL, key id, path of the private key

const [basePath, apiKey, privateKeyPath] = process.argv.slice(2)
const configuration = new Configuration({ basePath, apiKey, privateKeyPath })

const apis = {
  account: new AccountApi(configuration),
  events: new EventsApi(configuration),
  exchange: new ExchangeApi(configuration),
  markets: new MarketApi(configuration),
  groups: new OrderGroupsApi(configuration),
  orders: new OrdersApi(configuration),
  portfolio: new PortfolioApi(configuration),
}
export type Apis = typeof apis

export interface Call {
  api: keyof Apis
  method: string
  args: unknown[]
}

process.on('message', async ({ api, method, args }: Call) => {
  const methods = apis[api] as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>
  try {
    const { status, data } = (await methods[method](...args)) as { status: number; data: unknown }
    process.send?.({ status, data })
  } catch (error) {
    const { response, message } = error as { response?: { status: number; data: unknown }; message: string }
    process.send?.({ status: response?.status ?? 0, data: response?.data ?? message })
  }
})
process.on('disconnect', () => process.exit())
