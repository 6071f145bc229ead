import { assert } from '@tandem/shared/assert.ts'
import { TICKET_SLOTS } from './ticket.ts'

// How many orders are held at once, one line for each consumer. What a slab of them costs is its bodies: 0.8 KB each
// with a plain signature, 1.3 KB with a deposit wallet's.

/** The design's capacity: 500 markets, both tokens, ten levels around the touch, four sizes. */
export const MARKETS_MAX = 500
export const TOKENS_PER_MARKET = 2
export const BASE_LEVELS = 10
export const SIZES = 4

/** Lines close enough to crossing to hold break-even limits, and how many limits beyond a base line's they hold. */
const HOT_LINES = 128
const HOT_EXTRA_LIMITS = 20
/** Lines that cross at the same time: these hold a second order of everything. */
const CROSSED_LINES = 32
const CROSSED_LIMITS = BASE_LEVELS + HOT_EXTRA_LIMITS

/** Orders at limits that the touch has left, kept as long as there is room: touches come back. */
const LEFTOVERS = 2_048

/**
 * Asked of the signer and not answered yet, without the urgent ones. It works through so many in 12 ms at half a core:
 * a wish that came up since waits no longer behind older ones.
 */
export const OUTSTANDING_MAX = 64

/**
 * Signed, their hashes not durable yet. A disk that needs 5 ms holds up 55 of 11,000 a second; this is less than
 * an eighth of the journal's ring, so that hashes never crowd out Turns.
 */
export const NOT_DURABLE_MAX = 1_024

/** Approved decisions that wait for the signer at the same time. */
export const URGENT_MAX = 16
/** Handed out and not released yet: at most one for each connection, or a decision that was dropped half way. */
export const TAKEN_MAX = 64

/** What refilling must leave free for the decisions themselves. */
export const RESERVED_FOR_URGENT = URGENT_MAX + TAKEN_MAX

/** What the base set must leave free for hot lines and leftovers. */
export function reservedForHot(lines: number, sizes: number): number {
  return (
    Math.min(lines, HOT_LINES) * HOT_EXTRA_LIMITS * sizes +
    Math.min(lines, CROSSED_LINES) * CROSSED_LIMITS * sizes
  )
}

/**
 * How many slots a pool of so many lines gets. Settings may ask for more than a ticket can name; then the lines
 * farthest from crossing go without.
 */
export function slotsFor(lines: number, levels: number, sizes: number): number {
  return Math.min(wishedSlots(lines, levels, sizes), TICKET_SLOTS)
}

function wishedSlots(lines: number, levels: number, sizes: number): number {
  return (
    lines * levels * sizes +
    reservedForHot(lines, sizes) +
    LEFTOVERS +
    OUTSTANDING_MAX +
    NOT_DURABLE_MAX +
    RESERVED_FOR_URGENT
  )
}

assert(
  wishedSlots(MARKETS_MAX * TOKENS_PER_MARKET, BASE_LEVELS, SIZES) <= TICKET_SLOTS,
  'POOL_CAPACITY_FITS_TICKETS',
)
