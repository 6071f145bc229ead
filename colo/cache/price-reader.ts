import { decodeQuote, type Quote, quoteKey } from './quote.ts'
import type { RedisClient } from './redis.ts'

/** What an executor mirrored of pairs, for whoever is none: nothing that is older than its expiry. */
export class PriceReader {
  readonly #client: RedisClient

  constructor(client: RedisClient) {
    this.#client = client
  }

  /** @returns undefined where nobody has written in the last minute, or what cannot be read here */
  async read(bundle: string, venue: string): Promise<Quote | undefined> {
    const bytes = await this.#client.getBuffer(quoteKey(bundle, venue))
    return bytes === null ? undefined : decodeQuote(bytes)
  }
}
