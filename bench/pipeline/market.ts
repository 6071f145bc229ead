// What the venue of the bench trades and says: pairs that are alike, each about to cross, and the two frames that open
// and close the cross. All numbers are prices and sizes as the venues write them.
//
//   Polymarket   bid .41 | ask .46, and .43 while the cross is open
//   Kalshi       bid .47 | ask .49, so the other side of a .43 costs .53: 0.96, and some 2.7 cents of fees

/** Each order is used once: by the time that a pair's turn comes again, the signer has signed the next one. */
export const PAIRS = 40

const yesToken = (pair: number): string => token(pair, 1)
const noToken = (pair: number): string => token(pair, 2)
const token = (pair: number, outcome: number): string => `${'7'.repeat(70)}${1_000 + pair}${outcome}`
const ticker = (pair: number): string => `KXBENCH-26-${1_000 + pair}`
export const tickers: readonly string[] = Array.from({ length: PAIRS }, (_, pair) => ticker(pair))

/** A pairs file of all of it. */
export const mapping = {
  pairs: Array.from({ length: PAIRS }, (_, pair) => ({
    id: `pair-${pair}`,
    polarity: 'same',
    kalshi: { ticker: ticker(pair) },
    polymarket: { yes_token: yesToken(pair), no_token: noToken(pair), tick: '0.01' },
  })),
  fees: {
    bench: {
      polymarket: { rate: 0.04, exponent: 1 },
      kalshi: { fee_type: 'quadratic', fee_multiplier: 1 },
    },
  },
}

/** What both venues' markets answer to whatever a client asks about them. */
export const marketInfo = {
  condition_id: '0x1',
  minimum_tick_size: 0.01,
  neg_risk: false,
  version: 2,
  mts: 0.01,
  nr: false,
  fd: { r: 0.04, e: 1 },
  t: Array.from({ length: PAIRS }, (_, pair) => ({ t: yesToken(pair) })),
}

/** The first frame of a subscription. */
export function polymarketBooks(ms: number): string {
  return JSON.stringify(
    Array.from({ length: PAIRS }, (_, pair) => ({
      event_type: 'book',
      asset_id: yesToken(pair),
      market: '0x1',
      bids: [{ price: '0.41', size: '100' }],
      asks: [{ price: '0.46', size: '100' }],
      timestamp: String(ms),
      hash: '0'.repeat(40),
      tick_size: '0.01',
    })),
  )
}

/**
 * The level at .43 comes and, with no shares, goes.
 *
 * @param shares of the level; 0, or three digits and not those of the time before: a touch that still shows what was
 *   taken from it is not traded again
 */
export function polymarketChange(pair: number, shares: number, ms: number): string {
  const size = String(shares)
  const hash = '0'.repeat(40)
  const [ask, complement] = shares > 0 ? ['0.43', '0.57'] : ['0.46', '0.54']
  return JSON.stringify({
    event_type: 'price_change',
    market: `0x${'0'.repeat(64)}`,
    price_changes: [
      {
        asset_id: yesToken(pair),
        price: '0.43',
        size,
        side: 'SELL',
        hash,
        best_bid: '0.41',
        best_ask: ask,
      },
      {
        asset_id: noToken(pair),
        price: '0.57',
        size,
        side: 'BUY',
        hash,
        best_bid: complement,
        best_ask: '0.59',
      },
    ],
    timestamp: String(ms),
  })
}

/** Bytes of a frame that opens a cross; one that closes it is shorter. */
export const OPENING_BYTES = polymarketChange(0, 100, Date.now()).length

/** A snapshot; `id` is that of the command which asked for it. */
export function kalshiBook(name: string, contracts: number, seq: number, id: number): string {
  return JSON.stringify({
    type: 'orderbook_snapshot',
    id,
    sid: 1,
    seq,
    msg: {
      market_ticker: name,
      market_id: 'm',
      yes_dollars_fp: [['0.4700', `${contracts}.00`]],
      no_dollars_fp: [['0.5100', '100.00']],
    },
  })
}

/** A contract more at Kalshi's bid: here too the touch must have changed. */
export function kalshiChange(pair: number, seq: number, ms: number): string {
  return JSON.stringify({
    type: 'orderbook_delta',
    sid: 1,
    seq,
    msg: {
      market_ticker: ticker(pair),
      market_id: 'm',
      price_dollars: '0.4700',
      delta_fp: '1.00',
      side: 'yes',
      ts_ms: ms,
    },
  })
}
