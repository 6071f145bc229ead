import type { Intake } from '@tandem/colo/feed/intake.ts'
import { KALSHI, POLYMARKET, type Venue } from '@tandem/colo/venue/venue.ts'
import type { Tape, TapeFrame } from './tape.ts'

export function venueOf(name: TapeFrame['venue']): Venue {
  return name === 'kalshi' ? KALSHI : POLYMARKET
}

/**
 * Tells an intake which of the tape's connections carries which book: a venue's numbering is each connection's own.
 *
 * @param ids by book: what its market is subscribed by
 */
export function assignSockets(intake: Intake, tape: Tape, ids: readonly string[]): void {
  const isOurs = (each: { venue: TapeFrame['venue'] }) => venueOf(each.venue) === intake.venue
  const changes = tape.changes.filter(isOurs)
  let sockets = 1
  for (const each of [...tape.frames.filter(isOurs), ...changes]) sockets = Math.max(sockets, each.socket + 1)
  const socketOf = Int32Array.from(
    ids,
    (id) => changes.find(({ opened }) => opened?.includes(id))?.socket ?? 0,
  )
  intake.assign(socketOf, sockets)
}
