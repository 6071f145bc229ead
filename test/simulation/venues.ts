import { generateKeyPairSync } from 'node:crypto'
import { Accounts } from '@tandem/sandbox/accounts.ts'
import type { Account } from '@tandem/sandbox/engine/kalshi/account.ts'
import type { Occurrence } from '@tandem/sandbox/engine/kalshi/occurrence.ts'
import type { PolymarketEvent } from '@tandem/sandbox/engine/polymarket/event.ts'
import { Random } from '@tandem/sandbox/engine/random.ts'
import type { Faults, VenueName } from '@tandem/sandbox/faults.ts'
import { KalshiFront } from '@tandem/sandbox/kalshi/front.ts'
import { PolymarketFront } from '@tandem/sandbox/polymarket/front.ts'
import type { Credentials } from '@tandem/sandbox/polymarket/keys.ts'
import { Timings } from '@tandem/sandbox/timings.ts'
import { SHARDS, World } from '@tandem/sandbox/world.ts'
import { NS_PER_MS } from '@tandem/shared/units.ts'
import type { HttpRequest, Reply } from './http.ts'
import type { Scheduler } from './scheduler.ts'
import { SIGNER_FACTS, type SimulatedSigner } from './signer.ts'
import type { Upgrade } from './web-socket.ts'

/** The moment at which every simulation begins. */
export const WALL_AT_ZERO_MS = 1_790_000_000_000
/** How often the venues look at the time. */
const TICK_NS = 10 * NS_PER_MS
const READ_LAG_MS = 200
export const POLYMARKET_MICRO_USD = 10_000_000_000
export const KALSHI_SHARD_MICRO_USD = 5_000_000_000
const CHANNELS = ['/ws/market', '/ws/user'] as const

/** A key that the venue has; what it signs is not looked at. */
const PUBLIC_KEY = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()

export interface VenuesParts {
  readonly scheduler: Scheduler
  readonly signer: SimulatedSigner
  readonly faults: Faults
  readonly pairs: number
  readonly calm: number
  readonly seed: number
  kalshi(occurrence: Occurrence): void
  polymarket(event: PolymarketEvent): void
}

/** The sandbox's two venues in this thread, on true time: their rules, their faults and their other traders. */
export class Venues {
  readonly world: World
  /** Of ours, on Kalshi. */
  readonly account: Account
  /** Of ours, on Polymarket. */
  readonly credentials: Credentials
  readonly #kalshi: KalshiFront
  readonly #polymarket: PolymarketFront
  readonly #scheduler: Scheduler
  /** Requests to Polymarket that are not answered. */
  #waiting = 0

  constructor({ scheduler, signer, faults, pairs, calm, seed, ...hears }: VenuesParts) {
    this.#scheduler = scheduler
    const nowMs = this.nowMs
    // What the venues tell of their markets while these are being listed is heard by nobody.
    let fronts: { kalshi: KalshiFront; polymarket: PolymarketFront } | undefined
    this.world = new World({
      markets: pairs,
      seed,
      stirsPerSecond: 0,
      calm,
      faults,
      nowMs,
      kalshi: (told) => {
        fronts?.kalshi.hear(told)
        hears.kalshi(told)
      },
      polymarket: (told) => {
        fronts?.polymarket.hear(told)
        hears.polymarket(told)
      },
    })
    const shared = { faults, timings: new Timings(() => scheduler.nowNs), nowMs }
    this.#kalshi = new KalshiFront({
      ...shared,
      venue: this.world.kalshi,
      random: new Random(seed, -1),
      tier: 'advanced',
      readLagMs: READ_LAG_MS,
      verify: () => true,
    })
    this.#polymarket = new PolymarketFront({
      ...shared,
      venue: this.world.polymarket,
      random: new Random(seed, -2),
      root: 'simulation',
      signatures: signer.signatures,
    })
    fronts = { kalshi: this.#kalshi, polymarket: this.#polymarket }
    const accounts = new Accounts(this.world.kalshi, this.world.polymarket)
    const { owner, kalshi } = SIGNER_FACTS
    accounts.grantPolymarket(owner, POLYMARKET_MICRO_USD)
    this.account = accounts.grantKalshi('simulated', SHARDS, KALSHI_SHARD_MICRO_USD)
    this.#kalshi.keys.register(kalshi.keyId, PUBLIC_KEY, this.account)
    this.credentials = this.#polymarket.keys.create(owner, 0)!
    this.#tick()
  }

  readonly nowMs = (): number => WALL_AT_ZERO_MS + Math.floor(this.#scheduler.nowNs / NS_PER_MS)

  /** A request that has arrived. */
  receive(venue: VenueName, request: HttpRequest, answer: Reply): void {
    const reply: Reply = (told) => answer(told && { ...told, headers: { ...told.headers, ...this.#date() } })
    if (venue === 'kalshi') {
      this.#kalshi.receive(request, 0, reply)
      return
    }
    // Its side is written with promises; an answer may wait for a taker delay.
    this.#scheduler.isSettling = true
    this.#waiting++
    const { pathname, searchParams } = new URL(request.url, 'https://polymarket')
    const { method, headers, body } = request
    const address = 'simulated'
    void this.#polymarket.receive(
      { method, path: pathname, query: searchParams, headers, body, address, readNs: 0 },
      (told) => {
        this.#waiting--
        reply(told)
      },
    )
  }

  readonly upgrade: Upgrade = (venue, path, headers) => {
    if (venue === 'kalshi') {
      const key = this.#kalshi.admit(path, headers)
      if ('refusal' in key) return { refusal: key.refusal.status }
      return { open: (peer) => this.#kalshi.open(peer, key.account) }
    }
    const refusal = this.#polymarket.refusesUpgrade(path)
    const channel = CHANNELS.find((each) => each === path)
    if (refusal !== undefined || channel === undefined) return { refusal: Number(refusal?.slice(0, 3)) }
    return { open: (peer) => this.#polymarket.open(peer, channel) }
  }

  #date(): { date: string } {
    return { date: new Date(this.nowMs()).toUTCString() }
  }

  #tick(): void {
    const nowMs = this.nowMs()
    this.world.tick()
    this.#kalshi.tick(nowMs)
    this.#polymarket.tick(nowMs)
    if (this.#waiting > 0) this.#scheduler.isSettling = true
    this.#scheduler.after(TICK_NS, () => this.#tick())
  }
}
