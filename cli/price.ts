import { BookState } from '@tandem/colo/book/integrity.ts'
import { PriceReader } from '@tandem/colo/cache/price-reader.ts'
import type { Quote } from '@tandem/colo/cache/quote.ts'
import { readRedisUrl } from '@tandem/colo/cache/redis-url.ts'
import { VENUE_NAMES } from '@tandem/colo/venue/venue.ts'
import { decimalFromScaled } from '@tandem/shared/decimal.ts'
import { Failure } from '@tandem/shared/failure.ts'
import { nameOf } from '@tandem/shared/named-integer.ts'
import { LOTS_PER_CONTRACT } from '@tandem/shared/units.ts'
import type { Register } from './command.ts'
import { connectRedis } from './redis.ts'
import { table } from './table.ts'

// `tandem price`: what an executor mirrored of a pair's two books.

export const register: Register = (program, io) => {
  program
    .command('price <pair>')
    .description('show the newest mirrored prices of a pair, on both venues')
    .requiredOption('--redis <url>', 'where they are mirrored')
    .option('--json', 'one JSON document')
    .action(async (pair: string, { redis, json }: { redis: string; json?: boolean }) => {
      const client = await connectRedis(readRedisUrl(redis, undefined, '--redis'))
      try {
        const reader = new PriceReader(client)
        const quotes = await Promise.all(VENUE_NAMES.map((venue) => reader.read(pair, venue)))
        if (quotes.every((quote) => quote === undefined))
          throw new Failure({
            code: 'PRICE_NONE',
            what: 'nobody has mirrored a price of it within the last minute',
            where: pair,
            todo: 'look at the pair’s name, and whether an executor runs with this Redis',
            retry: true,
          })
        const byVenue = VENUE_NAMES.flatMap((venue, at) => {
          const quote = quotes[at]
          return quote === undefined ? [] : [{ venue, ...shown(quote, Date.now()) }]
        })
        io.stdout(json ? `${JSON.stringify(byVenue)}\n` : priceTable(byVenue))
      } finally {
        client.disconnect()
      }
    })
}

function shown(quote: Quote, nowMs: number) {
  const price = (scaled: number): string => (scaled < 0 ? '-' : decimalFromScaled(scaled, 4, 2))
  return {
    state: nameOf(BookState, quote.state),
    bid: price(quote.bid),
    bid_lots: quote.bidLots,
    ask: price(quote.ask),
    ask_lots: quote.askLots,
    bid_depth_lots: quote.bidDepthLots,
    ask_depth_lots: quote.askDepthLots,
    age_ms: nowMs - quote.seenMs,
    venue_age_ms: quote.venueMs > 0 ? nowMs - quote.venueMs : null,
  }
}

function priceTable(rows: readonly ({ venue: string } & ReturnType<typeof shown>)[]): string {
  return table(
    ['venue', 'book', 'bid', 'size', 'ask', 'size', 'age'],
    rows.map(({ venue, state, bid, bid_lots, ask, ask_lots, age_ms }) => [
      venue,
      state,
      bid,
      (bid_lots / LOTS_PER_CONTRACT).toFixed(2),
      ask,
      (ask_lots / LOTS_PER_CONTRACT).toFixed(2),
      `${(age_ms / 1_000).toFixed(1)} s`,
    ]),
  )
}
