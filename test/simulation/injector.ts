import { COLLATERAL } from '@tandem/sandbox/engine/polymarket/funds.ts'
import type { Random } from '@tandem/sandbox/engine/random.ts'
import { FAULTS, type FaultName, type Faults, isFaultName, type VenueName } from '@tandem/sandbox/faults.ts'
import { SHARDS } from '@tandem/sandbox/world.ts'
import { NS_PER_MS } from '@tandem/shared/units.ts'
import type { Auditor } from './auditor.ts'
import type { ExecutorClock } from './clock.ts'
import { BLIND_MS, BOTH, type FaultKind, type Injection, KINDS } from './fault.ts'
import type { HttpReply, HttpRequest, Reply } from './http.ts'
import type { SimulatedJournal } from './journal.ts'
import type { Ways } from './network.ts'
import type { SimulatedOrderSocket } from './order-socket.ts'
import { KALSHI_ERRORS, POLYMARKET_ERRORS } from './refusals.ts'
import { rivalBetters, rivalTakes } from './rival.ts'
import type { Scheduler } from './scheduler.ts'
import { SIGNER_FACTS } from './signer.ts'
import type { Venues } from './venues.ts'

export interface InjectorParts {
  readonly scheduler: Scheduler
  readonly random: Random
  readonly faults: Faults
  readonly ways: Ways
  readonly clock: ExecutorClock
  readonly venues: Venues
  readonly journal: SimulatedJournal
  readonly auditor: Auditor
  /** Connections for orders that were opened, by venue. */
  readonly orderSockets: Readonly<Record<VenueName, SimulatedOrderSocket[]>>
}

/** Of orders that could be struck. */
const STRIKE_CHANCE = 0.6
const DELAY_MS = [50, 900] as const
/** Beyond every wait of ours, and within what the venues take for a fresh stamp. */
const LATE_MS: Readonly<Record<VenueName, readonly [number, number]>> = {
  polymarket: [6_000, 50_000],
  kalshi: [6_000, 14_000],
}
const CLOCK_STEP_MS = 120_000
const DETERMINED_AFTER_MS = 1_000
const RESOLVED_AFTER_MS = 4_000
/** How long the other venue pauses between two legs. */
const PAUSE_MS = 3_000
/** Long enough for the venue to look at the time. */
const RESET_MS = 50
/** What a withdrawal leaves. */
const LEFT = 0.0005

/** Does to a simulation what its scenario says, and counts what has struck. */
export class Injector {
  readonly counts: Partial<Record<FaultKind, number>> = {}
  readonly #parts: InjectorParts
  /** Faults on orders that are on, as `kind venue`. */
  readonly #on = new Map<string, number>()

  constructor(parts: InjectorParts) {
    this.#parts = parts
  }

  start(injections: readonly Injection[]): void {
    for (const injection of injections)
      this.#parts.scheduler.at(injection.atMs * NS_PER_MS, () => this.#begin(injection))
  }

  count(kind: FaultKind): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1
  }

  /** A request for an order has come as far as the venue's door. */
  order(venue: VenueName, request: HttpRequest, reply: Reply, handle: (reply: Reply) => void): void {
    const { scheduler, random, venues } = this.#parts
    if (this.#strikes('partial-fill', venue)) rivalTakes(venues.world, venue, request.body, random)
    if (this.#strikes('overfill', venue)) rivalBetters(venues.world, request.body, random)
    if (this.#strikes('pause-between', venue)) this.#pause(venue === 'kalshi' ? 'polymarket' : 'kalshi')
    if (this.#strikes('close-between', venue)) this.#closeOther(venue, request.body)
    if (this.#strikes('lost-request', venue)) return
    if (this.#strikes('late-request', venue)) {
      const [low, high] = LATE_MS[venue]
      scheduler.after(random.between(low, high) * NS_PER_MS, () => handle(reply))
    } else if (this.#strikes('error-shape', venue))
      reply(random.pick(venue === 'kalshi' ? KALSHI_ERRORS : POLYMARKET_ERRORS))
    else if (this.#strikes('no-answer', venue)) handle(() => {})
    else if (this.#strikes('wrong-answer', venue)) handle((answer) => reply(answer && ofAnother(answer)))
    else handle(reply)
  }

  #pause(venue: VenueName): void {
    const { scheduler, auditor } = this.#parts
    auditor.forbid(venue, scheduler.nowNs + (PAUSE_MS + (KINDS.pause.graceMs ?? 0)) * NS_PER_MS)
    scheduler.after(PAUSE_MS * NS_PER_MS, this.#switch('pause', venue))
  }

  /** Both venues list the pairs in the same order. */
  #closeOther(venue: VenueName, body: string): void {
    const { venues } = this.#parts
    const { kalshi, polymarket } = venues.world
    const order = JSON.parse(body)
    if (venue === 'kalshi') {
      const place = [...kalshi.markets.keys()].indexOf(order.ticker)
      const market = [...polymarket.markets.values()][place]
      if (!market.closed) polymarket.resolve(market, 0)
    } else {
      const found = polymarket.find(order.order.tokenId)
      if (found === undefined) return
      const place = [...polymarket.markets.values()].indexOf(found[0])
      kalshi.setCloseTime([...kalshi.markets.values()][place], venues.nowMs())
    }
  }

  #strikes(kind: FaultKind, venue: VenueName): boolean {
    if (!this.#on.has(`${kind} ${venue}`) || !this.#parts.random.chance(STRIKE_CHANCE)) return false
    this.count(kind)
    return true
  }

  #begin(injection: Injection): void {
    const { scheduler, auditor } = this.#parts
    const { kind, venue, lastsMs } = injection
    const { forbids, graceMs = 0, isForGood = false } = KINDS[kind]
    const untilNs = isForGood ? Number.POSITIVE_INFINITY : scheduler.nowNs + (lastsMs + graceMs) * NS_PER_MS
    const isPolymarkets = forbids === 'its venue, if that is Polymarket' && venue === 'polymarket'
    if (forbids === 'its venue' || isPolymarkets) auditor.forbid(venue, untilNs)
    if (forbids === 'both venues') for (const each of BOTH) auditor.forbid(each, untilNs)
    for (const each of kind === 'stall' || kind === 'clock-step' ? BOTH : [venue])
      auditor.blind(each, scheduler.nowNs + (BLIND_MS[kind] ?? 0) * NS_PER_MS)
    const end = isFaultName(kind) ? this.#switch(kind, venue) : this.#strike(injection)
    // One that strikes is counted when it does.
    if (isFaultName(kind) && !('everyMs' in FAULTS[kind])) this.count(kind)
    if (end !== undefined) scheduler.after(lastsMs * NS_PER_MS, end)
  }

  #switch(kind: FaultName, venue: VenueName): () => void {
    const { faults, scheduler } = this.#parts
    faults.set(kind, true, venue)
    return () => {
      faults.set(kind, false, venue)
      if (kind !== 'half-open') return
      // What it swallowed does not come any more: TCP would break before it went on with later bytes.
      faults.set('reset', true, venue)
      scheduler.after(RESET_MS * NS_PER_MS, () => faults.set('reset', false, venue))
    }
  }

  /** @returns what ends it, where something has to. */
  #strike({ kind, venue, lastsMs }: Injection): (() => void) | undefined {
    const { scheduler, random, ways, clock, venues, journal, orderSockets, auditor } = this.#parts
    const { world } = venues
    const way = ways.of(venue)
    const counted = <Result>(result: Result): Result => {
      this.count(kind)
      return result
    }
    switch (kind) {
      case 'delay': {
        const extraNs = random.between(...DELAY_MS) * NS_PER_MS
        way.extraNs += extraNs
        return counted(() => {
          way.extraNs -= extraNs
        })
      }
      case 'loss':
        way.isLossy = true
        return counted(() => {
          way.isLossy = false
        })
      case 'reorder':
        way.isReordering = true
        return counted(() => {
          way.isReordering = false
        })
      case 'blackout':
        way.blockedUntilNs = scheduler.nowNs + lastsMs * NS_PER_MS
        return counted(undefined)
      case 'order-reset':
        for (const socket of orderSockets[venue]) if (!socket.isOver) socket.reset(random.chance(0.5))
        return counted(undefined)
      case 'restart':
        world.restart(venue, lastsMs)
        return counted(undefined)
      case 'post-only':
        world.polymarket.mode = 'post-only'
        return counted(() => {
          if (world.polymarket.mode === 'post-only') world.polymarket.mode = 'open'
        })
      case 'close':
        if (venue === 'polymarket') {
          const market = random.pick([...world.polymarket.markets.values()])
          if (!market.closed) world.polymarket.resolve(market, 0)
        } else this.#closeKalshi()
        return counted(undefined)
      case 'determination': {
        const market = this.#closeKalshi()
        const place = [...world.kalshi.markets.values()].indexOf(market)
        const other = [...world.polymarket.markets.values()][place]
        scheduler.after(DETERMINED_AFTER_MS * NS_PER_MS, () => {
          if (market.status === 'closed') world.kalshi.determine(market, 'yes')
        })
        // The other venue has an oracle of its own.
        const winner = random.chance(0.5) ? 0 : 1
        scheduler.after(RESOLVED_AFTER_MS * NS_PER_MS, () => {
          if (!other.closed) world.polymarket.resolve(other, winner)
        })
        return counted(undefined)
      }
      case 'group-trigger':
        for (const group of venues.account.groups.values())
          if (!group.triggered) world.kalshi.triggerGroup(venues.account, group)
        return counted(undefined)
      case 'withdrawal':
        if (venue === 'polymarket') {
          const account = SIGNER_FACTS.owner.toLowerCase()
          const taken = Math.floor(world.polymarket.ledger.balance(account, COLLATERAL) * (1 - LEFT))
          world.polymarket.ledger.add(account, COLLATERAL, -taken)
          auditor.withdrawn(venue, taken)
        } else {
          for (const shard of SHARDS) {
            const taken = Math.floor((venues.account.cashMicroUsd.get(shard) ?? 0) * (1 - LEFT))
            world.kalshi.fund(venues.account, shard, -taken)
            auditor.withdrawn(venue, taken)
          }
        }
        return counted(undefined)
      case 'clock-step': {
        const stepMs = random.between(-CLOCK_STEP_MS, CLOCK_STEP_MS)
        const step = (ms: number): void => {
          clock.stepMs += ms
          auditor.clockStepped(ms)
        }
        step(stepMs)
        return counted(() => step(-stepMs))
      }
      case 'stall':
        clock.stalledUntilNs = scheduler.nowNs + lastsMs * NS_PER_MS
        return counted(undefined)
      case 'disk-full':
        journal.fail()
        return counted(undefined)
      default: {
        const key = `${kind} ${venue}`
        this.#on.set(key, (this.#on.get(key) ?? 0) + 1)
        return () => {
          const left = (this.#on.get(key) as number) - 1
          if (left === 0) this.#on.delete(key)
          else this.#on.set(key, left)
        }
      }
    }
  }

  #closeKalshi() {
    const { random, venues } = this.#parts
    const { kalshi } = venues.world
    const market = random.pick([...kalshi.markets.values()])
    kalshi.setCloseTime(market, venues.nowMs())
    return market
  }
}

/** The same answer, about an order that is not ours. */
function ofAnother(answer: HttpReply): HttpReply {
  const body = answer.body as Record<string, unknown>
  const other = '0'.repeat(8)
  const swapped = Object.fromEntries(
    Object.entries(body ?? {}).map(([name, value]) =>
      ['order_id', 'client_order_id', 'orderID'].includes(name)
        ? [name, `${String(value).slice(0, -8)}${other}`]
        : [name, value],
    ),
  )
  return { ...answer, body: swapped }
}
