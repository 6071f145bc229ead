import { createRequire } from 'node:module'
import type { KalshiRestParts } from '@tandem/colo/venue/kalshi/rest.ts'

type Dispatcher = KalshiRestParts['dispatcher']

/** The executor's own HTTP client, as main would make it for one venue. */
export function dispatcherTo(url: string, ca: string): Dispatcher {
  const { Client } = createRequire(new URL('../colo/package.json', import.meta.url))('undici')
  return new Client(url, { connect: { ca } })
}
