import type { RedisPlace } from '@tandem/colo/cache/redis.ts'
import type { LiveAccess } from '@tandem/colo/live.ts'
import type { SignerOptions } from '@tandem/colo/signer/spawn.ts'

/**
 * What the executor's process is told on its standard input, in one line of JSON: never as arguments or environment,
 * since it holds an API secret.
 */
export interface LiveOrder {
  readonly access: LiveAccess
  /** The text of a pairs file, and the set of fees in it. */
  readonly mapping: unknown
  readonly fees: string
  readonly settings: unknown
  readonly signer: SignerOptions
  /** Of the API key in `access`: its own, so that who takes over can have it deleted (colo/fence.ts). */
  readonly apiKeyNonce: number
  readonly balanceMicroUsd: readonly [number, number]
  /** Where the sockets of `tandem status` and the others are. */
  readonly runDirectory: string
  /** The journal's directory. */
  readonly journal: string
  /** Where prices are mirrored and the journal is streamed; undefined for nowhere. */
  readonly redis: RedisPlace | undefined
  /** What the executor, and whoever stands by for it, is called there. */
  readonly redisName: string
  /** Whether Redis says if it is the one of its name that trades. */
  readonly leases: boolean
  /** Whether somebody looks at snapshots: of thousands of markets they are work. */
  readonly watched: boolean
  /** Whether it says how its process is doing, every second. */
  readonly vitals: boolean
}

/** What it says on standard output, a line of JSON each. */
export type LiveSaying =
  | {
      readonly kind: 'ready'
      readonly metricsUrl: string
      readonly kalshiKeyId: string
      readonly kalshiPublicKeyPem: string
      readonly owner: string
    }
  /** A decision left: said within a second of it. */
  | { readonly kind: 'sent'; readonly sent: import('./wire.ts').Sent }
  | { readonly kind: 'snapshot'; readonly snapshot: import('../snapshot.ts').Snapshot }
  | { readonly kind: 'vitals'; readonly vitals: import('./vitals.ts').Vitals }
  | { readonly kind: 'report'; readonly report: import('./report.ts').LiveReport }

/** What it is told afterwards, a line each. */
export type LiveCommand = 'go' | 'collect' | 'stop'
