import { assert } from '@tandem/shared/assert.ts'

// Commands of Kalshi's WebSocket (Kalshi fact sheet, section 3.2). Every one has an id, unique in its session, that the
// answer repeats; 0 would be no id.

/** Channels about the account; they have no market filter here, so that every order and fill of the account is heard. */
export type PrivateChannel = 'fill' | 'user_orders' | 'market_positions' | 'order_group_updates'

/** Channels about all markets at once. */
export type PublicChannel = 'market_lifecycle_v2'

/**
 * Books of some markets. On a connection that has the channel already, the tickers join the sid it has.
 *
 * @param useYesPrice always said, because the venue has announced that its default will turn from false to true; the
 *   connection's KalshiParser must be told the same
 */
export function subscribeBooks(id: number, tickers: readonly string[], useYesPrice: boolean): string {
  return command(id, 'subscribe', {
    channels: ['orderbook_delta'],
    market_tickers: tickers,
    use_yes_price: useYesPrice,
  })
}

export function subscribe(id: number, channels: readonly (PrivateChannel | PublicChannel)[]): string {
  return command(id, 'subscribe', { channels })
}

export function unsubscribe(id: number, sids: readonly number[]): string {
  return command(id, 'unsubscribe', { sids })
}

/** Each added ticker's book follows as a snapshot; those that the sid had stream on. */
export function addMarkets(id: number, sid: number, tickers: readonly string[]): string {
  return update(id, sid, tickers, 'add_markets')
}

export function deleteMarkets(id: number, sid: number, tickers: readonly string[]): string {
  return update(id, sid, tickers, 'delete_markets')
}

/** Asks for fresh snapshots; each comes with this id. Whether an `ok` comes too is uncertain. */
export function getSnapshot(id: number, sid: number, tickers: readonly string[]): string {
  return update(id, sid, tickers, 'get_snapshot')
}

function update(id: number, sid: number, tickers: readonly string[], action: string): string {
  return command(id, 'update_subscription', { sids: [sid], market_tickers: tickers, action })
}

function command(id: number, cmd: string, params: object): string {
  assert(Number.isSafeInteger(id) && id > 0, 'KALSHI_COMMAND_ID')
  return JSON.stringify({ id, cmd, params })
}
