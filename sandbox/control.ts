import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Accounts } from './accounts.ts'
import type { Pause } from './engine/kalshi/venue.ts'
import { FAULTS, type Faults, isFaultName, type VenueName } from './faults.ts'
import type { ApiKeys } from './kalshi/auth.ts'
import type { Timings } from './timings.ts'
import { SHARDS, type World } from './world.ts'

// What no venue has: a door for who runs the sandbox. Plain HTTP on loopback, with the bearer token of the first line.
//
//   POST /accounts  {"polymarket"?: {"address", "balanceMicroUsd"},
//                    "kalshi"?: {"userId", "keyId"?, "publicKey"?, "balanceMicroUsd"?}}   grants, on each shard
//   GET  /ledger?polymarket=ADDRESS&kalshi=USER_ID    balances and positions in micro-units
//   GET  /faults    POST /faults {"name", "on", "venue"?}
//   POST /pause     {"venue", "pause": "none" | "trading" | "exchange"}
//   POST /restart   {"venue", "ms"}
//   POST /rate      {"perSecond"}                    further changes of depth, over all markets
//   GET  /timings[?afterNs=N]    when frames were written and orders read, after that moment of theirs

export interface ControlParts {
  readonly world: World
  readonly accounts: Accounts
  readonly kalshiKeys: ApiKeys
  readonly faults: Faults
  readonly timings: Timings
  readonly token: string
}

/** A request that cannot be carried out; the text says why. */
class Wrong extends Error {}

const VENUES: readonly VenueName[] = ['polymarket', 'kalshi']
const PAUSES: readonly Pause[] = ['none', 'trading', 'exchange']

type Fields = Readonly<Record<string, unknown>>

export class Control {
  readonly #parts: ControlParts
  readonly #server: Server

  constructor(parts: ControlParts) {
    this.#parts = parts
    this.#server = createServer((request, response) => this.#receive(request, response))
  }

  /** Listens on loopback. Returns the URL. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const [status, answer] = this.#answer(request, Buffer.concat(chunks).toString())
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
    })
  }

  #answer(request: IncomingMessage, body: string): [number, unknown] {
    if (request.headers.authorization !== `Bearer ${this.#parts.token}`) return [401, { error: 'no token' }]
    const url = new URL(request.url ?? '/', 'http://control')
    try {
      const fields = request.method === 'POST' ? readFields(body) : {}
      const answer = this.#obey(`${request.method} ${url.pathname}`, fields, url.searchParams)
      return answer === undefined ? [404, { error: 'no such route' }] : [200, answer]
    } catch (error) {
      if (error instanceof Wrong) return [400, { error: error.message }]
      throw error
    }
  }

  #obey(route: string, fields: Fields, query: URLSearchParams): object | undefined {
    const { world, accounts, faults, timings } = this.#parts
    switch (route) {
      case 'POST /accounts':
        return this.#grant(fields)
      case 'GET /ledger': {
        const address = query.get('polymarket')
        const userId = query.get('kalshi')
        return {
          ...(address === null ? {} : { polymarket: accounts.polymarketLedger(address) }),
          ...(userId === null ? {} : { kalshi: accounts.kalshiLedger(userId) ?? null }),
        }
      }
      case 'GET /faults':
        return { on: faults.on, faults: FAULTS }
      case 'POST /faults': {
        const name = text(fields, 'name')
        if (!isFaultName(name)) throw new Wrong(`name is one of ${Object.keys(FAULTS).join(', ')}`)
        if (typeof fields.on !== 'boolean') throw new Wrong('on is true or false')
        faults.set(name, fields.on, fields.venue === undefined ? undefined : oneOf(fields, 'venue', VENUES))
        return { on: faults.on }
      }
      case 'POST /pause':
        world.pause(oneOf(fields, 'venue', VENUES), oneOf(fields, 'pause', PAUSES))
        return {}
      case 'POST /restart':
        world.restart(oneOf(fields, 'venue', VENUES), whole(fields, 'ms'))
        return {}
      case 'POST /rate':
        world.stir(whole(fields, 'perSecond'))
        return {}
      case 'GET /timings':
        return timings.document(query.has('afterNs') ? Number(query.get('afterNs')) : undefined)
    }
    return undefined
  }

  #grant({ polymarket, kalshi }: Fields): object {
    const { accounts, kalshiKeys } = this.#parts
    if (polymarket !== undefined) {
      const fields = polymarket as Fields
      accounts.grantPolymarket(text(fields, 'address'), whole(fields, 'balanceMicroUsd'))
    }
    if (kalshi !== undefined) {
      const fields = kalshi as Fields
      const microUsd = fields.balanceMicroUsd === undefined ? 0 : whole(fields, 'balanceMicroUsd')
      const account = accounts.grantKalshi(text(fields, 'userId'), SHARDS, microUsd)
      if (fields.publicKey !== undefined) {
        try {
          kalshiKeys.register(text(fields, 'keyId'), text(fields, 'publicKey'), account)
        } catch {
          throw new Wrong('publicKey is no RSA or Ed25519 public key in PEM')
        }
      }
    }
    return {}
  }
}

function readFields(body: string): Fields {
  try {
    const parsed: unknown = JSON.parse(body)
    if (typeof parsed === 'object' && parsed !== null) return parsed as Fields
  } catch {
    // Told below.
  }
  throw new Wrong('the body is a JSON object')
}

function text(fields: Fields, name: string): string {
  const value = fields[name]
  if (typeof value !== 'string' || value === '') throw new Wrong(`${name} is a text`)
  return value
}

function whole(fields: Fields, name: string): number {
  const value = fields[name]
  if (!Number.isSafeInteger(value)) throw new Wrong(`${name} is a whole number`)
  return value as number
}

function oneOf<Value extends string>(fields: Fields, name: string, values: readonly Value[]): Value {
  const value = fields[name] as Value
  if (!values.includes(value)) throw new Wrong(`${name} is one of ${values.join(', ')}`)
  return value
}
