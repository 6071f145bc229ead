import type { VenueName } from './faults.ts'

/** A market frame that was handed to its socket. */
interface FrameWritten {
  venue: VenueName
  /** Kalshi's ticker, Polymarket's token or condition id. */
  market: string
  /** What a reader can find the frame by: sid and seq, or the venue's timestamp. */
  frame: string
  writtenNs: number
}

/** An order whose request had been read to its last byte. */
interface OrderRead {
  venue: VenueName
  market: string
  /** Kalshi's client_order_id, Polymarket's order hash. */
  order: string
  readNs: number
}

/** Seconds of a lively market: both rings together stay below a few megabytes. */
const KEPT = 8_192

/**
 * When frames were written and orders read, so that the time between can be measured from outside. Both venues share
 * one process and one clock.
 */
export class Timings {
  readonly #nowNs: () => number
  readonly #frames = new Ring<FrameWritten>()
  readonly #orders = new Ring<OrderRead>()

  /** @param nowNs wall nanoseconds of a monotonic clock */
  constructor(nowNs: () => number) {
    this.#nowNs = nowNs
  }

  /** Called right before the frame's first copy is handed to a socket. */
  frameWritten(venue: VenueName, market: string, frame: string): void {
    this.#frames.push({ venue, market, frame, writtenNs: this.#nowNs() })
  }

  /** @param readNs by `now`, taken when the request's last byte was there, before it was looked at */
  orderRead(venue: VenueName, market: string, order: string, readNs: number): void {
    this.#orders.push({ venue, market, order, readNs })
  }

  now(): number {
    return this.#nowNs()
  }

  /** What came after `afterNs`, oldest first. */
  document(afterNs = Number.NEGATIVE_INFINITY): {
    nowNs: number
    frames: FrameWritten[]
    orders: OrderRead[]
  } {
    return {
      nowNs: this.#nowNs(),
      frames: this.#frames.items().filter(({ writtenNs }) => writtenNs > afterNs),
      orders: this.#orders.items().filter(({ readNs }) => readNs > afterNs),
    }
  }
}

class Ring<Item> {
  readonly #items: Item[] = []
  #next = 0

  push(item: Item): void {
    this.#items[this.#next] = item
    this.#next = (this.#next + 1) % KEPT
  }

  items(): Item[] {
    return [...this.#items.slice(this.#next), ...this.#items.slice(0, this.#next)]
  }
}
