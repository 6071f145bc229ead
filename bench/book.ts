import { Ladder } from '@tandem/colo/book/ladder.ts'
import { assert } from '@tandem/shared/assert.ts'
import { type Lots, PRICE_ONE, type Price, SIDE_ASK, SIDE_BID, type Side } from '@tandem/shared/units.ts'
import { MapLadder } from './alternatives/map-book.ts'
import { ScanLadder } from './alternatives/scan-book.ts'

// One level changed and the best read again; and a walk of five levels, as the detector does it. Three kinds of book get
// the same changes in the same run, in turn, and have to answer the same: ours, a map with sorted prices, and an array
// without our bits. Arrays are at their worst where a market's tick is far finer than the prices that people use.

/** Two sides each: enough that they do not all stay in the first cache, as in production. */
const BOOKS = 200
const CHANGES = 200_000
const PASSES = 7
const WALKS = 40_000
/** Levels a walk. */
const WALKED = 5

/** What a change is: which ladder (book * 2 + side), which price, what size. */
interface Changes {
  readonly ladders: Uint16Array
  readonly prices: Uint16Array
  readonly lots: Int32Array
}

/** A small generator of its own, so that every run and machine gets the same changes. */
function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/**
 * Like the tape of 2026-01-03: three changes in ten remove a level, one in ten is at the touch, the rest spread
 * widely behind it. The touch wanders, and both sides of a book keep apart by two ticks.
 */
function changesOf(tick: number): Changes {
  const next = random(tick)
  const slots = PRICE_ONE / tick
  const middles = Array.from({ length: BOOKS }, () => Math.floor(slots * (0.2 + 0.6 * next())))
  const changes = {
    ladders: new Uint16Array(CHANGES),
    prices: new Uint16Array(CHANGES),
    lots: new Int32Array(CHANGES),
  }
  for (let i = 0; i < CHANGES; i++) {
    const book = Math.floor(next() * BOOKS)
    if (next() < 0.02) middles[book] += next() < 0.5 ? -1 : 1
    const side = next() < 0.5 ? SIDE_BID : SIDE_ASK
    const away = next() < 0.1 ? 1 : 1 + Math.floor(next() ** 2 * 60)
    const slot = Math.min(slots - 1, Math.max(1, middles[book] + (side === SIDE_BID ? -away : away)))
    changes.ladders[i] = book * 2 + side
    changes.prices[i] = slot * tick
    changes.lots[i] = next() < 0.3 ? 0 : 1 + Math.floor(next() * 100_000)
  }
  return changes
}

// The loops are written out for each kind of book: in a shared one every call would have to ask which kind it has.

function updateOurs(ladders: readonly Ladder[], { ladders: which, prices, lots }: Changes): number {
  let sum = 0
  for (let i = 0; i < which.length; i++) {
    const ladder = ladders[which[i]]
    ladder.set(prices[i] as Price, lots[i] as Lots)
    sum += ladder.bestPrice()
  }
  return sum
}

function updateMaps(ladders: readonly MapLadder[], { ladders: which, prices, lots }: Changes): number {
  let sum = 0
  for (let i = 0; i < which.length; i++) {
    const ladder = ladders[which[i]]
    ladder.set(prices[i] as Price, lots[i])
    sum += ladder.bestPrice()
  }
  return sum
}

function updateScans(ladders: readonly ScanLadder[], { ladders: which, prices, lots }: Changes): number {
  let sum = 0
  for (let i = 0; i < which.length; i++) {
    const ladder = ladders[which[i]]
    ladder.set(prices[i] as Price, lots[i])
    sum += ladder.bestPrice()
  }
  return sum
}

function walkOurs(ladders: readonly Ladder[]): number {
  let sum = 0
  for (let i = 0; i < WALKS; i++) {
    const ladder = ladders[i % ladders.length]
    let levels = WALKED
    for (let slot = ladder.best; slot >= 0 && levels > 0; slot = ladder.worse(slot), levels--)
      sum += slot * ladder.unit * ladder.lots[slot]
  }
  return sum
}

function walkMaps(ladders: readonly MapLadder[]): number {
  let sum = 0
  for (let i = 0; i < WALKS; i++) sum += ladders[i % ladders.length].value(WALKED)
  return sum
}

function walkScans(ladders: readonly ScanLadder[]): number {
  let sum = 0
  for (let i = 0; i < WALKS; i++) sum += ladders[i % ladders.length].value(WALKED)
  return sum
}

/** Runs every kind's work in turn, pass by pass, and answers how often a second each did it. */
function rates<Name extends string>(count: number, works: Record<Name, () => number>): Record<Name, number> {
  const kinds = (Object.entries(works) as [Name, () => number][]).map(([name, work]) => ({
    name,
    work,
    seconds: [] as number[],
  }))
  for (let pass = 0; pass < PASSES; pass++) {
    let expected: number | undefined
    for (const { work, seconds } of kinds) {
      const start = performance.now()
      const answer = work()
      seconds.push((performance.now() - start) / 1000)
      expected ??= answer
      assert(answer === expected, 'BENCH_BOOK_SAME_ANSWER')
    }
  }
  const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]
  return Object.fromEntries(
    kinds.map(({ name, seconds }) => [name, Math.round(count / median(seconds))]),
  ) as Record<Name, number>
}

/** @param tick of the orders' prices, @param unit of the array's slots. */
function measure(tick: number, unit: Price) {
  const changes = changesOf(tick)
  const sides = Array.from({ length: BOOKS * 2 }, (_, i) => (i & 1) as Side)
  const ours = sides.map((side) => new Ladder(side, unit))
  const maps = sides.map((side) => new MapLadder(side))
  const scans = sides.map((side) => new ScanLadder(side, unit))
  const updates = rates(CHANGES, {
    ours: () => updateOurs(ours, changes),
    map: () => updateMaps(maps, changes),
    scan: () => updateScans(scans, changes),
  })
  const walks = rates(WALKS, {
    ours: () => walkOurs(ours),
    map: () => walkMaps(maps),
    scan: () => walkScans(scans),
  })
  return {
    updates_per_s: updates.ours,
    map_updates_per_s: updates.map,
    scan_updates_per_s: updates.scan,
    ratio: updates.ours / updates.map,
    walks_per_s: walks.ours,
    map_walks_per_s: walks.map,
    scan_walks_per_s: walks.scan,
  }
}

/** @returns changes and walks a second of one core: medians of interleaved passes over warm code. */
export async function run(_options: { json: boolean }): Promise<object> {
  // What is measured first would pay for compiling what the others use.
  measure(100, 100 as Price)
  return {
    ...measure(100, 100 as Price),
    tick_hundredth_cent: measure(1, 1 as Price),
    whole_cents_in_hundredth_cent_slots: measure(100, 1 as Price),
  }
}
