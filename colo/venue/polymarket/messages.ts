// What a client says on Polymarket's sockets (Polymarket fact sheet, sections 3.1 and 4). The venue acknowledges none of
// it: a subscription is known to stand when its books arrive.

/** Sent every 10 s as a text frame of its own; the answer is the text PONG. */
export const PING = 'PING'

/** What one socket should carry: with more, the first books were seen to go missing (uncertain: no limit is published). */
export const TOKENS_PER_SOCKET_MAX = 200

/** The first frame after the socket opened. Level 2 is whole books; the custom features are tops, new and resolved markets. */
export function subscribe(tokens: readonly string[]): string {
  return JSON.stringify({
    assets_ids: tokens,
    type: 'market',
    initial_dump: true,
    level: 2,
    custom_feature_enabled: true,
  })
}

/** Adds tokens to a socket that has subscribed. */
export function addTokens(tokens: readonly string[]): string {
  return JSON.stringify({
    operation: 'subscribe',
    assets_ids: tokens,
    level: 2,
    custom_feature_enabled: true,
  })
}

export function removeTokens(tokens: readonly string[]): string {
  return JSON.stringify({ operation: 'unsubscribe', assets_ids: tokens })
}

/** The first frame on the user socket. It carries the credentials themselves: never log it. No markets means all. */
export function subscribeUser(
  auth: { apiKey: string; secret: string; passphrase: string },
  conditionIds: readonly string[],
): string {
  const markets = conditionIds.length === 0 ? undefined : conditionIds
  return JSON.stringify({ auth, type: 'user', markets })
}
