import { createHash } from 'node:crypto'
import { Listing } from '@tandem/colo/listing.ts'
import { Live } from '@tandem/colo/live.ts'
import { SALT_MIN } from '@tandem/colo/pool/pool.ts'
import { recover } from '@tandem/colo/recovery.ts'
import { HaltReason, TRIPS } from '@tandem/colo/risk/halt.ts'
import { Random } from '@tandem/sandbox/engine/random.ts'
import { Faults, type VenueName } from '@tandem/sandbox/faults.ts'
import { FEES } from '@tandem/sandbox/world.ts'
import { feesOf, readMapping } from '@tandem/shared/mapping.ts'
import { NS_PER_MS } from '@tandem/shared/units.ts'
import { Auditor, type Violation } from './auditor.ts'
import { ExecutorClock } from './clock.ts'
import type { FaultKind } from './fault.ts'
import type { HttpRequest, Reply } from './http.ts'
import { Injector } from './injector.ts'
import { SimulatedJournal } from './journal.ts'
import { Ways } from './network.ts'
import { SimulatedOrderSocket } from './order-socket.ts'
import { SimulatedRestClient } from './rest-client.ts'
import type { Scenario } from './scenario.ts'
import { Scheduler } from './scheduler.ts'
import { SETTINGS } from './settings.ts'
import { SimulatedSigner } from './signer.ts'
import { KALSHI_SHARD_MICRO_USD, POLYMARKET_MICRO_USD, Venues, WALL_AT_ZERO_MS } from './venues.ts'
import { SimulatedWebSocket } from './web-socket.ts'

const FEE_SET = 'sandbox'
/** After the halt: the least, and as long as something is still unknown. */
const TAIL_MS = 75_000
const TAIL_MS_MAX = 100_000
/** An operator who looks at every trip, and finds that it may go on. */
const RESUMED_AFTER_MS = 3_000
const ORDER_PATHS: readonly string[] = ['/order', '/trade-api/v2/portfolio/events/orders']

/** What became of one scenario. */
export interface Outcome {
  readonly violations: readonly Violation[]
  readonly simulatedMs: number
  readonly attempts: number
  readonly steps: number
  readonly paths: Readonly<Record<string, number>>
  /** Faults that have struck, by kind. */
  readonly faults: Partial<Record<FaultKind, number>>
  /** Of everything that left and everything in the journal: the same seed has the same. */
  readonly hash: string
}

/** The real executor and the sandbox's venues in one thread, on simulated time, from the first socket to the last answer. */
export async function simulate(scenario: Scenario): Promise<Outcome> {
  const {
    seed,
    pairs,
    calm,
    tradesMs,
    delayMs,
    injections,
    legPlan = 'parallel',
    ensembleOrdersLegs = false,
    copies = 1,
  } = scenario
  const scheduler = new Scheduler()
  const clock = new ExecutorClock(scheduler, WALL_AT_ZERO_MS)
  const auditor = new Auditor(scheduler)
  const hash = createHash('sha256')
  const signer = new SimulatedSigner(scheduler)
  const faults = new StruckFaults(
    () => WALL_AT_ZERO_MS + Math.floor(scheduler.nowNs / NS_PER_MS),
    (kind) => injector?.count(kind),
  )
  const venues = new Venues({
    scheduler,
    signer,
    faults,
    pairs,
    calm,
    seed,
    kalshi: (told) => auditor.kalshi(told),
    polymarket: (told) => auditor.polymarket(told),
  })
  const ways = new Ways(scheduler, clock, new Random(seed, -4), {
    polymarket: delayMs.polymarket * NS_PER_MS,
    kalshi: delayMs.kalshi * NS_PER_MS,
  })
  const journal = new SimulatedJournal(scheduler, (kind, payload) => {
    hash.update(payload)
    auditor.record(kind, payload)
  })
  const orderSockets = { polymarket: [] as SimulatedOrderSocket[], kalshi: [] as SimulatedOrderSocket[] }
  let injector: Injector | undefined
  const receive = (venue: VenueName, request: HttpRequest, reply: Reply): void => {
    const handle = (to: Reply): void => venues.receive(venue, request, to)
    const isOrder = request.method === 'POST' && ORDER_PATHS.includes(request.url)
    if (isOrder && injector !== undefined) injector.order(venue, request, reply, handle)
    else handle(reply)
  }
  const { mapping } = readMapping({ pairs: venues.world.pairs, fees: { [FEE_SET]: FEES } }, 'simulation')
  const listing = new Listing(
    mapping.pairs.map((pair) => ({ pair, fees: feesOf(mapping, pair, FEE_SET, 'simulation') })),
  )
  const random = new Random(seed, -3)
  const live = new Live({
    listing,
    settings: { ...SETTINGS, legPlan, ensembleOrdersLegs, feeds: { ...SETTINGS.feeds, copies } },
    access: accessOf(venues),
    signer,
    journal,
    runId: 'simulation-',
    balanceMicroUsd: [POLYMARKET_MICRO_USD, KALSHI_SHARD_MICRO_USD],
    saltStart: SALT_MIN,
    random: () => random.fraction(),
    makeClock(onTick, onLate) {
      clock.onTick = onTick
      clock.onLate = onLate
      return clock
    },
    network: {
      makeSocket: (url, { headers = {} }) => {
        const { hostname, pathname } = new URL(url)
        const socket = new SimulatedWebSocket(
          hostname as VenueName,
          pathname,
          lower(headers),
          ways,
          venues.upgrade,
        )
        // As much of one as a feed uses.
        return socket as unknown as ReturnType<ConstructorParameters<typeof Live>[0]['network']['makeSocket']>
      },
      afterReads: (then) => scheduler.after(0, then),
      openOrders(url) {
        const venue = new URL(url).hostname as VenueName
        const socket = new SimulatedOrderSocket(venue, ways, receive, {
          left: (at, request) => {
            hash.update(request.body)
            auditor.left(at, request)
          },
          answered: (...answer) => auditor.answered(...answer),
        })
        orderSockets[venue].push(socket)
        return socket
      },
      openRest: (url) => new SimulatedRestClient(new URL(url).hostname as VenueName, ways, receive),
    },
    warm: false,
    observer: {
      ...auditor.observer,
      halted(halts, nowNs) {
        auditor.observer.halted(halts, nowNs)
        if ((halts & TRIPS) !== 0)
          scheduler.after(RESUMED_AFTER_MS * NS_PER_MS, () => live.assembly.executor.resume(TRIPS))
      },
    },
    recovered: recover('', WALL_AT_ZERO_MS),
    onUnlisted() {},
    onClosing: () => auditor.paths.closedEarly(),
  })
  auditor.begin(venues.world, venues.account, mapping.pairs, live.assembly)
  injector = new Injector({
    scheduler,
    random: new Random(seed, -5),
    faults,
    ways,
    clock,
    venues,
    journal,
    auditor,
    orderSockets,
  })
  injector.start(injections)

  let steps = 0
  const run = async (untilMs: number, isOver: () => boolean): Promise<void> => {
    const untilNs = untilMs * NS_PER_MS
    for (; !isOver(); steps++) {
      if (scheduler.isSettling) {
        scheduler.isSettling = false
        await new Promise(setImmediate)
      }
      const nextNs = Math.min(clock.nextNs, scheduler.nextNs)
      if (nextNs > untilNs) break
      const isTick = clock.nextNs <= scheduler.nextNs
      scheduler.nowNs = Math.max(scheduler.nowNs, nextNs)
      if (isTick) clock.fire()
      else scheduler.step()
      journal.look()
      auditor.look()
    }
    scheduler.nowNs = Math.max(scheduler.nowNs, isOver() ? 0 : untilNs)
  }
  try {
    live.start()
    await run(tradesMs, () => false)
    live.assembly.executor.halt(HaltReason.Operator)
    auditor.isHalted = true
    await run(tradesMs + TAIL_MS, () => false)
    await run(tradesMs + TAIL_MS_MAX, () => live.inFlight === 0 && live.assembly.trades.open === 0)
    auditor.end()
  } catch (error) {
    auditor.crashed(error)
  }
  return {
    violations: auditor.violations,
    simulatedMs: Math.floor(scheduler.nowNs / NS_PER_MS),
    attempts: auditor.attempts,
    steps,
    paths: auditor.paths.counts,
    faults: injector.counts,
    hash: hash.update(String(steps)).digest('hex').slice(0, 16),
  }
}

/** The sandbox's faults, heard when they strike. */
class StruckFaults extends Faults {
  readonly #struck: (kind: FaultKind) => void

  constructor(nowMs: () => number, struck: (kind: FaultKind) => void) {
    super(nowMs)
    this.#struck = struck
  }

  override strikes(...[name, venue]: Parameters<Faults['strikes']>): boolean {
    const strikes = super.strikes(name, venue)
    if (strikes && name !== 'post-only-cancel') this.#struck(name)
    return strikes
  }
}

function accessOf({ credentials }: Venues): ConstructorParameters<typeof Live>[0]['access'] {
  return {
    polymarket: {
      ...credentials,
      host: 'polymarket',
      restUrl: 'https://polymarket',
      socketUrl: 'wss://polymarket',
    },
    kalshi: {
      host: 'kalshi',
      restUrl: 'https://kalshi',
      socketUrl: 'wss://kalshi/trade-api/ws/v2',
      useYesPrice: true,
    },
    ca: undefined,
  }
}

function lower(headers: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
  )
}
