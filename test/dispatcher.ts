import { Client } from 'undici'

/** The executor's own HTTP client, as main would make it for one venue. */
export function dispatcherTo(url: string, ca: string): Client {
  return new Client(url, { connect: { ca } })
}
