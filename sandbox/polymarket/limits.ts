// Polymarket fact sheet, section 6.7. Requests of an address are counted by path, orders and cancels of a signer as well.

/** Requests of one address in 10 seconds, and for what trades in 10 minutes. The real venue's front queues some of what is above. */
const PATHS: Readonly<Record<string, readonly [burst: number, sustained?: number]>> = {
  'GET /book': [1_500],
  'GET /price': [1_500],
  'GET /midpoint': [1_500],
  'POST /books': [500],
  'POST /prices': [500],
  'POST /midpoints': [500],
  'GET /data/orders': [500],
  'GET /data/trades': [500],
  'GET /tick-size': [200],
  'GET /balance-allowance': [200],
  'GET /balance-allowance/update': [50],
  'GET /auth/derive-api-key': [100],
  'POST /auth/api-key': [100],
  'POST /order': [5_000, 120_000],
  'DELETE /order': [5_000, 120_000],
  'POST /orders': [2_000, 21_000],
  'DELETE /orders': [2_000, 15_000],
  'DELETE /cancel-all': [250, 6_000],
  'DELETE /cancel-market-orders': [1_500, 21_000],
}
const EVERYTHING = 9_000
const BURST_MS = 10_000
const SUSTAINED_MS = 600_000

/** The Standard tier of a signer: orders and cancels by the second, and how many at once. */
const SIGNER = { orders: [40, 60], cancels: [80, 120] } as const

export class Limits {
  readonly #buckets = new Map<string, Bucket>()

  /** Whether a request of this address is within its limits; it counts against all of them. */
  allows(address: string, route: string, nowMs: number): boolean {
    const [burst, sustained] = PATHS[route] ?? []
    const all = this.#spend(`${address} *`, 1, EVERYTHING, EVERYTHING / BURST_MS, nowMs)
    const short = burst === undefined || this.#spend(`${address} ${route}`, 1, burst, burst / BURST_MS, nowMs)
    const long =
      sustained === undefined ||
      this.#spend(`${address} ${route} sustained`, 1, sustained, sustained / SUSTAINED_MS, nowMs)
    return all && short && long
  }

  /**
   * Counts orders or cancels of a signer. The venue only warns so far, so the answer carries headers and nothing is refused.
   */
  signer(apiKey: string, kind: keyof typeof SIGNER, count: number, nowMs: number): Record<string, string> {
    const [perSecond, burst] = SIGNER[kind]
    const key = `${apiKey} ${kind}`
    const within = this.#spend(key, count, burst, perSecond / 1_000, nowMs)
    const left = Math.floor(this.#buckets.get(key)?.tokens ?? 0)
    return {
      'poly-ratelimit-remaining': String(left),
      'poly-ratelimit-reset': String(Math.ceil((burst - left) / perSecond)),
      'poly-ratelimit-tier': 'Standard',
      ...(within ? {} : { 'poly-ratelimit-warning': 'rate limit exceeded' }),
    }
  }

  #spend(key: string, cost: number, capacity: number, perMs: number, nowMs: number): boolean {
    let bucket = this.#buckets.get(key)
    if (bucket === undefined) {
      bucket = { tokens: capacity, atMs: nowMs }
      this.#buckets.set(key, bucket)
    }
    // A clock that was set back gives nothing, and takes nothing.
    bucket.tokens = Math.min(capacity, bucket.tokens + Math.max(0, nowMs - bucket.atMs) * perMs)
    bucket.atMs = nowMs
    // All or nothing: a batch that does not fit takes nothing.
    if (bucket.tokens < cost) return false
    bucket.tokens -= cost
    return true
  }
}

interface Bucket {
  tokens: number
  atMs: number
}
