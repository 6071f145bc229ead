import type { KalshiRestParts } from '@tandem/colo/venue/kalshi/rest.ts'
import { Client } from 'undici'

type Dispatcher = KalshiRestParts['dispatcher']

/** The executor's own HTTP client, as main would make it for one venue. */
export function dispatcherTo(url: string, ca: string): Dispatcher {
  return new Client(url, { connect: { ca } })
}
