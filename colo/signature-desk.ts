import { assert } from '@tandem/shared/assert.ts'
import { Failure } from '@tandem/shared/failure.ts'
import type { Refusal, Signer, SignerListener } from './signer/signer.ts'
import { KEY_HEADER, SIGNATURE_HEADER, type SignedRequest, TIMESTAMP_HEADER } from './venue/kalshi/auth.ts'

/** Tickets of requests that are awaited: above all that pool and headers use (pool/ticket.ts has 31 bits). */
const TICKET_FIRST = 0x8000_0000
const TICKET_LAST = 0xffff_ffff

interface Waiting {
  done(signature: string): void
  fail(error: Failure): void
}

/**
 * Kalshi headers for requests that are not orders: a socket's upgrade, a look at the portfolio. Each is signed when it
 * is wanted. Stands between the signer and the executor, and lets through all that it did not ask for.
 */
export class SignatureDesk implements SignerListener {
  readonly #signer: Signer
  readonly #listener: SignerListener
  readonly #waiting = new Map<number, Waiting>()
  #ticket = TICKET_FIRST

  constructor(signer: Signer, listener: SignerListener) {
    this.#signer = signer
    this.#listener = listener
  }

  /**
   * @param id what the request's path names, of the one request that names something
   * @throws Failure SIGNER_REFUSED, SIGNER_GONE
   */
  async headers(request: SignedRequest, timestampMs: number, id?: string): Promise<Record<string, string>> {
    const ticket = this.#ticket
    assert(ticket <= TICKET_LAST, 'SIGNATURES_TICKETS_LEFT')
    this.#ticket++
    const signature = await new Promise<string>((done, fail) => {
      this.#waiting.set(ticket, { done, fail })
      if (!this.#signer.header(ticket, request, timestampMs, id)) this.refused(ticket, 0)
    })
    return {
      [KEY_HEADER]: this.#signer.facts.kalshi.keyId,
      [TIMESTAMP_HEADER]: String(timestampMs),
      [SIGNATURE_HEADER]: signature,
    }
  }

  headerSigned(ticket: number, signature: Uint8Array): void {
    const waiting = this.#take(ticket)
    if (waiting === undefined) this.#listener.headerSigned(ticket, signature)
    else waiting.done(Buffer.from(signature).toString('latin1'))
  }

  refused(ticket: number, refusal: Refusal): void {
    const waiting = this.#take(ticket)
    if (waiting === undefined) {
      this.#listener.refused(ticket, refusal)
      return
    }
    waiting.fail(
      new Failure({
        code: 'SIGNER_REFUSED',
        what: `the signer did not sign a Kalshi request (${refusal})`,
        todo: 'look at the signer’s limits and its list of requests',
        retry: true,
      }),
    )
  }

  orderSigned(ticket: number, digest: Uint8Array, signature: Uint8Array): void {
    this.#listener.orderSigned(ticket, digest, signature)
  }

  closed(): void {
    for (const { fail } of this.#waiting.values())
      fail(
        new Failure({ code: 'SIGNER_GONE', what: 'the signer is gone', todo: 'start again', retry: false }),
      )
    this.#waiting.clear()
    this.#listener.closed()
  }

  #take(ticket: number): Waiting | undefined {
    const waiting = this.#waiting.get(ticket)
    this.#waiting.delete(ticket)
    return waiting
  }
}
