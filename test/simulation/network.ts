import type { Random } from '@tandem/sandbox/engine/random.ts'
import type { VenueName } from '@tandem/sandbox/faults.ts'
import { NS_PER_MS } from '@tandem/shared/units.ts'
import type { ExecutorClock } from './clock.ts'
import type { Scheduler } from './scheduler.ts'

/** A packet that is lost is sent again after so long. */
const RESEND_NS = 300 * NS_PER_MS
const LOSS_CHANCE = 0.1
/** Packets take this much longer at most than the way is. */
const JITTER = 0.2

/** What is wrong on the way to one venue. */
export interface Way {
  /** One way, when nothing is wrong. */
  readonly delayNs: number
  extraNs: number
  isLossy: boolean
  /** The venue's own servers send frames in another order than they were made. */
  isReordering: boolean
  /** Nothing passes until then. */
  blockedUntilNs: number
}

/** The ways to both venues. Bytes of one direction of one connection arrive in order, as TCP brings them. */
export class Ways {
  readonly scheduler: Scheduler
  readonly clock: ExecutorClock
  readonly random: Random
  readonly #ways: Readonly<Record<VenueName, Way>>

  constructor(
    scheduler: Scheduler,
    clock: ExecutorClock,
    random: Random,
    delayNs: Readonly<Record<VenueName, number>>,
  ) {
    this.scheduler = scheduler
    this.clock = clock
    this.random = random
    const way = (venue: VenueName): Way => ({
      delayNs: delayNs[venue],
      extraNs: 0,
      isLossy: false,
      isReordering: false,
      blockedUntilNs: 0,
    })
    this.#ways = { polymarket: way('polymarket'), kalshi: way('kalshi') }
  }

  of(venue: VenueName): Way {
    return this.#ways[venue]
  }

  /** When bytes that leave now are there. */
  arrivalNs(venue: VenueName): number {
    const { delayNs, extraNs, isLossy, blockedUntilNs } = this.#ways[venue]
    const sentNs = Math.max(this.scheduler.nowNs, blockedUntilNs)
    const resendNs = isLossy && this.random.chance(LOSS_CHANCE) ? RESEND_NS : 0
    return Math.ceil(sentNs + extraNs + resendNs + delayNs * (1 + JITTER * this.random.fraction()))
  }

  /** One direction of a new connection. */
  lane(venue: VenueName, isToUs: boolean): Lane {
    return new Lane(this, venue, isToUs)
  }
}

export class Lane {
  readonly #ways: Ways
  readonly #venue: VenueName
  readonly #isToUs: boolean
  #lastNs = 0
  #isCut = false

  constructor(ways: Ways, venue: VenueName, isToUs: boolean) {
    this.#ways = ways
    this.#venue = venue
    this.#isToUs = isToUs
  }

  /** What was sent and has not arrived never does. */
  cut(): void {
    this.#isCut = true
  }

  send(arrive: () => void): void {
    const { scheduler } = this.#ways
    this.#lastNs = Math.max(this.#lastNs, this.#ways.arrivalNs(this.#venue))
    scheduler.at(this.#lastNs, () => this.#arrive(arrive))
  }

  /** Bytes that come while our loop stands still wait in the kernel. */
  #arrive(arrive: () => void): void {
    if (this.#isCut) return
    const { scheduler, clock } = this.#ways
    if (this.#isToUs && clock.stalledUntilNs > scheduler.nowNs)
      scheduler.at(clock.stalledUntilNs, () => this.#arrive(arrive))
    else arrive()
  }
}
