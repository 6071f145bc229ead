import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  commonStep,
  finestStep,
  isLegalPrice,
  KALSHI_TICKS,
  legalPriceCeil,
  legalPriceFloor,
  POLYMARKET_TICKS,
  type TickStructure,
  ticksFromBands,
  ticksFromPriceRanges,
} from '@tandem/shared/ticks.ts'
import { PRICE_NONE, type Price } from '@tandem/shared/units.ts'

const price = (value: number) => value as Price

/** Kalshi fact sheet, section 6, in its own words: label, edge step, center step, width of the edge, book unit. */
const KALSHI: [label: string, edge: string, center: string, width: string, unit: number][] = [
  ['linear_cent', '0.01', '0.01', '0.10', 100],
  ['deci_cent', '0.001', '0.001', '0.10', 10],
  ['tapered_deci_cent', '0.001', '0.01', '0.10', 10],
  ['center_whole_edge_half_cent', '0.005', '0.01', '0.10', 50],
  ['center_whole_edge_quint_cent', '0.002', '0.01', '0.10', 20],
  ['center_half_edge_half_cent', '0.005', '0.005', '0.10', 50],
  ['center_half_edge_quint_cent', '0.002', '0.005', '0.10', 10],
  ['center_half_edge_deci_cent', '0.001', '0.005', '0.10', 10],
  ['center_quint_edge_quint_cent', '0.002', '0.002', '0.10', 20],
  ['center_quint_edge_deci_cent', '0.001', '0.002', '0.10', 10],
  ['center_centi_edge_centi_cent', '0.0001', '0.0001', '0.10', 1],
  ['center_deci_edge_centi_cent', '0.0001', '0.001', '0.01', 1],
]

/** Every legal price by the words of the fact sheet: multiples of the edge's step at the edges, of the center's between. */
function legalByHand(edge: string, center: string, width: string): number[] {
  const units = (text: string) => Math.round(Number(text) * 10_000)
  const legal: number[] = []
  for (let p = 1; p < 10_000; p++) {
    const inEdge = p <= units(width) || p >= 10_000 - units(width)
    const inCenter = p >= units(width) && p <= 10_000 - units(width)
    if ((inEdge && p % units(edge) === 0) || (inCenter && p % units(center) === 0)) legal.push(p)
  }
  return legal
}

function legalPrices(structure: TickStructure): number[] {
  return [...Array(10_200).keys()].map((i) => i - 100).filter((p) => isLegalPrice(structure, price(p)))
}

describe('tick structures', () => {
  test("are there for every label of Kalshi's whose bands are published, and no other", () => {
    assert.deepEqual(
      [...KALSHI_TICKS.keys()],
      KALSHI.map(([label]) => label),
    )
  })

  for (const [label, edge, center, width, unit] of KALSHI) {
    const structure = KALSHI_TICKS.get(label)!
    test(`${label} allows ${edge} at the edges and ${center} between`, () => {
      assert.deepEqual(legalPrices(structure), legalByHand(edge, center, width))
    })
    test(`${label} allows every whole cent, and fits a book of unit ${unit}`, () => {
      for (let cent = 1; cent < 100; cent++) assert.ok(isLegalPrice(structure, price(cent * 100)))
      assert.equal(finestStep(structure), unit)
      assert.ok(legalPrices(structure).every((p) => p % unit === 0))
    })
  }

  test('of Polymarket run from the tick to a dollar less the tick, 0.005 and 0.0025 included', () => {
    assert.deepEqual([...POLYMARKET_TICKS.keys()], [1000, 100, 50, 25, 10, 1])
    for (const [tick, structure] of POLYMARKET_TICKS) {
      const legal = legalPrices(structure)
      assert.equal(legal[0], tick)
      assert.equal(legal.at(-1), 10_000 - tick)
      assert.equal(legal.length, 10_000 / tick - 1)
      assert.equal(finestStep(structure), tick)
    }
  })

  test('round down and up to the neighbours among the legal prices, and to none beyond them', () => {
    for (const structure of [...KALSHI_TICKS.values(), ...POLYMARKET_TICKS.values()]) {
      const legal = legalPrices(structure)
      let below = 0
      for (let p = -5; p <= 10_005; p++) {
        while (below < legal.length && legal[below] <= p) below++
        assert.equal(legalPriceFloor(structure, price(p)), below > 0 ? legal[below - 1] : PRICE_NONE)
        const above = below > 0 && legal[below - 1] === p ? p : (legal[below] ?? PRICE_NONE)
        assert.equal(legalPriceCeil(structure, price(p)), above)
      }
    }
  })
})

describe('price_ranges', () => {
  test('are read as Kalshi writes them', () => {
    const range = (start: string, end: string, step: string) => ({ start, end, step })
    assert.deepEqual(
      ticksFromPriceRanges([
        range('0.0000', '0.0100', '0.0001'),
        range('0.0100', '0.9900', '0.0010'),
        range('0.9900', '1.0000', '0.0001'),
      ]),
      KALSHI_TICKS.get('center_deci_edge_centi_cent'),
    )
    assert.equal(ticksFromPriceRanges([range('0', '1', '0.00005')]), undefined)
    assert.equal(ticksFromPriceRanges([range('0', 'one', '0.01')]), undefined)
  })
})

describe('bands', () => {
  test('that cover a dollar are a structure', () => {
    const bands = [
      [0, 1000, 10],
      [1000, 9000, 100],
      [9000, 10_000, 10],
    ] as const
    assert.deepEqual(ticksFromBands(bands), KALSHI_TICKS.get('tapered_deci_cent'))
  })
  const broken: [why: string, ...bands: [number, number, number][]][] = [
    ['nothing'],
    ['a hole', [0, 1000, 10], [2000, 10_000, 100]],
    ['an overlap', [0, 2000, 10], [1000, 10_000, 100]],
    ['an end short of a dollar', [0, 9900, 100]],
    ['an end beyond a dollar', [0, 10_100, 100]],
    ['a step that does not divide its band', [0, 10_000, 30]],
    ['a step of zero', [0, 10_000, 0]],
    ['a step that is no whole unit', [0, 10_000, 0.5]],
    ['a falling band', [0, 10_000, 100], [10_000, 0, -100]],
    ['no number', [0, Number.NaN, 100]],
  ]
  for (const [why, ...bands] of broken) {
    test(`with ${why} are no structure`, () => {
      assert.equal(ticksFromBands(bands), undefined)
    })
  }
})

test('the common step of two ticks divides both and is the largest that does', () => {
  assert.equal(commonStep(price(25), price(10)), 5)
  assert.equal(commonStep(price(100), price(10)), 10)
  assert.equal(commonStep(price(100), price(100)), 100)
  assert.equal(commonStep(price(100), price(0)), 100)
  assert.equal(commonStep(price(50), price(4713)), 1)
})
