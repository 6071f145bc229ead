import { isUtf8 } from 'node:buffer'
import type { VENUE_NAMES } from '@tandem/colo/venue/venue.ts'

// A tape's lines. `socket` tells a venue's connections apart, since a venue's numbering starts anew on each:
//
//     {"recv_ts_ns":"..","venue":"kalshi","socket":0,"opened":["TICKER",..]}   it stands (again), for these markets
//     {"recv_ts_ns":"..","venue":"kalshi","socket":0,"raw":".."}               one frame, as the socket delivered it
//     {"recv_ts_ns":"..","venue":"kalshi","socket":0,"closed":"close 1006"}    it is lost: its books may be wrong from here

export type VenueName = (typeof VENUE_NAMES)[number]

export function openedLine(recvNs: bigint, venue: VenueName, socket: number, ids: readonly string[]): string {
  return `{"recv_ts_ns":"${recvNs}","venue":"${venue}","socket":${socket},"opened":${JSON.stringify(ids)}}\n`
}

/** @param why for people */
export function closedLine(recvNs: bigint, venue: VenueName, socket: number, why: string): string {
  return `{"recv_ts_ns":"${recvNs}","venue":"${venue}","socket":${socket},"closed":${JSON.stringify(why)}}\n`
}

/** Text stays readable; the rare frame that is no UTF-8 is kept byte for byte as base64. */
export function frameLine(recvNs: bigint, venue: VenueName, socket: number, bytes: Buffer): string {
  const raw = isUtf8(bytes)
    ? `"raw":${JSON.stringify(bytes.toString())}`
    : `"raw_base64":"${bytes.toString('base64')}"`
  return `{"recv_ts_ns":"${recvNs}","venue":"${venue}","socket":${socket},${raw}}\n`
}
