import { assert } from '@tandem/shared/assert.ts'
import { kalshiTradeFeeCeilMicroUsd, ROLE_TAKER } from '@tandem/shared/fees/kalshi.ts'
import { polymarketFeeChargedMicroUsd } from '@tandem/shared/fees/polymarket.ts'
import type { Settings } from '@tandem/shared/settings.ts'
import { type Lots, MICRO_SHARES_PER_LOT, NS_PER_MS, type Ns } from '@tandem/shared/units.ts'
import { PAUSE_NS_MAX } from './book/integrity.ts'
import { LEASE, type Lease, type LeaseParts, type Taking } from './cache/lease.ts'
import type { QuoteWriter } from './cache/quote-board.ts'
import type { Clock } from './clock.ts'
import { type Direction, polymarketBuysOutcome } from './detector/direction.ts'
import { EarlyClose, type EarlyCloseParts } from './early-close.ts'
import type { ExecutorObserver } from './executor.ts'
import { ConnectionState } from './feed/connection.ts'
import type { BookListener } from './feed/intake.ts'
import { copiesWithin } from './feed/shards.ts'
import { Feeds, type VenueFeedHealth } from './feeds.ts'
import { deleteApiKeyOf, type FenceVenues } from './fence.ts'
import type { Journal } from './journal/journal.ts'
import type { Listing } from './listing.ts'
import { type Access, type Assembly, assemble } from './main.ts'
import type { Network, RestClient } from './network.ts'
import { OrderGroups } from './order-groups.ts'
import { boughtOutcome } from './outcome.ts'
import { PrivateChannel } from './private-channel.ts'
import { Reconciler } from './reconciler.ts'
import type { Recovered } from './recovery.ts'
import { restart, writeListing } from './restart.ts'
import { HaltReason, haltNames, TRIPS } from './risk/halt.ts'
import { ENTRY_MARGIN_NS } from './risk/tenure.ts'
import { SignatureDesk } from './signature-desk.ts'
import type { Signer, SignerListener } from './signer/signer.ts'
import { OrderKind, type Orders } from './state/orders.ts'
import { TokenKind, tokenKind, tokenOf, tokenValue } from './token.ts'
import type { Gateway, LiveLegListener } from './venue/gateway.ts'
import { SignedRequest } from './venue/kalshi/auth.ts'
import { clientOrderId } from './venue/kalshi/encode.ts'
import { KalshiError } from './venue/kalshi/error.ts'
import { KalshiGateway } from './venue/kalshi/gateway.ts'
import { subscribe as subscribeKalshi } from './venue/kalshi/messages.ts'
import { KalshiRest } from './venue/kalshi/rest.ts'
import { LegEnd } from './venue/leg.ts'
import type { AttestedHeaders } from './venue/polymarket/api-key.ts'
import { Seal } from './venue/polymarket/auth.ts'
import { PolymarketGateway } from './venue/polymarket/gateway.ts'
import { PING, subscribeUser } from './venue/polymarket/messages.ts'
import { PolymarketRest } from './venue/polymarket/rest.ts'
import { PolymarketChannel } from './venue/polymarket/urls.ts'
import { KALSHI, POLYMARKET, VENUE_NAMES, VENUES, type Venue } from './venue/venue.ts'
import { Warmup } from './warmup.ts'

/** Where the venues are, beside what orders need. */
export interface LiveAccess extends Access {
  readonly polymarket: Access['polymarket'] & { readonly restUrl: string; readonly socketUrl: string }
  readonly kalshi: Access['kalshi'] & { readonly restUrl: string; readonly socketUrl: string }
  /** PEM of the sandbox's own authority; undefined for the system's. */
  readonly ca: string | undefined
}

/** A clock that gives its tokens back by itself, until it is stopped. */
export interface RunningClock extends Clock {
  stop(): void
}

export interface LiveParts {
  readonly listing: Listing
  readonly settings: Settings
  readonly access: LiveAccess
  /** Its answers go to the listener, which is set here. */
  readonly signer: Signer & { listener: SignerListener | undefined }
  readonly journal: Pick<Journal, 'ring'>
  readonly runId: string
  readonly balanceMicroUsd: readonly [number, number]
  /** Random, within the pool's SALT_MIN..SALT_MAX. */
  readonly saltStart: number
  /** 0 up to 1: spreads attempts to connect. */
  readonly random: () => number
  /**
   * Makes the clock: of LiveClock's parameters `onTick` takes what is due, `onLate` how late our own loop was with it.
   */
  readonly makeClock: (
    onTick: (nowNs: Ns, token: number) => void,
    onLate: (lateNs: number, nowNs: Ns) => void,
  ) => RunningClock
  readonly network: Network
  /** Whether V8 is to have compiled the path before the first real edge, and to keep it so. */
  readonly warm: boolean
  readonly observer: ExecutorObserver & BookListener
  /** What a run before this one has left (recovery.ts). */
  readonly recovered: Recovered
  /** Where there may be other executors of the same pairs: how it is settled which of them trades. */
  readonly succession?: Succession | undefined
  /** Hears of pairs that the journal holds something of, and that are not listed. */
  readonly onUnlisted: (pairs: readonly string[]) => void
  /** Hears of held pairs that are sold before their resolution. */
  readonly onClosing: EarlyCloseParts['onClosing']
  /** Where books are left for the mirror. */
  readonly quotes?: QuoteWriter | undefined
  /** Watches requests on their way: their bytes are final, and then written. */
  readonly watch?: (gateway: Gateway, venue: Venue) => Gateway
}

/** One of several executors: it trades while it holds the lease, and stands by while another does. */
export interface Succession {
  readonly newLease: (parts: Pick<LeaseParts, 'fence' | 'onTaken'>) => Lease
  /** How the venues know this run, with its order groups. */
  readonly fence: (orderGroups: readonly string[]) => string
  /** What is done before the first entry. @returns what there is to go on from */
  readonly takeOver: (taking: Taking, lease: Lease, venues: FenceVenues) => Promise<Recovered>
  /** Signs for the wallet: the way to the API key of a nonce. */
  readonly attest: (nonce: number) => Promise<AttestedHeaders>
}

/** Connections for orders: trades in flight need one each, and one is kept for exits. */
const CONNECTIONS_PER_VENUE = 6
const UPKEEP_NS = 20 * NS_PER_MS
// Or entries would stop whenever one is late.
assert(
  ENTRY_MARGIN_NS / NS_PER_MS + 2 * LEASE.renewMs + LEASE.driftMs < LEASE.leaseMs,
  'LEASE_OUTLIVES_A_MISSED_RENEWAL',
)
/** How often a dry Turn keeps code and caches warm. */
const DRY_TURN_NS = 250 * NS_PER_MS
/** A pause of the loop over this is counted. */
const PAUSE_COUNTED_NS = 5 * NS_PER_MS
/** Stamps apart while nothing is sent. */
const HEADER_SPACING_MS = 50
/** A feed's socket in one of these has been tried in vain. */
const OUTSIDE: readonly ConnectionState[] = [ConnectionState.Waiting, ConnectionState.Refused]

/** How it stands with what trading needs: see trouble.ts. */
export interface Standing {
  /** Breakers that stopped entries, by name. */
  readonly trips: readonly string[]
  readonly isSignerGone: boolean
  readonly isJournalBlocked: boolean
  readonly venues: readonly {
    readonly name: string
    /** Why no socket of the feed stands, by its code; '' when one does or none was lost yet. */
    readonly feedLoss: string
    /** The same of the connections for orders. */
    readonly orderLoss: string
    /** Our wall clock less the venue's; NaN while not known. */
    readonly aheadMs: number
    readonly isSkewed: boolean
  }[]
}

/** `none`: there is no other executor beside it. */
export type LeaseStanding = 'none' | 'held' | 'standing by'

/** The executor on real sockets: two feeds in, two order entries out, until it is stopped. */
export class Live {
  readonly assembly: Assembly
  readonly clock: RunningClock
  readonly warmup: Warmup | undefined
  /** Pauses of our own loop over PAUSE_COUNTED_NS, those that put books in doubt, and the longest. */
  readonly pauses = { count: 0, long: 0, worstNs: 0 }
  readonly gateways: readonly [PolymarketGateway, KalshiGateway]
  readonly #feeds: Feeds
  readonly #privates: readonly PrivateChannel[]
  readonly #clients: readonly [RestClient, RestClient]
  readonly #polymarketRest: PolymarketRest
  readonly #kalshiRest: KalshiRest
  readonly #reconciler: Reconciler
  readonly #orderGroups: OrderGroups | undefined
  /** That entries may name. */
  #orderGroupIds: readonly string[] = []
  readonly #lease: Lease | undefined
  /** The lease was ours. */
  #isTaken = false
  readonly #earlyClose: EarlyClose
  /** Of orders that a run before this one sent. */
  readonly #names = new Map<number, string>()
  #isRestarted = false
  /** Goes on with the restart. */
  #resume: () => void = () => {}
  readonly #parts: LiveParts
  readonly #afterReads: Network['afterReads']
  #isSignerGone = false
  #isStopped = false

  constructor(parts: LiveParts) {
    const { listing, settings, access, signer, journal, observer, random, network } = parts
    this.#parts = parts
    this.#afterReads = network.afterReads
    this.clock = parts.makeClock(
      (nowNs, token) => this.#onTick(nowNs, token),
      (lateNs, nowNs) => this.#onLate(lateNs, nowNs),
    )
    const { clock } = this
    // Gateways tell the desk, which is made with them: it hears through this.
    let desk: LiveLegListener | undefined
    const listener: LiveLegListener = {
      legDone: (...leg) => {
        const [order, venue, , , , , end, refusal] = leg
        const isGroups = venue === KALSHI && end === LegEnd.Refused && refusal === KalshiError.OrderGroup
        if (isGroups) this.#orderGroups?.refused(pairs[bundleOf(order)].pair.kalshi.exchangeIndex)
        desk?.legDone(...leg)
      },
      legTaken: (...leg) => desk?.legTaken(...leg),
      legUnknown: (...leg) => desk?.legUnknown(...leg),
      legSettled: (...leg) => desk?.legSettled(...leg),
      legCorrected: (...leg) => desk?.legCorrected(...leg),
    }
    const { bundles, pairs } = listing
    /** The columns of an order whose end is not told: it keeps its place until then. */
    const placeOf = (order: number): number => this.assembly.orders.place(order)
    const bundleOf = (order: number): number => this.assembly.orders.bundle[placeOf(order)]
    /** Orders of the run before have that run's names. */
    const hashOf = (order: number): string =>
      `0x${Buffer.from(this.assembly.orders.digest(placeOf(order))).toString('hex')}`
    const clientOrderIdOf = (order: number): string =>
      this.#names.get(order) ?? clientOrderId(parts.runId, this.assembly.orders.counter[placeOf(order)])
    const gatewayParts = (restUrl: string) => ({
      host: new URL(restUrl).host,
      connections: CONNECTIONS_PER_VENUE,
      open: (session: Buffer | undefined) => network.openOrders(restUrl, session),
      clock,
      random,
      listener,
      bundleOf,
      sells: (order: number) => isSale(this.assembly.orders, placeOf(order)),
    })
    this.gateways = [
      new PolymarketGateway({
        ...gatewayParts(access.polymarket.restUrl),
        nameOf: hashOf,
        absenceNs: settings.polymarket.absenceMs * NS_PER_MS,
        lookUp: (order) => {
          const { orders, ledger } = this.assembly
          const place = placeOf(order)
          const direction = orders.direction[place] as Direction
          const bundle = orders.bundle[place]
          const { yesToken, noToken } = pairs[bundle].pair.polymarket
          const token = polymarketBuysOutcome(direction) ? yesToken : noToken
          const held = ledger.heldMicroShares(bundle, POLYMARKET, boughtOutcome(POLYMARKET, direction))
          return this.#polymarketRest.lookUp(token, hashOf(order), orders.sentMs[place], held)
        },
        feeMicroUsd: (bundle, price, microShares) =>
          polymarketFeeChargedMicroUsd(bundles[bundle].polymarketFees, price, microShares),
      }),
      new KalshiGateway({
        ...gatewayParts(access.kalshi.restUrl),
        nameOf: clientOrderIdOf,
        lookUp: (order, orderId) => {
          const { ticker } = pairs[bundleOf(order)].pair.kalshi
          const { sentMs } = this.assembly.orders
          return this.#kalshiRest.lookUp(ticker, clientOrderIdOf(order), orderId, sentMs[placeOf(order)])
        },
        feeMicroUsd: (bundle, price, microShares) =>
          kalshiTradeFeeCeilMicroUsd(
            bundles[bundle].kalshiFees,
            ROLE_TAKER,
            price,
            Math.ceil(microShares / MICRO_SHARES_PER_LOT) as Lots,
          ),
      }),
    ]
    const watch = parts.watch ?? ((gateway) => gateway)
    this.assembly = assemble(listing, settings, {
      clock,
      signer,
      journal: journal.ring,
      runId: parts.runId,
      saltStart: parts.saltStart,
      headerSpacingMs: HEADER_SPACING_MS,
      balanceMicroUsd: parts.balanceMicroUsd,
      observer,
      stress: false,
      quotes: parts.quotes,
      feeds: {
        ...settings.feeds,
        copies: copiesWithin(listing.marketIds(KALSHI).length, settings.feeds.copies),
      },
      access,
      gateways: [watch(this.gateways[POLYMARKET], POLYMARKET), watch(this.gateways[KALSHI], KALSHI)],
    })
    desk = this.assembly.desk
    const { executor, useOrderGroup } = this.assembly
    const { orderGroupContracts } = settings.kalshi
    if (orderGroupContracts > 0) {
      this.#orderGroups = new OrderGroups({
        shards: new Set(listing.kalshiShards()),
        create: (shard) => this.#kalshiRest.createOrderGroup(shard, orderGroupContracts),
        onMade: async (ids) => {
          this.#orderGroupIds = ids
          await this.#lease?.refence()
        },
        use: useOrderGroup,
        onTriggered: () => executor.halt(HaltReason.OrderGroup),
      })
      this.gateways[KALSHI].groupTriggered = (id) => this.#orderGroups?.triggered(id)
    }
    const { succession } = parts
    this.#lease = succession?.newLease({
      fence: () => succession.fence(this.#orderGroupIds),
      onTaken: (taking) => void this.#taken(taking, succession),
    })
    if (succession !== undefined) this.assembly.risk.tenure.untilNs = Number.NEGATIVE_INFINITY
    const signatures = new SignatureDesk(signer, {
      orderSigned: (...order) => executor.orderSigned(...order),
      headerSigned: (...header) => executor.headerSigned(...header),
      refused: (...refusal) => executor.refused(...refusal),
      closed: () => {
        this.#isSignerGone = true
        executor.closed()
      },
    })
    signer.listener = signatures

    this.warmup = parts.warm ? new Warmup(signer.facts, settings.feeds) : undefined
    this.#clients = [network.openRest(access.polymarket.restUrl), network.openRest(access.kalshi.restUrl)]
    this.#polymarketRest = new PolymarketRest({
      dispatcher: this.#clients[POLYMARKET],
      account: { ...access.polymarket, address: signer.facts.owner },
      signatureType: signer.facts.signatureType,
      seal: new Seal(access.polymarket.secret),
      wallMs: () => clock.wallMs(),
    })
    this.#kalshiRest = new KalshiRest({
      dispatcher: this.#clients[KALSHI],
      headers: (request, id) => signatures.headers(request, clock.wallMs(), id),
    })
    this.#reconciler = new Reconciler({
      ...this.assembly,
      clock,
      kalshi: this.#kalshiRest,
      polymarket: this.#polymarketRest,
      isTold: () => this.gateways.every(({ privateIsLive }) => privateIsLive),
      onTrade: (venue, told) => this.gateways[venue].trade(told),
      observer,
    })
    this.#earlyClose = new EarlyClose({
      clock,
      settings,
      assembly: this.assembly,
      journal: journal.ring,
      onClosing: parts.onClosing,
    })
    const socketHeaders = () => signatures.headers(SignedRequest.Socket, clock.wallMs())
    const noHeaders = async () => ({})
    const sockets = {
      clock,
      makeSocket: network.makeSocket,
      afterReads: network.afterReads,
      ca: access.ca,
      random,
    }
    this.#feeds = new Feeds({
      ...sockets,
      access,
      assembly: this.assembly,
      kalshiHeaders: socketHeaders,
      polymarketBooks: (tokens) => this.#polymarketRest.books(tokens),
      kalshiBooks: (tickers) => this.#kalshiRest.orderBooks(tickers),
      isShadowed: settings.feeds.shadow,
    })
    const onReady = (): void => this.#reconciler.hasten()
    this.#privates = [
      new PrivateChannel({
        ...sockets,
        url: access.polymarket.socketUrl + PolymarketChannel.User,
        headers: noHeaders,
        pingText: PING,
        hello: () => subscribeUser(access.polymarket, []),
        gateway: this.gateways[POLYMARKET],
        onReady,
      }),
      new PrivateChannel({
        ...sockets,
        url: access.kalshi.socketUrl,
        headers: socketHeaders,
        pingText: undefined,
        hello: () => subscribeKalshi(1, ['fill', 'user_orders', 'order_group_updates']),
        gateway: this.gateways[KALSHI],
        onReady,
      }),
    ]
  }

  /** Warms up, then connects. Trading begins when both books of a pair are LIVE and its orders are signed. */
  start(): void {
    this.warmup?.run()
    for (const { link } of this.#privates) link.start()
    this.#feeds.start()
    this.#learnLimits().catch(() => {})
    this.assembly.executor.start()
    if (this.#lease === undefined) void this.#restart(this.#parts.recovered)
    const nowNs = this.clock.nowNs()
    this.clock.at(nowNs, tokenOf(TokenKind.Upkeep, 0))
    if (this.warmup !== undefined) this.clock.at((nowNs + DRY_TURN_NS) as Ns, tokenOf(TokenKind.DryTurn, 0))
  }

  /** The lease is ours: for the first time, or again. */
  async #taken(taking: Taking, { takeOver, attest }: Succession): Promise<void> {
    if (this.#isTaken) return
    this.#isTaken = true
    const recovered = await takeOver(taking, this.#lease as Lease, {
      triggerOrderGroup: (id) => this.#kalshiRest.triggerOrderGroup(id),
      deleteApiKey: (nonce) =>
        deleteApiKeyOf(nonce, this.#clients[POLYMARKET], attest, () => this.clock.wallMs()),
    })
    await this.#restart(recovered)
  }

  /** What a run before this one has left comes first; then the venues are held against it, and pairs may be traded. */
  async #restart(recovered: Recovered): Promise<void> {
    const { assembly, gateways, clock } = this
    const { journal, settings } = this.#parts
    assembly.risk.carry(recovered.day.approvedMicroUsd)
    assembly.breakers.carry(recovered.day.lostMicroUsd)
    writeListing(journal.ring, assembly.listing)
    if (recovered.halts !== 0) assembly.executor.halt(recovered.halts)
    const unlisted = await restart(recovered, {
      ...assembly,
      clock,
      journal: journal.ring,
      kalshi: this.#kalshiRest,
      polymarket: this.#polymarketRest,
      absenceMs: settings.polymarket.absenceMs,
      resume: (order, { venue, name }) => {
        this.#names.set(order, name)
        gateways[venue].resume(order)
      },
      sleep: (ms) =>
        new Promise((resolve) => {
          this.#resume = resolve
          clock.at((clock.nowNs() + ms * NS_PER_MS) as Ns, tokenOf(TokenKind.Restart, 0))
        }),
    })
    if (unlisted.length > 0) this.#parts.onUnlisted(unlisted)
    this.#isRestarted = true
  }

  lease(): LeaseStanding {
    if (this.#lease === undefined) return 'none'
    return this.clock.nowNs() < this.#lease.untilNs ? 'held' : 'standing by'
  }

  /** Legs whose end is not told yet. */
  get inFlight(): number {
    return this.gateways[POLYMARKET].open + this.gateways[KALSHI].open
  }

  /** Market frames that were handed over, by venue. */
  get frames(): Float64Array {
    return this.#feeds.frames
  }

  feeds(): Record<'polymarket' | 'kalshi', VenueFeedHealth> {
    return { polymarket: this.#feeds.health(POLYMARKET), kalshi: this.#feeds.health(KALSHI) }
  }

  standing(): Standing {
    const [nowNs, wallMs] = [this.clock.nowNs(), this.clock.wallMs()]
    return {
      trips: haltNames(this.assembly.risk.halts & TRIPS),
      isSignerGone: this.#isSignerGone,
      isJournalBlocked: !this.#parts.journal.ring.hasRoom(1),
      venues: VENUE_NAMES.map((name, venue) => {
        const { sockets } = this.#feeds.health(venue as Venue)
        const { open, trouble } = this.gateways[venue].health()
        const lost = sockets.every(({ state }) => OUTSIDE.includes(state))
        return {
          name,
          feedLoss: lost ? sockets[0].why : '',
          orderLoss: open === 0 ? trouble : '',
          aheadMs: this.gateways[venue].skew.aheadMs(wallMs, nowNs),
          isSkewed: this.gateways[venue].skew.isBeyond(wallMs, nowNs),
        }
      }),
    }
  }

  /** No new entry; waits for what is in flight, at most `waitMs`; closes feeds and connections. */
  async stop(waitMs: number): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    this.assembly.executor.halt(HaltReason.Stopping)
    const untilNs = this.clock.nowNs() + waitMs * NS_PER_MS
    while ((this.inFlight > 0 || this.assembly.trades.open > 0) && this.clock.nowNs() < untilNs)
      await new Promise<void>((resume) => this.#afterReads(resume))
    let isRounded = false
    void this.#reconciler
      .roundOff()
      .catch(() => {})
      .finally(() => {
        isRounded = true
      })
    while (!isRounded && this.clock.nowNs() < untilNs)
      await new Promise<void>((resume) => this.#afterReads(resume))
    for (const { link } of this.#privates) link.stop()
    await this.#feeds.close()
    for (const gateway of this.gateways) gateway.close(this.clock.nowNs())
    this.clock.stop()
    await Promise.all(this.#clients.map((client) => client.destroy()))
  }

  #onTick(nowNs: Ns, token: number): void {
    switch (tokenKind(token)) {
      case TokenKind.Feed:
        this.#feeds.onTick(tokenValue(token), nowNs)
        break
      case TokenKind.Upkeep:
        for (let venue = 0; venue < VENUES; venue++) this.gateways[venue].tick(nowNs)
        this.#judgeClock(nowNs)
        for (const { link } of this.#privates) link.look(nowNs)
        if (this.#isRestarted) {
          this.#reconciler.tick(nowNs)
          this.#earlyClose.tick(nowNs)
        }
        this.#orderGroups?.tick(nowNs)
        this.#keepLease(nowNs)
        this.clock.at((nowNs + UPKEEP_NS) as Ns, token)
        break
      case TokenKind.Restart:
        this.#resume()
        break
      case TokenKind.DryTurn:
        this.warmup?.turn()
        this.clock.at((nowNs + DRY_TURN_NS) as Ns, token)
        break
      default:
        this.assembly.executor.onTick(nowNs, token)
    }
  }

  #keepLease(nowNs: Ns): void {
    if (this.#lease === undefined) return
    this.#lease.tick(nowNs)
    this.assembly.risk.tenure.untilNs = this.#lease.untilNs
  }

  #judgeClock(nowNs: Ns): void {
    const wallMs = this.clock.wallMs()
    let isWithin = true
    for (let venue = 0; venue < VENUES; venue++)
      isWithin &&= this.gateways[venue].skew.isWithin(wallMs, nowNs)
    this.assembly.executor.judgeClock(!isWithin)
  }

  #onLate(lateNs: number, nowNs: Ns): void {
    if (lateNs <= PAUSE_COUNTED_NS) return
    this.pauses.count++
    if (lateNs > PAUSE_NS_MAX) this.pauses.long++
    this.pauses.worstNs = Math.max(this.pauses.worstNs, lateNs)
    this.#feeds.paused(lateNs, nowNs)
    // Before there is anything to trade on, it harms nothing.
    if (this.#isRestarted) this.assembly.breakers.stalled(lateNs)
  }

  /** Kalshi's rate by our tier; until it is known the lowest is kept to. */
  async #learnLimits(): Promise<void> {
    const { tokensPerS, capacity } = await this.#kalshiRest.writeLimit()
    this.gateways[KALSHI].limit(tokensPerS, capacity)
  }
}

/** Whether an order gives Polymarket's shares away; on Kalshi a sale is told as a purchase of the other outcome. */
function isSale(orders: Orders, place: number): boolean {
  return orders.venue[place] === POLYMARKET && orders.kind[place] === OrderKind.SellBack
}
