import { Lease } from '@tandem/colo/cache/lease.ts'
import { openRedis, type RedisPlace } from '@tandem/colo/cache/redis.ts'
import { type Fence, pullFence, readFence } from '@tandem/colo/fence.ts'
import type { Succession } from '@tandem/colo/live.ts'
import type { Recovered } from '@tandem/colo/recovery.ts'
import { attest } from '@tandem/colo/signer/attest.ts'
import type { SignerOptions } from '@tandem/colo/signer/spawn.ts'
import { recoverFromStream } from '@tandem/colo/stream-recovery.ts'
import { takeOver } from '@tandem/colo/takeover.ts'

export interface SuccessionParts {
  readonly place: RedisPlace
  readonly name: string
  readonly runId: string
  readonly apiKeyNonce: number
  readonly signer: SignerOptions
  /** What this host's own journal says. */
  readonly own: Recovered
  /** The lease is ours for the first time: by Redis's clock. */
  readonly onTaken: (atMs: number) => void
  readonly onOutdated: () => void
  readonly log: (what: string, fields: object) => void
}

/** How this executor comes to trade, and how it gives its place back at the end. */
export function newSuccession(parts: SuccessionParts): { succession: Succession; release(): Promise<void> } {
  const { place, name, runId, apiKeyNonce, signer, own, onTaken, onOutdated, log } = parts
  const client = openRedis(place, () => {})
  let lease: Lease | undefined
  const succession: Succession = {
    newLease(given) {
      lease = new Lease({
        client,
        name,
        runId,
        onLost: () => log('the lease is not ours any more: nothing is begun', {}),
        onOutdated,
        ...given,
      })
      return lease
    },
    fence: (orderGroups) => JSON.stringify({ runId, apiKeyNonce, orderGroups } satisfies Fence),
    attest: (nonce) => attest(signer, nonce),
    takeOver(taking, held, venues) {
      log('the lease is ours', { before: taking.owner })
      onTaken(taking.atMs)
      return takeOver(taking, {
        own,
        stop: ({ fence }) => pullFence(readFence(fence), venues),
        stopped: (predecessor) => held.stopped(predecessor),
        readMirrored: () => recoverFromStream(client, name, Date.now()),
        onUnknown: (owner) =>
          log(
            'nobody knows what the executor before has left: pairs of which a venue shows more stand still',
            {
              owner,
            },
          ),
        sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      })
    },
  }
  return {
    succession,
    async release() {
      await lease?.release()
      client.disconnect()
    },
  }
}
