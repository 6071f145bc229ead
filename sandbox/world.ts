import { decimalFromScaled } from '@tandem/shared/decimal.ts'
import { KalshiDesk, PolymarketDesk } from './engine/desk.ts'
import { Flow, type FlowPair } from './engine/flow.ts'
import type { PriceRange } from './engine/kalshi/listing.ts'
import type { Occurrence } from './engine/kalshi/occurrence.ts'
import { KalshiVenue, type Pause } from './engine/kalshi/venue.ts'
import type { PolymarketEvent } from './engine/polymarket/event.ts'
import { PolymarketVenue } from './engine/polymarket/venue.ts'
import { Random } from './engine/random.ts'
import type { Faults, VenueName } from './faults.ts'

// Both venues with the same questions, and the pairs file that a person would have approved for them.

interface Kind {
  readonly name: string
  readonly polarity: 'same' | 'inverse'
  /** What the outcome of the pair is worth at the start, in 1e-4 dollar. */
  readonly fair: number
  readonly tick: number
  readonly version: 'v1' | 'v2'
  readonly negRisk: boolean
  readonly structure: string
  readonly ranges: readonly PriceRange[]
  /** Kalshi's shard. */
  readonly exchangeIndex: number
}

const flat = (step: string): PriceRange[] => [{ start: '0.0000', end: '1.0000', step }]
const TAPERED: readonly PriceRange[] = [
  { start: '0.0000', end: '0.1000', step: '0.0010' },
  { start: '0.1000', end: '0.9000', step: '0.0100' },
  { start: '0.9000', end: '1.0000', step: '0.0010' },
]

/** One of each that matters: both polarities, both exchanges and versions, ticks that agree and that do not, shards. */
const KINDS: readonly Kind[] = [
  {
    name: 'home-team-wins',
    polarity: 'same',
    fair: 4_400,
    tick: 100,
    version: 'v1',
    negRisk: false,
    structure: 'linear_cent',
    ranges: flat('0.0100'),
    exchangeIndex: 3,
  },
  {
    name: 'incumbent-loses',
    polarity: 'inverse',
    fair: 5_800,
    tick: 100,
    version: 'v1',
    negRisk: false,
    structure: 'linear_cent',
    ranges: flat('0.0100'),
    exchangeIndex: 0,
  },
  {
    name: 'rates-cut-twice',
    polarity: 'same',
    fair: 3_200,
    tick: 10,
    version: 'v2',
    negRisk: false,
    structure: 'deci_cent',
    ranges: flat('0.0010'),
    exchangeIndex: 0,
  },
  {
    name: 'no-rain-in-june',
    polarity: 'inverse',
    fair: 6_530,
    tick: 10,
    version: 'v1',
    negRisk: false,
    structure: 'deci_cent',
    ranges: flat('0.0010'),
    exchangeIndex: 0,
  },
  {
    name: 'coin-above-90k',
    polarity: 'same',
    fair: 5_000,
    tick: 100,
    version: 'v2',
    negRisk: true,
    structure: 'tapered_deci_cent',
    ranges: TAPERED,
    exchangeIndex: 2,
  },
  {
    name: 'cup-stays-home',
    polarity: 'inverse',
    fair: 3_700,
    tick: 50,
    version: 'v1',
    negRisk: true,
    structure: 'center_half_edge_half_cent',
    ranges: flat('0.0050'),
    exchangeIndex: 0,
  },
]

export const FEES = {
  polymarket: { rate: 0.04, exponent: 1 },
  kalshi: { fee_type: 'quadratic', fee_multiplier: 1 },
}
/** Kalshi's shards; accounts are funded on each. */
export const SHARDS = [0, 1, 2, 3]
const SERIES = 'KXSAND'
const MINIMUM_SHARES = 5
const DAY_MS = 24 * 3_600_000
const CLOSES_MS = 30 * DAY_MS
const SETTLEMENT_TIMER_SECONDS = 60

export interface WorldOptions {
  /** 1 to 5,000. */
  readonly markets: number
  readonly seed: number
  /** Further changes in the depth of books, a second. */
  readonly stirsPerSecond: number
  /** How many times slower than usual the other traders are. Default 1. */
  readonly calm?: number
  /** Nothing but `stirsPerSecond`, a few of which move a price: no edge, no trade. */
  readonly isSteady?: boolean
  readonly faults: Faults
  nowMs(): number
  kalshi(occurrence: Occurrence): void
  polymarket(event: PolymarketEvent): void
}

export class World {
  readonly kalshi: KalshiVenue
  readonly polymarket: PolymarketVenue
  /** In the form of a pairs file, without its fees. */
  readonly pairs: readonly object[]
  readonly #options: WorldOptions
  readonly #flow: Flow
  #paused = false
  /** By venue: when its restart is over. */
  readonly #restarts = new Map<VenueName, number>()

  constructor(options: WorldOptions) {
    const { markets, seed, faults, nowMs } = options
    this.#options = options
    const random = (stream: number): Random => new Random(seed, stream)
    this.kalshi = new KalshiVenue({ nowMs, random: random(0), emit: (told) => options.kalshi(told) })
    this.polymarket = new PolymarketVenue({
      nowMs,
      random: random(1),
      emit: (told) => options.polymarket(told),
      extraDelayMs: () => (faults.has('taker-delay', 'polymarket') ? TAKER_DELAY_MS : 0),
      tradeFails: () => faults.strikes('failed-trade', 'polymarket'),
    })
    this.kalshi.addSeries({
      ticker: SERIES,
      title: 'Made-up questions',
      category: 'Sandbox',
      frequency: 'custom',
      feeType: FEES.kalshi.fee_type,
      feeMultiplier: FEES.kalshi.fee_multiplier,
    })
    const made = Array.from({ length: markets }, (_, at) => this.#list(at, random(2 + at)))
    this.pairs = made.map(({ document }) => document)
    this.#flow = new Flow(
      made.map(({ flow }) => flow),
      random(markets + 2),
      nowMs(),
      options.stirsPerSecond,
      options.calm,
      options.isSteady,
    )
  }

  /** Lets the venues' time pass and the other traders trade. */
  tick(): void {
    const { nowMs, faults } = this.#options
    this.kalshi.postOnlyCancels = faults.has('post-only-cancel', 'kalshi')
    const paused = faults.has('pause', 'kalshi')
    if (paused !== this.#paused) this.pause('kalshi', paused ? 'trading' : 'none')
    this.#paused = paused
    for (const [venue, overMs] of this.#restarts) {
      if (nowMs() < overMs) continue
      this.#restarts.delete(venue)
      faults.set('reset', false, venue)
      if (venue === 'kalshi') this.kalshi.pause = 'none'
      else this.polymarket.mode = 'open'
    }
    this.kalshi.tick(nowMs())
    this.polymarket.tick(nowMs())
    this.trade()
  }

  /** Lets the other traders trade, and nothing else. */
  trade(): void {
    this.#flow.tick(this.#options.nowMs())
  }

  /** From now on so many further changes a second. */
  stir(perSecond: number): void {
    this.#flow.stirsPerSecond = perSecond
  }

  /** A trading pause lets cancels through, an exchange pause does not. */
  pause(venue: VenueName, pause: Pause): void {
    if (venue === 'kalshi') this.kalshi.pause = pause
    else this.polymarket.mode = POLYMARKET_MODES[pause]
  }

  /** A venue loses all of its sockets and serves nobody for a while; its books and orders are kept. */
  restart(venue: VenueName, ms: number): void {
    this.#options.faults.set('reset', true, venue)
    this.#restarts.set(venue, this.#options.nowMs() + ms)
    if (venue === 'kalshi') this.kalshi.pause = 'exchange'
    else this.polymarket.mode = 'restarting'
  }

  /** Lists one question on both venues. */
  #list(at: number, random: Random): { flow: FlowPair; document: object } {
    const kind = KINDS[at % KINDS.length]
    const round = Math.floor(at / KINDS.length)
    const id = round === 0 ? kind.name : `${kind.name}-${round + 1}`
    const inverse = kind.polarity === 'inverse'
    const nowMs = this.#options.nowMs()
    const eventTicker = `${SERIES}-26${String(at + 1).padStart(3, '0')}`
    const ticker = `${eventTicker}-${id.toUpperCase()}`
    const closeMs = nowMs + CLOSES_MS
    const yes = `Yes: ${id}`
    const no = `No: ${id}`

    this.kalshi.addEvent(
      {
        ticker: eventTicker,
        title: id.replaceAll('-', ' '),
        subTitle: '',
        mutuallyExclusive: false,
        exchangeIndex: kind.exchangeIndex,
      },
      SERIES,
    )
    const kalshiMarket = this.kalshi.addMarket(
      eventTicker,
      {
        ticker,
        yesSubTitle: inverse ? no : yes,
        noSubTitle: inverse ? yes : no,
        rulesPrimary: `Made up: ${id}.`,
        rulesSecondary: '',
        openMs: nowMs - DAY_MS,
        settlementTimerSeconds: SETTLEMENT_TIMER_SECONDS,
      },
      { closeMs, priceLevelStructure: kind.structure, priceRanges: kind.ranges },
    )
    const tokens = [tokenId(random), tokenId(random)] as const
    const conditionId = `0x${random.hex(64)}`
    const polymarketMarket = this.polymarket.addMarket({
      conditionId,
      tokens,
      outcomes: ['Yes', 'No'],
      question: id.replaceAll('-', ' '),
      slug: id,
      tick: kind.tick,
      minimumShares: MINIMUM_SHARES,
      fee: FEES.polymarket,
      negRisk: kind.negRisk,
      version: kind.version,
      takerDelayMs: 0,
      secondsDelay: 0,
    })
    const house = this.kalshi.accounts.get(HOUSE) ?? this.kalshi.openAccount(HOUSE, true)
    return {
      flow: {
        polymarket: polymarketMarket,
        kalshi: kalshiMarket,
        desks: [
          new PolymarketDesk(this.polymarket, polymarketMarket),
          new KalshiDesk(this.kalshi, kalshiMarket, house, inverse),
        ],
        fair: kind.fair,
      },
      document: {
        id,
        polarity: kind.polarity,
        closes_at: new Date(closeMs).toISOString(),
        kalshi: {
          ticker,
          event_ticker: eventTicker,
          exchange_index: kind.exchangeIndex,
          price_level_structure: kind.structure,
          price_ranges: kind.ranges,
        },
        polymarket: {
          yes_token: tokens[0],
          no_token: tokens[1],
          condition_id: conditionId,
          tick: decimalFromScaled(kind.tick, 4, 2),
          min_size: String(MINIMUM_SHARES),
          neg_risk: kind.negRisk,
          version: kind.version,
        },
      },
    }
  }
}

const POLYMARKET_MODES = { none: 'open', trading: 'cancel-only', exchange: 'disabled' } as const
const HOUSE = 'house'
const TAKER_DELAY_MS = 1_000

/** A token id of 76 or 77 digits, as real ones have. */
function tokenId(random: Random): string {
  return BigInt(`0x7${random.hex(63)}`).toString()
}
