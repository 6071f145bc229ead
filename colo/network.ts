import { connect as connectTls } from 'node:tls'
import { Client } from 'undici'
import type { MakeSocket } from './feed/socket.ts'
import type { OrderSocket } from './venue/connection.ts'
import type { Asker } from './venue/rest.ts'

/** The ways out to the venues. A simulation has its own; everybody else those of this machine. */
export interface Network {
  readonly makeSocket: MakeSocket
  /** Calls back when the loop has polled all sockets that are readable now. */
  readonly afterReads: (then: () => void) => void
  /** A connection for orders, on its way. */
  openOrders(url: string, session: Buffer | undefined): OrderSocket
  openRest(url: string): RestClient
}

export interface RestClient extends Asker {
  destroy(): Promise<unknown>
}

/** What one answer by REST may take. */
const REST_TIMEOUT_MS = 5_000

/**
 * TLS to the real hosts.
 *
 * @param ca PEM of the sandbox's own authority; undefined for the system's
 */
export function tlsNetwork(
  ca: string | undefined,
  { makeSocket, afterReads }: Pick<Network, 'makeSocket' | 'afterReads'>,
): Network {
  const authority = ca === undefined ? {} : { ca }
  return {
    makeSocket,
    afterReads,
    openOrders(url, session) {
      const { hostname, port } = new URL(url)
      return connectTls({
        host: hostname,
        port: port === '' ? 443 : Number(port),
        servername: /^[\d.]+$/.test(hostname) ? '' : hostname,
        ...authority,
        ...(session === undefined ? {} : { session }),
      }).setNoDelay(true)
    },
    openRest: (url) => openRest(url, ca),
  }
}

/** @param ca as of `tlsNetwork` */
export function openRest(url: string, ca: string | undefined): RestClient {
  return new Client(new URL(url).origin, {
    connect: ca === undefined ? {} : { ca },
    bodyTimeout: REST_TIMEOUT_MS,
    headersTimeout: REST_TIMEOUT_MS,
  })
}
