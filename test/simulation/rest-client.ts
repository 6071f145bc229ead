import type { RestClient } from '@tandem/colo/network.ts'
import type { VenueName } from '@tandem/sandbox/faults.ts'
import { NS_PER_MS } from '@tandem/shared/units.ts'
import type { HttpReply, Receive } from './http.ts'
import type { Lane, Ways } from './network.ts'

/** Questions to a venue, each on its way alone. */
export class SimulatedRestClient implements RestClient {
  readonly #venue: VenueName
  readonly #ways: Ways
  readonly #receive: Receive

  constructor(venue: VenueName, ways: Ways, receive: Receive) {
    this.#venue = venue
    this.#ways = ways
    this.#receive = receive
  }

  request(options: Parameters<RestClient['request']>[0]): ReturnType<RestClient['request']> {
    const { method, path, query, headers, body, headersTimeout } = options
    const pairs = Object.entries(query).flatMap(([name, values]) =>
      [values].flat().map((value): [string, string] => [name, value]),
    )
    const search = new URLSearchParams(pairs).toString()
    const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])
    const request = {
      method,
      url: search === '' ? path : `${path}?${search}`,
      headers: Object.fromEntries(lower),
      body: body ?? '',
    }
    const { scheduler } = this.#ways
    return new Promise((done, fail) => {
      const settle = (act: () => void) => () => {
        scheduler.isSettling = true
        act()
      }
      const broken = (code: string) => settle(() => fail(Object.assign(new Error(code), { code })))
      const answered = ({ status, body: told }: HttpReply) =>
        settle(() => done({ statusCode: status, body: { text: async () => JSON.stringify(told ?? {}) } }))
      const down: Lane = this.#ways.lane(this.#venue, true)
      scheduler.after(headersTimeout * NS_PER_MS, broken('UND_ERR_HEADERS_TIMEOUT'))
      this.#ways.lane(this.#venue, false).send(() =>
        this.#receive(this.#venue, request, (answer) => {
          down.send(answer === undefined ? broken('ECONNRESET') : answered(answer))
        }),
      )
    })
  }

  async destroy(): Promise<void> {}
}
