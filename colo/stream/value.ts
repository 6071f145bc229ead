import { Packr } from 'msgpackr'
import type { TradeStream } from './stream.ts'

// What an entry of turns, fills and signals says: MessagePack with the names left out, as prices are (cache/quote.ts). Lists
// of names are only ever added, the newest last, and stand in Redis too (FIELDS_KEY). Units are in the names; -1 where a
// thing does not apply.

export type Value = Readonly<Record<string, string | number>>

/** `atMs`: wall clock. Numbers that stand for a word are those of the journal: docs/JOURNAL.md. */
const WHOSE = ['runId', 'atMs', 'pair'] as const

/** Names by version. A version is never changed. */
export const FIELD_LISTS: Readonly<Record<TradeStream, readonly (readonly string[])[]>> = {
  turns: [
    [
      ...WHOSE,
      ...['t0Ns', 't1Ns', 't2Ns', 'direction', 'outcome', 'reason', 'polymarketEpoch', 'kalshiEpoch'],
      ...['polymarketCostPrice', 'kalshiCostPrice', 'polymarketCents', 'polymarketLimitPrice'],
      ...['expectedMicroShares', 'kalshiPrice', 'kalshiLots', 'edgeMicroUsd', 'poolSlot', 'clientOrderId'],
      ...['headerIndex', 'trade'],
    ],
  ],
  fills: [
    [
      ...WHOSE,
      ...['order', 'trade', 'venue', 'outcome', 'filledMicroShares', 'costMicroUsd', 'feeMicroUsd'],
      ...['end', 'refusal'],
    ],
  ],
  signals: [[...WHOSE, 'direction', 'change', 'grossMicroUsd']],
}

/** Where the lists stand in Redis as JSON, for readers in other languages. */
export const FIELDS_KEY = 'stream:fields'

const packrs = new Map(
  Object.entries(FIELD_LISTS).map(([stream, lists]) => [
    stream,
    new Packr({ structures: lists.map((names) => [...names]) }),
  ]),
)
const packrOf = (stream: TradeStream): Packr => packrs.get(stream) as Packr

/** @param of gives a field by its name */
export function encodeValue(stream: TradeStream, of: (name: string) => string | number): Buffer {
  const names = FIELD_LISTS[stream].at(-1) ?? []
  // A record is known by its names in the order of the list.
  return packrOf(stream).pack(Object.fromEntries(names.map((name) => [name, of(name)])))
}

/** @returns undefined for what is none, or one of a version that is not known here */
export function decodeValue(stream: TradeStream, bytes: Uint8Array): Value | undefined {
  try {
    const value: unknown = packrOf(stream).unpack(bytes)
    if (typeof value !== 'object' || value === null) return undefined
    return FIELD_LISTS[stream][0].every((name) => name in value) ? (value as Value) : undefined
  } catch {
    return undefined
  }
}
