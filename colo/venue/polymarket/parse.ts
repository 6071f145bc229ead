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
import { BRACE_OPEN, BRACKET_CLOSE, BRACKET_OPEN } from '../punctuation.ts'
import { Rows } from '../rows.ts'
import {
  ABSENT,
  BROKEN,
  EMPTY,
  FAULT_SHAPE,
  faultOf,
  faultOfOptional,
  NOT_A_NUMBER,
  plainEnd,
  Scanner,
} from '../scan.ts'
import { Shape } from '../shape.ts'
import { Control, type FrameSink, ParseOutcome } from '../sink.ts'
import { Symbols } from '../symbols.ts'
import {
  Between,
  HASH_BYTES,
  LOTS_BITS,
  LOTS_MASK,
  MICRO_DECIMALS,
  PRICE_BITS,
  PRICE_MASK,
  usualHash,
  usualLots,
  usualPrice,
} from '../usual.ts'

// The market channel (Polymarket fact sheet, section 3). A frame is one object or an array of them, keys in any order;
// the type may be the last key or missing, so all fields are read first and judged at the closing brace:
//
//   {"event_type":"price_change","market":"0x5f65..","price_changes":[
//     {"asset_id":"7132..","price":"0.5","size":"200","side":"BUY","hash":"56..","best_bid":"0.5","best_ask":"1"},
//     {"asset_id":"5211..","price":"0.5","size":"200","side":"SELL","hash":"18..","best_bid":"0","best_ask":"0.5"}],
//    "timestamp":"1757908892351"}

const Kind = {
  Book: 0,
  PriceChange: 1,
  Trade: 2,
  TickSize: 3,
  BestBidAsk: 4,
  NewMarket: 5,
  Resolved: 6,
  Unknown: -1,
} as const

const KINDS = Symbols.of(
  'book',
  'price_change',
  'last_trade_price',
  'tick_size_change',
  'best_bid_ask',
  'new_market',
  'market_resolved',
)

const Field = {
  EventType: 0,
  AssetId: 1,
  Price: 2,
  Size: 3,
  Side: 4,
  BestBid: 5,
  BestAsk: 6,
  Timestamp: 7,
  PriceChanges: 8,
  Bids: 9,
  Asks: 10,
  TickSize: 11,
  NewTickSize: 12,
  AssetsIds: 13,
  Market: 14,
  Hash: 15,
  LastTradePrice: 16,
} as const

const FIELDS = Symbols.of(
  'event_type',
  'asset_id',
  'price',
  'size',
  'side',
  'best_bid',
  'best_ask',
  'timestamp',
  'price_changes',
  'bids',
  'asks',
  'tick_size',
  'new_tick_size',
  'assets_ids',
  'market',
  'hash',
  'last_trade_price',
)

const SIDES = Symbols.of('BUY', 'SELL')
assert(SIDE_BID === 0 && SIDE_ASK === 1, 'POLYMARKET_SIDES_BY_CODE')

// Columns of a price change.
const TOKEN = 0
const SIDE = 1
const PRICE = 2
const LOTS = 3
const BID = 4
const ASK = 5
const CHANGE_COLUMNS = 6

// A price change in the form that has always been recorded.
const ASSET_ID = new Between('{"asset_id":"')
const PRICE_KEY = new Between('","price":"')
const SIZE_KEY = new Between('","size":"')
const SIDE_KEY = new Between('","side":"')
const HASH_KEY = new Between('","hash":"')
const BID_KEY = new Between('","best_bid":"')
const ASK_KEY = new Between('","best_ask":"')
const BUY_QUOTE = 0x22595542
const SELL = 0x4c4c4553
const QUOTE_BRACE = 0x7d22

/**
 * Turns frames of Polymarket's market channel into calls on a sink. Holds no state between frames but scratch memory.
 * Codes of `symbols` are book * 2, plus 1 for the token of the complement, whose prices and sides are mirrored. A
 * message about tokens that are not in `symbols` is Control.Ignored.
 */
export class PolymarketParser {
  readonly #symbols: Symbols
  readonly #scan = new Scanner()

  // The message being read.
  #kind = ABSENT
  #token = ABSENT
  #price = ABSENT
  #lots = ABSENT
  #side = ABSENT
  #bid = ABSENT
  #ask = ABSENT
  #tick = ABSENT
  #newTick = ABSENT
  #venueMs = ABSENT
  readonly #changes = new Rows(CHANGE_COLUMNS)
  readonly #bids = new Rows(2)
  readonly #asks = new Rows(2)
  readonly #tokens = new Rows(1)

  // What the last frames had: see Shape and Scanner.symbol.
  readonly #messageShape = new Shape(FIELDS)
  readonly #changeShape = new Shape(FIELDS)
  readonly #levelShape = new Shape(FIELDS)
  #lastKind = -1
  #guess = -1

  // By book: the price change that claims its top, -1 for none; and the books that have one.
  readonly #claims: Int32Array
  readonly #claimed: Int32Array

  constructor(symbols: Symbols) {
    this.#symbols = symbols
    const books = (symbols.capacity + 1) >> 1
    this.#claims = new Int32Array(books).fill(-1)
    this.#claimed = new Int32Array(books)
  }

  /**
   * Reads the frame in bytes [start, end).
   *
   * @returns the number of messages, or a ParseOutcome. A lone object is emitted only when the whole frame has proved
   *   valid, an array's element when it has; after an element that is not, none is.
   */
  parse(bytes: Uint8Array, start: number, end: number, sink: FrameSink): number {
    const scan = this.#scan
    let p = scan.space(scan.open(bytes, start, end))
    const first = scan.byte(p)
    if (first === BRACE_OPEN) {
      p = this.#message(p)
      if (p < 0 || !scan.atEnd(p)) return ParseOutcome.Malformed
      const outcome = this.#outcome()
      if (outcome < 0) return outcome
      this.#emit(sink)
      return 1
    }
    if (first === BRACKET_OPEN) return this.#array(p, sink)
    if (
      end - start === 4 &&
      bytes[start] === 0x50 &&
      bytes[start + 1] === 0x4f &&
      bytes[start + 2] === 0x4e &&
      bytes[start + 3] === 0x47
    ) {
      sink.control(Control.Pong, 0, 0)
      return 1
    }
    return ParseOutcome.Malformed
  }

  #array(p: number, sink: FrameSink): number {
    const scan = this.#scan
    let messages = 0
    let worst = 0
    for (p = scan.first(p, BRACKET_CLOSE); scan.more; p = scan.next(p, BRACKET_CLOSE)) {
      let outcome: number = ParseOutcome.Malformed
      if (scan.byte(p) === BRACE_OPEN) {
        p = this.#message(p)
        outcome = this.#outcome()
      } else p = scan.skip(p)
      if (p < 0) return ParseOutcome.Malformed
      messages++
      if (worst === ParseOutcome.Malformed || worst === ParseOutcome.BadNumber) {
        if (outcome === ParseOutcome.Malformed) worst = outcome
      } else if (outcome < 0) worst = outcome
      else this.#emit(sink)
    }
    if (p < 0 || !scan.atEnd(p)) return ParseOutcome.Malformed
    return worst < 0 ? worst : messages
  }

  /** Reads the object at `p` into the fields; returns the position after it. */
  #message(p: number): number {
    const scan = this.#scan
    this.#kind = ABSENT
    this.#token = ABSENT
    this.#price = ABSENT
    this.#lots = ABSENT
    this.#side = ABSENT
    this.#bid = ABSENT
    this.#ask = ABSENT
    this.#tick = ABSENT
    this.#newTick = ABSENT
    this.#venueMs = ABSENT
    this.#changes.reset(ABSENT)
    this.#bids.reset(ABSENT)
    this.#asks.reset(ABSENT)
    this.#tokens.reset(ABSENT)
    const shape = this.#messageShape
    let field = shape.start
    for (p = scan.field(p + 1, shape, field); scan.more; p = scan.field(p, shape, field)) {
      field = scan.value
      switch (field) {
        case Field.EventType:
          p = scan.symbol(p, KINDS, this.#lastKind)
          this.#kind = scan.value
          this.#lastKind = scan.value
          break
        case Field.AssetId:
          p = scan.symbol(p, this.#symbols, this.#guess)
          this.#token = scan.value
          break
        case Field.Price:
          p = scan.price(p)
          this.#price = scan.value
          break
        case Field.Size:
          p = scan.lotsFloor(p)
          this.#lots = scan.value
          break
        case Field.Side:
          p = scan.either(p, SIDES)
          this.#side = scan.value
          break
        case Field.BestBid:
          p = scan.price(p)
          this.#bid = scan.value
          break
        case Field.BestAsk:
          p = scan.price(p)
          this.#ask = scan.value
          break
        case Field.TickSize:
          p = scan.price(p)
          this.#tick = tickOf(scan.value)
          break
        case Field.NewTickSize:
          p = scan.price(p)
          this.#newTick = tickOf(scan.value)
          break
        case Field.Timestamp:
          p = scan.ms(p)
          this.#venueMs = scan.value
          break
        case Field.PriceChanges:
          p = this.#readChanges(p)
          break
        case Field.Bids:
          p = this.#readLevels(p, this.#bids)
          break
        case Field.Asks:
          p = this.#readLevels(p, this.#asks)
          break
        case Field.AssetsIds:
          p = this.#readTokens(p)
          break
        default:
          p = scan.skip(p)
      }
    }
    return p
  }

  #readChanges(p: number): number {
    const scan = this.#scan
    const rows = this.#changes
    if (scan.byte(p) !== BRACKET_OPEN) {
      p = scan.other(p)
      rows.reset(scan.value)
      return p
    }
    rows.reset(0)
    for (p = scan.first(p, BRACKET_CLOSE); scan.more; p = scan.next(p, BRACKET_CLOSE)) {
      if (scan.byte(p) === BRACE_OPEN) {
        const after = this.#usualChange(p, rows)
        p = after > 0 ? after : this.#readChange(p, rows)
      } else {
        rows.fault |= FAULT_SHAPE
        p = scan.skip(p)
      }
    }
    return p
  }

  /** A price change in the venue's usual form; -1 for any other, which `#readChange` reads. */
  #usualChange(p: number, rows: Rows): number {
    const view = this.#scan.view
    const end = this.#scan.end
    p = ASSET_ID.after(view, p, end)
    if (p < 0) return -1
    let token = this.#guess
    let stop = this.#symbols.endOf(token, view, p, end)
    if (stop < 0) {
      stop = plainEnd(view, p, end)
      token = this.#symbols.find(view, p, stop)
    }

    p = PRICE_KEY.after(view, stop, end)
    const price = usualPrice(view, p, end)
    if (price < 0) return -1

    p = SIZE_KEY.after(view, p + (price >> PRICE_BITS), end)
    const lots = usualLots(view, p, end, MICRO_DECIMALS)
    if (lots < 0) return -1

    p = SIDE_KEY.after(view, p + (lots >> LOTS_BITS), end)
    if (p < 0 || p + 4 > end) return -1
    const word = view.getInt32(p, true)
    if (word !== BUY_QUOTE && word !== SELL) return -1
    const side = word === SELL ? SIDE_ASK : SIDE_BID

    p = HASH_KEY.after(view, p + 3 + side, end)
    if (!usualHash(view, p, end)) return -1

    p = BID_KEY.after(view, p + HASH_BYTES, end)
    const bid = usualPrice(view, p, end)
    if (bid < 0) return -1

    p = ASK_KEY.after(view, p + (bid >> PRICE_BITS), end)
    const ask = usualPrice(view, p, end)
    if (ask < 0) return -1
    p += ask >> PRICE_BITS
    if (p + 2 > end || view.getInt16(p, true) !== QUOTE_BRACE) return -1

    const at = rows.add()
    if (at < 0) return -1
    const data = rows.data
    data[at + TOKEN] = token
    data[at + SIDE] = side
    data[at + PRICE] = price & PRICE_MASK
    data[at + LOTS] = lots & LOTS_MASK
    data[at + BID] = bid & PRICE_MASK
    data[at + ASK] = ask & PRICE_MASK
    this.#guess = token ^ 1
    return p + 2
  }

  #readChange(p: number, rows: Rows): number {
    const scan = this.#scan
    let token = ABSENT
    let price = ABSENT
    let lots = ABSENT
    let side = ABSENT
    let bid = ABSENT
    let ask = ABSENT
    const shape = this.#changeShape
    let field = shape.start
    for (p = scan.field(p + 1, shape, field); scan.more; p = scan.field(p, shape, field)) {
      field = scan.value
      switch (field) {
        case Field.AssetId:
          p = scan.symbol(p, this.#symbols, this.#guess)
          token = scan.value
          this.#guess = token ^ 1
          break
        case Field.Price:
          p = scan.price(p)
          price = scan.value
          break
        case Field.Size:
          p = scan.lotsFloor(p)
          lots = scan.value
          break
        case Field.Side:
          p = scan.either(p, SIDES)
          side = scan.value
          break
        case Field.BestBid:
          p = scan.price(p)
          bid = scan.value
          break
        case Field.BestAsk:
          p = scan.price(p)
          ask = scan.value
          break
        default:
          p = scan.skip(p)
      }
    }
    const at = rows.add()
    if (at < 0) return BROKEN
    const data = rows.data
    data[at + TOKEN] = token
    data[at + SIDE] = side
    data[at + PRICE] = price
    data[at + LOTS] = lots
    data[at + BID] = bid
    data[at + ASK] = ask
    rows.fault |= faultOf(token) | faultOf(side) | faultOf(price) | faultOf(lots)
    rows.fault |= faultOfOptional(bid) | faultOfOptional(ask)
    return p
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
      if (scan.byte(p) === BRACE_OPEN) p = this.#readLevel(p, rows)
      else {
        rows.fault |= FAULT_SHAPE
        p = scan.skip(p)
      }
    }
    return p
  }

  #readLevel(p: number, rows: Rows): number {
    const scan = this.#scan
    let price = ABSENT
    let lots = ABSENT
    const shape = this.#levelShape
    let field = shape.start
    for (p = scan.field(p + 1, shape, field); scan.more; p = scan.field(p, shape, field)) {
      field = scan.value
      if (field === Field.Price) {
        p = scan.price(p)
        price = scan.value
      } else if (field === Field.Size) {
        p = scan.lotsFloor(p)
        lots = scan.value
      } else p = scan.skip(p)
    }
    const at = rows.add()
    if (at < 0) return BROKEN
    rows.data[at] = price
    rows.data[at + 1] = lots
    rows.fault |= faultOf(price) | faultOf(lots)
    return p
  }

  #readTokens(p: number): number {
    const scan = this.#scan
    const rows = this.#tokens
    if (scan.byte(p) !== BRACKET_OPEN) {
      p = scan.other(p)
      rows.reset(scan.value)
      return p
    }
    rows.reset(0)
    for (p = scan.first(p, BRACKET_CLOSE); scan.more; p = scan.next(p, BRACKET_CLOSE)) {
      p = scan.symbol(p, this.#symbols, this.#guess)
      const at = rows.add()
      if (at < 0) return BROKEN
      rows.data[at] = scan.value
      rows.fault |= faultOf(scan.value)
    }
    return p
  }

  /** Settles the kind, and whether the fields are those of the kind: 0 or a ParseOutcome. */
  #outcome(): number {
    if (this.#kind === ABSENT) this.#kind = this.#kindByFields()
    let fault = 0
    switch (this.#kind) {
      case Kind.Book:
        fault = faultOf(this.#token) | faultOf(this.#venueMs) | faultOfOptional(this.#tick)
        fault |= faultOf(this.#bids.state) | faultOf(this.#asks.state) | this.#bids.fault | this.#asks.fault
        break
      case Kind.PriceChange:
        fault = faultOf(this.#venueMs) | faultOf(this.#changes.state) | this.#changes.fault
        break
      case Kind.Trade:
        fault = faultOf(this.#token) | faultOf(this.#venueMs)
        fault |= faultOf(this.#price) | faultOf(this.#lots) | faultOf(this.#side)
        break
      case Kind.TickSize:
        fault = faultOf(this.#token) | faultOf(this.#venueMs) | faultOf(this.#newTick)
        break
      case Kind.BestBidAsk:
        fault = faultOf(this.#token) | faultOf(this.#venueMs) | topFault(this.#bid) | topFault(this.#ask)
        break
      case Kind.Resolved:
        fault = faultOf(this.#tokens.state) | this.#tokens.fault
        break
      case Kind.NewMarket:
        break
      case Kind.Unknown:
        return ParseOutcome.UnknownType
      default:
        return ParseOutcome.Malformed
    }
    if (fault === 0) return 0
    return (fault & FAULT_SHAPE) !== 0 ? ParseOutcome.Malformed : ParseOutcome.BadNumber
  }

  /** Documented messages without `event_type`: their keys say what they are. */
  #kindByFields(): number {
    if (this.#changes.state !== ABSENT) return Kind.PriceChange
    if (this.#bids.state !== ABSENT || this.#asks.state !== ABSENT) return Kind.Book
    if (this.#newTick !== ABSENT) return Kind.TickSize
    const trade =
      this.#token !== ABSENT && this.#price !== ABSENT && this.#lots !== ABSENT && this.#side !== ABSENT
    return trade ? Kind.Trade : Kind.Unknown
  }

  #emit(sink: FrameSink): void {
    if (this.#kind === Kind.PriceChange) this.#emitChanges(sink)
    else if (this.#kind === Kind.Resolved) this.#emitResolved(sink)
    else if (this.#kind === Kind.NewMarket || this.#token < 0) sink.control(Control.Ignored, 0, 0)
    else this.#emitOfToken(sink, this.#token >> 1, (this.#token & 1) === 1)
  }

  #emitOfToken(sink: FrameSink, book: number, mirrored: boolean): void {
    const venueMs = this.#venueMs
    switch (this.#kind) {
      case Kind.Book:
        sink.snapshot(book, this.#tick < 0 ? PRICE_NONE : (this.#tick as Price), venueMs)
        emitLevels(sink, book, SIDE_BID, this.#bids, mirrored)
        emitLevels(sink, book, SIDE_ASK, this.#asks, mirrored)
        sink.snapshotEnd(book, -1)
        break
      case Kind.Trade: {
        const price = priceIn(this.#price, mirrored)
        sink.trade(book, price, this.#lots as Lots, sideIn(this.#side, mirrored), venueMs)
        break
      }
      case Kind.TickSize:
        sink.tickSize(book, this.#newTick as Price, venueMs)
        break
      case Kind.BestBidAsk:
        emitTop(sink, book, this.#bid, this.#ask, mirrored, venueMs)
        break
    }
  }

  #emitChanges(sink: FrameSink): void {
    const data = this.#changes.data
    const claims = this.#claims
    const claimed = this.#claimed
    const end = this.#changes.count * CHANGE_COLUMNS
    let known = 0
    let books = 0
    for (let at = 0; at < end; at += CHANGE_COLUMNS) {
      const token = data[at + TOKEN]
      if (token < 0) continue
      known++
      const book = token >> 1
      const mirrored = (token & 1) === 1
      const price = priceIn(data[at + PRICE], mirrored)
      sink.level(book, sideIn(data[at + SIDE], mirrored), price, data[at + LOTS] as Lots, mirrored)
      if (data[at + BID] === ABSENT || data[at + ASK] === ABSENT) continue
      const claim = claims[book]
      if (claim < 0) claimed[books++] = book
      // The last claim stands; one that the named token makes itself is not replaced by its complement's.
      if (claim < 0 || !mirrored || (data[claim + TOKEN] & 1) === 1) claims[book] = at
    }
    for (let i = 0; i < books; i++) {
      const book = claimed[i]
      const at = claims[book]
      claims[book] = -1
      emitTop(sink, book, data[at + BID], data[at + ASK], (data[at + TOKEN] & 1) === 1, this.#venueMs)
    }
    if (known === 0) sink.control(Control.Ignored, 0, 0)
  }

  #emitResolved(sink: FrameSink): void {
    const { data, count } = this.#tokens
    let known = 0
    let last = -1
    for (let at = 0; at < count; at++) {
      const book = data[at] >> 1
      // A market's two tokens are one book, and stand side by side.
      if (data[at] < 0 || book === last) continue
      sink.control(Control.Resolved, book, 0)
      last = book
      known++
    }
    if (known === 0) sink.control(Control.Ignored, 0, 0)
  }
}

function emitLevels(sink: FrameSink, book: number, side: Side, levels: Rows, mirrored: boolean): void {
  const data = levels.data
  const end = levels.count * 2
  const seen = sideIn(side, mirrored)
  for (let at = 0; at < end; at += 2) {
    sink.level(book, seen, priceIn(data[at], mirrored), data[at + 1] as Lots, mirrored)
  }
}

/** An empty side is written as a bid of 0, an ask of 1, or nothing. */
function emitTop(
  sink: FrameSink,
  book: number,
  bid: number,
  ask: number,
  mirrored: boolean,
  venueMs: number,
): void {
  const noBid = bid <= 0
  const noAsk = ask < 0 || ask === PRICE_ONE
  const outcomeBid = mirrored ? (noAsk ? PRICE_NONE : PRICE_ONE - ask) : noBid ? PRICE_NONE : bid
  const outcomeAsk = mirrored ? (noBid ? PRICE_NONE : PRICE_ONE - bid) : noAsk ? PRICE_NONE : ask
  sink.top(book, outcomeBid as Price, outcomeAsk as Price, venueMs)
}

/** The price of the book's own outcome. */
function priceIn(price: number, mirrored: boolean): Price {
  return (mirrored ? PRICE_ONE - price : price) as Price
}

function sideIn(side: number, mirrored: boolean): Side {
  return (mirrored ? 1 - side : side) as Side
}

/** A top may be told as an empty string, but it must be told. */
function topFault(value: number): number {
  return value === EMPTY ? 0 : faultOf(value)
}

/** A tick must divide a dollar: every tick of the venue does. */
function tickOf(value: number): number {
  return value < 0 || (value > 0 && PRICE_ONE % value === 0) ? value : NOT_A_NUMBER
}
