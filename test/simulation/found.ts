import type { Scenario } from './scenario.ts'

/**
 * Scenarios that found a bug, ours or a planted one, written out: which one a seed is changes with every kind of fault that
 * is added. What it finds changes with the other traders; of those that a planted bug names, `npm run -s mutate` sees to it.
 */
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
  'an order in doubt was never looked up': {
    seed: 1029,
    pairs: 2,
    calm: 3,
    tradesMs: 50000,
    delayMs: { polymarket: 7, kalshi: 8 },
    injections: [
      { kind: 'blackout', venue: 'kalshi', atMs: 7713, lastsMs: 5784 },
      { kind: 'error-shape', venue: 'kalshi', atMs: 30606, lastsMs: 5681 },
    ],
  },
  'absence was concluded ten seconds too late': {
    seed: 607,
    pairs: 2,
    calm: 4,
    tradesMs: 50000,
    delayMs: { polymarket: 37, kalshi: 4 },
    injections: [
      { kind: 'top-ahead', venue: 'polymarket', atMs: 5285, lastsMs: 5006 },
      { kind: 'garbage', venue: 'polymarket', atMs: 19231, lastsMs: 8369 },
      { kind: 'lost-request', venue: 'polymarket', atMs: 22328, lastsMs: 2009 },
      { kind: 'delay', venue: 'polymarket', atMs: 27071, lastsMs: 9852 },
      { kind: 'gap', venue: 'kalshi', atMs: 31736, lastsMs: 9952 },
      { kind: 'garbage', venue: 'kalshi', atMs: 32082, lastsMs: 8466 },
    ],
  },
  'a clock that was set back left no header to send': {
    seed: 888,
    pairs: 2,
    calm: 2,
    tradesMs: 50000,
    delayMs: { polymarket: 16, kalshi: 18 },
    injections: [
      { kind: 'server-error', venue: 'polymarket', atMs: 3032, lastsMs: 9446 },
      { kind: 'pause-between', venue: 'polymarket', atMs: 3159, lastsMs: 4282 },
      { kind: 'error-shape', venue: 'kalshi', atMs: 5662, lastsMs: 4921 },
      { kind: 'server-error', venue: 'polymarket', atMs: 12844, lastsMs: 9636 },
      { kind: 'clock-step', venue: 'polymarket', atMs: 13852, lastsMs: 5902 },
      { kind: 'stale-reads', venue: 'kalshi', atMs: 28088, lastsMs: 9865 },
    ],
  },
  'an order appeared that had been called absent, and nobody told': {
    seed: 1290,
    pairs: 2,
    calm: 2,
    tradesMs: 50000,
    delayMs: { polymarket: 22, kalshi: 26 },
    injections: [
      { kind: 'pause-between', venue: 'kalshi', atMs: 9404, lastsMs: 3415 },
      { kind: 'late-request', venue: 'kalshi', atMs: 19064, lastsMs: 1492 },
      { kind: 'storm', venue: 'kalshi', atMs: 23123, lastsMs: 6473 },
      { kind: 'reorder', venue: 'polymarket', atMs: 25509, lastsMs: 4419 },
    ],
  },
  'a snapshot that was long in coming was traded on': {
    seed: 2219,
    pairs: 2,
    calm: 3,
    tradesMs: 50000,
    delayMs: { polymarket: 56, kalshi: 12 },
    injections: [
      { kind: 'pause', venue: 'polymarket', atMs: 2871, lastsMs: 5474 },
      { kind: 'lag', venue: 'kalshi', atMs: 7503, lastsMs: 10818 },
      { kind: 'restart', venue: 'kalshi', atMs: 10546, lastsMs: 3976 },
    ],
  },
  'a clock that no answer had judged was traded on': {
    seed: 6422,
    pairs: 2,
    calm: 3,
    tradesMs: 50000,
    delayMs: { polymarket: 28, kalshi: 29 },
    injections: [
      { kind: 'ghost-book', venue: 'polymarket', atMs: 17702, lastsMs: 4298 },
      { kind: 'clock-step', venue: 'polymarket', atMs: 24857, lastsMs: 10232 },
      { kind: 'lost-answer', venue: 'kalshi', atMs: 30449, lastsMs: 9498 },
      { kind: 'storm', venue: 'polymarket', atMs: 30990, lastsMs: 4833 },
      { kind: 'no-answer', venue: 'polymarket', atMs: 37455, lastsMs: 1732 },
    ],
  },
}
