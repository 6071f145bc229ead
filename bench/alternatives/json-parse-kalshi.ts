import { Control, type FrameSink, Lifecycle, ParseOutcome } from '@tandem/colo/venue/sink.ts'
import type { Lots, Price, Side } from '@tandem/shared/units.ts'
import {
  BAD_NUMBER,
  BAD_TYPE,
  type Fields,
  integerOf,
  isFields,
  jsonOf,
  lotsExactOf,
  MISSING,
  priceOf,
  textOf,
  worstOf,
} from './json-parse.ts'

const PRIVATE = new Set(['fill', 'user_order', 'market_position', 'order_group_updates'])
const IGNORED = new Set([
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
])
const LIFECYCLES = new Map<unknown, number>([
  ['activated', Lifecycle.Activated],
  ['deactivated', Lifecycle.Deactivated],
  ['close_date_updated', Lifecycle.CloseMoved],
  ['determined', Lifecycle.Determined],
  ['settled', Lifecycle.Settled],
  ['price_level_structure_updated', Lifecycle.PriceStructure],
])

/** Kalshi's WebSocket read with JSON.parse: what the byte scanner is measured against and compared with. */
export class JsonParseKalshi {
  readonly #ids: ReadonlyMap<string, number>
  readonly #useYesPrice: boolean

  /** @param ids books by ticker, as `Symbols` has them */
  constructor(ids: ReadonlyMap<string, number>, useYesPrice: boolean) {
    this.#ids = ids
    this.#useYesPrice = useYesPrice
  }

  parse(bytes: Uint8Array, start: number, end: number, sink: FrameSink): number {
    const frame = jsonOf(textOf(bytes, start, end))
    if (!isFields(frame) || typeof frame.type !== 'string') return ParseOutcome.Malformed
    const id = integerOf(frame.id)
    const sid = integerOf(frame.sid)
    const seq = integerOf(frame.seq)
    if (seq !== MISSING && sid === MISSING) return ParseOutcome.Malformed
    const head = worstOf([], [id, sid, seq])
    if (head === BAD_TYPE) return ParseOutcome.Malformed
    const outcome = this.#read(frame, head, id, sid, seq, sink)
    if (outcome === BAD_TYPE) return ParseOutcome.Malformed
    if (outcome === BAD_NUMBER) return ParseOutcome.BadNumber
    return outcome
  }

  #read(frame: Fields, head: number, id: number, sid: number, seq: number, sink: FrameSink): number {
    const command = id >= 0 ? id : -1
    const subscription = sid >= 0 ? sid : -1
    switch (frame.type) {
      case 'orderbook_delta':
        return this.#delta(frame.msg, head, sid, seq, sink)
      case 'orderbook_snapshot':
        return this.#snapshot(frame.msg, head, id, sid, seq, sink)
      case 'trade':
        return this.#trade(frame.msg, head, sid, seq, sink)
      case 'market_lifecycle_v2':
        return this.#lifecycle(frame.msg, head, sid, seq, sink)
      case 'subscribed': {
        if (!isFields(frame.msg)) return BAD_TYPE
        const given = integerOf(frame.msg.sid)
        const worst = Math.min(head, worstOf([given], []))
        return worst < 0 ? worst : control(sink, sid, seq, Control.Subscribed, command, given)
      }
      case 'error': {
        if (!isFields(frame.msg)) return BAD_TYPE
        const code = integerOf(frame.msg.code)
        const worst = Math.min(head, worstOf([code], []))
        return worst < 0 ? worst : control(sink, sid, seq, Control.Refused, code, subscription)
      }
    }
    if (head < 0) return head
    if (frame.type === 'ok') return control(sink, sid, seq, Control.Acknowledged, command, subscription)
    if (frame.type === 'unsubscribed')
      return control(sink, sid, seq, Control.Unsubscribed, command, subscription)
    if (PRIVATE.has(frame.type as string)) return control(sink, sid, seq, Control.Private, 0, 0)
    if (IGNORED.has(frame.type as string)) return control(sink, sid, seq, Control.Ignored, 0, 0)
    if (seq >= 0) sink.sequence(sid, seq)
    return ParseOutcome.UnknownType
  }

  #delta(msg: unknown, head: number, sid: number, seq: number, sink: FrameSink): number {
    if (!isFields(msg)) return BAD_TYPE
    const book = this.#book(msg.market_ticker)
    const price = priceOf(msg.price_dollars)
    const side = sideOf(msg.side, 'yes', 'no')
    const delta = msg.delta_fp
    const negative = typeof delta === 'string' && delta.startsWith('-')
    const lots = lotsExactOf(negative ? delta.slice(1) : delta)
    const venueMs = integerOf(msg.ts_ms)
    const worst = Math.min(head, worstOf([seq, book, price, side, lots], [venueMs]))
    if (worst < 0) return worst
    if (book < 0) return control(sink, sid, seq, Control.Ignored, 0, 0)
    sink.sequence(sid, seq)
    const change = (negative && lots !== 0 ? -lots : lots) as Lots
    sink.change(book, side as Side, this.#price(side, price), change, venueMs < 0 ? -1 : venueMs)
    return 1
  }

  #snapshot(msg: unknown, head: number, id: number, sid: number, seq: number, sink: FrameSink): number {
    if (!isFields(msg)) return BAD_TYPE
    const book = this.#book(msg.market_ticker)
    const venueMs = integerOf(msg.ts_ms)
    const sides = [levelsOf(msg.yes_dollars_fp), levelsOf(msg.no_dollars_fp)]
    let worst = Math.min(head, worstOf([seq, book], [venueMs]))
    for (const levels of sides) {
      if (levels === undefined) return BAD_TYPE
      for (const level of levels) worst = Math.min(worst, worstOf(level, []))
    }
    if (worst < 0) return worst
    if (book < 0) return control(sink, sid, seq, Control.Ignored, 0, 0)
    sink.sequence(sid, seq)
    sink.snapshot(book, -1 as Price, venueMs < 0 ? -1 : venueMs)
    for (const [side, levels] of sides.entries()) {
      for (const [price, lots] of levels!) {
        sink.level(book, side as Side, this.#price(side, price), lots as Lots, false)
      }
    }
    sink.snapshotEnd(book, id > 0 ? id : -1)
    return 1
  }

  #trade(msg: unknown, head: number, sid: number, seq: number, sink: FrameSink): number {
    if (!isFields(msg)) return BAD_TYPE
    const book = this.#book(msg.market_ticker)
    const price = priceOf(msg.yes_price_dollars)
    const lots = lotsExactOf(msg.count_fp)
    const venueMs = integerOf(msg.ts_ms)
    const side =
      msg.taker_book_side !== undefined && msg.taker_book_side !== null
        ? sideOf(msg.taker_book_side, 'bid', 'ask')
        : sideOf(msg.taker_outcome_side ?? msg.taker_side, 'yes', 'no')
    const worst = Math.min(head, worstOf([book, price, lots, side], [venueMs]))
    if (worst < 0) return worst
    if (book < 0) return control(sink, sid, seq, Control.Ignored, 0, 0)
    if (seq >= 0) sink.sequence(sid, seq)
    sink.trade(book, price as Price, lots as Lots, side as Side, venueMs < 0 ? -1 : venueMs)
    return 1
  }

  #lifecycle(msg: unknown, head: number, sid: number, seq: number, sink: FrameSink): number {
    if (!isFields(msg) || typeof msg.event_type !== 'string') return BAD_TYPE
    const book = this.#book(msg.market_ticker)
    const worst = Math.min(head, worstOf([book], []))
    if (worst < 0) return worst
    if (book < 0) return control(sink, sid, seq, Control.Ignored, 0, 0)
    return control(sink, sid, seq, Control.Lifecycle, book, LIFECYCLES.get(msg.event_type) ?? Lifecycle.Other)
  }

  #book(ticker: unknown): number {
    if (typeof ticker !== 'string') return ticker === undefined || ticker === null ? MISSING : BAD_TYPE
    return this.#ids.get(ticker) ?? -1
  }

  #price(side: number, price: number): Price {
    return (side === 1 && !this.#useYesPrice ? 10_000 - price : price) as Price
  }
}

/** Absent sides are empty; undefined when it is no list of pairs. */
function levelsOf(list: unknown): [number, number][] | undefined {
  if (list === undefined || list === null) return []
  if (!Array.isArray(list)) return undefined
  const levels: [number, number][] = []
  for (const level of list) {
    if (!Array.isArray(level) || level.length !== 2) return undefined
    levels.push([priceOf(level[0]), lotsExactOf(level[1])])
  }
  return levels
}

function sideOf(value: unknown, bid: string, ask: string): number {
  if (value === bid) return 0
  if (value === ask) return 1
  return value === undefined || value === null ? MISSING : BAD_TYPE
}

function control(sink: FrameSink, sid: number, seq: number, kind: Control, a: number, b: number): number {
  if (seq >= 0) sink.sequence(sid, seq)
  sink.control(kind, a, b)
  return 1
}
