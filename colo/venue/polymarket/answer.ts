import { scaledFromDecimal } from '@tandem/shared/decimal.ts'
import { fieldsOf, Retry, textOf } from '../answer.ts'
import { AnswerKind, answerOf, type OrderAnswer } from '../leg.ts'
import { POLYMARKET_MEANINGS, PolymarketError, polymarketErrorOf } from './error.ts'

// The answer to POST /order (Polymarket fact sheet, section 6.1):
//
//   {"success":true,"errorMsg":"","orderID":"0xc503..","status":"matched",
//    "makingAmount":"4.999999","takingAmount":"8.19672","tradeIDs":["28c4d2eb-.."]}
//
// From the sheet: orderID is the order's digest; `status` is live, matched, delayed or unmatched; amounts are empty when
// nothing matched; no fee is told. Of a BUY, making is dollars and taking is shares; of a SELL the reverse.
// The sources disagree on the amounts: decimals in every live answer, integers of a millionth in the documentation.
// What has no point is taken for a decimal if that is within the order's own amount. Uncertain: whether an order that may
// not rest can be answered `live` or `unmatched`; it is then known only by what is told later.

const PLACES = 6

/** @param kept the request's body from its makerAmount on */
export function polymarketAnswerOf(status: number, body: string, kept: string): OrderAnswer {
  const fields = fieldsOf(body)
  const orderId = textOf(fields.orderID).toLowerCase()
  if (status !== 200 || orderId === '' || textOf(fields.errorMsg) !== '')
    return refusalOf(polymarketErrorOf(status, body))
  const tradeIds = Array.isArray(fields.tradeIDs)
    ? fields.tradeIDs.filter((id) => typeof id === 'string')
    : []
  const taken = answerOf(AnswerKind.Taken, { orderId, tradeIds })
  if (textOf(fields.status).toLowerCase() !== 'matched') return taken

  const sent = /"makerAmount":"(\d+)".*"side":"(BUY|SELL)"/.exec(kept)
  const makingText = textOf(fields.makingAmount)
  const takingText = textOf(fields.takingAmount)
  if (makingText === '' && takingText === '') return taken
  const most = Number(sent?.[1] ?? 0)
  const hasPoint = makingText.includes('.') || takingText.includes('.')
  const decimal = scaledFromDecimal(makingText, PLACES) ?? Number.NaN
  const places = hasPoint || decimal <= most ? PLACES : 0
  const making = scaledFromDecimal(makingText, places) ?? -1
  const taking = scaledFromDecimal(takingText, places) ?? -1
  if (sent === null || making <= 0 || taking <= 0 || making > most) return unclear(orderId)

  const sells = sent[2] === 'SELL'
  const costMicroUsd = sells ? taking : making
  const microShares = sells ? making : taking
  // Nobody pays a dollar for a share: the amounts are not what they seem.
  if (costMicroUsd >= microShares) return unclear(orderId)
  return answerOf(AnswerKind.Filled, { orderId, microShares, costMicroUsd, exact: true, tradeIds })
}

function unclear(orderId: string): OrderAnswer {
  return answerOf(AnswerKind.Unclear, { error: PolymarketError.Unclear, orderId })
}

function refusalOf(error: PolymarketError): OrderAnswer {
  const { retry } = POLYMARKET_MEANINGS[error]
  const kind = retry === Retry.AfterLookUp ? AnswerKind.Unclear : AnswerKind.Refused
  return answerOf(kind, { error, later: retry === Retry.Later })
}
