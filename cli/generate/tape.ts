import { PRICE_ONE } from '@tandem/shared/units.ts'
import { type Change, requote, resize, type SizeOf, take } from './book.ts'
import { KalshiFeed } from './kalshi.ts'
import { type MadePair, makePairs, pairsFile } from './markets.ts'
import { bookFrame, changeFrame, tickFrames, topOf, tradeFrame } from './polymarket.ts'
import { Random } from './random.ts'

// A tape of both venues from a seed. What an outcome is worth wanders; both venues' quotes follow; now and then one of
// them runs ahead, so that the books cross for a while, with much depth behind it, little, or dust. What life does to
// a recording is in it too: bursts whose tops run ahead of their levels, two Kalshi messages lost and healed by
// get_snapshot replies, a Polymarket tick that becomes finer.

const START_MS = Date.UTC(2026, 10, 22)
/** From the venue's clock to our socket, as from New York. */
const DELAY_US = { polymarket: 45_000, kalshi: 7_000 }
const JITTER_US = 3_000
/** How far Kalshi's quotes stand off its middle; Polymarket's stand a tick off. */
const KALSHI_HALF = 50

/** One connection's sid holds at most this many tickers, and so does a tape. */
export const PAIRS_MAX = 50
export const SECONDS_MAX = 3_600

export interface MadeTape {
  /** Lines of `{"recv_ts_ns","venue","raw"}`, in the order of arrival. */
  lines: string[]
  pairs: object
}

interface Arrival {
  us: number
  venue: 'polymarket' | 'kalshi'
  raw: string
}

/** One pair's weather. Prices in 1e-4 dollar of the outcome. */
interface Weather {
  pair: MadePair
  fair: number
  /** How far each venue's quotes stand off the fair price while the books cross. */
  polymarketShift: number
  kalshiShift: number
  crossedUntilMs: number
  /** The crossing's quotes hold less than a person would bother to buy. */
  dusty: boolean
  refined: boolean
}

export function makeTape(seed: number, seconds: number, count: number): MadeTape {
  const random = new Random(seed)
  const pairs = makePairs(count, random)
  const scene = new Scene(pairs, random, seconds * 1_000)
  scene.open()
  scene.play()
  const note = `Made by \`tandem generate --seed ${seed} --seconds ${seconds} --pairs ${count}\`: nobody traded here.`
  return { lines: scene.lines(), pairs: pairsFile(pairs, note, START_MS + seconds * 1_000 + 3_600_000) }
}

class Scene {
  readonly #random: Random
  readonly #weather: Weather[]
  readonly #endMs: number
  readonly #feed = new KalshiFeed()
  readonly #arrivals: Arrival[] = []
  readonly #lastUs = { polymarket: 0, kalshi: 0 }
  /** Venue time, in microseconds from the start. */
  #us = 0
  /** Kalshi messages still to be lost. */
  #losing = 0

  constructor(pairs: readonly MadePair[], random: Random, endMs: number) {
    this.#random = random
    this.#endMs = endMs
    this.#weather = pairs.map((pair) => ({
      pair,
      fair: pair.kind.fair,
      polymarketShift: 0,
      kalshiShift: 0,
      crossedUntilMs: 0,
      dusty: false,
      refined: false,
    }))
  }

  /** Subscriptions and first snapshots. Kalshi's second half joins by add_markets, whose answer takes a number. */
  open(): void {
    for (const { pair, fair } of this.#weather) {
      // The first quotes are in the snapshot: nobody saw them come.
      for (const _ of requote(pair.polymarket.book, fair, pair.kind.tick, 8, this.#polymarketSize));
      for (const _ of requote(pair.kalshi.book, yesOf(pair, fair), KALSHI_HALF, 8, this.#kalshiSize));
      this.#polymarket(bookFrame(pair.polymarket, this.#ms(), this.#random))
    }
    const pairs = this.#weather.map(({ pair }) => pair.kalshi)
    const first = Math.ceil(pairs.length / 2)
    this.#kalshi(this.#feed.subscribed(1))
    for (const market of pairs.slice(0, first)) this.#kalshi(this.#feed.snapshot(market))
    if (first === pairs.length) return
    this.#kalshi(
      this.#feed.added(
        2,
        pairs.map(({ ticker }) => ticker),
      ),
    )
    for (const market of pairs.slice(first)) this.#kalshi(this.#feed.snapshot(market))
  }

  play(): void {
    const random = this.#random
    const lossMs = Math.floor(this.#endMs * 0.45)
    let healed = false
    let nextCrossMs = 2_000
    let nextPongMs = 10_000
    while (this.#elapsed() < this.#endMs) {
      this.#us += random.between(1_000, 75_000)
      const ms = this.#elapsed()
      if (ms >= nextPongMs) {
        this.#polymarket('PONG')
        nextPongMs += 10_000
      }
      if (ms >= nextCrossMs) {
        this.#cross(random.pick(this.#weather))
        nextCrossMs = this.#elapsed() + random.between(1_500, 7_000)
      }
      for (const weather of this.#weather) {
        if (weather.crossedUntilMs !== 0 && ms >= weather.crossedUntilMs) this.#uncross(weather)
        if (weather.pair.kind.laterTick !== undefined && !weather.refined && ms >= this.#endMs * 0.6) {
          this.#refine(weather, weather.pair.kind.laterTick)
        }
      }
      if (!healed && ms >= lossMs) {
        this.#loseAndHeal()
        healed = true
      }
      this.#step(random.pick(this.#weather))
    }
  }

  lines(): string[] {
    const start = BigInt(START_MS) * 1_000_000n
    return this.#arrivals
      .map((arrival, order) => ({ ...arrival, order }))
      .sort((a, b) => a.us - b.us || a.order - b.order)
      .map(({ us, venue, raw }) =>
        JSON.stringify({ recv_ts_ns: String(start + BigInt(us) * 1_000n), venue, raw }),
      )
  }

  #step(weather: Weather): void {
    const random = this.#random
    // While the books cross their owners are busy elsewhere; they are not asleep.
    if (weather.crossedUntilMs !== 0 && random.chance(70)) return
    const { kind } = weather.pair
    const home =
      weather.refined || this.#elapsed() > this.#endMs / 2 ? (kind.laterTick ? 9_700 : kind.fair) : kind.fair
    const pull = Math.sign(home - weather.fair) * random.between(0, 6)
    weather.fair = clamp(weather.fair + pull + random.between(-12, 12))
    const what = random.between(1, 100)
    if (random.chance(70)) {
      const { book } = weather.pair.polymarket
      if (what <= 55) this.#told(weather, resize(book, random, this.#polymarketSize))
      else if (what <= 65) this.#traded(weather)
      else this.#quotePolymarket(weather, random.chance(25))
    } else {
      const { book } = weather.pair.kalshi
      if (what <= 55) this.#changed(weather, resize(book, random, this.#kalshiSize))
      else if (what <= 65) this.#changed(weather, take(book, random))
      else this.#quoteKalshi(weather)
    }
  }

  /** One venue runs ahead far enough that something is left after both venues' fees. */
  #cross(weather: Weather): void {
    const random = this.#random
    const { pair, fair } = weather
    if (weather.crossedUntilMs !== 0) return
    // Both fees together are about 0.12 x p x (1 - p), and each venue quotes a tick or two off its middle.
    const fees = Math.ceil((0.12 * fair * (PRICE_ONE - fair)) / PRICE_ONE)
    const far = fees + 2 * pair.kind.tick + 2 * KALSHI_HALF + random.between(20, 350)
    const shift = fair + far > 9_850 || (fair - far > 150 && random.chance(50)) ? -far : far
    weather.dusty = random.chance(25)
    // News is read at once by some and slowly by most.
    const steps = random.chance(30) ? 1 : random.between(2, 5)
    const polymarketLeads = random.chance(60)
    for (let step = 1; step <= steps; step++) {
      const moved = Math.trunc((shift * step) / steps)
      if (polymarketLeads) {
        weather.polymarketShift = moved
        this.#quotePolymarket(weather, random.chance(50))
      } else {
        weather.kalshiShift = moved
        this.#quoteKalshi(weather)
      }
      this.#us += random.between(90_000, 250_000)
    }
    weather.crossedUntilMs = this.#elapsed() + random.between(800, 5_000)
  }

  /** The other venue follows, or the first comes back. */
  #uncross(weather: Weather): void {
    if (this.#random.chance(50)) {
      weather.fair = clamp(weather.fair + weather.polymarketShift + weather.kalshiShift)
    }
    weather.polymarketShift = 0
    weather.kalshiShift = 0
    weather.crossedUntilMs = 0
    weather.dusty = false
    this.#quotePolymarket(weather, false)
    this.#quoteKalshi(weather)
  }

  #refine(weather: Weather, tick: number): void {
    const { pair } = weather
    weather.refined = true
    for (const raw of tickFrames(pair.polymarket, pair.kind.tick, tick, this.#ms())) this.#polymarket(raw)
    pair.polymarket.book.bands = [{ start: 0, end: PRICE_ONE, step: tick }]
    this.#us += 20_000
    this.#polymarket(bookFrame(pair.polymarket, this.#ms(), this.#random))
    this.#quotePolymarket(weather, false)
  }

  /** Two changes that we never see, one that shows the gap, and the answers that we would have asked for. */
  #loseAndHeal(): void {
    this.#losing = 2
    let weather = this.#random.pick(this.#weather)
    while (this.#losing > 0) {
      this.#changed(weather, resize(weather.pair.kalshi.book, this.#random, this.#kalshiSize))
      this.#us += 900
      weather = this.#random.pick(this.#weather)
    }
    this.#changed(weather, take(weather.pair.kalshi.book, this.#random))
    this.#us += 35_000
    this.#weather.forEach(({ pair }, at) => {
      this.#kalshi(this.#feed.snapshot(pair.kalshi, 10 + at))
      this.#us += 400
    })
  }

  /** In a burst every frame has the same time, and its top is that after the last of them. */
  #quotePolymarket(weather: Weather, burst: boolean): void {
    const { polymarket, kind } = weather.pair
    const { book } = polymarket
    const middle = clamp(weather.fair + weather.polymarketShift)
    const changes = requote(book, middle, kind.tick, 6, weather.dusty ? dustShares : this.#polymarketSize)
    if (!burst) {
      for (const change of changes) this.#told(weather, change)
      return
    }
    const all = [...changes]
    for (const change of all) {
      this.#polymarket(changeFrame(polymarket, change, topOf(book), this.#ms(), this.#random))
    }
    this.#us += 1_000
  }

  #quoteKalshi(weather: Weather): void {
    const { pair } = weather
    const middle = yesOf(pair, clamp(weather.fair + weather.kalshiShift))
    const sizeOf = weather.dusty ? dustContracts : this.#kalshiSize
    for (const change of requote(pair.kalshi.book, middle, KALSHI_HALF, 6, sizeOf)) {
      this.#changed(weather, change)
    }
  }

  #traded(weather: Weather): void {
    const { polymarket } = weather.pair
    const change = take(polymarket.book, this.#random)
    if (change === undefined) return
    this.#polymarket(tradeFrame(polymarket, change, this.#ms()))
    this.#told(weather, change)
    if (this.#random.chance(15)) this.#polymarket(bookFrame(polymarket, this.#ms(), this.#random))
  }

  /** Polymarket tells one change, with the top as it is now. */
  #told(weather: Weather, change: Change | undefined): void {
    if (change === undefined || change.before === change.after) return
    const { polymarket } = weather.pair
    this.#polymarket(changeFrame(polymarket, change, topOf(polymarket.book), this.#ms(), this.#random))
    this.#us += this.#random.between(200, 2_000)
  }

  /** Kalshi tells one change. */
  #changed(weather: Weather, change: Change | undefined): void {
    if (change === undefined || change.before === change.after) return
    const raw = this.#feed.delta(weather.pair.kalshi, change, this.#ms())
    if (this.#losing > 0) this.#losing -= 1
    else this.#kalshi(raw)
    this.#us += this.#random.between(200, 2_000)
  }

  #polymarket(raw: string): void {
    this.#arrive('polymarket', raw)
  }

  #kalshi(raw: string): void {
    this.#arrive('kalshi', this.#random.chance(10) ? `${raw}\n` : raw)
  }

  /** A socket keeps its order, whatever the network does. */
  #arrive(venue: Arrival['venue'], raw: string): void {
    const us = Math.max(
      this.#lastUs[venue] + 20,
      this.#us + DELAY_US[venue] + this.#random.between(0, JITTER_US),
    )
    this.#lastUs[venue] = us
    this.#arrivals.push({ us, venue, raw })
  }

  /** Milliseconds of venue time since the start. */
  #elapsed(): number {
    return Math.floor(this.#us / 1_000)
  }

  /** The venues' wall clock, as their messages say it. */
  #ms(): number {
    return START_MS + this.#elapsed()
  }

  /** Whole shares mostly, cents of a share sometimes, all six decimals rarely. */
  readonly #polymarketSize: SizeOf = (level) => {
    const random = this.#random
    const shares = random.between(15, 300 * (level + 1)) * 1_000_000
    if (random.chance(70)) return shares
    return shares + (random.chance(75) ? random.between(1, 99) * 10_000 : random.between(1, 999_999))
  }

  readonly #kalshiSize: SizeOf = (level) => {
    const contracts = this.#random.between(10, 250 * (level + 1)) * 100
    return this.#random.chance(85) ? contracts : contracts + this.#random.between(1, 99)
  }
}

/** From less than a lot to less than Polymarket lets one buy. */
const dustShares: SizeOf = (level) => [4_000, 400_000, 2_500_000][level] ?? 40_000_000
const dustContracts: SizeOf = (level) => [1, 25, 140][level] ?? 4_000

/** Kalshi's YES is the other outcome in an inverse pair. */
function yesOf(pair: MadePair, outcome: number): number {
  return pair.inverse ? PRICE_ONE - outcome : outcome
}

function clamp(price: number): number {
  return Math.max(200, Math.min(9_800, price))
}
