import { Failure } from '@tandem/shared/failure.ts'
import { checked } from '@tandem/shared/schema.ts'
import { z } from 'zod'
import { ORDER_GROUP_ID } from './venue/kalshi/auth.ts'
import { type AttestedHeaders, deleteApiKey, deriveApiKey } from './venue/polymarket/api-key.ts'
import type { Asker } from './venue/rest.ts'

// The venues know nothing of leases: an executor that stood still while another took over may still send what it had
// decided on. So each has something of its own at each venue, which whoever takes over has taken away:
//
//   Kalshi       order groups, which every entry names    triggered: the venue takes no order that names them
//   Polymarket   an API key, which every order goes under    deleted: the venue takes nothing under it
//
// Both are made, then written down where the successor finds them, then used. Who has lost the lease by then cannot write them
// down, and so never uses them.

const Fence = z.strictObject({
  runId: z.string().min(1),
  apiKeyNonce: z.int().nonnegative(),
  orderGroups: z.array(z.string().regex(ORDER_GROUP_ID, 'is no id of an order group')).readonly(),
})
/** By what the venues know one executor's entries; kept where its successor finds it. No secret. */
export type Fence = Readonly<z.output<typeof Fence>>

/** @throws Failure FENCE_BAD */
export function readFence(text: string): Fence {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = text
  }
  return checked(Fence, value, { code: 'FENCE_BAD', where: 'the fence of the executor before' })
}

export interface FenceVenues {
  triggerOrderGroup(id: string): Promise<void>
  deleteApiKey(nonce: number): Promise<void>
}

/**
 * Stops everything that an executor before us may still send: triggers its order groups, deletes its API key. Safe to
 * repeat; until it is fulfilled, nothing may be entered.
 *
 * @throws Failure FENCE_NOT_PULLED, of everything that failed; the rest was done
 */
export async function pullFence(fence: Fence, venues: FenceVenues): Promise<void> {
  const acts = await Promise.allSettled([
    venues.deleteApiKey(fence.apiKeyNonce),
    ...fence.orderGroups.map((id) => venues.triggerOrderGroup(id)),
  ])
  const failed = acts.filter((act) => act.status === 'rejected')
  if (failed.length === 0) return
  throw new Failure({
    code: 'FENCE_NOT_PULLED',
    what: `what the executor before us may still send is not stopped: ${(failed[0].reason as Error).message}`,
    where: fence.runId,
    todo: 'try again; if it goes on, stop that executor by hand, delete its API key and trigger its order groups',
    retry: true,
    cause: failed[0].reason,
  })
}

/** Deletes the API key of a nonce, if there is one. */
export async function deleteApiKeyOf(
  nonce: number,
  asker: Asker,
  attest: (nonce: number) => Promise<AttestedHeaders>,
  wallMs: () => number,
): Promise<void> {
  const attested = await attest(nonce)
  const key = await deriveApiKey(asker, attested)
  if (key !== undefined) await deleteApiKey(asker, { ...key, address: attested.POLY_ADDRESS }, wallMs)
}
