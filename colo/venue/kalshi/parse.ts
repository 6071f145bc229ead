import { assert } from '@tandem/shared/assert.ts'
import {
  type Lots,
  PRICE_NONE,
  PRICE_ONE,
  type Price,
  SIDE_ASK,
  SIDE_BID,
  type Side,
} from '@tandem/shared/units.ts'
import { BRACE_CLOSE, BRACE_OPEN, BRACKET_CLOSE, BRACKET_OPEN, MINUS } from '../punctuation.ts'
import { Rows } from '../rows.ts'
import { ABSENT, BROKEN, FAULT_SHAPE, faultOf, faultOfOptional, plainEnd, Scanner } from '../scan.ts'
import { Shape } from '../shape.ts'
import { Control, type FrameSink, Lifecycle, MS_NONE, ParseOutcome } from '../sink.ts'
import { Symbols } from '../symbols.ts'
import {
  Between,
  LOT_DECIMALS,
  LOTS_BITS,
  LOTS_MASK,
  MS_DIGITS,
  PRICE_BITS,
  PRICE_MASK,
  usualLots,
  usualMs,
  usualPrice,
} from '../usual.ts'

// Kalshi's WebSocket (Kalshi fact sheet, section 3). One object a frame, a newline after it or not:
//
//   {"type":"orderbook_delta","sid":2,"seq":3,"msg":{"market_ticker":"FED-23DEC-T3.00","market_id":"9b0f..",
//    "price_dollars":"0.9600","delta_fp":"-54.00","side":"yes","ts":"2022-11-22T20:44:01Z","ts_ms":1669149841000}}
//
// Both sides of the book are bids: a `no` level at q is a YES ask at 1 - q, or, on a connection that asked for
// `use_yes_price`, is told at the price of that ask.

// In this order: what the codec reads, the private channels, what it knows and has no use for.
const Kind = {
  Snapshot: 0,
  Delta: 1,
  Subscribed: 2,
  Ok: 3,
  Unsubscribed: 4,
  Error: 5,
  Trade: 6,
  Lifecycle: 7,
  FirstPrivate: 8,
  FirstIgnored: 12,
  Unknown: -1,
} as const

const KINDS = Symbols.of(
  'orderbook_snapshot',
  'orderbook_delta',
  'subscribed',
  'ok',
  'unsubscribed',
  'error',
  'trade',
  'market_lifecycle_v2',
  'fill',
  'user_order',
  'market_position',
  'order_group_updates',
  'ticker',
  'multivariate_market_lifecycle',
  'event_lifecycle',
  'event_fee_update',
  'rfq_created',
  'rfq_deleted',
  'quote_created',
  'quote_accepted',
  'quote_executed',
  'cfbenchmarks_value',
  'cfbenchmarks_value_5hz',
  'pyth_value',
)

const Field = {
  Type: 0,
  Id: 1,
  Sid: 2,
  Seq: 3,
  Message: 4,
  Ticker: 5,
  Price: 6,
  Delta: 7,
  Side: 8,
  TsMs: 9,
  Yes: 10,
  No: 11,
  Code: 12,
  TradePrice: 13,
  TradeCount: 14,
  TakerBookSide: 15,
  TakerOutcomeSide: 16,
  TakerSide: 17,
  EventType: 18,
  MarketId: 19,
  Ts: 20,
} as const

const FIELDS = Symbols.of(
  'type',
  'id',
  'sid',
  'seq',
  'msg',
  'market_ticker',
  'price_dollars',
  'delta_fp',
  'side',
  'ts_ms',
  'yes_dollars_fp',
  'no_dollars_fp',
  'code',
  'yes_price_dollars',
  'count_fp',
  'taker_book_side',
  'taker_outcome_side',
  'taker_side',
  'event_type',
  'market_id',
  'ts',
)

/** Buying YES is a bid on the one book; buying NO is an ask. */
const OUTCOMES = Symbols.of('yes', 'no')
const BOOK_SIDES = Symbols.of('bid', 'ask')
assert(SIDE_BID === 0 && SIDE_ASK === 1, 'KALSHI_SIDES_BY_CODE')

const LIFECYCLES = Symbols.of(
  'activated',
  'deactivated',
  'close_date_updated',
  'determined',
  'settled',
  'price_level_structure_updated',
)
assert(Lifecycle.Activated === 1 && Lifecycle.PriceStructure === 6, 'KALSHI_LIFECYCLES_IN_ORDER')

// A delta's `msg` as it has always been recorded.
const TICKER_KEY = new Between('{"market_ticker":"')
const MARKET_ID_KEY = new Between('","market_id":"')
const PRICE_KEY = new Between('","price_dollars":"')
const DELTA_KEY = new Between('","delta_fp":"')
const SIDE_KEY = new Between('","side":"')
const TS_KEY = new Between('","ts":"')
const TS_MS_KEY = new Between('","ts_ms":')
const YES_QUOTE = 0x22736579
const NO_QUOTE = 0x226f6e

/**
 * Turns frames of Kalshi's WebSocket into calls on a sink. Holds no state between frames but scratch memory. Codes of
 * `symbols` are books. A message about a ticker that is not in `symbols` is Control.Ignored, after its `sequence`.
 */
export class KalshiParser {
  readonly #symbols: Symbols
  readonly #useYesPrice: boolean
  readonly #scan = new Scanner()

  // What the last frames had: see Shape and Scanner.symbol.
  readonly #frameShape = new Shape(FIELDS)
  readonly #messageShape = new Shape(FIELDS)
  #lastKind = -1
  #lastTicker = -1

  // The frame being read.
  #kind = ABSENT
  #id = ABSENT
  #sid = ABSENT
  #seq = ABSENT

  // Its `msg`: WRONG_TYPE when that is no object.
  #message = ABSENT
  #ticker = ABSENT
  #price = ABSENT
  #delta = ABSENT
  #negative = false
  #side = ABSENT
  #venueMs = ABSENT
  #subscribedSid = ABSENT
  #code = ABSENT
  #tradePrice = ABSENT
  #tradeLots = ABSENT
  #takerBookSide = ABSENT
  #takerOutcomeSide = ABSENT
  #takerSide = ABSENT
  #lifecycle = ABSENT
  readonly #yes = new Rows(2)
  readonly #no = new Rows(2)

  /** @param useYesPrice what the subscriptions of this connection asked for; never leave it to the venue's default */
  constructor(symbols: Symbols, useYesPrice: boolean) {
    this.#symbols = symbols
    this.#useYesPrice = useYesPrice
  }

  /**
   * Reads the frame in bytes [start, end); calls the sink only when the whole of it has proved valid.
   *
   * @returns 1, or a ParseOutcome
   */
  parse(bytes: Uint8Array, start: number, end: number, sink: FrameSink): number {
    const scan = this.#scan
    let p = scan.space(scan.open(bytes, start, end))
    if (scan.byte(p) !== BRACE_OPEN) return ParseOutcome.Malformed
    p = this.#frame(p)
    if (p < 0 || !scan.atEnd(p)) return ParseOutcome.Malformed
    const fault = this.#fault()
    if (fault !== 0) return (fault & FAULT_SHAPE) !== 0 ? ParseOutcome.Malformed : ParseOutcome.BadNumber
    if (this.#seq >= 0) sink.sequence(this.#sid, this.#seq)
    if (this.#kind === Kind.Unknown) return ParseOutcome.UnknownType
    this.#emit(sink)
    return 1
  }

  #frame(p: number): number {
    const scan = this.#scan
    this.#kind = ABSENT
    this.#id = ABSENT
    this.#sid = ABSENT
    this.#seq = ABSENT
    this.#forgetMessage()
    const shape = this.#frameShape
    let field = shape.start
    for (p = scan.field(p + 1, shape, field); scan.more; p = scan.field(p, shape, field)) {
      field = scan.value
      switch (field) {
        case Field.Type:
          p = scan.symbol(p, KINDS, this.#lastKind)
          this.#kind = scan.value
          this.#lastKind = scan.value
          break
        case Field.Id:
          p = scan.integer(p)
          this.#id = scan.value
          break
        case Field.Sid:
          p = scan.integer(p)
          this.#sid = scan.value
          break
        case Field.Seq:
          p = scan.integer(p)
          this.#seq = scan.value
          break
        case Field.Message:
          p = this.#readMessage(p)
          break
        default:
          p = scan.skip(p)
      }
    }
    return p
  }

  #forgetMessage(): void {
    this.#message = ABSENT
    this.#ticker = ABSENT
    this.#price = ABSENT
    this.#delta = ABSENT
    this.#negative = false
    this.#side = ABSENT
    this.#venueMs = ABSENT
    this.#subscribedSid = ABSENT
    this.#code = ABSENT
    this.#tradePrice = ABSENT
    this.#tradeLots = ABSENT
    this.#takerBookSide = ABSENT
    this.#takerOutcomeSide = ABSENT
    this.#takerSide = ABSENT
    this.#lifecycle = ABSENT
    this.#yes.reset(ABSENT)
    this.#no.reset(ABSENT)
  }

  #readMessage(p: number): number {
    const scan = this.#scan
    if (this.#message !== ABSENT) this.#forgetMessage()
    if (scan.byte(p) !== BRACE_OPEN) {
      p = scan.other(p)
      this.#message = scan.value
      return p
    }
    this.#message = 0
    const after = this.#usualDelta(p)
    if (after > 0) return after
    const shape = this.#messageShape
    let field = shape.start
    for (p = scan.field(p + 1, shape, field); scan.more; p = scan.field(p, shape, field)) {
      field = scan.value
      switch (field) {
        case Field.Ticker:
          p = scan.symbol(p, this.#symbols, this.#lastTicker)
          this.#ticker = scan.value
          this.#lastTicker = scan.value
          break
        case Field.Price:
          p = scan.price(p)
          this.#price = scan.value
          break
        case Field.Delta:
          p = scan.change(p)
          this.#delta = scan.value
          this.#negative = scan.negative
          break
        case Field.Side:
          p = scan.either(p, OUTCOMES)
          this.#side = scan.value
          break
        case Field.TsMs:
          p = scan.integer(p)
          this.#venueMs = scan.value
          break
        case Field.Yes:
          p = this.#readLevels(p, this.#yes)
          break
        case Field.No:
          p = this.#readLevels(p, this.#no)
          break
        case Field.Sid:
          p = scan.integer(p)
          this.#subscribedSid = scan.value
          break
        case Field.Code:
          p = scan.integer(p)
          this.#code = scan.value
          break
        case Field.TradePrice:
          p = scan.price(p)
          this.#tradePrice = scan.value
          break
        case Field.TradeCount:
          p = scan.lotsExact(p)
          this.#tradeLots = scan.value
          break
        case Field.TakerBookSide:
          p = scan.either(p, BOOK_SIDES)
          this.#takerBookSide = scan.value
          break
        case Field.TakerOutcomeSide:
          p = scan.either(p, OUTCOMES)
          this.#takerOutcomeSide = scan.value
          break
        case Field.TakerSide:
          p = scan.either(p, OUTCOMES)
          this.#takerSide = scan.value
          break
        case Field.EventType:
          p = scan.symbol(p, LIFECYCLES, -1)
          this.#lifecycle = scan.value
          break
        default:
          p = scan.skip(p)
      }
    }
    return p
  }

  /** The `msg` of a delta in the venue's usual form; -1 for any other, which `#readMessage` reads. */
  #usualDelta(p: number): number {
    const view = this.#scan.view
    const end = this.#scan.end
    p = TICKER_KEY.after(view, p, end)
    if (p < 0) return -1
    let ticker = this.#lastTicker
    let stop = this.#symbols.endOf(ticker, view, p, end)
    if (stop < 0) {
      stop = plainEnd(view, p, end)
      ticker = this.#symbols.find(view, p, stop)
    }

    p = MARKET_ID_KEY.after(view, stop, end)
    if (p < 0) return -1
    p = PRICE_KEY.after(view, plainEnd(view, p, end), end)
    const price = usualPrice(view, p, end)
    if (price < 0) return -1

    p = DELTA_KEY.after(view, p + (price >> PRICE_BITS), end)
    if (p < 0) return -1
    const negative = view.getUint8(p) === MINUS
    if (negative) p++
    const lots = usualLots(view, p, end, LOT_DECIMALS)
    if (lots < 0) return -1

    p = SIDE_KEY.after(view, p + (lots >> LOTS_BITS), end)
    if (p < 0 || p + 4 > end) return -1
    const word = view.getInt32(p, true)
    const no = (word & 0xffffff) === NO_QUOTE
    if (!no && word !== YES_QUOTE) return -1

    p = TS_KEY.after(view, p + (no ? 2 : 3), end)
    if (p < 0) return -1
    p = TS_MS_KEY.after(view, plainEnd(view, p, end), end)
    if (p < 0) return -1
    const venueMs = usualMs(view, p, end)
    p += MS_DIGITS
    if (venueMs < 0 || view.getUint8(p) !== BRACE_CLOSE) return -1

    this.#ticker = ticker
    this.#lastTicker = ticker
    this.#price = price & PRICE_MASK
    this.#delta = lots & LOTS_MASK
    this.#negative = negative
    this.#side = no ? SIDE_ASK : SIDE_BID
    this.#venueMs = venueMs
    return p + 1
  }

  #readLevels(p: number, rows: Rows): number {
    const scan = this.#scan
    if (scan.byte(p) !== BRACKET_OPEN) {
      p = scan.other(p)
      rows.reset(scan.value)
      return p
    }
    rows.reset(0)
    for (p = scan.first(p, BRACKET_CLOSE); scan.more; p = scan.next(p, BRACKET_CLOSE)) {
      if (scan.byte(p) === BRACKET_OPEN) p = this.#readLevel(p, rows)
      else {
        rows.fault |= FAULT_SHAPE
        p = scan.skip(p)
      }
    }
    return p
  }

  /** `["0.0800","300.00"]` */
  #readLevel(p: number, rows: Rows): number {
    const scan = this.#scan
    let items = 0
    let price = ABSENT
    let lots = ABSENT
    for (p = scan.first(p, BRACKET_CLOSE); scan.more; p = scan.next(p, BRACKET_CLOSE)) {
      if (items === 0) {
        p = scan.price(p)
        price = scan.value
      } else if (items === 1) {
        p = scan.lotsExact(p)
        lots = scan.value
      } else p = scan.skip(p)
      items++
    }
    const at = rows.add()
    if (at < 0) return BROKEN
    rows.data[at] = price
    rows.data[at + 1] = lots
    rows.fault |= faultOf(price) | faultOf(lots) | (items === 2 ? 0 : FAULT_SHAPE)
    return p
  }

  /** What is wrong with the frame for its type: 0, or bits. */
  #fault(): number {
    let fault = faultOf(this.#kind)
    fault |= faultOfOptional(this.#id) | faultOfOptional(this.#sid) | faultOfOptional(this.#seq)
    if (this.#seq !== ABSENT && this.#sid === ABSENT) fault |= FAULT_SHAPE
    switch (this.#kind) {
      case Kind.Snapshot:
        fault |= faultOf(this.#seq) | this.#tickerFault() | faultOfOptional(this.#venueMs)
        fault |= faultOfOptional(this.#yes.state) | this.#yes.fault
        fault |= faultOfOptional(this.#no.state) | this.#no.fault
        break
      case Kind.Delta:
        fault |= faultOf(this.#seq) | this.#tickerFault() | faultOfOptional(this.#venueMs)
        fault |= faultOf(this.#price) | faultOf(this.#delta) | faultOf(this.#side)
        break
      case Kind.Subscribed:
        fault |= faultOf(this.#message) | faultOf(this.#subscribedSid)
        break
      case Kind.Error:
        fault |= faultOf(this.#message) | faultOf(this.#code)
        break
      case Kind.Trade:
        fault |= this.#tickerFault() | faultOfOptional(this.#venueMs)
        fault |= faultOf(this.#tradePrice) | faultOf(this.#tradeLots) | faultOf(this.#taker())
        break
      case Kind.Lifecycle:
        fault |= this.#tickerFault() | faultOf(this.#lifecycle)
        break
    }
    return fault
  }

  #tickerFault(): number {
    return faultOf(this.#message) | faultOf(this.#ticker)
  }

  /** Older captures have only the deprecated `taker_side`. */
  #taker(): number {
    if (this.#takerBookSide !== ABSENT) return this.#takerBookSide
    return this.#takerOutcomeSide !== ABSENT ? this.#takerOutcomeSide : this.#takerSide
  }

  #emit(sink: FrameSink): void {
    const sid = told(this.#sid)
    switch (this.#kind) {
      case Kind.Subscribed:
        sink.control(Control.Subscribed, told(this.#id), this.#subscribedSid)
        break
      case Kind.Ok:
        sink.control(Control.Acknowledged, told(this.#id), sid)
        break
      case Kind.Unsubscribed:
        sink.control(Control.Unsubscribed, told(this.#id), sid)
        break
      case Kind.Error:
        sink.control(Control.Refused, this.#code, sid)
        break
      default:
        if (this.#kind >= Kind.FirstIgnored) sink.control(Control.Ignored, 0, 0)
        else if (this.#kind >= Kind.FirstPrivate) sink.control(Control.Private, 0, 0)
        else if (this.#ticker < 0) sink.control(Control.Ignored, 0, 0)
        else this.#emitOfBook(sink, this.#ticker)
    }
  }

  #emitOfBook(sink: FrameSink, book: number): void {
    const venueMs = this.#venueMs >= 0 ? this.#venueMs : MS_NONE
    switch (this.#kind) {
      case Kind.Delta: {
        const lots = (this.#negative ? 0 - this.#delta : this.#delta) as Lots
        sink.change(book, this.#side as Side, this.#bookPrice(this.#side, this.#price), lots, venueMs)
        break
      }
      case Kind.Snapshot:
        sink.snapshot(book, PRICE_NONE, venueMs)
        this.#emitLevels(sink, book, SIDE_BID, this.#yes)
        this.#emitLevels(sink, book, SIDE_ASK, this.#no)
        // Id 0 is no id (Kalshi fact sheet, section 3.2).
        sink.snapshotEnd(book, this.#id > 0 ? this.#id : -1)
        break
      case Kind.Trade:
        sink.trade(book, this.#tradePrice as Price, this.#tradeLots as Lots, this.#taker() as Side, venueMs)
        break
      case Kind.Lifecycle: {
        const lifecycle = this.#lifecycle < 0 ? Lifecycle.Other : this.#lifecycle + 1
        sink.control(Control.Lifecycle, book, lifecycle)
        break
      }
    }
  }

  #emitLevels(sink: FrameSink, book: number, side: Side, levels: Rows): void {
    const data = levels.data
    const end = levels.count * 2
    for (let at = 0; at < end; at += 2) {
      sink.level(book, side, this.#bookPrice(side, data[at]), data[at + 1] as Lots, false)
    }
  }

  /** The YES price of a level: a `no` level is told as a NO bid unless the connection asked otherwise. */
  #bookPrice(side: number, price: number): Price {
    return (side === SIDE_ASK && !this.#useYesPrice ? PRICE_ONE - price : price) as Price
  }
}

/** -1 for what is absent. */
function told(value: number): number {
  return value >= 0 ? value : -1
}
