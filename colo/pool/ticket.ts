import { assert } from '@tandem/shared/assert.ts'

// What the signer hands back with its answer, so that the answer finds who asked:
//
//   bit 30          29 .......... 16   15 ........... 0
//   | header? |     generation     |   slot or header index |
//
// Below 2^31, so that every operation on it stays a small integer.

const INDEX_BITS = 16
const GENERATION_BITS = 14
const HEADER_BIT = 1 << (INDEX_BITS + GENERATION_BITS)

/** As many slots as a ticket can name. */
export const TICKET_SLOTS = 1 << INDEX_BITS
const GENERATION_MASK = (1 << GENERATION_BITS) - 1

assert(INDEX_BITS + GENERATION_BITS === 30, 'POOL_TICKET_IS_SMALL_INTEGER')

/** The ticket of an order request. Of `generation` only the low bits matter: 16,384 orders in a slot go by first. */
export function orderTicket(slot: number, generation: number): number {
  return ((generation & GENERATION_MASK) << INDEX_BITS) | slot
}

export function headerTicket(index: number, generation: number): number {
  return HEADER_BIT | orderTicket(index, generation)
}

/** A refusal names only the ticket: this says whether it is the headers' or the orders' to hear of it. */
export function isHeaderTicket(ticket: number): boolean {
  return (ticket & HEADER_BIT) !== 0
}

export function ticketIndex(ticket: number): number {
  return ticket & (TICKET_SLOTS - 1)
}
