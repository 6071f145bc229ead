import { Control, type FrameSink, ParseOutcome } from '@tandem/colo/venue/sink.ts'
import type { Lots, Price, Side } from '@tandem/shared/units.ts'
import {
  BAD_NUMBER,
  BAD_TYPE,
  BLANK,
  digitsOf,
  type Fields,
  isFields,
  jsonOf,
  lotsFloorOf,
  MISSING,
  priceOf,
  textOf,
  worstOf,
} from './json-parse.ts'

interface Change {
  token: number
  side: number
  price: number
  lots: number
  bid: number
  ask: number
}

interface Level {
  price: number
  lots: number
}

/** Polymarket's market channel read with JSON.parse: what the byte scanner is measured against and compared with. */
export class JsonParsePolymarket {
  readonly #ids: ReadonlyMap<string, number>

  /** @param ids codes by token id, as `Symbols` has them */
  constructor(ids: ReadonlyMap<string, number>) {
    this.#ids = ids
  }

  parse(bytes: Uint8Array, start: number, end: number, sink: FrameSink): number {
    const text = textOf(bytes, start, end)
    if (text === 'PONG') {
      sink.control(Control.Pong, 0, 0)
      return 1
    }
    const frame = jsonOf(text)
    if (isFields(frame)) {
      const outcome = this.#message(frame, sink)
      return outcome < 0 ? outcome : 1
    }
    if (!Array.isArray(frame)) return ParseOutcome.Malformed
    let worst = 0
    let muted = false
    for (const element of frame) {
      const outcome = isFields(element)
        ? this.#message(element, muted ? undefined : sink)
        : ParseOutcome.Malformed
      if (outcome === ParseOutcome.Malformed) return outcome
      if (outcome === ParseOutcome.BadNumber) {
        worst = outcome
        muted = true
      } else if (outcome < 0 && !muted) worst = outcome
    }
    return worst < 0 ? worst : frame.length
  }

  /** Checks a message and, given a sink, emits it. */
  #message(fields: Fields, sink: FrameSink | undefined): number {
    const type = fields.event_type ?? typeByFields(fields)
    if (typeof type !== 'string') return ParseOutcome.Malformed
    switch (type) {
      case 'price_change':
        return this.#priceChange(fields, sink)
      case 'book':
        return this.#book(fields, sink)
      case 'last_trade_price':
        return this.#trade(fields, sink)
      case 'tick_size_change':
        return this.#tickSize(fields, sink)
      case 'best_bid_ask':
        return this.#bestBidAsk(fields, sink)
      case 'market_resolved':
        return this.#resolved(fields, sink)
      case 'new_market':
        sink?.control(Control.Ignored, 0, 0)
        return 0
      default:
        return ParseOutcome.UnknownType
    }
  }

  #priceChange(fields: Fields, sink: FrameSink | undefined): number {
    const venueMs = digitsOf(fields.timestamp)
    const list = fields.price_changes
    if (!Array.isArray(list)) return ParseOutcome.Malformed
    let worst = worstOf([venueMs], [])
    const changes: Change[] = []
    for (const item of list) {
      if (!isFields(item)) return ParseOutcome.Malformed
      const change = {
        token: this.#token(item.asset_id),
        side: sideOf(item.side),
        price: priceOf(item.price),
        lots: lotsFloorOf(item.size),
        bid: priceOf(item.best_bid),
        ask: priceOf(item.best_ask),
      }
      worst = Math.min(
        worst,
        worstOf([change.token, change.side, change.price, change.lots], [change.bid, change.ask]),
      )
      changes.push(change)
    }
    if (worst < 0) return outcomeOf(worst)
    if (sink === undefined) return 0
    const claims = new Map<number, Change>()
    for (const change of changes) {
      if (change.token < 0) continue
      const book = change.token >> 1
      const mirrored = isMirrored(change.token)
      sink.level(
        book,
        sideIn(change.side, mirrored),
        priceIn(change.price, mirrored),
        change.lots as Lots,
        mirrored,
      )
      if (change.bid === MISSING || change.ask === MISSING) continue
      const claim = claims.get(book)
      if (claim === undefined || !mirrored || isMirrored(claim.token)) claims.set(book, change)
    }
    for (const [book, { token, bid, ask }] of claims)
      emitTop(sink, book, bid, ask, isMirrored(token), venueMs)
    if (!changes.some((change) => change.token >= 0)) sink.control(Control.Ignored, 0, 0)
    return 0
  }

  #book(fields: Fields, sink: FrameSink | undefined): number {
    const token = this.#token(fields.asset_id)
    const venueMs = digitsOf(fields.timestamp)
    const tick = tickOf(fields.tick_size)
    const bids = levelsOf(fields.bids)
    const asks = levelsOf(fields.asks)
    if (bids === undefined || asks === undefined) return ParseOutcome.Malformed
    let worst = worstOf([token, venueMs], [tick])
    for (const { price, lots } of bids) worst = Math.min(worst, worstOf([price, lots], []))
    for (const { price, lots } of asks) worst = Math.min(worst, worstOf([price, lots], []))
    if (worst < 0) return outcomeOf(worst)
    if (sink === undefined) return 0
    if (token < 0) {
      sink.control(Control.Ignored, 0, 0)
      return 0
    }
    const book = token >> 1
    const mirrored = isMirrored(token)
    sink.snapshot(book, (tick < 0 ? -1 : tick) as Price, venueMs)
    for (const { price, lots } of bids) {
      sink.level(book, sideIn(0, mirrored), priceIn(price, mirrored), lots as Lots, mirrored)
    }
    for (const { price, lots } of asks) {
      sink.level(book, sideIn(1, mirrored), priceIn(price, mirrored), lots as Lots, mirrored)
    }
    sink.snapshotEnd(book, -1)
    return 0
  }

  #trade(fields: Fields, sink: FrameSink | undefined): number {
    const token = this.#token(fields.asset_id)
    const venueMs = digitsOf(fields.timestamp)
    const price = priceOf(fields.price)
    const lots = lotsFloorOf(fields.size)
    const side = sideOf(fields.side)
    const worst = worstOf([token, venueMs, price, lots, side], [])
    if (worst < 0) return outcomeOf(worst)
    const mirrored = isMirrored(token)
    if (token < 0) sink?.control(Control.Ignored, 0, 0)
    else sink?.trade(token >> 1, priceIn(price, mirrored), lots as Lots, sideIn(side, mirrored), venueMs)
    return 0
  }

  #tickSize(fields: Fields, sink: FrameSink | undefined): number {
    const token = this.#token(fields.asset_id)
    const venueMs = digitsOf(fields.timestamp)
    const tick = tickOf(fields.new_tick_size)
    const worst = worstOf([token, venueMs, tick], [])
    if (worst < 0) return outcomeOf(worst)
    if (token < 0) sink?.control(Control.Ignored, 0, 0)
    else sink?.tickSize(token >> 1, tick as Price, venueMs)
    return 0
  }

  #bestBidAsk(fields: Fields, sink: FrameSink | undefined): number {
    const token = this.#token(fields.asset_id)
    const venueMs = digitsOf(fields.timestamp)
    const bid = priceOf(fields.best_bid)
    const ask = priceOf(fields.best_ask)
    const told = [bid, ask].filter((price) => price !== BLANK)
    const worst = worstOf([token, venueMs, ...told], [])
    if (worst < 0) return outcomeOf(worst)
    if (sink === undefined) return 0
    if (token < 0) sink.control(Control.Ignored, 0, 0)
    else emitTop(sink, token >> 1, bid, ask, isMirrored(token), venueMs)
    return 0
  }

  #resolved(fields: Fields, sink: FrameSink | undefined): number {
    const ids = fields.assets_ids
    if (!Array.isArray(ids)) return ParseOutcome.Malformed
    const tokens = ids.map((id) => this.#token(id))
    if (tokens.some((token) => token < -1)) return ParseOutcome.Malformed
    const books = tokens.filter((token) => token >= 0).map((token) => token >> 1)
    if (books.length === 0) sink?.control(Control.Ignored, 0, 0)
    let last = -1
    for (const book of books) {
      if (book !== last) sink?.control(Control.Resolved, book, 0)
      last = book
    }
    return 0
  }

  #token(id: unknown): number {
    if (typeof id !== 'string') return id === undefined || id === null ? MISSING : BAD_TYPE
    return this.#ids.get(id) ?? -1
  }
}

function typeByFields(fields: Fields): string {
  const has = (name: string) => fields[name] !== undefined && fields[name] !== null
  if (has('price_changes')) return 'price_change'
  if (has('bids') || has('asks')) return 'book'
  if (has('new_tick_size')) return 'tick_size_change'
  return ['asset_id', 'price', 'size', 'side'].every(has) ? 'last_trade_price' : ''
}

function levelsOf(list: unknown): Level[] | undefined {
  if (!Array.isArray(list)) return undefined
  const levels: Level[] = []
  for (const item of list) {
    if (!isFields(item)) return undefined
    levels.push({ price: priceOf(item.price), lots: lotsFloorOf(item.size) })
  }
  return levels
}

function emitTop(
  sink: FrameSink,
  book: number,
  bid: number,
  ask: number,
  mirrored: boolean,
  venueMs: number,
): void {
  const best = bid === BLANK || bid === 0 ? -1 : bid
  const offer = ask === BLANK || ask === 10_000 ? -1 : ask
  const other = (price: number) => (price < 0 ? -1 : 10_000 - price)
  const top = mirrored ? [other(offer), other(best)] : [best, offer]
  sink.top(book, top[0] as Price, top[1] as Price, venueMs)
}

function isMirrored(token: number): boolean {
  return token % 2 === 1
}

function priceIn(price: number, mirrored: boolean): Price {
  return (mirrored ? 10_000 - price : price) as Price
}

function sideIn(side: number, mirrored: boolean): Side {
  return (mirrored ? 1 - side : side) as Side
}

function sideOf(value: unknown): number {
  if (value === 'BUY') return 0
  if (value === 'SELL') return 1
  return value === undefined || value === null ? MISSING : BAD_TYPE
}

function tickOf(value: unknown): number {
  const tick = priceOf(value)
  return tick === 0 || (tick > 0 && 10_000 % tick !== 0) ? BAD_NUMBER : tick
}

function outcomeOf(worst: number): number {
  return worst === BAD_NUMBER ? ParseOutcome.BadNumber : ParseOutcome.Malformed
}
