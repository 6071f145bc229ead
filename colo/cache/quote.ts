import { Packr } from 'msgpackr'

// What the mirror says of one book, for whoever is not the executor: a person, a dashboard, an edge function. MessagePack
// with the names of the fields left out (msgpackr's records): a number that says which list of names, then the values.
//
//   40 | epoch | sequence | state | bid | bidLots | ...
//
// Lists are only ever added, so that every reader knows all writers before it; they stand in Redis too (QUOTE_LISTS_KEY).

/** One book of one venue: the market's own YES on Kalshi, the pair's YES token on Polymarket. */
export interface Quote {
  /** Grows with every start of an executor that writes this book; within it every change of the book counts one. */
  readonly epoch: number
  readonly sequence: number
  /** BookState of book/integrity.ts: only 1, LIVE, can be traded on. */
  readonly state: number
  /** Best prices in ten-thousandths of a dollar, -1 for an empty side, and what stands there in hundredths of a contract. */
  readonly bid: number
  readonly bidLots: number
  readonly ask: number
  readonly askLots: number
  /** What stands at the best DEPTH_LEVELS of each side. */
  readonly bidDepthLots: number
  readonly askDepthLots: number
  /** The venue's stamp of its last message, and when the executor had it; ms since 1970. */
  readonly venueMs: number
  readonly seenMs: number
}

/** Names of the fields by version, the oldest first. A version is never changed. */
export const QUOTE_LISTS: readonly (readonly (keyof Quote)[])[] = [
  [
    'epoch',
    'sequence',
    'state',
    'bid',
    'bidLots',
    'ask',
    'askLots',
    'bidDepthLots',
    'askDepthLots',
    'venueMs',
    'seenMs',
  ],
]
export const QUOTE_CELLS = QUOTE_LISTS[QUOTE_LISTS.length - 1].length

/** Where the lists stand in Redis as JSON, for readers in other languages. */
export const QUOTE_LISTS_KEY = 'price:fields'

/** As many levels a side are summed. */
export const DEPTH_LEVELS = 5

/** The hash tag keeps both venues of a pair on one node of a cluster. */
export function quoteKey(bundle: string, venue: string): string {
  return `price:{${bundle}}:${venue}`
}

const packr = new Packr({ structures: QUOTE_LISTS.map((names) => [...names]) })

export function encodeQuote(quote: Quote): Buffer {
  const { epoch, sequence, state, bid, bidLots, ask, askLots, bidDepthLots, askDepthLots, venueMs, seenMs } =
    quote
  // A record is known by its names in the order of the list.
  return packr.pack({
    epoch,
    sequence,
    state,
    bid,
    bidLots,
    ask,
    askLots,
    bidDepthLots,
    askDepthLots,
    venueMs,
    seenMs,
  })
}

/** @returns undefined for what is none, or one of a version that is not known here */
export function decodeQuote(bytes: Uint8Array): Quote | undefined {
  try {
    const quote: unknown = packr.unpack(bytes)
    if (typeof quote !== 'object' || quote === null) return undefined
    return QUOTE_LISTS[0].every((name) => typeof (quote as Quote)[name] === 'number')
      ? (quote as Quote)
      : undefined
  } catch {
    return undefined
  }
}
