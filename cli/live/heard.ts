/** What a venue's frame can be found by on the venue's side: the names that the sandbox gives (GET /timings). */
export interface FrameName {
  readonly venue: 'polymarket' | 'kalshi'
  readonly market: string
  readonly frame: string
}

/** A pair's markets, by the words that frames know them by. */
export interface Subjects {
  readonly ticker: string
  readonly tokens: readonly string[]
}

/** More frames than a read of 64 KiB holds of those that matter; where it is too few, that read is not measured. */
const KEPT = 256

/**
 * The market frames that were heard last, as they came. Which of them a decision answers is asked for only where an
 * order left, and read only afterwards.
 */
export class Heard {
  readonly #bytes: (Buffer | undefined)[] = new Array(KEPT).fill(undefined)
  readonly #atNs = new Float64Array(KEPT)
  #count = 0

  /** @param atNs a moment between the read of the frame's bytes and the next read */
  note(bytes: Buffer, atNs: number): void {
    const place = this.#count++ % KEPT
    this.#bytes[place] = bytes
    this.#atNs[place] = atNs
  }

  /** The frames of the read that was there at `t0Ns`, in order; none when not all of them are known. */
  since(t0Ns: number): Buffer[] {
    const frames: Buffer[] = []
    for (let at = this.#count - 1; at >= 0; at--) {
      if (this.#count - at > KEPT) return []
      if (this.#atNs[at % KEPT] < t0Ns) break
      frames.unshift(this.#bytes[at % KEPT] as Buffer)
    }
    return frames
  }
}

/**
 * The frame that a decision on a pair answers: the first of its read that is about one of the pair's markets. What
 * followed in the same read was waited for, and that is our time.
 */
export function answered(frames: readonly Buffer[], { ticker, tokens }: Subjects): FrameName | undefined {
  for (const bytes of frames) {
    const text = bytes.toString()
    if (!text.includes(ticker) && !tokens.some((token) => text.includes(token))) continue
    const name = nameOf(text)
    if (name !== undefined) return name
  }
  return undefined
}

/** Private frames, garbage and text answers have no name. */
function nameOf(text: string): FrameName | undefined {
  let message: Record<string, unknown>
  try {
    message = [JSON.parse(text)].flat()[0]
  } catch {
    return undefined
  }
  const { sid, seq, msg, market, price_changes, hash, timestamp } = message as {
    sid?: number
    seq?: number
    msg?: { market_ticker?: string }
    market?: string
    price_changes?: { hash: string }[]
    hash?: string
    timestamp?: string
  }
  if (sid !== undefined && seq !== undefined && msg?.market_ticker !== undefined)
    return { venue: 'kalshi', market: msg.market_ticker, frame: `${sid}/${seq}` }
  const frame = price_changes?.[0].hash ?? hash ?? timestamp
  return market === undefined || frame === undefined ? undefined : { venue: 'polymarket', market, frame }
}
