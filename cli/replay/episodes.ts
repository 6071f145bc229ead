/** A maximal run of frames after each of which one contract at the top nets at least one micro-dollar. */
export interface Episode {
  pair: string
  direction: string
  /** The tape's own strings. */
  first_ns: string
  last_ns: string
  frames: number
  /** Micro-dollars per contract, floored. */
  edge_max: number
}

/** Micro-dollars per contract from which a crossing counts as an episode. */
const EPISODE_EDGE_MIN_MICRO_USD = 1

/** Collects episodes of one (pair, direction): give it every frame that touched one of the pair's books. */
export class Episodes {
  readonly #pair: string
  readonly #direction: string
  readonly #ended: Episode[] = []
  #open: Episode | undefined

  constructor(pair: string, direction: string) {
    this.#pair = pair
    this.#direction = direction
  }

  /** `edgeMicroUsd`: what one contract nets after the frame, floored; anything below 1 when nothing crosses. */
  frame(recvTsNs: string, edgeMicroUsd: number): void {
    if (edgeMicroUsd < EPISODE_EDGE_MIN_MICRO_USD) {
      if (this.#open !== undefined) this.#ended.push(this.#open)
      this.#open = undefined
      return
    }
    this.#open ??= {
      pair: this.#pair,
      direction: this.#direction,
      first_ns: recvTsNs,
      last_ns: recvTsNs,
      frames: 0,
      edge_max: edgeMicroUsd,
    }
    this.#open.last_ns = recvTsNs
    this.#open.frames++
    this.#open.edge_max = Math.max(this.#open.edge_max, edgeMicroUsd)
  }

  /** All so far, the open one included. */
  all(): Episode[] {
    return this.#open === undefined ? [...this.#ended] : [...this.#ended, this.#open]
  }
}
