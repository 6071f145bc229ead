import { assert } from '@tandem/shared/assert.ts'
import { Failure } from '@tandem/shared/failure.ts'
import { HASHES_KEPT } from '../journal/record.ts'

/** What is streamed to Redis: the first two for a successor, the others for people and programs. */
export const Stream = {
  /** What a later run reads of a journal, without the hashes. */
  Journal: 'journal',
  /** Hashes of signed orders: hundreds a second, of which only the newest matter. */
  Hashes: 'hashes',
  Turns: 'turns',
  Fills: 'fills',
  Signals: 'signals',
} as const
export type Stream = (typeof Stream)[keyof typeof Stream]
/** Each with one MessagePack value an entry. */
export type TradeStream = (typeof TRADE_STREAMS)[number]
export const TRADE_STREAMS = [Stream.Turns, Stream.Fills, Stream.Signals] as const

/** Entries that a stream keeps, or some more: Redis cuts whole nodes of a hundred. Bytes an entry: docs/REDIS.md. */
export const STREAM_ENTRIES: Readonly<Record<Stream, number>> = {
  // A trade is some five entries, and the beginning of a run must not be cut while it lasts: 100,000 trades.
  journal: 500_000,
  hashes: HASHES_KEPT,
  // A lively hour, refusals included.
  turns: 200_000,
  fills: 200_000,
  signals: 50_000,
}
assert(STREAM_ENTRIES.hashes >= HASHES_KEPT, 'STREAM_HOLDS_THE_HASHES_OF_A_RECOVERY')

/** The hash tag keeps all streams of an executor on one node of a cluster, so that one transaction writes them. */
export function streamKey(stream: Stream, name: string): string {
  return `${stream}:{${name}}`
}

/** What an executor, and whoever stands by for it, is called unless it is told. */
export const NAME_DEFAULT = 'main'
const NAME = /^[\w.-]{1,64}$/

/** @throws Failure NAME_BAD. @param where names the option that held it */
export function readExecutorName(text: string, where: string): string {
  if (NAME.test(text)) return text
  throw new Failure({
    code: 'NAME_BAD',
    what: 'an executor’s name is 1 to 64 letters, digits, dots, dashes and underscores',
    where,
    todo: 'give such a one',
  })
}
