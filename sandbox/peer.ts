/** One client's WebSocket, as a venue's rules see it; what it is sent when it is no longer open is lost. */
export interface Peer {
  /** Bytes that its reader has not taken yet. */
  readonly bufferedAmount: number
  send(text: string): void
  ping(body: string): void
  /** Says goodbye. */
  close(code: number): void
  /** Breaks it without a word. */
  terminate(): void
}

/** What a venue hears of one client's WebSocket. */
export interface PeerEvents {
  message(text: string): void
  /** @returns whether the ping is answered */
  pinged(): boolean
  closed(): void
}
