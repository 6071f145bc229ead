// Token buckets per account: Kalshi fact sheet, section 4.1, with the newer of its two tables.

interface Rate {
  readonly perSecond: number
  readonly capacity: number
}

const rate = (perSecond: number, seconds: number): Rate => ({ perSecond, capacity: perSecond * seconds })

/** Three seconds' worth, but one second's for Basic writes and for reads above Advanced. */
export const TIERS = {
  basic: { read: rate(200, 3), write: rate(100, 1) },
  advanced: { read: rate(300, 3), write: rate(300, 3) },
  expert: { read: rate(600, 1), write: rate(600, 3) },
  premier: { read: rate(1_200, 1), write: rate(1_200, 3) },
  paragon: { read: rate(2_400, 1), write: rate(2_400, 3) },
  prime: { read: rate(4_800, 1), write: rate(4_800, 3) },
  prestige: { read: rate(12_000, 1), write: rate(9_600, 3) },
} as const
export type Tier = keyof typeof TIERS

export const Cost = { Default: 10, Cancel: 2, CancelAll: 2, OneOrder: 2 } as const

/** The bucket of writes that name no shard. */
export const UNSCOPED = 0
const SHARDS = [1, 2, 3]

class Bucket {
  readonly #rate: Rate
  #tokens: number
  #atMs: number

  constructor(of: Rate, nowMs: number) {
    this.#rate = of
    this.#tokens = of.capacity
    this.#atMs = nowMs
  }

  has(cost: number, nowMs: number): boolean {
    const { perSecond, capacity } = this.#rate
    this.#tokens = Math.min(capacity, this.#tokens + ((nowMs - this.#atMs) * perSecond) / 1_000)
    this.#atMs = nowMs
    return this.#tokens >= cost
  }

  spend(cost: number): void {
    this.#tokens -= cost
  }
}

export class Limits {
  readonly tier: Tier
  readonly #read: Bucket
  /** By shard; [0] is the unscoped one. */
  readonly #write: readonly Bucket[]

  constructor(tier: Tier, nowMs: number) {
    this.tier = tier
    this.#read = new Bucket(TIERS[tier].read, nowMs)
    this.#write = [UNSCOPED, ...SHARDS].map(() => new Bucket(TIERS[tier].write, nowMs))
  }

  read(cost: number, nowMs: number): boolean {
    return spendAll([this.#read], cost, nowMs)
  }

  /** @param exchangeIndex undefined where the venue has to find the shard: that is billed to all of them */
  write(cost: number, exchangeIndex: number | undefined, nowMs: number): boolean {
    const buckets = exchangeIndex === undefined ? this.#write : [this.#write[exchangeIndex] ?? this.#write[0]]
    return spendAll(buckets, cost, nowMs)
  }
}

/** From all of them or from none. */
function spendAll(buckets: readonly Bucket[], cost: number, nowMs: number): boolean {
  if (!buckets.every((bucket) => bucket.has(cost, nowMs))) return false
  for (const bucket of buckets) bucket.spend(cost)
  return true
}
