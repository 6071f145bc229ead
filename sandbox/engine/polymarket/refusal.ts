/** Why an order is not taken, or not kept. The wire has the status and the text of each. */
export type Refusal =
  // Of the venue as a whole.
  | { readonly kind: 'restarting' }
  | { readonly kind: 'disabled' }
  | { readonly kind: 'cancel-only' }
  | { readonly kind: 'post-only-mode'; readonly retryAfterSeconds: number }
  // Of the order by itself.
  | { readonly kind: 'market-not-found' }
  | { readonly kind: 'market-not-ready' }
  | { readonly kind: 'post-only-type' }
  | { readonly kind: 'off-tick'; readonly price: string; readonly tick: string }
  | { readonly kind: 'below-minimum'; readonly size: string; readonly minimum: string }
  | { readonly kind: 'below-dollar'; readonly dollars: string }
  | { readonly kind: 'lot-decimals'; readonly size: string; readonly places: number }
  | { readonly kind: 'amount-decimals'; readonly side: 'buy' | 'sell'; readonly takerPlaces: number }
  | { readonly kind: 'expiration' }
  | { readonly kind: 'duplicate' }
  // Of the order against balance and book.
  | { readonly kind: 'no-funds' }
  | { readonly kind: 'crosses-book' }
  | { readonly kind: 'fok-killed' }
  | { readonly kind: 'fak-killed' }
