import { assert } from '@tandem/shared/assert.ts'

// What the signer hands back with its answer, so that the answer finds who asked:
//
//   30 ... 29   28 .......... 16   15 ........... 0
//   | whose? |     generation     |     index     |
//
// Below 2^31, so that every operation on it stays a small integer.

const INDEX_BITS = 16
const GENERATION_BITS = 13
const OWNER_SHIFT = INDEX_BITS + GENERATION_BITS

/** Whose index it is. */
export const TicketOwner = {
  /** A slot of the pool. */
  Pool: 0,
  /** A place in the ring of Kalshi headers. */
  Header: 1,
  /** A trade that needs an order of its own to get out. */
  Exit: 2,
} as const
export type TicketOwner = (typeof TicketOwner)[keyof typeof TicketOwner]

/** As many slots as a ticket can name. */
export const TICKET_SLOTS = 1 << INDEX_BITS
const GENERATION_MASK = (1 << GENERATION_BITS) - 1

assert(TicketOwner.Exit < 1 << (31 - OWNER_SHIFT), 'POOL_TICKET_IS_SMALL_INTEGER')

/** Of `generation` only the low bits matter: 8,192 requests of one index go by first. */
export function ticketOf(owner: TicketOwner, index: number, generation: number): number {
  return (owner << OWNER_SHIFT) | ((generation & GENERATION_MASK) << INDEX_BITS) | index
}

export function ticketOwner(ticket: number): TicketOwner {
  return (ticket >> OWNER_SHIFT) as TicketOwner
}

export function ticketIndex(ticket: number): number {
  return ticket & (TICKET_SLOTS - 1)
}
