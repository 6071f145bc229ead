import type { Clock } from '@tandem/colo/clock.ts'
import {
  LANE_URGENT,
  type Lane,
  type OrderSide,
  type Refusal,
  type Signer,
  type SignerFacts,
  type SignerListener,
} from '@tandem/colo/signer/signer.ts'
import type { Ns } from '@tandem/shared/units.ts'

// The signer process runs on real time, a tape on its own. This stands between them: what was asked at tape time T
// is answered at T plus what the signer needs, with the real signature, however long it took. So a replay with the
// same seed makes the same decisions on any machine.

/** From asking to having, in the urgent lane: design's aim for a miss. BENCHMARKS.md, `pool`, says what was measured. */
const URGENT_NS = 300_000
/** One signature in the refill lane at half a core: twice what one takes. BENCHMARKS.md, `sign`. */
const REFILL_NS = 200_000

interface Answer {
  dueNs: number
  deliver: ((listener: SignerListener) => void) | undefined
}

/** A `Signer` whose answers come on the tape's clock. Listens to the real one itself. */
export class TapeSigner implements Signer, SignerListener {
  /** Hears the answers, on the tape's time. Set before anything is asked. */
  listener: SignerListener | undefined
  readonly #real: Signer
  readonly #clock: Clock
  readonly #token: number
  /** What was asked and not yet delivered, in the order in which it falls due, by lane. */
  readonly #orders = new Map<number, Answer>()
  readonly #headers = new Map<number, Answer>()
  #refillFreeNs = 0
  #waiting: { answer: Answer; resume: () => void; fail: (error: Error) => void } | undefined

  /** @param token what the clock is asked to say when an answer falls due */
  constructor(real: Signer, clock: Clock, token: number) {
    this.#real = real
    this.#clock = clock
    this.#token = token
  }

  get facts(): SignerFacts {
    return this.#real.facts
  }

  registerToken(tokenId: string, version: string, negRisk: boolean, tick: number): number {
    return this.#real.registerToken(tokenId, version, negRisk, tick)
  }

  order(
    lane: Lane,
    ticket: number,
    token: number,
    side: OrderSide,
    maker: number,
    taker: number,
    salt: number,
    timestampMs: number,
  ): boolean {
    if (!this.#real.order(lane, ticket, token, side, maker, taker, salt, timestampMs)) return false
    this.#ask(this.#orders, ticket, lane === LANE_URGENT)
    return true
  }

  header(ticket: number, request: number, timestampMs: number, id?: string): boolean {
    if (!this.#real.header(ticket, request, timestampMs, id)) return false
    this.#ask(this.#headers, ticket, false)
    return true
  }

  orderSigned(ticket: number, digest: Uint8Array, signature: Uint8Array): void {
    const [digestCopy, signatureCopy] = [digest.slice(), signature.slice()]
    this.#answered(this.#orders, ticket, (listener) =>
      listener.orderSigned(ticket, digestCopy, signatureCopy),
    )
  }

  headerSigned(ticket: number, signature: Uint8Array): void {
    const copy = signature.slice()
    this.#answered(this.#headers, ticket, (listener) => listener.headerSigned(ticket, copy))
  }

  refused(ticket: number, refusal: Refusal): void {
    const asked = this.#orders.has(ticket) ? this.#orders : this.#headers
    this.#answered(asked, ticket, (listener) => listener.refused(ticket, refusal))
  }

  closed(): void {
    this.#waiting?.fail(new Error('the signer is gone'))
    this.listener?.closed()
  }

  /** Delivers every answer that is due at `nowNs`, waiting for the real signer where it is slower than the tape. */
  async deliver(nowNs: number): Promise<void> {
    for (const asked of [this.#orders, this.#headers])
      for (const [ticket, answer] of asked) {
        if (answer.dueNs > nowNs) continue
        if (answer.deliver === undefined) await this.#answer(answer)
        asked.delete(ticket)
        if (this.listener !== undefined) answer.deliver?.(this.listener)
      }
  }

  #ask(asked: Map<number, Answer>, ticket: number, urgent: boolean): void {
    const nowNs = this.#clock.nowNs()
    let dueNs = nowNs + URGENT_NS
    if (!urgent) {
      this.#refillFreeNs = Math.max(this.#refillFreeNs, nowNs) + REFILL_NS
      dueNs = this.#refillFreeNs
    }
    asked.set(ticket, { dueNs, deliver: undefined })
    this.#clock.at(dueNs as Ns, this.#token)
  }

  #answered(asked: Map<number, Answer>, ticket: number, deliver: (listener: SignerListener) => void): void {
    const answer = asked.get(ticket)
    if (answer === undefined) return
    answer.deliver = deliver
    if (this.#waiting?.answer !== answer) return
    this.#waiting.resume()
    this.#waiting = undefined
  }

  #answer(answer: Answer): Promise<void> {
    return new Promise((resume, fail) => {
      this.#waiting = { answer, resume, fail }
    })
  }
}
