import type { Scenario } from './scenario.ts'

/** Scenarios that found a bug, written out: which one a seed is changes with every kind of fault that is added. */
export const FOUND: Readonly<Record<string, Scenario>> = {
  'a book message on a late Polymarket socket was traded on': {
    seed: 133,
    pairs: 2,
    calm: 2,
    tradesMs: 25_000,
    delayMs: { polymarket: 21, kalshi: 4 },
    injections: [{ kind: 'lag', venue: 'polymarket', atMs: 9_456, lastsMs: 11_566 }],
  },
  'the answer to an audit on a late Kalshi socket was traded on': {
    seed: 160,
    pairs: 2,
    calm: 3,
    tradesMs: 50_000,
    delayMs: { polymarket: 33, kalshi: 6 },
    injections: [{ kind: 'lag', venue: 'kalshi', atMs: 28_618, lastsMs: 7_909 }],
  },
}
