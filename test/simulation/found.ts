import type { Scenario } from './scenario.ts'

/** Scenarios that found a bug, ours or a planted one, written out: which one a seed is changes with every
 * kind of fault that is added, and what it finds with the other traders: `npm run -s mutate` sees to it. */
export const FOUND: Readonly<Record<string, Scenario>> = {
  'a book message on a late Polymarket socket was traded on': {
    seed: 3,
    pairs: 2,
    calm: 1,
    tradesMs: 40_000,
    delayMs: { polymarket: 21, kalshi: 4 },
    injections: [{ kind: 'lag', venue: 'polymarket', atMs: 9_600, lastsMs: 12_000 }],
  },
  'the answer to an audit on a late Kalshi socket was traded on': {
    seed: 160,
    pairs: 2,
    calm: 3,
    tradesMs: 50_000,
    delayMs: { polymarket: 33, kalshi: 6 },
    injections: [{ kind: 'lag', venue: 'kalshi', atMs: 28_618, lastsMs: 7_909 }],
  },
  'a match is taken back': {
    seed: 14,
    pairs: 1,
    calm: 5,
    tradesMs: 50000,
    delayMs: { polymarket: 30, kalshi: 18 },
    injections: [{ kind: 'failed-trade', venue: 'polymarket', atMs: 34408, lastsMs: 6352 }],
  },
  'an order arrives late': {
    seed: 2,
    pairs: 1,
    calm: 3,
    tradesMs: 25000,
    delayMs: { polymarket: 39, kalshi: 17 },
    injections: [{ kind: 'late-request', venue: 'polymarket', atMs: 23117, lastsMs: 3508 }],
  },
}
