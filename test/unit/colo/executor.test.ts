import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RunRecord } from '@tandem/cli/replay/report.ts'
import type { Book } from '@tandem/colo/book/book.ts'
import { BookState } from '@tandem/colo/book/integrity.ts'
import { SimulatedClock } from '@tandem/colo/clock.ts'
import { BUY_KALSHI_SELL_POLYMARKET } from '@tandem/colo/detector/direction.ts'
import { Lag } from '@tandem/colo/detector/ensemble.ts'
import { EarlyClose } from '@tandem/colo/early-close.ts'
import { setLevels } from '@tandem/colo/feed/splice.ts'
import { RecordKind } from '@tandem/colo/journal/record.ts'
import { JournalRing, newRingMemory, RING_RECORDS, RingCell, ringViews } from '@tandem/colo/journal/ring.ts'
import { Listing } from '@tandem/colo/listing.ts'
import { assemble } from '@tandem/colo/main.ts'
import { Operator } from '@tandem/colo/operator.ts'
import { PAPER_ACCESS, paperVenues } from '@tandem/colo/paper.ts'
import { SALT_MIN } from '@tandem/colo/pool/pool.ts'
import { Refusal } from '@tandem/colo/risk/check.ts'
import { HaltReason } from '@tandem/colo/risk/halt.ts'
import type { Signer, SignerListener } from '@tandem/colo/signer/signer.ts'
import { OUTCOME_COMPLEMENT, OUTCOME_NAMED } from '@tandem/colo/state/ledger.ts'
import { OrderEvent, OrderState } from '@tandem/colo/state/order.ts'
import { OrderKind } from '@tandem/colo/state/orders.ts'
import { TokenKind, tokenKind, tokenValue } from '@tandem/colo/token.ts'
import { TurnCell, TurnOutcome } from '@tandem/colo/turn.ts'
import { planUnwind } from '@tandem/colo/unwind.ts'
import { KalshiError } from '@tandem/colo/venue/kalshi/error.ts'
import { LegEnd, UnknownReason } from '@tandem/colo/venue/leg.ts'
import { KALSHI, POLYMARKET, type Venue } from '@tandem/colo/venue/venue.ts'
import type { LegPlanName } from '@tandem/shared/leg-plan.ts'
import { readMapping } from '@tandem/shared/mapping.ts'
import { readSettings } from '@tandem/shared/settings.ts'
import { isLegalPrice } from '@tandem/shared/ticks.ts'
import { type Lots, PRICE_NONE, type Price, SIDE_ASK, SIDE_BID } from '@tandem/shared/units.ts'
import {
  kalshiDelta,
  kalshiLifecycle,
  kalshiSnapshot,
  polymarketBook,
  polymarketChange,
} from '../../frames.ts'

// The pipeline from bytes to orders, with a signer that answers when told and a journal whose disk is ours.

const YES = '1111'
const NO = '2222'
const TICKER = 'KXTEST-26'
const WALL_MS = 1_790_000_000_000
const FREE = {
  polymarket: { rate: 0, exponent: 1 },
  kalshi: { feeType: 'quadratic' as const, feeMultiplier: 0 },
}

const DOLLARS = 1_000_000
const WIDE = {
  limits: {
    orderMicroUsd: 1_000 * DOLLARS,
    marketMicroUsd: 100_000 * DOLLARS,
    eventMicroUsd: 100_000 * DOLLARS,
    venueMicroUsd: 100_000 * DOLLARS,
    dayMicroUsd: 100_000 * DOLLARS,
    totalMicroUsd: 100_000 * DOLLARS,
  },
}

/** Answers when `answer` is called, with bytes that are no signature: nothing here checks one. */
class HeldSigner implements Signer {
  readonly facts = {
    pid: 1,
    chainId: 137,
    signatureType: 0,
    maker: `0x${'1'.repeat(40)}`,
    signer: `0x${'1'.repeat(40)}`,
    owner: `0x${'1'.repeat(40)}`,
    orderSignatureBytes: 65,
    kalshi: { keyId: 'key', keyType: 'ed25519' as const, signatureLength: 88, publicKey: new Uint8Array() },
  }
  listener: SignerListener | undefined
  #asked: (() => void)[] = []
  #digests = 0

  registerToken(): number {
    return 0
  }

  order(_lane: number, ticket: number): boolean {
    const digest = new Uint8Array(32)
    new DataView(digest.buffer).setUint32(0, ++this.#digests)
    this.#asked.push(() => this.listener?.orderSigned(ticket, digest, new Uint8Array(65)))
    return true
  }

  header(ticket: number): boolean {
    this.#asked.push(() => this.listener?.headerSigned(ticket, new Uint8Array(88).fill(0x41)))
    return true
  }

  answer(): void {
    for (const answer of this.#asked.splice(0)) answer()
  }
}

interface SceneOptions {
  kalshiTicks?: string
  polarity?: string
  settings?: object
  takerDelayMs?: number
  /** The pair's own. */
  legPlan?: LegPlanName
  /** By venue, in place of twice the paper latency. */
  rttMs?: readonly [number, number]
  /** One copy of the books and nothing else, where nothing is said. */
  feeds?: { copies: 1 | 2; poll: boolean }
  /** Hears the body of each order to Kalshi. */
  onKalshi?: (body: string) => void
}

function scene({
  polarity = 'same',
  settings = {},
  takerDelayMs = 0,
  legPlan,
  rttMs,
  kalshiTicks = 'linear_cent',
  feeds = { copies: 1, poll: false },
  onKalshi = () => {},
}: SceneOptions = {}) {
  const { mapping } = readMapping(
    {
      pairs: [
        {
          id: 'pair',
          polarity,
          ...(legPlan === undefined ? {} : { leg_plan: legPlan }),
          kalshi: { ticker: TICKER, price_level_structure: kalshiTicks },
          polymarket: { yes_token: YES, no_token: NO, tick: '0.01', taker_delay_ms: takerDelayMs },
        },
      ],
    },
    'test',
  )
  const clock = new SimulatedClock(WALL_MS)
  const signer = new HeldSigner()
  const memory = newRingMemory()
  const { header } = ringViews(memory)
  const journal = new JournalRing(memory)
  const record = new RunRecord(['pair'], [[YES], [TICKER]], () => String(clock.nowNs()))
  const turns: { outcome: number; reason: number; cells: number[] }[] = []
  const watch = record.turn.bind(record)
  record.turn = (cells) => {
    turns.push({ outcome: cells[TurnCell.outcome], reason: cells[TurnCell.reason], cells: [...cells] })
    watch(cells)
  }
  const listing = new Listing(mapping.pairs.map((pair) => ({ pair, fees: FREE })))
  const inForce = readSettings({ minEdgeMicroUsd: 10_000, cooldownMs: 0, ...WIDE, ...settings }, 'test')
  const paper = paperVenues(listing, inForce, true, clock)
  const polymarketGateway = paper.gateway(POLYMARKET)
  const kalshiGateway = paper.gateway(KALSHI)
  const gateways = [polymarketGateway, kalshiGateway] as const
  rttMs?.forEach((ms, venue) => {
    gateways[venue as Venue].rttNs = () => ms * 1e6
  })
  const { send } = kalshiGateway
  kalshiGateway.send = (approved, order, request, length) => {
    onKalshi(request.toString('latin1', request.indexOf('\r\n\r\n'), length))
    send.call(kalshiGateway, approved, order, request, length)
  }
  const assembly = assemble(listing, inForce, {
    clock,
    signer,
    journal,
    runId: 'test-',
    saltStart: SALT_MIN,
    headerSpacingMs: 50,
    balanceMicroUsd: [1e12, 1e12],
    observer: record,
    stress: false,
    access: PAPER_ACCESS,
    feeds,
    gateways,
  })
  paper.listener = assembly.desk
  signer.listener = assembly.executor
  const makeDurable = (): void => void Atomics.store(header, RingCell.Durable, journal.published)

  const step = (ms: number, { signs = true, syncs = true } = {}): void => {
    const untilNs = clock.nowNs() + ms * 1e6
    for (let token = clock.step(untilNs); token !== -1; token = clock.step(untilNs)) {
      if (tokenKind(token) === TokenKind.Paper) paper.due(tokenValue(token))
      else assembly.executor.onTick(clock.nowNs(), token)
      if (signs) signer.answer()
      if (syncs) makeDurable()
    }
  }
  const frame = (venue: Venue, bytes: Buffer): number => {
    const padded = Buffer.concat([Buffer.from('}}'), bytes, Buffer.from('{{')])
    return assembly.executor.onFrame(venue, padded, 2, padded.length - 2, clock.nowNs())
  }
  let seq = 1
  const polymarket = (bid: string, ask: string, size = '1000', ms = clock.wallMs()) =>
    frame(POLYMARKET, polymarketBook(YES, [[bid, size]], [[ask, size]], ms))
  /** @param no the NO bid, which is one dollar less the YES ask */
  const kalshi = (yes: string, no: string, size = '1000.00') =>
    frame(KALSHI, kalshiSnapshot(TICKER, seq++, [[yes, size]], [[no, size]]))
  assembly.executor.start()
  return {
    ...assembly,
    gateways,
    clock,
    signer,
    journal,
    header,
    record,
    turns,
    step,
    frame,
    polymarket,
    kalshi,
    makeDurable,
  }
}

/** A scene whose pool has stock for both lines, its books apart. */
function stocked(options: SceneOptions = {}) {
  const parts = scene(options)
  parts.polymarket('0.45', '0.47')
  parts.kalshi('0.4500', '0.5300')
  parts.step(1_000)
  assert.equal(parts.turns.length, 0)
  return parts
}

const last = <Item>(items: readonly Item[]): Item => items.at(-1) as Item

test('a crossing becomes two orders of equal shares in one call', () => {
  const parts = stocked()
  // Kalshi bids .53 for what Polymarket sells at .47.
  assert.equal(parts.kalshi('0.5300', '0.4500'), TurnOutcome.Sent)
  parts.step(200)
  const trade = last(parts.record.trades)
  assert.equal(trade.outcome, 'hedged')
  assert.equal(trade.direction, 'buy_polymarket_sell_kalshi')
  assert.ok(trade.net_micro_usd > 0)
  assert.ok(Math.abs(trade.polymarket.filled_micro_shares - trade.kalshi.filled_micro_shares) < 10_000)
})

test('what the second copy of a feed tells again decides nothing; what it tells first is traded on', () => {
  const parts = stocked({ feeds: { copies: 2, poll: false } })
  const second = (yes: string, no: string, seq: number) => {
    const bytes = kalshiSnapshot(TICKER, seq, [[yes, '1000.00']], [[no, '1000.00']])
    parts.executor.apply(1, KALSHI, 0, bytes, 0, bytes.length, parts.clock.nowNs())
    return parts.executor.settle(parts.clock.nowNs())
  }
  const same = polymarketBook(YES, [['0.45', '1000']], [['0.47', '1000']], parts.clock.wallMs() - 1_000)
  parts.executor.apply(1, POLYMARKET, 0, same, 0, same.length, parts.clock.nowNs())
  assert.equal(second('0.4500', '0.5300', 1), TurnOutcome.Quiet)
  assert.equal(parts.kalshi('0.5300', '0.4500'), TurnOutcome.Sent)
  const turns = parts.turns.length
  assert.equal(second('0.5300', '0.4500', 2), TurnOutcome.Quiet)
  assert.equal(parts.turns.length, turns)
  parts.copies[0].intakes[KALSHI].disconnected(0, parts.clock.nowNs())
  assert.equal(parts.listing.books[KALSHI][0].state, BookState.Live)
  parts.step(200)
  // Other touches than were taken, Kalshi's told by the copy that is left.
  parts.polymarket('0.45', '0.46')
  assert.equal(second('0.5400', '0.4500', 3), TurnOutcome.Sent)
})

test('a crossing on a book that was polled is a signal, marked, and never an order', () => {
  const parts = stocked({ feeds: { copies: 1, poll: true } })
  const [copy] = parts.copies
  copy.intakes[KALSHI].disconnected(0, parts.clock.nowNs())
  parts.step(1_000)
  assert.ok(parts.fronts?.[KALSHI].isWanted(0, parts.clock.nowNs()))
  const poll = (bid: number, ask: number): void => {
    const [book] = parts.polled?.[KALSHI] as Book[]
    const sides = [SIDE_BID, SIDE_ASK] as const
    const told = { book: 0, tick: PRICE_NONE, venueMs: -1, count: 2, sides, lots: [1e5, 1e5] as Lots[] }
    book.beginSnapshot(PRICE_NONE, -1)
    setLevels(book, { ...told, prices: [bid, ask] as Price[] })
    book.state = BookState.Polled
    parts.executor.polled(KALSHI, 0, parts.clock.nowNs())
  }
  poll(4_500, 4_700)
  assert.deepEqual(parts.record.signals, [])
  poll(5_300, 5_500)
  assert.deepEqual(
    parts.record.signals.map(({ direction, polled }) => [direction, polled]),
    [['buy_polymarket_sell_kalshi', true]],
  )
  assert.equal(parts.polymarket('0.45', '0.46'), TurnOutcome.NotLive)
  assert.ok(parts.turns.every(({ outcome }) => outcome === TurnOutcome.NotLive))
  // When it is too old to be shown, when a feed has it again: what was polled is gone.
  parts.step(5_001)
  parts.fronts?.[KALSHI].tick(parts.clock.nowNs())
  assert.equal(parts.listing.books[KALSHI][0].state, BookState.Suspect)
  poll(5_300, 5_500)
  assert.equal(parts.listing.books[KALSHI][0].state, BookState.Polled)
  assert.equal(parts.kalshi('0.5300', '0.4500'), TurnOutcome.Sent)
})

test('polarity and direction decide what is bought where', () => {
  // The four ways to cross, each at Polymarket .40/.42 or .58/.60 against what Kalshi shows.
  for (const [polarity, yes, no, direction] of [
    ['same', '0.5300', '0.4500', 'buy_polymarket_sell_kalshi'],
    ['same', '0.3500', '0.6200', 'buy_kalshi_sell_polymarket'],
    ['inverse', '0.4500', '0.5300', 'buy_polymarket_sell_kalshi'],
    ['inverse', '0.6200', '0.3500', 'buy_kalshi_sell_polymarket'],
  ] as const) {
    const parts = scene({ polarity })
    parts.polymarket('0.45', '0.47')
    const [apartYes, apartNo] = polarity === 'same' ? ['0.4500', '0.5300'] : ['0.5300', '0.4500']
    parts.kalshi(apartYes, apartNo)
    parts.step(1_000)
    assert.equal(parts.turns.length, 0, polarity)
    assert.equal(parts.kalshi(yes, no), TurnOutcome.Sent, `${polarity} ${direction}`)
    parts.step(200)
    const trade = last(parts.record.trades)
    assert.equal(trade.direction, direction)
    assert.equal(trade.outcome, 'hedged')
    assert.ok(trade.net_micro_usd > 0, `${polarity} ${direction} nets ${trade.net_micro_usd}`)
  }
})

test('what a pair must bring is kept to: six cents are too few where the markets may settle apart', () => {
  const parts = stocked({ settings: { divergenceChance: 0.06 } })
  assert.equal(parts.kalshi('0.5300', '0.4500'), TurnOutcome.Quiet)
  const near = stocked({ settings: { divergenceChance: 0.04 } })
  assert.equal(near.kalshi('0.5300', '0.4500'), TurnOutcome.Sent)
})

test('a book that is not LIVE is not traded on, however wide the cross', () => {
  const parts = stocked()
  // A claimed top that is not ours: the Polymarket book is in doubt.
  parts.frame(POLYMARKET, polymarketChange(YES, 'BUY', '0.40', '5', ['0.46', '0.47'], parts.clock.wallMs()))
  assert.equal(parts.kalshi('0.5300', '0.4500'), TurnOutcome.NotLive)
  assert.equal(parts.record.decisions.sent, 0)
})

test('a gap in the sequence stops trading until a snapshot', () => {
  const parts = stocked()
  const gap = parts.frame(KALSHI, kalshiDelta(TICKER, 99, 'yes', '0.5300', '1000.00', parts.clock.wallMs()))
  assert.equal(gap, TurnOutcome.NotLive)
  assert.equal(
    parts.frame(KALSHI, kalshiSnapshot(TICKER, 100, [['0.5300', '1000.00']], [['0.4500', '1000.00']])),
    TurnOutcome.Sent,
  )
})

test('a frame that cannot be read puts the books of its venue in doubt', () => {
  const parts = stocked()
  parts.frame(POLYMARKET, Buffer.from('{"event_type":"price_change","price_changes":[{'))
  assert.equal(last(parts.record.integrity).to, 'SUSPECT')
  assert.equal(parts.kalshi('0.5300', '0.4500'), TurnOutcome.NotLive)
})

test('an order is not used before its hash is durable', () => {
  const parts = stocked({ settings: { pool: { missPolicy: 'skip' } } })
  // New touches, without a crossing on the way, and a disk that stands still: orders for them are signed and no more.
  parts.polymarket('0.10', '0.95')
  parts.kalshi('0.6800', '0.2800')
  parts.polymarket('0.70', '0.72')
  parts.step(500, { syncs: false })
  assert.equal(parts.kalshi('0.7900', '0.1900'), TurnOutcome.Missed)
  assert.equal(parts.record.decisions.missed.NotDurable, 1)
  parts.makeDurable()
  parts.step(10)
  assert.equal(parts.kalshi('0.7900', '0.1900'), TurnOutcome.Sent)
})

test('nothing is begun before the first stock is signed', () => {
  const parts = scene()
  parts.polymarket('0.45', '0.47')
  parts.kalshi('0.4500', '0.5300')
  parts.step(100, { signs: false })
  assert.equal(parts.kalshi('0.5300', '0.4500'), TurnOutcome.Refused)
  assert.equal(parts.record.decisions.refused.NotStocked, 1)
})

test('no signed order is sent twice', () => {
  const parts = stocked()
  const salts: number[] = []
  for (let round = 0; round < 20; round++) {
    // The size differs each time, so that the touch does not show what was taken.
    if (parts.kalshi('0.5300', '0.4500', `${500 + round}.00`) === TurnOutcome.Sent) {
      const slot = last(parts.turns.filter(({ outcome }) => outcome === TurnOutcome.Sent)).cells[
        TurnCell.poolSlot
      ]
      salts.push(parts.pool.store.salt[slot as number] as number)
    }
    parts.polymarket('0.45', '0.47', String(900 + round))
    parts.step(200)
  }
  assert.ok(salts.length > 15)
  assert.equal(new Set(salts).size, salts.length)
})

test('a long row of trades finds a Kalshi header each', () => {
  const parts = stocked()
  const taken: number[] = []
  for (let trade = 0; trade < 1_000; trade++) {
    taken.push(parts.headers.take(parts.clock.wallMs()))
    parts.step(2)
  }
  assert.equal(taken.filter((header) => header < 0).length, 0)
})

test('a miss is signed now, and decided anew when it is there', () => {
  const parts = stocked()
  // While the signer is busy elsewhere, trade by trade the orders that fit are used up.
  let outcome = parts.kalshi('0.5300', '0.4500')
  for (let round = 0; round < 40 && outcome === TurnOutcome.Sent; round++) {
    parts.step(200, { signs: false })
    parts.polymarket('0.45', '0.47', String(900 - round))
    outcome = parts.kalshi('0.5300', '0.4500', `${900 - round}.00`)
  }
  assert.equal(outcome, TurnOutcome.Signing)
  assert.equal(parts.pool.counters.urgent, 1)
  const { sent } = parts.record.decisions
  parts.signer.answer()
  assert.equal(parts.record.decisions.sent, sent)
  parts.makeDurable()
  parts.step(10)
  assert.equal(parts.record.decisions.sent, sent + 1)
  assert.equal(parts.pool.hitRate.all().hits, sent)
})

test('what a trade took is not taken again before the venue shows it', () => {
  const parts = stocked()
  assert.equal(parts.kalshi('0.5300', '0.4500'), TurnOutcome.Sent)
  parts.step(200)
  const again = parts.kalshi('0.5300', '0.4500')
  assert.equal(again, TurnOutcome.Refused)
  parts.polymarket('0.45', '0.47', '900')
  assert.equal(parts.kalshi('0.5300', '0.4500', '900.00'), TurnOutcome.Sent)
})

test('while both answers are out the pair is left alone', () => {
  const parts = stocked()
  parts.kalshi('0.5300', '0.4500')
  parts.step(20)
  assert.equal(parts.kalshi('0.5400', '0.4500'), TurnOutcome.Refused)
  assert.equal(parts.record.decisions.refused.InFlight, 1)
})

test('a journal without room refuses entries, and says so', () => {
  const parts = stocked()
  const cells = new Float64Array(1)
  for (let i = 0; i < RING_RECORDS; i++) parts.journal.appendCells(RecordKind.Fill, cells, 1)
  assert.equal(parts.kalshi('0.5300', '0.4500'), TurnOutcome.Refused)
  assert.equal(parts.record.decisions.refused.JournalBlocked, 1)
})

test('without the signer nothing new is begun, whatever an operator resumes', () => {
  const parts = stocked()
  parts.executor.closed()
  parts.executor.halt(HaltReason.Operator)
  parts.executor.resume(HaltReason.Operator)
  assert.equal(parts.kalshi('0.5300', '0.4500'), TurnOutcome.Refused)
  assert.equal(parts.record.decisions.refused.Halted, 1)
})

test('an operator’s halt stops entries until it is taken back', () => {
  const parts = stocked()
  parts.executor.halt(HaltReason.Operator)
  assert.equal(parts.kalshi('0.5300', '0.4500'), TurnOutcome.Refused)
  parts.executor.resume(HaltReason.Operator)
  assert.equal(parts.kalshi('0.5300', '0.4500'), TurnOutcome.Sent)
})

const TWO = { lastOnes: 4, refusals: 2, legFailures: 2 }

test('entries of which one side alone fills trip a breaker, and a person takes it back by name', () => {
  const parts = stocked({ settings: { breakers: TWO } })
  const { operator } = operated(parts)
  for (const round of [0, 1]) {
    parts.polymarket('0.45', '0.47', String(900 + round))
    assert.equal(parts.kalshi('0.5300', '0.4500', `${900 + round}.00`), TurnOutcome.Sent)
    parts.step(40)
    parts.polymarket('0.55', '0.60')
    parts.step(400)
    assert.equal(last(parts.record.trades).outcome, 'sold_back')
    parts.kalshi('0.4500', '0.5300')
    parts.step(400)
  }
  assert.deepEqual(operator.status().halts, ['LegFailures'])
  parts.polymarket('0.45', '0.47', '800')
  assert.equal(parts.kalshi('0.5300', '0.4500', '800.00'), TurnOutcome.Refused)
  assert.equal(parts.record.decisions.refused.Halted, 1)
  // Not by the way: whoever resumes after a halt of his own need not have seen it.
  operator.halt()
  assert.deepEqual(operator.resume({ command: 'resume', tripped: false }).halts, ['LegFailures'])
  assert.deepEqual(operator.resume({ command: 'resume', tripped: true }).halts, [])
  assert.equal(parts.kalshi('0.5300', '0.4500', '801.00'), TurnOutcome.Sent)
})

test('entry orders that a venue refuses trip a breaker; exits, and orders that came too late, do not', () => {
  const parts = stocked({ settings: { breakers: TWO } })
  const order = (kind: OrderKind): number => {
    const trade = parts.trades.begin(0, 0, 1)
    parts.risk.sent(0, 1)
    const number = parts.orders.plan(trade, 0, 0, KALSHI, kind)
    parts.orders.move(parts.orders.place(number), OrderEvent.Send)
    parts.trades.underWay[trade]++
    return number
  }
  const refuse = (kind: OrderKind, error: KalshiError = KalshiError.InvalidPrice): void =>
    parts.desk.legDone(order(kind), KALSHI, 0, 0, 0, parts.clock.nowNs(), LegEnd.Refused, error)
  for (let i = 0; i < 5; i++) refuse(OrderKind.SellBack)
  for (let i = 0; i < 5; i++) refuse(OrderKind.Entry, KalshiError.NotFilled)
  refuse(OrderKind.Entry)
  assert.equal(parts.risk.halts, 0)
  refuse(OrderKind.Entry)
  assert.equal(parts.risk.halts, HaltReason.Refusals)
})

test('trades that lose more than a day may stop entries', () => {
  const parts = stocked({ settings: { breakers: { dayLossMicroUsd: 2_000_000 } } })
  parts.kalshi('0.5300', '0.4500')
  parts.step(40)
  parts.polymarket('0.55', '0.60')
  parts.step(200)
  assert.ok(last(parts.record.trades).net_micro_usd <= -2_000_000)
  assert.equal(parts.risk.halts, HaltReason.DayLoss)
})

test('dust is taken along until it is a lot, so no pair drifts apart', () => {
  const parts = stocked()
  for (let round = 0; round < 60; round++) {
    parts.kalshi('0.5300', '0.4500', `${500 + round}.00`)
    parts.polymarket('0.45', '0.47', String(900 + round))
    parts.step(200)
    assert.ok(Math.abs(parts.ledger.excessMicroShares(0, 0)) < 10_000)
  }
  assert.ok(parts.record.trades.length > 30)
  assert.equal(parts.record.decisions.refused.Exposed, undefined)
})

test('what was reserved is given back to the last micro-dollar', () => {
  const parts = stocked()
  for (let round = 0; round < 10; round++) {
    parts.kalshi('0.5300', '0.4500', `${500 + round}.00`)
    parts.polymarket('0.45', '0.47', String(900 + round))
    parts.step(200)
  }
  assert.ok(parts.record.trades.length > 5)
  const spent = parts.record.summary().pnl_micro_usd.spent
  let balance = 0
  for (const venue of [POLYMARKET, KALSHI]) {
    assert.equal(parts.ledger.reservedMicroUsd[venue], 0)
    balance += parts.ledger.balanceMicroUsd[venue] as number
  }
  assert.equal(balance, 2e12 - spent)
})

test('where takers are delayed, Kalshi is sized by what Polymarket filled', () => {
  const parts = stocked({ takerDelayMs: 150 })
  // By the time that the order meets the book, three quarters of it are gone.
  assert.equal(parts.kalshi('0.5300', '0.4500'), TurnOutcome.Sent)
  parts.step(40)
  parts.polymarket('0.45', '0.47', '50.5')
  assert.equal(parts.record.trades.length, 0)
  parts.step(400)
  const trade = last(parts.record.trades)
  assert.equal(trade.outcome, 'hedged')
  assert.equal(trade.polymarket.filled_micro_shares, 50_500_000)
  assert.equal(trade.kalshi.filled_micro_shares, 50_500_000)
})

test('a delayed leg that fills nothing sends nothing after it', () => {
  const parts = stocked({ takerDelayMs: 150 })
  parts.kalshi('0.5300', '0.4500')
  parts.step(40)
  parts.polymarket('0.45', '0.60')
  parts.step(400)
  assert.equal(last(parts.record.trades).outcome, 'nothing')
  assert.equal(parts.ledger.reservedMicroUsd[KALSHI], 0)
})

// ---- the farther venue first -------------------------------------------------------------------------------------

/** A scene of this plan, and when and what each order of it to Kalshi was, counted from the entry. */
function farFirst(options: SceneOptions = {}) {
  const leaves: { afterMs: number; lots: number; group: string | undefined }[] = []
  let enteredNs = 0
  let planned = 0
  const parts = stocked({
    settings: { legPlan: 'far-first' },
    onKalshi: (body) => {
      const { count, order_group_id } = JSON.parse(body)
      const afterMs = (parts.clock.nowNs() - enteredNs) / 1e6
      leaves.push({ afterMs, lots: Math.round(Number(count) * 100), group: order_group_id })
    },
    ...options,
  })
  const enter = (size?: string): void => {
    enteredNs = parts.clock.nowNs()
    assert.equal(parts.kalshi('0.5300', '0.4500', size), TurnOutcome.Sent)
    planned = last(parts.turns).cells[TurnCell.kalshiLots] as number
  }
  return { ...parts, leaves, enter, planned: () => planned }
}
/** By venue: Polymarket's leg ends at 80 ms, its release would be at 100. */
const LATE_RELEASE = { rttMs: [220, 20] } as const

test('the near leg leaves half the difference later, as planned, and its money is held back until then', () => {
  const parts = farFirst({ rttMs: [91, 8] })
  parts.enter()
  assert.ok((parts.ledger.reservedMicroUsd[KALSHI] as number) > 0)
  parts.step(41)
  assert.deepEqual(parts.leaves, [])
  assert.equal(parts.risk.restOf(0, parts.clock.nowNs()), Refusal.InFlight)
  parts.step(500)
  assert.deepEqual(parts.leaves, [{ afterMs: 41.5, lots: parts.planned(), group: undefined }])
  assert.equal(last(parts.record.trades).outcome, 'hedged')
  for (const venue of [POLYMARKET, KALSHI]) assert.equal(parts.ledger.reservedMicroUsd[venue], 0)
})

test('by their paper latencies both legs meet their books at the same time', () => {
  const parts = farFirst()
  parts.enter()
  parts.step(200)
  assert.deepEqual(
    parts.leaves.map(({ afterMs }) => afterMs),
    [65],
  )
})

test('both legs leave at once where nobody knows which is nearer, where it hardly matters, and where it is Polymarket', () => {
  for (const rttMs of [
    [Number.NaN, 8],
    [91, Number.NaN],
    [9.9, 8],
    [8, 91],
  ] as const) {
    const parts = farFirst({ rttMs })
    parts.enter()
    assert.deepEqual(parts.leaves, [{ afterMs: 0, lots: parts.planned(), group: undefined }], String(rttMs))
  }
})

test('a round trip that was measured at a bad moment holds the near leg back for a tenth of a second at most', () => {
  const parts = farFirst({
    rttMs: [900, 10],
    settings: { legPlan: 'far-first', paper: { latencyMs: { polymarket: 450 } } },
  })
  parts.enter()
  parts.step(1_000)
  assert.deepEqual(
    parts.leaves.map(({ afterMs }) => afterMs),
    [100],
  )
})

test('a far leg that ended at nothing before the release sends nothing after it, and the next trade keeps its own', () => {
  const parts = farFirst(LATE_RELEASE)
  parts.enter()
  parts.step(40)
  parts.polymarket('0.45', '0.60')
  parts.step(45)
  assert.equal(last(parts.record.trades).outcome, 'nothing')
  assert.equal(parts.ledger.reservedMicroUsd[KALSHI], 0)
  parts.polymarket('0.45', '0.47', '900')
  parts.enter('900.00')
  // The release of the trade before would have been now.
  parts.step(40)
  assert.deepEqual(parts.leaves, [])
  parts.step(400)
  assert.equal(parts.leaves.length, 1)
  assert.equal(last(parts.record.trades).outcome, 'hedged')
})

test('a far leg that ended at less before the release is followed at once by as much', () => {
  const parts = farFirst(LATE_RELEASE)
  parts.enter()
  parts.step(40)
  parts.polymarket('0.45', '0.47', '50.5')
  parts.step(400)
  assert.deepEqual(parts.leaves, [{ afterMs: 80, lots: 5_050, group: undefined }])
  assert.ok(parts.planned() > 5_050)
  assert.equal(last(parts.record.trades).outcome, 'hedged')
})

test('a halt, and not knowing what became of the far leg, hold no release back', () => {
  const parts = farFirst()
  parts.enter()
  parts.step(20)
  parts.executor.halt(HaltReason.Operator)
  parts.desk.legUnknown(0, POLYMARKET, UnknownReason.Timeout, parts.clock.nowNs())
  parts.step(400)
  assert.deepEqual(parts.leaves, [{ afterMs: 65, lots: parts.planned(), group: undefined }])
  assert.equal(last(parts.record.trades).outcome, 'hedged')
})

test('a release that finds no connection leaves what the far leg filled to the way out', () => {
  const parts = farFirst()
  parts.useOrderGroup(0, 'og_123')
  const gateway = parts.gateways[KALSHI]
  const { freeForExit } = gateway
  parts.enter()
  gateway.freeForExit = () => false
  parts.step(70)
  assert.equal(parts.ledger.reservedMicroUsd[KALSHI], 0)
  gateway.freeForExit = freeForExit
  parts.step(400)
  assert.deepEqual(
    parts.leaves.map(({ afterMs, group }) => [afterMs, group]),
    [[80, undefined]],
  )
  assert.equal(last(parts.record.trades).outcome, 'completed')
})

test('a second leg that is sized by the first names no order group', () => {
  const parts = farFirst({ takerDelayMs: 150 })
  parts.useOrderGroup(0, 'og_123')
  parts.enter()
  parts.step(600)
  assert.deepEqual(
    parts.leaves.map(({ group }) => group),
    [undefined],
  )
})

test('a leg that is released names Kalshi’s order group, and leaves without one that is gone', () => {
  const parts = farFirst()
  parts.useOrderGroup(0, 'og_123')
  parts.enter()
  parts.step(200)
  parts.polymarket('0.45', '0.47', '900')
  parts.enter('900.00')
  parts.useOrderGroup(0, undefined)
  parts.step(200)
  assert.deepEqual(
    parts.leaves.map(({ afterMs, group }) => [afterMs, group]),
    [
      [65, 'og_123'],
      [65, undefined],
    ],
  )
  assert.deepEqual(
    parts.record.trades.map(({ outcome }) => outcome),
    ['hedged', 'hedged'],
  )
})

test('a pair has its own plan before that of the settings, and a taker delay is before both', () => {
  const waits = (options: SceneOptions): (number | undefined)[] => {
    const parts = farFirst(options)
    parts.enter()
    parts.step(600)
    return parts.leaves.map(({ afterMs }) => afterMs)
  }
  assert.deepEqual(waits({ settings: {} }), [0])
  assert.deepEqual(waits({ settings: {}, legPlan: 'far-first' }), [65])
  assert.deepEqual(waits({ legPlan: 'parallel' }), [0])
  assert.deepEqual(waits({ legPlan: 'one-then-other' }), [80])
  assert.deepEqual(waits({ takerDelayMs: 150 }), [230])
  assert.deepEqual(waits({ takerDelayMs: 150, legPlan: 'parallel' }), [230])
})

/** One venue leaps to a crossing: which venues were written to, in order. */
function writtenTo(leaping: Venue, options: SceneOptions): Venue[] {
  const parts = stocked(options)
  const venues: Venue[] = []
  parts.gateways.forEach((gateway, venue) => {
    const { send } = gateway
    gateway.send = (...args) => {
      venues.push(venue as Venue)
      send.apply(gateway, args)
    }
  })
  if (leaping === KALSHI) parts.kalshi('0.5300', '0.4500')
  else parts.polymarket('0.53', '0.55')
  parts.step(10)
  return venues
}

test('the far venue is written to first; the one that lags only by its setting, and where both leave at once', () => {
  const settings = { ensembleOrdersLegs: true }
  assert.deepEqual(writtenTo(POLYMARKET, {}), [POLYMARKET, KALSHI])
  assert.deepEqual(writtenTo(POLYMARKET, { settings }), [KALSHI, POLYMARKET])
  assert.deepEqual(writtenTo(KALSHI, { settings }), [POLYMARKET, KALSHI])
  assert.deepEqual(writtenTo(POLYMARKET, { settings, legPlan: 'far-first', rttMs: [30, 30] }), [
    POLYMARKET,
    KALSHI,
  ])
  assert.deepEqual(writtenTo(POLYMARKET, { settings, legPlan: 'one-then-other' }), [POLYMARKET])
})

test('a fair value is told when it changes by a cent’s move and when it is no more known', () => {
  const parts = scene()
  const told: number[][] = []
  parts.record.fair = (...fair: number[]) => void told.push(fair.slice(0, 3))
  parts.polymarket('0.45', '0.47')
  parts.kalshi('0.4500', '0.5300')
  parts.polymarket('0.45', '0.47', '9000')
  parts.kalshi('0.4600', '0.5200')
  parts.frame(POLYMARKET, polymarketChange(YES, 'BUY', '0.40', '5', ['0.46', '0.47'], parts.clock.wallMs()))
  assert.deepEqual(told, [
    [0, 4_600, Lag.Neither],
    // Polymarket shows nine times as much, Kalshi has moved by its own noise: 3 to 2.
    [0, 4_640, Lag.Neither],
    [0, PRICE_NONE, Lag.Unknown],
  ])
})

test('a leg that did not fill is sold back on Kalshi at once, and the loss is bounded', () => {
  const parts = stocked()
  parts.kalshi('0.5300', '0.4500')
  parts.step(40)
  // Kalshi has filled; Polymarket's price is gone before the order is there.
  parts.polymarket('0.55', '0.60')
  parts.step(200)
  const trade = last(parts.record.trades)
  assert.equal(trade.outcome, 'sold_back')
  assert.equal(trade.kalshi.filled_micro_shares, 0)
  // Bought NO at .47, sold it back at .45.
  assert.ok(trade.net_micro_usd < 0)
  assert.equal(parts.ledger.excessMicroShares(0, 0), 0)
  assert.equal(parts.record.decisions.refused.Exposed, undefined)
})

test('too few on Kalshi are bought, dearer than planned but within the bound', () => {
  const parts = stocked()
  parts.kalshi('0.5300', '0.4500')
  // Kalshi's price is gone before the order is there; Polymarket fills.
  parts.kalshi('0.5000', '0.4500')
  parts.step(200)
  const trade = last(parts.record.trades)
  assert.equal(trade.outcome, 'completed')
  assert.ok(trade.polymarket.filled_micro_shares - trade.kalshi.filled_micro_shares < 10_000)
  assert.ok(trade.kalshi.filled_micro_shares > 0)
})

test('an entry names Kalshi’s order group, its way out names none, and without a group there is no entry', () => {
  const bodies: string[] = []
  const parts = stocked({ onKalshi: (body) => bodies.push(body) })
  parts.useOrderGroup(0, undefined)
  assert.equal(parts.kalshi('0.5300', '0.4500'), TurnOutcome.Refused)
  assert.equal(parts.record.decisions.refused.NoOrderGroup, 1)
  parts.useOrderGroup(2, 'og_of_another_shard')
  parts.useOrderGroup(0, 'og_123')
  parts.step(1_000)
  assert.equal(parts.kalshi('0.5400', '0.4500'), TurnOutcome.Sent)
  parts.step(40)
  // Kalshi has filled; Polymarket's price is gone before the order is there.
  parts.polymarket('0.55', '0.60')
  parts.step(200)
  assert.equal(last(parts.record.trades).outcome, 'sold_back')
  assert.deepEqual(
    bodies.map((body) => JSON.parse(body).order_group_id),
    ['og_123', undefined],
  )
})

test('whose lease is over sends nothing more, not even a way out, until it has one again', () => {
  let sent = 0
  const parts = stocked({ onKalshi: () => sent++ })
  const { tenure } = parts.risk
  parts.kalshi('0.5300', '0.4500')
  parts.step(40)
  assert.equal(sent, 1)
  tenure.untilNs = parts.clock.nowNs()
  // Kalshi has filled; Polymarket's price is gone before the order is there.
  parts.polymarket('0.55', '0.60')
  parts.step(3_000)
  assert.deepEqual([sent, parts.record.trades.length, parts.record.parked], [1, 0, 1])
  tenure.untilNs = Number.POSITIVE_INFINITY
  parts.step(2_000)
  assert.deepEqual([sent, last(parts.record.trades).outcome], [2, 'sold_back'])
})

test('what cannot be closed within the bound is parked, the pair stands still, and it is closed when it can be', () => {
  const parts = stocked()
  parts.kalshi('0.5300', '0.4500')
  parts.kalshi('0.2000', '0.4500')
  parts.step(40)
  // Bought on Polymarket at .47; what is bid there now is below the bound too.
  parts.polymarket('0.30', '0.47')
  parts.step(3_000)
  assert.equal(parts.record.trades.length, 0)
  assert.equal(parts.record.parked, 1)
  parts.polymarket('0.30', '0.47', '900')
  assert.equal(parts.kalshi('0.5300', '0.4500', '900.00'), TurnOutcome.Refused)
  assert.equal(parts.record.decisions.refused.InFlight, 1)
  parts.step(2_000)
  assert.equal(last(parts.record.trades).outcome, 'completed')
  assert.ok(last(parts.record.trades).net_micro_usd > 0)
})

test('shares that only Polymarket has are sold there, where Kalshi is dearer than the bound', () => {
  const parts = stocked()
  parts.kalshi('0.5300', '0.4500')
  parts.kalshi('0.2000', '0.4500')
  parts.step(400)
  const trade = last(parts.record.trades)
  assert.equal(trade.outcome, 'sold_back')
  // Dollars buy parts of a lot, which nobody can sell.
  assert.ok(trade.polymarket.filled_micro_shares < 10_000)
  assert.equal(trade.kalshi.filled_micro_shares, 0)
  // Bought at .47, sold at .45.
  assert.ok(trade.net_micro_usd < 0)
})

test('a tick that the market changes to is the one that orders keep to', () => {
  const parts = stocked()
  parts.frame(
    POLYMARKET,
    polymarketBook(YES, [['0.451', '1000']], [['0.469', '1000']], parts.clock.wallMs(), '0.001'),
  )
  parts.step(1_000)
  assert.equal(parts.kalshi('0.5300', '0.4500'), TurnOutcome.Sent)
  const limit = last(parts.turns).cells[TurnCell.polymarketLimitPrice] as number
  assert.equal(limit, 4_690)
})

test('a tick that Polymarket does not have stops the market', () => {
  const parts = stocked()
  parts.frame(
    POLYMARKET,
    polymarketBook(YES, [['0.45', '1000']], [['0.47', '1000']], parts.clock.wallMs(), '0.02'),
  )
  assert.equal(parts.kalshi('0.5300', '0.4500'), TurnOutcome.Refused)
  assert.equal(parts.record.decisions.refused.NotTradable, 1)
})

test('a tick that Polymarket tells does not reopen a market whose Kalshi prices are not known', () => {
  const parts = stocked()
  parts.frame(KALSHI, kalshiLifecycle(TICKER, 1, 'price_level_structure_updated'))
  parts.polymarket('0.45', '0.47')
  parts.step(1_000)
  assert.equal(parts.kalshi('0.5300', '0.4500'), TurnOutcome.Refused)
  assert.equal(parts.record.decisions.refused.NotTradable, 1)
})

test('after Kalshi’s prices changed what is under way keeps to whole cents, which every structure has', () => {
  const parts = stocked({ kalshiTicks: 'deci_cent' })
  const kalshiTicks = () => parts.listing.bundles[0].ticks[KALSHI]
  assert.equal(isLegalPrice(kalshiTicks(), 5_310 as Price), true)
  parts.frame(KALSHI, kalshiLifecycle(TICKER, 1, 'price_level_structure_updated'))
  assert.equal(isLegalPrice(kalshiTicks(), 5_310 as Price), false)
  assert.equal(isLegalPrice(kalshiTicks(), 5_300 as Price), true)
})

test('levels at nothing and at a dollar are no prices, and stop nothing', () => {
  for (const [bid, ask] of [
    ['1', '0.47'],
    ['0.45', '0'],
    ['0', '1'],
  ] as const) {
    const parts = stocked()
    parts.polymarket(bid, ask)
    parts.kalshi('1.0000', '0.4500')
    parts.step(1_000)
    parts.kalshi('0.5300', '1.0000')
    parts.step(1_000)
    assert.equal(parts.record.trades.length, 0)
    parts.polymarket('0.45', '0.47')
    parts.step(1_000)
    assert.equal(parts.kalshi('0.5300', '0.4500'), TurnOutcome.Sent)
  }
})

/** A scene with one hedged trade behind it, and its two orders. */
function hedged() {
  const parts = stocked()
  parts.kalshi('0.5300', '0.4500')
  parts.step(200)
  assert.equal(last(parts.record.trades).outcome, 'hedged')
  const [polymarket, kalshi] = [0, 1]
  assert.deepEqual([parts.orders.venue[polymarket], parts.orders.venue[kalshi]], [POLYMARKET, KALSHI])
  return { ...parts, order: { polymarket, kalshi } }
}

test('a match that is taken back is bought again, or what it covered is sold', () => {
  const parts = hedged()
  const before = parts.ledger.heldMicroShares(0, KALSHI, 1)
  const { polymarket } = last(parts.record.trades)
  const [shares, cost, fee] = [
    polymarket.filled_micro_shares,
    polymarket.cost_micro_usd,
    polymarket.fee_micro_usd,
  ]
  // The offer at .47 is gone. Kalshi's NO, bought at .47 too, is bid .49: within the bound.
  parts.polymarket('0.45', '0.60')
  parts.kalshi('0.5000', '0.4900')
  parts.desk.legCorrected(parts.order.polymarket, POLYMARKET, -shares, -cost, -fee, parts.clock.nowNs())
  parts.step(500)
  assert.equal(last(parts.record.repairs).outcome, 'sold_back')
  assert.ok(before > 0)
  assert.ok(Math.abs(parts.ledger.excessMicroShares(0, 0)) < 10_000)
  assert.equal(parts.ledger.reservedMicroUsd[KALSHI], 0)
})

test('what an exit buys on Polymarket may be taken back too, and counts until it is settled', () => {
  const parts = stocked()
  const { risk, desk, orders } = parts
  const counted: number[] = []
  const count = risk.unsettled.bind(risk)
  risk.unsettled = (bundle, microUsd) => {
    counted.push(microUsd)
    count(bundle, microUsd)
  }
  parts.kalshi('0.5300', '0.4500')
  parts.step(40)
  // Kalshi has filled; on Polymarket the price is gone, and the next is within the bound.
  parts.polymarket('0.45', '0.49')
  parts.step(200)
  const { filled_micro_shares, cost_micro_usd } = last(parts.record.trades).polymarket
  assert.ok(counted.includes(filled_micro_shares - cost_micro_usd), 'at what it left of the dollar')
  // The paper venue settles at once.
  assert.equal(risk.isUnsettled(0), false)

  const exit = orders.kind.findIndex(
    (kind, at) => kind === OrderKind.Complete && orders.venue[at] === POLYMARKET,
  )
  desk.legCorrected(exit, POLYMARKET, 9_000, 4_410, 0, parts.clock.nowNs())
  assert.equal(risk.isUnsettled(0), true, 'what appears later is not settled')
  desk.legCorrected(exit, POLYMARKET, -9_000, -4_410, 0, parts.clock.nowNs())
  assert.equal(risk.isUnsettled(0), false, 'what was taken back is naked, and counts as that')
})

test('an order that was called absent and appears is exposure, and is closed', () => {
  const parts = hedged()
  parts.step(1_000)
  parts.desk.legCorrected(parts.order.kalshi, KALSHI, 5_000_000, 2_350_000, 80_000, parts.clock.nowNs())
  assert.equal(parts.record.corrected, 1)
  parts.step(3_000)
  assert.match(last(parts.record.repairs).outcome, /completed|sold_back/)
  assert.ok(Math.abs(parts.ledger.excessMicroShares(0, 0)) < 10_000)
})

test('a fee that is known only now changes the books of account and begins no trade', () => {
  const parts = hedged()
  const balance = parts.ledger.balanceMicroUsd[KALSHI]
  parts.desk.legCorrected(parts.order.kalshi, KALSHI, 0, 0, 700, parts.clock.nowNs())
  parts.step(100)
  assert.equal(parts.ledger.balanceMicroUsd[KALSHI], balance - 700)
  assert.equal(parts.record.repairs.length, 0)
})

test('the worst case stays held back while nobody knows what became of an order', () => {
  const parts = stocked()
  const { desk, orders, ledger, clock } = parts
  parts.kalshi('0.5300', '0.4500')
  const held = ledger.reservedMicroUsd[KALSHI]
  assert.ok(held > 0)
  desk.legUnknown(1, KALSHI, UnknownReason.Timeout, clock.nowNs())
  // What the paper venue says afterwards stands for the look-up that finds it.
  assert.deepEqual(
    [ledger.reservedMicroUsd[KALSHI], orders.state[orders.place(1)]],
    [held, OrderState.Unknown],
  )
  assert.equal(parts.risk.restOf(0, clock.nowNs()), Refusal.InFlight)
  parts.step(500)
  assert.equal(ledger.reservedMicroUsd[KALSHI], 0)
  assert.equal(last(parts.record.trades).outcome, 'hedged')
})

test('dust of several trades that adds up to a lot is made up for on Kalshi', () => {
  const parts = hedged()
  parts.step(1_000)
  const dust = parts.ledger.excessMicroShares(0, 0)
  parts.desk.legCorrected(parts.order.polymarket, POLYMARKET, 9_999, 4_700, 0, parts.clock.nowNs())
  parts.desk.legCorrected(parts.order.polymarket, POLYMARKET, 9_999, 4_700, 0, parts.clock.nowNs())
  assert.ok(parts.ledger.excessMicroShares(0, 0) >= 19_998 + dust)
  // The next trade that ends looks at what has added up.
  parts.desk.legCorrected(parts.order.polymarket, POLYMARKET, 10_000, 4_700, 0, parts.clock.nowNs())
  parts.step(3_000)
  assert.ok(Math.abs(parts.ledger.excessMicroShares(0, 0)) < 10_000)
})

// ---- sold by hand ------------------------------------------------------------------------------------------------

const ANY_LOSS = { bundle: 0, venue: undefined, lots: undefined, maxLossMicroUsd: 1e12 }

function plan(parts: ReturnType<typeof scene>, wish: Partial<Parameters<typeof planUnwind>[1]> = {}) {
  return planUnwind({ ...parts.listing, ledger: parts.ledger }, { ...ANY_LOSS, ...wish })
}

/** What is held: outcome and complement on Polymarket, then on Kalshi. */
function held({ ledger }: ReturnType<typeof scene>): number[] {
  return [POLYMARKET, KALSHI].flatMap((venue) => [0, 1].map((side) => ledger.heldMicroShares(0, venue, side)))
}

test('a hedged pair is sold in equal parts on both venues, and its money is back', () => {
  for (const [polarity, yes, no] of [
    ['same', '0.5300', '0.4500'],
    ['inverse', '0.4500', '0.5300'],
    ['inverse', '0.6200', '0.3500'],
  ] as const) {
    const parts = scene({ polarity })
    parts.polymarket('0.45', '0.47')
    parts.kalshi(polarity === 'same' ? '0.4500' : '0.5300', polarity === 'same' ? '0.5300' : '0.4500')
    parts.step(1_000)
    assert.equal(parts.kalshi(yes, no), TurnOutcome.Sent)
    parts.step(1_000)
    const unwind = plan(parts)
    const [polymarket, kalshi] = unwind.legs
    const balance = [...parts.ledger.balanceMicroUsd]
    assert.equal(parts.desk.unwind(unwind, parts.clock.nowNs()), true)
    parts.step(1_000)
    assert.ok(unwind.lots > 100)
    assert.ok(
      held(parts).every((shares) => shares < 10_000),
      String(held(parts)),
    )
    const brought = parts.ledger.balanceMicroUsd.map((now, venue) => now - (balance[venue] as number))
    assert.deepEqual([...brought.slice(0, 2)], [polymarket?.bringsMicroUsd, kalshi?.bringsMicroUsd], polarity)
    assert.equal(last(parts.record.repairs).outcome, 'sold_back')
    assert.ok(parts.ledger.reservedMicroUsd.every((reserved) => reserved === 0))
    assert.equal(parts.risk.isOpen(0), false)
  }
})

test('what Polymarket holds of both outcomes is sold there', () => {
  const parts = hedged()
  const [named] = held(parts) as [number]
  // Bought the other way, with what Kalshi then nets: it holds nothing any more.
  parts.ledger.settle(POLYMARKET, 0, 1, named, named / 2)
  parts.ledger.settle(KALSHI, 0, 0, held(parts)[3] as number, named / 2)
  const unwind = plan(parts)
  assert.deepEqual(
    unwind.legs.map(({ venue, direction }) => [venue, direction]),
    [
      [POLYMARKET, 0],
      [POLYMARKET, 1],
    ],
  )
  const [balance] = parts.ledger.balanceMicroUsd as unknown as [number]
  assert.equal(parts.desk.unwind(unwind, parts.clock.nowNs()), true)
  parts.step(1_000)
  assert.ok(
    held(parts).every((shares) => shares < 10_000),
    String(held(parts)),
  )
  const brought = (parts.ledger.balanceMicroUsd[0] as number) - balance
  assert.equal(brought, unwind.legs[0]!.bringsMicroUsd + unwind.legs[1]!.bringsMicroUsd)
  assert.equal(parts.trades.open, 0)
})

test('of two tokens whose second finds nobody, the first is bought back or the second covered', () => {
  const parts = hedged()
  const [named] = held(parts) as [number]
  parts.ledger.settle(POLYMARKET, 0, 1, named, named / 2)
  parts.ledger.settle(KALSHI, 0, 0, held(parts)[3] as number, named / 2)
  assert.equal(parts.desk.unwind(plan(parts), parts.clock.nowNs()), true)
  parts.step(80)
  // The asks of the outcome, which are the bids for its complement, are gone for now.
  parts.polymarket('0.45', '0.70')
  parts.step(5_000)
  assert.ok(Math.abs(parts.ledger.excessMicroShares(0, 0)) < 10_000, String(held(parts)))
  assert.equal(parts.trades.open, 0)
})

test('a sale takes no more than was asked for, nor than the books hold', () => {
  const parts = hedged()
  assert.equal(plan(parts, { lots: 1_000 }).lots, 1_000)
  parts.polymarket('0.45', '0.47', '30')
  const { lots, wantedLots } = plan(parts)
  assert.equal(lots, 3_000)
  assert.ok(wantedLots > lots)
})

test('a sale is refused with its reason: too small, a loss, a book in doubt, nothing held', () => {
  const parts = hedged()
  assert.throws(() => plan(parts, { lots: 499 }), { code: 'UNWIND_TOO_SMALL' })
  assert.throws(() => plan(parts, { maxLossMicroUsd: 0 }), {
    code: 'UNWIND_LOSS',
    what: /may lose \d+\.\d\d dollars/,
  })
  assert.throws(() => plan(parts, { venue: KALSHI }), { code: 'UNWIND_NOTHING' })
  parts.frame(KALSHI, kalshiDelta(TICKER, 99, 'yes', '0.5300', '1000.00', parts.clock.wallMs()))
  assert.throws(() => plan(parts), { code: 'UNWIND_NOT_LIVE' })
  assert.throws(() => plan(stocked()), { code: 'UNWIND_NOTHING' })
})

test('a leg that sells only in part is evened out', () => {
  const parts = hedged()
  parts.polymarket('0.45', '0.47')
  parts.kalshi('0.4500', '0.5300')
  const unwind = plan(parts)
  assert.equal(parts.desk.unwind(unwind, parts.clock.nowNs()), true)
  parts.step(20)
  // Kalshi's price is gone before Polymarket's sale is known: what was sold there is bought again, or Kalshi's sold lower.
  parts.kalshi('0.4500', '0.5200')
  parts.step(3_000)
  assert.ok(Math.abs(parts.ledger.excessMicroShares(0, 0)) < 10_000)
  assert.equal(parts.trades.open, 0)
  assert.ok(parts.ledger.reservedMicroUsd.every((reserved) => reserved === 0))
})

test('what one venue has too much is sold there alone', () => {
  for (const venue of [POLYMARKET, KALSHI] as const) {
    const parts = hedged()
    parts.ledger.settle(venue, 0, venue, 20_000_000, 9_000_000)
    const before = held(parts)
    const unwind = plan(parts, { venue })
    // Or a lot less, by the dust of the trade before.
    assert.ok(unwind.lots === 2_000 || unwind.lots === 1_999)
    assert.equal(parts.desk.unwind(unwind, parts.clock.nowNs()), true)
    parts.step(1_000)
    const cell = venue === POLYMARKET ? 0 : 3
    assert.deepEqual(
      held(parts),
      before.map((shares, at) => (at === cell ? shares - unwind.lots * 10_000 : shares)),
    )
    assert.equal(parts.trades.open, 0)
  }
})

test('a sale whose order nobody signs sells nothing and leaves no trade', () => {
  const parts = hedged()
  const before = held(parts)
  assert.equal(parts.desk.unwind(plan(parts), parts.clock.nowNs()), true)
  parts.step(2_000, { signs: false })
  assert.deepEqual(held(parts), before)
  assert.equal(parts.trades.open, 0)
})

/** Puts shares and what they cost into the books of account, as a restart does. */
function hold({ ledger }: ReturnType<typeof scene>, venue: Venue, outcome: number, shares: number): void {
  ledger.settle(venue, 0, outcome, shares * 1_000_000, shares * 450_000)
}

test('what is over of a pair on both venues at once is closed whole', () => {
  const parts = stocked()
  // As a crash leaves it: Kalshi's leg has turned what it covered around, Polymarket's was never filled.
  hold(parts, POLYMARKET, OUTCOME_NAMED, 216)
  hold(parts, KALSHI, OUTCOME_NAMED, 128)
  parts.desk.cover(0, parts.clock.nowNs())
  parts.step(1_000)
  assert.deepEqual([parts.ledger.excessMicroShares(0, OUTCOME_NAMED), parts.trades.open], [0, 0])
})

test('of what is held on both venues no more is closed than is over', () => {
  const parts = stocked()
  hold(parts, POLYMARKET, OUTCOME_NAMED, 300)
  hold(parts, KALSHI, OUTCOME_NAMED, 100)
  hold(parts, POLYMARKET, OUTCOME_COMPLEMENT, 200)
  parts.desk.cover(0, parts.clock.nowNs())
  parts.step(1_000)
  assert.deepEqual([parts.ledger.excessMicroShares(0, OUTCOME_NAMED), parts.trades.open], [0, 0])
})

test('what an order of the run before brings is in what is closed once, whichever its direction', () => {
  const parts = stocked()
  hold(parts, POLYMARKET, OUTCOME_NAMED, 216)
  hold(parts, KALSHI, OUTCOME_NAMED, 128)
  const [direction, kind] = [BUY_KALSHI_SELL_POLYMARKET, OrderKind.Entry] as const
  const trade = parts.desk.restore(0, direction)
  const left = { pair: 'pair', sentMs: WALL_MS, worstMicroUsd: 200_000_000, name: `0x${'ab'.repeat(32)}` }
  const order = parts.desk.resume(trade, { ...left, venue: POLYMARKET, kind, direction })
  parts.desk.legDone(order, POLYMARKET, 300_000_000, 130_000_000, 0, parts.clock.nowNs(), LegEnd.Fills, 0)
  parts.step(100)
  assert.equal(parts.trades.open, 1, 'held open until all is found')
  parts.desk.cover(0, parts.clock.nowNs())
  parts.step(1_000)
  assert.deepEqual([parts.ledger.excessMicroShares(0, OUTCOME_NAMED), parts.trades.open], [0, 0])
  // 44 were over.
  assert.equal(parts.ledger.heldMicroShares(0, POLYMARKET, OUTCOME_COMPLEMENT), 300_000_000)
})

test('a pair that both venues show naked while no trade of it is open is closed', () => {
  const parts = stocked()
  hold(parts, KALSHI, OUTCOME_COMPLEMENT, 50)
  parts.desk.shown(0)
  parts.step(1_000)
  assert.deepEqual([parts.ledger.excessMicroShares(0, OUTCOME_NAMED), parts.trades.open], [0, 0])
})

// ---- sold before its resolution ----------------------------------------------------------------------------------

/** A hedged pair whose money must earn 4 % a year and waits for one; both books as they were. */
function waiting(settings: object = {}) {
  const parts = stocked({ settings: { yearlyHurdle: 0.04, daysAssumed: 365, ...settings } })
  parts.kalshi('0.5300', '0.4500')
  parts.step(1_000)
  assert.equal(last(parts.record.trades).outcome, 'hedged')
  const closing: number[][] = []
  const early = new EarlyClose({
    clock: parts.clock,
    settings: readSettings({ ...WIDE, yearlyHurdle: 0.04, ...settings }, 'test'),
    assembly: parts,
    journal: parts.journal,
    onClosing: (...sale) => closing.push(sale),
  })
  const look = (): number[] | undefined => {
    parts.step(1_000)
    early.tick(parts.clock.nowNs())
    parts.step(1_000)
    return closing.pop()
  }
  return { ...parts, look }
}

test('a held pair is sold where both bids bring more than waiting is worth, and no deeper than both touches', () => {
  const parts = waiting()
  const [, , , no] = held(parts) as [number, number, number, number]
  const nets: number[] = []
  parts.breakers.tradeEnded = (netMicroUsd) => nets.push(netMicroUsd)
  assert.equal(parts.look(), undefined, 'at the prices of its purchase')
  // Held are YES on Polymarket and NO on Kalshi; their bids must come to .96 and half a cent.
  parts.polymarket('0.52', '0.54', '100')
  parts.kalshi('0.5000', '0.4400')
  assert.equal(parts.look(), undefined)
  parts.kalshi('0.5000', '0.4500')
  const [bundle, lots, bringsMicroUsd] = parts.look() as [number, number, number]
  assert.deepEqual([bundle, lots], [0, 10_000], 'what Polymarket bids for')
  assert.ok(bringsMicroUsd >= 100 * 965_000, `${bringsMicroUsd}`)
  assert.equal(held(parts)[3], no - 100_000_000)
  assert.equal(last(parts.record.repairs).outcome, 'sold_back')
  // Bought for .47 each, and sold for .97 together: no loss, though a dollar would have been more.
  assert.ok(Math.abs(last(nets) - 100 * 30_000) < 10_000, String(nets))
  assert.ok(Math.abs(parts.ledger.excessMicroShares(0, OUTCOME_NAMED)) < 10_000)
})

test('what stops an entry keeps a pair from being sold early, and so does what may still be taken back', () => {
  const parts = waiting()
  parts.polymarket('0.52', '0.54', '100')
  parts.kalshi('0.5000', '0.4500')
  parts.executor.halt(HaltReason.Operator)
  assert.equal(parts.look(), undefined)
  parts.executor.resume(HaltReason.Operator)
  parts.risk.isClockSkewed = true
  assert.equal(parts.look(), undefined)
  parts.risk.isClockSkewed = false
  parts.risk.unsettled(0, 1)
  assert.equal(parts.look(), undefined)
  parts.risk.unsettled(0, -1)
  // Held back as an order's worst case is: what is left does not buy the other side on Kalshi.
  const heldMicroUsd = parts.ledger.availableMicroUsd(0, KALSHI) - 50 * DOLLARS
  parts.ledger.reserve(0, KALSHI, heldMicroUsd)
  assert.equal(parts.look(), undefined)
  parts.ledger.reserve(0, KALSHI, -heldMicroUsd)
  assert.notEqual(parts.look(), undefined)
  for (const settings of [
    { closeEarlyMicroUsd: 1_000_000 },
    { limits: { ...WIDE.limits, nakedMicroUsd: 140_000_000 } },
  ]) {
    const never = waiting(settings)
    never.polymarket('0.52', '0.54', '400')
    never.kalshi('0.5000', '0.4500')
    assert.equal(never.look(), undefined, JSON.stringify(settings))
  }
})

// ---- an operator -------------------------------------------------------------------------------------------------

function operated(parts: ReturnType<typeof scene>) {
  const commands: unknown[] = []
  const health = {
    sockets: [],
    books: {} as never,
    reconnects: 0,
    outages: { count: 0, lastNs: 0, worstNs: 0 },
  }
  const gateway = {
    open: 0,
    skew: { aheadMs: () => Number.NaN, venueMs: (wallMs: number) => wallMs },
    health: () => ({ open: 1, total: 1, trouble: '' }),
  }
  const operator = new Operator({
    mode: 'sandbox',
    runId: 'test-',
    clock: parts.clock,
    assembly: parts,
    journal: parts.journal,
    lease: () => 'none',
    feeds: () => ({ polymarket: health, kalshi: health }),
    gateways: [gateway, gateway],
    told: (command) => void commands.push(command),
  })
  return { operator, commands }
}

const SELL = { command: 'unwind', pair: 'pair', max_loss_micro_usd: 1e12, send: true } as const

test('an operator sees the orders that are under way, and nothing that could be sent again', () => {
  const parts = stocked()
  const { operator } = operated(parts)
  parts.kalshi('0.5300', '0.4500')
  parts.desk.legUnknown(1, KALSHI, UnknownReason.Timeout, parts.clock.nowNs())
  const orders = operator.orders()
  assert.deepEqual(
    orders.map(({ pair, venue, kind, state }) => [pair, venue, kind, state]),
    [
      ['pair', 'polymarket', 'Entry', 'Sent'],
      ['pair', 'kalshi', 'Entry', 'Unknown'],
    ],
  )
  const keys = ['order', 'pair', 'venue', 'kind', 'state', 'age_ms', 'reserved_micro_usd']
  for (const order of orders) assert.deepEqual(Object.keys(order), keys)
  const [position] = operator.positions()
  assert.deepEqual(position?.trades, ['Entering'])
  assert.equal(
    position?.reserved_micro_usd,
    orders.reduce((sum, order) => sum + order.reserved_micro_usd, 0),
  )
  assert.deepEqual(operator.status().orders, { under_way: 2, unknown: 1 })
  parts.step(500)
  assert.deepEqual(operator.orders(), [])
})

test('an operator sees which venue lags, and nothing once a socket is lost, though no frame has told of it', () => {
  const parts = scene()
  const { operator } = operated(parts)
  parts.polymarket('0.44', '0.46')
  parts.kalshi('0.4400', '0.5400')
  assert.deepEqual(operator.status().lagging, [])
  parts.kalshi('0.4800', '0.5000')
  // Kalshi has come up by four of its half widths: it counts five times as much.
  assert.deepEqual(
    operator.status().lagging.map(({ sureness, ...rest }) => ({ ...rest, sureness: sureness.toFixed(2) })),
    [{ pair: 'pair', venue: 'polymarket', fair: '0.4833', sureness: '0.70' }],
  )
  parts.copies[0].intakes[KALSHI].disconnected(0, parts.clock.nowNs())
  assert.deepEqual(operator.status().lagging, [])
})

test('an operator sees Kalshi’s positions in Kalshi’s own words, whichever way the pair is mapped', () => {
  const parts = scene({ polarity: 'inverse' })
  const { operator } = operated(parts)
  assert.deepEqual(operator.positions(), [])
  parts.ledger.settle(KALSHI, 0, 0, 30_000_000, 9_000_000)
  parts.ledger.settle(KALSHI, 0, 1, 50_000_000, 9_000_000)
  // More of the complement, which is what an inverse market calls YES.
  assert.deepEqual(operator.positions()[0]?.kalshi, { yes_micro_shares: 20_000_000, no_micro_shares: 0 })
})

test('a pair is not sold while a trade of it is open, and a dry run sends nothing', () => {
  const parts = stocked()
  const { operator, commands } = operated(parts)
  parts.kalshi('0.5300', '0.4500')
  assert.throws(() => operator.unwind(SELL), { code: 'UNWIND_TRADE_OPEN' })
  parts.step(1_000)
  const before = held(parts)
  assert.equal(operator.unwind({ ...SELL, send: false }).sent, false)
  parts.step(1_000)
  assert.deepEqual([held(parts), commands], [before, []])
  assert.throws(() => operator.unwind({ ...SELL, pair: 'other' }), { code: 'UNWIND_PAIR' })
  const { lots } = operator.unwind(SELL)
  assert.deepEqual(commands, [{ command: 'unwind', pair: 'pair', lots }])
  parts.step(1_000)
  assert.ok(held(parts).every((shares) => shares < 10_000))
})

test('an operator’s halt and resume are told, and leave another’s halt standing', () => {
  const parts = stocked()
  const { operator, commands } = operated(parts)
  parts.executor.halt(HaltReason.Signer)
  assert.deepEqual(operator.halt().halts, ['Operator', 'Signer'])
  assert.deepEqual(operator.resume({ command: 'resume', tripped: true }).halts, ['Signer'])
  assert.deepEqual(operator.status().halts, ['Signer'])
  assert.deepEqual(commands, [{ command: 'halt' }, { command: 'resume', tripped: true }])
})
