import { scaledFromDecimal } from '@tandem/shared/decimal.ts'
import { MICRO_SHARES_PER_LOT, MICRO_USD_PER_USD } from '@tandem/shared/units.ts'
import { fieldsOf, Retry, textOf } from '../answer.ts'
import { AnswerKind, answerOf, type OrderAnswer, UNTOLD } from '../leg.ts'
import { KALSHI_MEANINGS, KalshiError, kalshiErrorOf } from './error.ts'

// The answer to POST /portfolio/events/orders (Kalshi fact sheet, section 4.4): 201, or 200 as has been seen too,
//
//   {"order_id":"e5d8..","client_order_id":"..","fill_count":"10.00","remaining_count":"0.00",
//    "average_fill_price":"0.5600","average_fee_paid":"0.017300","ts_ms":1781821370267}
//
// From the sheet: all amounts are strings; the averages are there only when something filled, with up to 6 decimals.
// Uncertain: what remaining_count says of an IOC that filled in part, so it is not read (such an order never rests);
// that both averages are of one contract, and of the YES book, so the fills correct what is reckoned from them.

const AVERAGE_PLACES = 6
/** 1e-6 dollar of 0.01 contract, of which a hundred make a micro-dollar. */
const PER_MICRO_USD = 100
/** A price has four places, of an average's six. */
const PER_PRICE_PLACE = 100

/** Our id in what was kept of a request. */
export function clientOrderIdOf(kept: string): string {
  return /"client_order_id":"([^"]*)"/.exec(kept)?.[1] ?? ''
}

/** @param kept the request's body from its client_order_id on */
export function kalshiAnswerOf(status: number, body: string, kept: string): OrderAnswer {
  if (status !== 200 && status !== 201) return refusalOf(kalshiErrorOf(status, body))
  const fields = fieldsOf(body)
  const orderId = textOf(fields.order_id)
  const lots = scaledFromDecimal(textOf(fields.fill_count), 2)
  const sent = /"side":"(bid|ask)".*"count":"([\d.]+)"/.exec(kept)
  const told = textOf(fields.client_order_id)
  // For a while the venue answered some requests with another order (section 9): only ours is ours.
  const isOurs = told === '' || told === clientOrderIdOf(kept)
  if (orderId === '' || lots === undefined || lots < 0 || sent === null || !isOurs)
    return answerOf(AnswerKind.Unclear, { error: KalshiError.Unclear })
  if (lots > (scaledFromDecimal(sent[2], 2) ?? 0))
    return answerOf(AnswerKind.Unclear, { error: KalshiError.Unclear })

  const price = average(fields.average_fill_price)
  const fee = average(fields.average_fee_paid)
  const cost = price === UNTOLD || sent[1] === 'bid' ? price : MICRO_USD_PER_USD - price
  return answerOf(AnswerKind.Filled, {
    orderId,
    microShares: lots * MICRO_SHARES_PER_LOT,
    costMicroUsd: totalCeilMicroUsd(cost, lots),
    feeMicroUsd: totalCeilMicroUsd(fee, lots),
  })
}

/** What the average comes to at most: the venue has rounded one with more places than a price has, up or down. */
function totalCeilMicroUsd(average: number, lots: number): number {
  if (average === UNTOLD) return UNTOLD
  const roundedBy = average % PER_PRICE_PLACE === 0 ? 0 : 0.5
  return Math.ceil(((average + roundedBy) * lots) / PER_MICRO_USD)
}

function refusalOf(error: KalshiError): OrderAnswer {
  const { retry } = KALSHI_MEANINGS[error]
  const kind = retry === Retry.AfterLookUp ? AnswerKind.Unclear : AnswerKind.Refused
  return answerOf(kind, { error, later: retry === Retry.Later })
}

function average(value: unknown): number {
  const scaled = scaledFromDecimal(textOf(value), AVERAGE_PLACES)
  return scaled === undefined || scaled < 0 || scaled > MICRO_USD_PER_USD ? UNTOLD : scaled
}
