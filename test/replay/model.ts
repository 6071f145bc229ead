// biome-ignore-all lint/suspicious/noExplicitAny: documents off the wire, read as they come

import type { TapeFrame } from '@tandem/cli/replay/tape.ts'
import type { PairWithFees } from '@tandem/colo/listing.ts'

// The same tape by other means: JSON.parse, Maps and BigInt. Nothing of the executor's arithmetic is used here.

/** Micro-units: of a dollar for prices, of a share for sizes. */
type Micro = bigint
type Side = Map<Micro, Micro>

interface ModelBook {
  bids: Side
  asks: Side
}

export interface ModelEpisode {
  pair: string
  direction: string
  first_ns: string
  last_ns: string
  frames: number
  edge_max: number
}

export interface ModelResult {
  applied: { polymarket: number; kalshi: number }
  /** By pair and venue: best bid and ask as numbers of dollars, null for an empty side. */
  final: Record<string, Record<string, { bid: number | null; ask: number | null }>>
  episodes: ModelEpisode[]
}

const ONE: Micro = 1_000_000n

function micro(text: string): Micro {
  // A recorder wrote some large sizes in the style of floats ("1.21727e+06"): whole shares, exact as doubles.
  const plain = /e/i.test(text) ? String(Number(text)) : text
  const [, sign, whole = '', fraction = ''] = /^(-?)(\d*)\.?(\d*)$/.exec(plain) ?? []
  if (sign === undefined) throw new Error(`no decimal: ${text}`)
  const value = BigInt(whole || '0') * ONE + BigInt(fraction.padEnd(6, '0').slice(0, 6))
  return sign === '-' ? -value : value
}

function set(side: Side, price: Micro, size: Micro): void {
  if (size > 0n) side.set(price, size)
  else side.delete(price)
}

const best = (side: Side, better: (a: Micro, b: Micro) => boolean): Micro | undefined =>
  [...side.keys()].reduce<Micro | undefined>(
    (top, price) => (top === undefined || better(price, top) ? price : top),
    undefined,
  )
const bestBid = (book: ModelBook) => best(book.bids, (a, b) => a > b)
const bestAsk = (book: ModelBook) => best(book.asks, (a, b) => a < b)

const floorDiv = (a: bigint, b: bigint): bigint => a / b - (a % b < 0n ? 1n : 0n)

/** A decimal number as a fraction over a million. */
const rate = (value: number): bigint => BigInt(Math.round(value * 1e6))

/** Micro-dollars that one contract nets when the outcome is bought at `ask` here and sold at `bid` there; floored. */
function edgeFloor(
  ask: Micro,
  bid: Micro,
  polymarketPrice: Micro,
  kalshiPrice: Micro,
  { fees }: PairWithFees,
): bigint {
  const exponent = BigInt(fees.polymarket.exponent)
  const spread = (price: Micro): bigint => price * (ONE - price)
  // Everything over 10^12 x (10^12)^exponent, so that nothing is rounded before the end.
  const scale = 10n ** 12n * (10n ** 12n) ** exponent
  const gross = (bid - ask) * scale
  const kalshi = (7n * rate(fees.kalshi.feeMultiplier) * spread(kalshiPrice) * scale) / (100n * ONE * ONE)
  const polymarket =
    (rate(fees.polymarket.rate) * spread(polymarketPrice) ** exponent * scale) / (10n ** 12n) ** exponent
  return floorDiv(gross - kalshi - polymarket, scale)
}

/** Runs the frames through the model. Every message is believed: `edges_all` is what the books show. */
export function runModel(frames: readonly TapeFrame[], pairs: readonly PairWithFees[]): ModelResult {
  const polymarketBooks = new Map<string, ModelBook>()
  const kalshiBooks = new Map<string, ModelBook>()
  const applied = { polymarket: 0, kalshi: 0 }
  const ended: ModelEpisode[] = []
  const open = new Map<string, ModelEpisode>()

  const applyPolymarket = (message: any, touched: Set<string>): void => {
    if (message.event_type === 'book') {
      if (!pairs.some(({ pair }) => pair.polymarket.yesToken === message.asset_id)) return
      const side = (levels: any[]): Side =>
        new Map(
          levels
            .filter((level) => micro(level.size) > 0n)
            .map((level) => [micro(level.price), micro(level.size)]),
        )
      polymarketBooks.set(message.asset_id, { bids: side(message.bids), asks: side(message.asks) })
      touched.add(message.asset_id)
    }
    for (const change of message.event_type === 'price_change' ? message.price_changes : []) {
      if (!pairs.some(({ pair }) => pair.polymarket.yesToken === change.asset_id)) continue
      const book = polymarketBooks.get(change.asset_id) ?? { bids: new Map(), asks: new Map() }
      polymarketBooks.set(change.asset_id, book)
      set(change.side === 'BUY' ? book.bids : book.asks, micro(change.price), micro(change.size))
      applied.polymarket++
      touched.add(change.asset_id)
    }
  }
  const lastSeq = new Map<number, number>()
  const applyKalshi = ({ type, msg, sid, seq }: any, touched: Set<string>): void => {
    if (seq !== undefined) {
      if (lastSeq.get(sid) === seq) return
      lastSeq.set(sid, seq)
    }
    const ticker = msg?.market_ticker
    if (!pairs.some(({ pair }) => pair.kalshi.ticker === ticker)) return
    if (type === 'orderbook_snapshot') {
      const bids: Side = new Map(
        (msg.yes_dollars_fp ?? []).map(([price, size]: string[]) => [
          micro(price as string),
          micro(size as string),
        ]),
      )
      const asks: Side = new Map(
        (msg.no_dollars_fp ?? []).map(([price, size]: string[]) => [
          ONE - micro(price as string),
          micro(size as string),
        ]),
      )
      kalshiBooks.set(ticker, { bids, asks })
      touched.add(ticker)
    }
    if (type === 'orderbook_delta') {
      const book = kalshiBooks.get(ticker) ?? { bids: new Map(), asks: new Map() }
      kalshiBooks.set(ticker, book)
      const [side, price] =
        msg.side === 'yes'
          ? [book.bids, micro(msg.price_dollars)]
          : [book.asks, ONE - micro(msg.price_dollars)]
      set(side, price, (side.get(price) ?? 0n) + micro(msg.delta_fp))
      applied.kalshi++
      touched.add(ticker)
    }
  }

  for (const frame of frames) {
    const touched = new Set<string>()
    let parsed: any
    try {
      parsed = JSON.parse(Buffer.from(frame.bytes).toString())
    } catch {
      continue
    }
    for (const message of Array.isArray(parsed) ? parsed : [parsed])
      if (frame.venue === 'polymarket') applyPolymarket(message, touched)
      else applyKalshi(message, touched)
    for (const item of pairs) {
      const { pair } = item
      if (!touched.has(pair.polymarket.yesToken) && !touched.has(pair.kalshi.ticker)) continue
      const edges = edgesOf(
        polymarketBooks.get(pair.polymarket.yesToken),
        kalshiBooks.get(pair.kalshi.ticker),
        item,
      )
      for (const [direction, edge] of Object.entries(edges)) {
        const key = `${pair.id} ${direction}`
        if (edge < 1n) {
          const episode = open.get(key)
          if (episode !== undefined) ended.push(episode)
          open.delete(key)
          continue
        }
        const episode = open.get(key) ?? {
          pair: pair.id,
          direction,
          first_ns: frame.recvTsNs,
          last_ns: '',
          frames: 0,
          edge_max: 0,
        }
        episode.last_ns = frame.recvTsNs
        episode.frames++
        episode.edge_max = Math.max(episode.edge_max, Number(edge))
        open.set(key, episode)
      }
    }
  }

  const dollars = (price: Micro | undefined): number | null =>
    price === undefined ? null : Number(price) / 1e6
  const tops = (book: ModelBook | undefined) =>
    book === undefined
      ? { bid: null, ask: null }
      : { bid: dollars(bestBid(book)), ask: dollars(bestAsk(book)) }
  return {
    applied,
    final: Object.fromEntries(
      pairs.map(({ pair }) => [
        pair.id,
        {
          polymarket: tops(polymarketBooks.get(pair.polymarket.yesToken)),
          kalshi: tops(kalshiBooks.get(pair.kalshi.ticker)),
        },
      ]),
    ),
    episodes: [...ended, ...open.values()],
  }
}

function edgesOf(
  polymarket: ModelBook | undefined,
  kalshi: ModelBook | undefined,
  item: PairWithFees,
): Record<string, bigint> {
  const none = -(10n ** 12n)
  const edges = { buy_polymarket_sell_kalshi: none, buy_kalshi_sell_polymarket: none }
  if (polymarket === undefined || kalshi === undefined) return edges
  const isInverse = item.pair.polarity === 'inverse'
  const flip = (price: Micro | undefined): Micro | undefined =>
    price === undefined ? undefined : ONE - price
  const kalshiBid = isInverse ? flip(bestAsk(kalshi)) : bestBid(kalshi)
  const kalshiAsk = isInverse ? flip(bestBid(kalshi)) : bestAsk(kalshi)
  const [polymarketBid, polymarketAsk] = [bestBid(polymarket), bestAsk(polymarket)]
  if (polymarketAsk !== undefined && kalshiBid !== undefined)
    edges.buy_polymarket_sell_kalshi = edgeFloor(polymarketAsk, kalshiBid, polymarketAsk, kalshiBid, item)
  if (kalshiAsk !== undefined && polymarketBid !== undefined)
    edges.buy_kalshi_sell_polymarket = edgeFloor(kalshiAsk, polymarketBid, polymarketBid, kalshiAsk, item)
  return edges
}
