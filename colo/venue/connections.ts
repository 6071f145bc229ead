import { assert } from '@tandem/shared/assert.ts'
import { NS_PER_S, type Ns } from '@tandem/shared/units.ts'
import { Connection, type ConnectionParts, ConnectionState } from './connection.ts'

/** Connections that an entry leaves free: the way out of a trade may not wait for an answer to another. */
export const EXIT_CONNECTIONS = 1
/**
 * An idle connection is used after so long, with a request that costs nothing. Neither venue says when it closes one;
 * a minute is the usual limit of the load balancers that they stand behind.
 */
export const REWARM_NS = 20 * NS_PER_S

/** All connections of one venue's order entry. */
export class Connections {
  readonly #connections: readonly Connection[]
  readonly #parts: ConnectionParts

  constructor(count: number, parts: ConnectionParts) {
    assert(count > EXIT_CONNECTIONS, 'CONNECTIONS_FOR_ENTRIES')
    this.#parts = parts
    this.#connections = Array.from({ length: count }, () => new Connection(parts))
  }

  /** How many could take a request at once. */
  freeCount(): number {
    let count = 0
    for (const connection of this.#connections) if (connection.free) count++
    return count
  }

  /** Sends a leg's request on the free connection that was heard last: of all, it is the likeliest to be alive. */
  send(leg: number, request: Buffer, length: number, nowNs: Ns): void {
    let best: Connection | undefined
    for (const connection of this.#connections)
      if (connection.free && (best === undefined || connection.heardNs > best.heardNs)) best = connection
    assert(best !== undefined, 'CONNECTIONS_NONE_FREE')
    best.send(leg, request, length, nowNs)
  }

  /** Opens what is closed, gives up what is late, and warms at most one at a time, so that the others stay free. */
  tick(nowNs: Ns): void {
    let coldest: Connection | undefined
    let warming = false
    for (const connection of this.#connections) {
      connection.tick(nowNs)
      warming ||= connection.state === ConnectionState.Warming
      if (connection.free && (coldest === undefined || connection.heardNs < coldest.heardNs))
        coldest = connection
    }
    if (!warming && coldest !== undefined && nowNs - coldest.heardNs >= REWARM_NS) coldest.warm(nowNs)
  }

  close(nowNs: Ns): void {
    for (const connection of this.#connections) connection.close(nowNs)
  }

  /** For people: how many are in each state, and why one last failed. */
  health(): { readonly open: number; readonly total: number; readonly trouble: string } {
    const open = this.#connections.filter(({ state }) => state >= ConnectionState.Idle).length
    return { open, total: this.#connections.length, trouble: this.#parts.trouble }
  }
}
