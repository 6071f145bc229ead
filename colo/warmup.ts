import { readMapping } from '@tandem/shared/mapping.ts'
import { readSettings, type Settings } from '@tandem/shared/settings.ts'
import { NS_PER_MS } from '@tandem/shared/units.ts'
import { SimulatedClock } from './clock.ts'
import type { Executor, ExecutorObserver } from './executor.ts'
import type { BookListener } from './feed/intake.ts'
import { JournalRing, newRingMemory, RingCell, ringViews } from './journal/ring.ts'
import { Listing } from './listing.ts'
import { assemble } from './main.ts'
import type { OrderDesk } from './order-desk.ts'
import { PAPER_ACCESS } from './paper.ts'
import { SALT_MIN } from './pool/pool.ts'
import type { Signer, SignerFacts, SignerListener } from './signer/signer.ts'
import { TurnOutcome } from './turn.ts'
import type { Gateway } from './venue/gateway.ts'
import { LegEnd } from './venue/leg.ts'
import { KALSHI, POLYMARKET, type Venue } from './venue/venue.ts'

// A twin of the executor, on a market of its own that is nowhere listed: its orders go into nothing. It runs the same
// code, so that V8 has compiled it before the first real edge, and keeps it warm between edges (dry Turns). It shares
// no state with the real one: no order, no money, no journal.

/** Frames before the first real one. By then every function of the path is optimized; it takes under a second. */
const WARM_FRAMES = 20_000
const YES = '11111111111111111111'
const NO = '22222222222222222222'
const TICKER = 'KXTANDEM-WARMUP'
const WALL_MS = 1_790_000_000_000
/** A step of the twin's clock between two frames: its pool restocks and its paper answers come meanwhile. */
const STEP_NS = 5 * NS_PER_MS

export class Warmup {
  readonly #clock = new SimulatedClock(WALL_MS)
  readonly #executor: Executor
  readonly #signer: BlankSigner
  readonly #header: Int32Array
  readonly #journal: JournalRing
  readonly #answers: (() => void)[] = []
  readonly #copies: number
  #frame = 0
  #seq = 1
  /** Decisions that went all the way to two requests. */
  sent = 0

  /**
   * @param facts of the real signer: signatures are as long as its
   * @param feeds as the real ones are kept: each copy hears every frame
   */
  constructor(facts: SignerFacts, feeds: Settings['feeds']) {
    this.#copies = feeds.copies
    const memory = newRingMemory()
    this.#header = ringViews(memory).header
    this.#journal = new JournalRing(memory)
    this.#signer = new BlankSigner(facts)
    const { mapping } = readMapping(
      {
        pairs: [
          {
            id: 'warmup',
            polarity: 'same',
            kalshi: { ticker: TICKER },
            polymarket: { yes_token: YES, no_token: NO, tick: '0.01' },
          },
        ],
        fees: {
          none: {
            polymarket: { rate: 0.04, exponent: 1 },
            kalshi: { fee_type: 'quadratic', fee_multiplier: 1 },
          },
        },
      },
      'warm-up',
    )
    const listing = new Listing(mapping.pairs.map((pair) => ({ pair, fees: mapping.fees.none })))
    let desk: OrderDesk | undefined
    const gateway = (venue: Venue): Gateway => ({
      free: () => true,
      freeForExit: () => true,
      send: (approved, order) =>
        void this.#answers.push(() => {
          const filled = approved.kalshiLots * 10_000
          desk?.legDone(order, venue, filled, 0, 0, this.#clock.nowNs(), LegEnd.Fills, 0)
          desk?.legSettled(order)
        }),
      venueMs: (wallMs) => wallMs,
      rttNs: () => Number.NaN,
    })
    const assembly = assemble(listing, readSettings({ cooldownMs: 0, limits: UNLIMITED }, 'warm-up'), {
      clock: this.#clock,
      signer: this.#signer,
      journal: this.#journal,
      runId: 'warmup-',
      saltStart: SALT_MIN,
      headerSpacingMs: 50,
      balanceMicroUsd: [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
      observer: BLIND,
      stress: true,
      feeds,
      access: PAPER_ACCESS,
      gateways: [gateway(POLYMARKET), gateway(KALSHI)],
    })
    desk = assembly.desk
    this.#executor = assembly.executor
    this.#signer.listener = this.#executor
    this.#executor.start()
    this.#polymarket(0)
    this.#kalshi('0.4500', '0.5300')
  }

  /** Runs the frames that come before trading. Blocks for as long as they take. */
  run(): void {
    for (let frame = 0; frame < WARM_FRAMES; frame += FRAMES_PER_TURN) this.turn()
  }

  /** A dry Turn: one crossing that comes, is traded into nothing, and goes. */
  turn(): void {
    this.#polymarket(this.#frame)
    this.#kalshi('0.5300', '0.4500')
    this.#polymarket(this.#frame + 1)
    this.#kalshi('0.4500', '0.5300')
    this.#frame = (this.#frame + 1) % 50
  }

  #polymarket(size: number): void {
    const ms = this.#clock.wallMs()
    const change = `{"event_type":"price_change","market":"0x${'0'.repeat(64)}","price_changes":[{"asset_id":"${YES}","price":"0.47","size":"${100 + size}","side":"SELL","hash":"${'0'.repeat(40)}","best_bid":"0.45","best_ask":"0.47"},{"asset_id":"${NO}","price":"0.53","size":"${100 + size}","side":"BUY","hash":"${'0'.repeat(40)}","best_bid":"0.53","best_ask":"0.55"}],"timestamp":"${ms}"}`
    const book = `{"event_type":"book","asset_id":"${YES}","market":"0x0","bids":[{"price":"0.45","size":"1000"}],"asks":[{"price":"0.47","size":"1000"}],"timestamp":"${ms}","hash":"0","tick_size":"0.01"}`
    this.#feed(POLYMARKET, this.#seq === 1 ? book : change)
  }

  #kalshi(yes: string, no: string): void {
    const snapshot = `{"type":"orderbook_snapshot","sid":1,"seq":${this.#seq++},"msg":{"market_ticker":"${TICKER}","market_id":"m","yes_dollars_fp":[["${yes}","500.00"]],"no_dollars_fp":[["${no}","500.00"]]}}`
    const delta = `{"type":"orderbook_delta","sid":1,"seq":${this.#seq++},"msg":{"market_ticker":"${TICKER}","market_id":"m","price_dollars":"0.0100","delta_fp":"1.00","side":"yes","ts_ms":${this.#clock.wallMs()}}}`
    this.#feed(KALSHI, snapshot)
    this.#feed(KALSHI, delta)
  }

  #feed(venue: Venue, text: string): void {
    const bytes = Buffer.from(text)
    const nowNs = this.#clock.nowNs()
    if (this.#executor.onFrame(venue, bytes, 0, bytes.length, nowNs) === TurnOutcome.Sent) this.sent++
    if (this.#copies > 1) this.#executor.apply(1, venue, 0, bytes, 0, bytes.length, nowNs)
    const untilNs = this.#clock.nowNs() + STEP_NS
    for (let token = this.#clock.step(untilNs); token !== -1; token = this.#clock.step(untilNs)) {
      this.#executor.onTick(this.#clock.nowNs(), token)
    }
    this.#signer.answer()
    for (const answer of this.#answers.splice(0)) answer()
    Atomics.store(this.#header, RingCell.Durable, this.#journal.published)
  }
}

const FRAMES_PER_TURN = 6
const UNLIMITED = {
  orderMicroUsd: Number.MAX_SAFE_INTEGER,
  marketMicroUsd: Number.MAX_SAFE_INTEGER,
  eventMicroUsd: Number.MAX_SAFE_INTEGER,
  venueMicroUsd: Number.MAX_SAFE_INTEGER,
  totalMicroUsd: Number.MAX_SAFE_INTEGER,
  dayMicroUsd: Number.MAX_SAFE_INTEGER,
  nakedMicroUsd: Number.MAX_SAFE_INTEGER,
}

const BLIND: ExecutorObserver & BookListener = {
  turn() {},
  signal() {},
  fair() {},
  badFrame() {},
  halted() {},
  leg() {},
  tradeEnded() {},
  legUnknown() {},
  tradeParked() {},
  legCorrected() {},
  mismatch() {},
  moneyMoved() {},
  resolved() {},
  diverged() {},
  bookMoved() {},
  tickTold() {},
}

/** Answers with blanks of the right length: what it "signs" goes nowhere. */
class BlankSigner implements Signer {
  readonly facts: SignerFacts
  listener: SignerListener | undefined
  readonly #digest = new Uint8Array(32)
  readonly #orderSignature: Uint8Array
  readonly #headerSignature: Uint8Array
  #asked: (() => void)[] = []

  constructor(facts: SignerFacts) {
    this.facts = facts
    this.#orderSignature = new Uint8Array(facts.orderSignatureBytes)
    this.#headerSignature = new Uint8Array(facts.kalshi.signatureLength).fill(0x41)
  }

  registerToken(): number {
    return 0
  }

  order(_lane: number, ticket: number): boolean {
    this.#asked.push(() => this.listener?.orderSigned(ticket, this.#digest, this.#orderSignature))
    return true
  }

  header(ticket: number): boolean {
    this.#asked.push(() => this.listener?.headerSigned(ticket, this.#headerSignature))
    return true
  }

  answer(): void {
    for (const answer of this.#asked.splice(0)) answer()
  }
}
