import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Retry } from '@tandem/colo/venue/answer.ts'
import {
  POLYMARKET_MEANINGS,
  PolymarketError,
  polymarketErrorOf,
} from '@tandem/colo/venue/polymarket/error.ts'

// The texts of the Polymarket fact sheet, section 6.6.
const TEXTS: [number, string, PolymarketError][] = [
  [400, 'Invalid order payload', PolymarketError.InvalidPayload],
  [400, 'the order owner has to be the owner of the API KEY', PolymarketError.WrongOwner],
  [400, 'the order signer address has to be the address of the API KEY', PolymarketError.WrongOwner],
  [400, "'0xf39F' address banned", PolymarketError.Banned],
  [400, "'0xf39F' address in closed only mode", PolymarketError.ClosedOnly],
  [400, 'Too many orders in payload: 16, max allowed: 15', PolymarketError.TooManyOrders],
  [400, 'order 0xab is invalid. Price (0.505) breaks minimum tick size rule: 0.01', PolymarketError.OffTick],
  [400, 'order 0xab is invalid. Size (3) lower than the minimum: 5', PolymarketError.BelowMinimum],
  [400, 'invalid amount for a marketable BUY order ($0.5), min size: $1', PolymarketError.BelowMinimum],
  [400, 'order 0xab is invalid. Duplicated.', PolymarketError.Duplicated],
  [400, 'order 0xab crosses the book', PolymarketError.PostOnlyCross],
  [400, 'invalid post-only order: order crosses book', PolymarketError.PostOnlyCross],
  [400, 'not enough balance / allowance', PolymarketError.InsufficientBalance],
  [400, 'invalid expiration', PolymarketError.BadExpiration],
  [400, 'order canceled in the CTF exchange contract', PolymarketError.CancelledOnChain],
  [400, 'order match delayed due to market conditions', PolymarketError.MatchDelayed],
  [400, 'the market is not yet ready to process new orders', PolymarketError.MarketNotReady],
  [400, "order couldn't be fully filled. FOK orders are fully filled or killed.", PolymarketError.NotFilled],
  [
    400,
    'no orders found to match with FAK order. FAK orders are partially filled or killed if no match is found.',
    PolymarketError.NotFilled,
  ],
  [
    400,
    'invalid amounts, the market buy orders maker amount supports a max accuracy of 2 decimals, taker amount a max of 4 decimals',
    PolymarketError.AmountPrecision,
  ],
  [400, 'Size 5.123 has 3 decimal places. Maximum lot size is 2', PolymarketError.AmountPrecision],
  [400, 'order_version_mismatch', PolymarketError.WrongVersion],
  [400, 'invalid order version, please use the latest clob-client', PolymarketError.WrongVersion],
  [400, 'INVALID_ORDER_MIN_TICK_SIZE', PolymarketError.OffTick],
  [400, 'a sentence nobody has seen', PolymarketError.Other],
  [401, 'Unauthorized/Invalid api key', PolymarketError.Unauthorized],
  [403, '', PolymarketError.Blocked],
  [404, 'No orderbook exists for the requested token id', PolymarketError.NoBook],
  [404, 'market not found', PolymarketError.NoBook],
  [425, '', PolymarketError.Unclear],
  [429, 'slow down', PolymarketError.RateLimited],
  [500, 'could not insert order', PolymarketError.Unclear],
  [500, 'there are no matching orders', PolymarketError.Unclear],
  [503, 'Trading is currently disabled. Check polymarket.com for updates', PolymarketError.TradingDisabled],
  [
    503,
    'Trading is currently cancel-only. New orders are not accepted, but cancels are allowed.',
    PolymarketError.CancelOnly,
  ],
  [503, 'upstream', PolymarketError.Unclear],
]

describe('polymarketErrorOf', () => {
  it('knows the documented texts by what does not vary in them', () => {
    for (const [status, error, expected] of TEXTS) {
      assert.equal(polymarketErrorOf(status, JSON.stringify({ error })), expected, error)
    }
  })

  it('reads the refusal that stands in an answer with status 200', () => {
    const body = { success: false, errorMsg: 'not enough balance / allowance', orderID: '' }
    assert.equal(polymarketErrorOf(200, JSON.stringify(body)), PolymarketError.InsufficientBalance)
    assert.equal(polymarketErrorOf(200, '{"success":false,"errorMsg":""}'), PolymarketError.Unclear)
  })

  it('knows post-only mode by its code', () => {
    const body = '{"error":"wait","code":"post_only_mode","retry_after_seconds":60}'
    assert.equal(polymarketErrorOf(503, body), PolymarketError.PostOnlyMode)
  })

  it('never says of an answer it cannot read that it may be sent again', () => {
    for (const status of [0, 200, 302, 408, 425, 500, 502, 503, 504]) {
      for (const body of ['', '<html>', '{"error":', 'null', '[]']) {
        assert.equal(
          POLYMARKET_MEANINGS[polymarketErrorOf(status, body)].retry,
          Retry.AfterLookUp,
          `${status} ${body}`,
        )
      }
    }
  })

  it('has a sentence for every outcome', () => {
    for (const error of Object.values(PolymarketError))
      assert.match(POLYMARKET_MEANINGS[error].sentence, /^\w.{8,}$/)
  })
})
