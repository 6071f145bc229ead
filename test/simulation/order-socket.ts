import type { OrderSocket } from '@tandem/colo/venue/connection.ts'
import type { VenueName } from '@tandem/sandbox/faults.ts'
import { type HttpReply, type HttpRequest, type Receive, readRequest, writeAnswer } from './http.ts'
import type { Lane, Ways } from './network.ts'

type Events = {
  session: Buffer
  data: Buffer
  secureConnect: undefined
  end: undefined
  close: undefined
  error: NodeJS.ErrnoException
}

/** Hears what leaves us, and what has come back to us. */
export interface OrderWitness {
  left(venue: VenueName, request: HttpRequest): void
  answered(venue: VenueName, request: HttpRequest, status: number): void
}

/** One TLS connection for orders, and the venue's end of it. */
export class SimulatedOrderSocket implements OrderSocket {
  readonly writableLength = 0
  readonly #listeners = new Map<string, ((value: never) => void)[]>()
  readonly #venue: VenueName
  readonly #up: Lane
  readonly #down: Lane
  readonly #receive: Receive
  readonly #witness: OrderWitness
  #isOver = false

  constructor(venue: VenueName, ways: Ways, receive: Receive, witness: OrderWitness) {
    this.#venue = venue
    this.#up = ways.lane(venue, false)
    this.#down = ways.lane(venue, true)
    this.#receive = receive
    this.#witness = witness
    // TCP and TLS: two round trips.
    this.#up.send(() =>
      this.#down.send(() =>
        this.#up.send(() => this.#down.send(() => this.#tell('secureConnect', undefined))),
      ),
    )
  }

  get isOver(): boolean {
    return this.#isOver
  }

  on<Name extends keyof Events>(event: Name, heard: (value: Events[Name]) => void): void {
    const heards = this.#listeners.get(event) ?? []
    heards.push(heard as (value: never) => void)
    this.#listeners.set(event, heards)
  }

  setNoDelay(): void {}

  write(bytes: Uint8Array): void {
    if (this.#isOver) return
    const request = readRequest(bytes)
    this.#witness.left(this.#venue, request)
    this.#up.send(() =>
      this.#receive(this.#venue, request, (answer) => {
        if (answer === undefined) this.#down.send(() => this.#break('ECONNRESET'))
        else this.#down.send(() => this.#answer(request, answer))
      }),
    )
  }

  destroy(): void {
    this.#isOver = true
  }

  /** The connection breaks at both ends. @param loses whether bytes on their way to the venue are gone */
  reset(loses: boolean): void {
    if (loses) this.#up.cut()
    this.#down.send(() => this.#break('ECONNRESET'))
  }

  #answer(request: HttpRequest, answer: HttpReply): void {
    if (this.#isOver) return
    this.#witness.answered(this.#venue, request, answer.status)
    this.#tell('data', writeAnswer(answer))
  }

  #break(code: string): void {
    this.#tell('error', Object.assign(new Error(code), { code }))
    this.#isOver = true
  }

  #tell<Name extends keyof Events>(event: Name, value: Events[Name]): void {
    if (this.#isOver) return
    for (const heard of this.#listeners.get(event) ?? []) heard(value as never)
  }
}
