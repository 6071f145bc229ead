import { assert } from '@tandem/shared/assert.ts'
import { LOTS_ORDER_MAX, LOTS_PER_CONTRACT, PRICE_ONE } from '@tandem/shared/units.ts'
import { ascii, writeDigits, writeInteger } from '../ascii.ts'
import { KEY_HEADER, ORDER_GROUP_ID, SIGNATURE_HEADER, TIMESTAMP_DIGITS, TIMESTAMP_HEADER } from './auth.ts'

// POST /portfolio/events/orders: Kalshi fact sheet, section 4.4. The request of a market is one block of bytes whose holes
// have fixed widths, so neither its length nor Content-Length ever changes and an order is a few patches:
//
//   ..."client_order_id":"tandem-1-000000000042","side":"bid","price":"0.5600","count":"10.00"     }
//                                  ^ 12 digits         ^ 3             ^ 6             ^ 10, then spaces
//
// All values but the count have one width anyway (a price may have four decimals on every market). JSON allows spaces
// between a value and what follows it; zeros before the count would be bytes that the venue may read in its own way.

const COUNTER_DIGITS = 12
/** Greatest counter of a client order id. */
export const CLIENT_ORDER_COUNTER_MAX = 10 ** COUNTER_DIGITS - 1

const LOTS_DECIMALS = 2
/** The largest count, 1000000.00, and the quote after it. */
const COUNT_WIDTH = 11
assert(LOTS_PER_CONTRACT === 10 ** LOTS_DECIMALS, 'KALSHI_COUNT_DECIMALS')
assert((LOTS_ORDER_MAX / LOTS_PER_CONTRACT).toFixed(LOTS_DECIMALS).length < COUNT_WIDTH, 'KALSHI_COUNT_FITS')
const PRICE_DECIMALS = 4
/** Kalshi's rule for FIX, section 4.4; REST has told none. */
const CLIENT_ORDER_ID = /^[-\w:+=/]{1,64}$/

const SIDES = [ascii('bid'), ascii('ask')] as const

export const TimeInForce = { ImmediateOrCancel: 0, FillOrKill: 1 } as const
export type TimeInForce = (typeof TimeInForce)[keyof typeof TimeInForce]
const TIMES_IN_FORCE = ['immediate_or_cancel', 'fill_or_kill'] as const

/** The client order id that a request with this counter carries. */
export function clientOrderId(prefix: string, counter: number): string {
  return prefix + String(counter).padStart(COUNTER_DIGITS, '0')
}

/** What all orders of a session share. */
export interface OrderRequestParts {
  readonly host: string
  readonly keyId: string
  /** Characters of a header's signature, which depend on the key: `KalshiFacts`. */
  readonly signatureLength: number
  /** Put before the counter in every client order id. No two runs may share it: an id is used once, for ever. */
  readonly clientOrderPrefix: string
  readonly subaccount: number
}

/** One market's order with one time in force and one group. Two requests of one market are two of these: they differ in length. */
export class OrderRequest {
  /** The length of every request of this market. */
  readonly bytes: number
  /** Where the client order id stands in a request. */
  readonly idStart: number
  readonly idEnd: number
  readonly #template: Uint8Array
  readonly #timestampAt: number
  readonly #signatureAt: number
  readonly #signatureLength: number
  readonly #counterAt: number
  readonly #sideAt: number
  readonly #priceAt: number
  readonly #countAt: number

  /**
   * @param exchangeIndex the market's shard, from the venue: auto-routing is slower and bills all shards
   * @param orderGroupId the group whose limit counts, of the same shard; empty for none
   */
  constructor(
    parts: OrderRequestParts,
    ticker: string,
    exchangeIndex: number,
    timeInForce: TimeInForce,
    orderGroupId = '',
  ) {
    const { host, keyId, signatureLength, clientOrderPrefix, subaccount } = parts
    const counter = '0'.repeat(COUNTER_DIGITS)
    assert(CLIENT_ORDER_ID.test(clientOrderPrefix + counter), 'KALSHI_CLIENT_ORDER_ID')
    assert(/^[\w.-]+$/.test(ticker), 'KALSHI_TICKER')
    assert(orderGroupId === '' || ORDER_GROUP_ID.test(orderGroupId), 'KALSHI_ORDER_GROUP_ID')
    for (const value of [host, keyId]) assert(/^[\x21-\x7e]+$/.test(value), 'KALSHI_HEADER_VALUE')
    const body =
      `{"ticker":"${ticker}","time_in_force":"${TIMES_IN_FORCE[timeInForce]}",` +
      `"self_trade_prevention_type":"taker_at_cross","post_only":false,"reduce_only":false,` +
      `"cancel_order_on_pause":false,"subaccount":${subaccount},"exchange_index":${exchangeIndex},` +
      (orderGroupId === '' ? '' : `"order_group_id":"${orderGroupId}",`) +
      `"client_order_id":"${clientOrderPrefix}${counter}","side":"bid","price":"0.0000",` +
      `"count":"${' '.repeat(COUNT_WIDTH)}}`
    const head = [
      'POST /trade-api/v2/portfolio/events/orders HTTP/1.1',
      `Host: ${host}`,
      'User-Agent: tandem',
      'Accept: application/json',
      'Connection: keep-alive',
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      `${KEY_HEADER}: ${keyId}`,
      `${TIMESTAMP_HEADER}: ${'0'.repeat(TIMESTAMP_DIGITS)}`,
      `${SIGNATURE_HEADER}: ${'0'.repeat(signatureLength)}`,
      '\r\n',
    ].join('\r\n')
    const text = head + body
    const after = (mark: string) => text.lastIndexOf(mark) + mark.length
    this.#template = ascii(text)
    this.bytes = text.length
    this.#timestampAt = after(`${TIMESTAMP_HEADER}: `)
    this.#signatureAt = after(`${SIGNATURE_HEADER}: `)
    this.#signatureLength = signatureLength
    this.idStart = after('"client_order_id":"')
    this.#counterAt = this.idStart + clientOrderPrefix.length
    this.idEnd = this.#counterAt + COUNTER_DIGITS
    this.#sideAt = after('"side":"')
    this.#priceAt = after('"price":"')
    this.#countAt = after('"count":"')
  }

  /**
   * Writes the whole request into `target` from its start; it is `bytes` long, and they must stay until they are on the wire.
   *
   * @param timestampMs what the signature was made for
   * @param signature base64 in ASCII, at `signatureAt` of `signatures`: one header of a set that was signed ahead
   * @param counter of the client order id, 0..CLIENT_ORDER_COUNTER_MAX, used once
   * @param side 0 bid, 1 ask; both of the YES book
   * @param price 1..9999
   * @param lots 1..LOTS_ORDER_MAX
   */
  write(
    target: Uint8Array,
    timestampMs: number,
    signatures: Uint8Array,
    signatureAt: number,
    counter: number,
    side: 0 | 1,
    price: number,
    lots: number,
  ): void {
    assert(price > 0 && price < PRICE_ONE, 'KALSHI_PRICE_RANGE')
    assert(lots > 0 && lots <= LOTS_ORDER_MAX, 'KALSHI_LOTS_RANGE')
    assert(counter <= CLIENT_ORDER_COUNTER_MAX, 'KALSHI_COUNTER_RANGE')
    target.set(this.#template, 0)
    writeDigits(target, this.#timestampAt, timestampMs, TIMESTAMP_DIGITS)
    target.set(signatures.subarray(signatureAt, signatureAt + this.#signatureLength), this.#signatureAt)
    writeDigits(target, this.#counterAt, counter, COUNTER_DIGITS)
    target.set(SIDES[side], this.#sideAt)
    writeDigits(target, this.#priceAt + '0.'.length, price, PRICE_DECIMALS)
    const whole = Math.floor(lots / LOTS_PER_CONTRACT)
    const point = writeInteger(target, this.#countAt, whole)
    target[point] = 0x2e
    writeDigits(target, point + 1, lots, LOTS_DECIMALS)
    target[point + 1 + LOTS_DECIMALS] = 0x22
  }
}
