import type { Ns } from '@tandem/shared/units.ts'
import type { Clock } from './clock.ts'
import { HEARTBEAT } from './feed/heartbeat.ts'
import { Link, type LinkEvents, type LinkParts } from './feed/link.ts'
import type { PrivateOutcome } from './venue/leg.ts'
import type { OrderEntry } from './venue/order-entry.ts'

/** A live gateway as its private channel sees it. */
export interface PrivateListener extends Pick<OrderEntry, 'privateIsLive'> {
  onPrivate(text: string): PrivateOutcome
}

export interface PrivateChannelParts extends Omit<LinkParts, 'heartbeat'> {
  readonly clock: Clock
  /** What is said when the socket stands. */
  readonly hello: () => string
  readonly gateway: PrivateListener
  /** It stands again: what happened meanwhile was told to nobody. */
  readonly onReady: () => void
}

/**
 * One venue's private socket: orders and fills of ours, in the order in which the venue tells them. Neither venue
 * numbers them, so while it is down the gateway asks REST for what it waits for.
 */
export class PrivateChannel implements LinkEvents {
  readonly #parts: PrivateChannelParts
  readonly #link: Link

  constructor(parts: PrivateChannelParts) {
    this.#parts = parts
    this.#link = new Link(0, { ...parts, heartbeat: HEARTBEAT }, this)
    parts.gateway.privateIsLive = false
  }

  get link(): Link {
    return this.#link
  }

  subscribe(link: Link, nowNs: Ns): void {
    link.send(this.#parts.hello())
    link.ready(nowNs)
    this.#parts.gateway.privateIsLive = true
    this.#parts.onReady()
  }

  message(_link: Link, bytes: Uint8Array): void {
    this.#parts.gateway.onPrivate(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString())
  }

  lost(): void {
    this.#parts.gateway.privateIsLive = false
  }

  readEnded(): void {}

  late(): void {}
}
