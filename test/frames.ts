// Frames as the venues send them, for tests that speak to the codecs in bytes.

type Level = readonly [price: string, size: string]

export const polymarketBook = (
  asset: string,
  bids: readonly Level[],
  asks: readonly Level[],
  ms: number,
  tick = '0.01',
) =>
  Buffer.from(
    JSON.stringify({
      event_type: 'book',
      asset_id: asset,
      market: '0xc0',
      bids: bids.map(([price, size]) => ({ price, size })),
      asks: asks.map(([price, size]) => ({ price, size })),
      timestamp: String(ms),
      hash: '0'.repeat(40),
      tick_size: tick,
    }),
  )

/** One level of a token, and the top that the venue claims after it. */
export const polymarketChange = (
  asset: string,
  side: 'BUY' | 'SELL',
  price: string,
  size: string,
  top: readonly [bid: string, ask: string],
  ms: number,
) =>
  Buffer.from(
    JSON.stringify({
      event_type: 'price_change',
      market: '0xc0',
      price_changes: [
        { asset_id: asset, price, size, side, hash: '0'.repeat(40), best_bid: top[0], best_ask: top[1] },
      ],
      timestamp: String(ms),
    }),
  )

/** Prices as Kalshi writes them: bids of YES, and bids of NO. */
export const kalshiSnapshot = (ticker: string, seq: number, yes: readonly Level[], no: readonly Level[]) =>
  Buffer.from(
    `${JSON.stringify({
      type: 'orderbook_snapshot',
      sid: 1,
      seq,
      msg: { market_ticker: ticker, market_id: 'm', yes_dollars_fp: yes, no_dollars_fp: no },
    })}\n`,
  )

export const kalshiDelta = (
  ticker: string,
  seq: number,
  side: 'yes' | 'no',
  price: string,
  delta: string,
  ms: number,
) =>
  Buffer.from(
    JSON.stringify({
      type: 'orderbook_delta',
      sid: 1,
      seq,
      msg: { market_ticker: ticker, market_id: 'm', price_dollars: price, delta_fp: delta, side, ts_ms: ms },
    }),
  )

export const kalshiLifecycle = (ticker: string, seq: number, event: string) =>
  Buffer.from(
    JSON.stringify({
      type: 'market_lifecycle_v2',
      sid: 2,
      seq,
      msg: { market_ticker: ticker, event_type: event },
    }),
  )
