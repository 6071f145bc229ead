import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { feesOf, type Mapping, readMapping } from '@tandem/shared/mapping.ts'
import { referenceFiles, skipWithoutReference } from '../../reference.ts'

// biome-ignore lint/suspicious/noExplicitAny: tests write what a careless person would
const file = (): any => ({
  pairs: [
    {
      id: 'one',
      polarity: 'same',
      kalshi: { ticker: 'KXONE-26' },
      polymarket: { yes_token: '11', no_token: '12', tick: '.01' },
    },
    {
      id: 'two',
      polarity: 'inverse',
      leg_plan: 'far-first',
      closes_at: '2026-12-01T00:00:00Z',
      kalshi: { ticker: 'KXTWO-26', price_ranges: [{ start: '0.0000', end: '1.0000', step: '0.0010' }] },
      polymarket: {
        yes_token: '21',
        no_token: '22',
        min_size: 15,
        neg_risk: true,
        version: 'v2',
        taker_delay_ms: 150,
      },
      fees: { polymarket: { rate: 0.04, exponent: 1 } },
    },
  ],
  fees: {
    today: {
      polymarket: { rate: 0.05, exponent: 1 },
      kalshi: { fee_type: 'quadratic', fee_multiplier: 0.5 },
    },
  },
})

const refused = (change: (value: ReturnType<typeof file>) => void, message: RegExp): void => {
  const value = file()
  change(value)
  assert.throws(() => readMapping(value, 'pairs.json'), { name: 'Failure', code: 'MAPPING_BAD', message })
}

describe('a mapping', () => {
  it('is read into our units, with what is usual where nothing is said', () => {
    const { mapping, ignored } = readMapping(file(), 'pairs.json')
    assert.deepEqual(ignored, [])
    const [one, two] = mapping.pairs
    assert.equal(one.polymarket.tick, 100)
    assert.equal(one.polymarket.minSizeLots, 500)
    assert.deepEqual(
      [one.polymarket.negRisk, one.polymarket.version, one.polymarket.takerDelayMs],
      [false, 'v1', 0],
    )
    assert.deepEqual([one.legPlan, two.legPlan], [undefined, 'far-first'])
    assert.equal(two.polymarket.minSizeLots, 1_500)
    assert.deepEqual(two.kalshi.priceRanges, [{ start: 0, end: 10_000, step: 10 }])
    assert.equal(two.closesAtMs, Date.UTC(2026, 11, 1))
  })

  it('tells the keys that it does not know, and goes on', () => {
    const value = { ...file(), made_by: 'someone' }
    value.pairs[1].kalshi.title = 'Two?'
    assert.deepEqual(readMapping(value, 'pairs.json').ignored.sort(), ['made_by', 'pairs[1].kalshi.title'])
  })

  it('says the key that is wrong', () => {
    refused((value) => delete value.pairs[1].polarity, /^pairs\[1\]\.polarity: /)
    refused((value) => (value.pairs[0].polarity = 'opposite'), /^pairs\[0\]\.polarity: .*"same"\|"inverse"/)
    refused(
      (value) => (value.pairs[0].polymarket.tick = '0.00001'),
      /^pairs\[0\]\.polymarket\.tick: "0\.00001"/,
    )
    refused((value) => (value.pairs[0].polymarket.tick = 0), /^pairs\[0\]\.polymarket\.tick: /)
    refused((value) => (value.pairs[0].polymarket.yes_token = 11), /^pairs\[0\]\.polymarket\.yes_token: /)
    refused((value) => (value.pairs[0].polymarket.yes_token = `${1n << 256n}`), /at most 256 bits/)
    refused((value) => (value.pairs[1].polymarket.version = 'v3'), /^pairs\[1\]\.polymarket\.version: /)
    refused((value) => (value.pairs[1].closes_at = 'tomorrow'), /^pairs\[1\]\.closes_at: /)
    refused((value) => (value.fees.today.kalshi.fee_type = 'flat'), /^fees\.today\.kalshi\.fee_type: /)
    refused((value) => (value.pairs[0].leg_plan = 'both'), /^pairs\[0\]\.leg_plan: .*"far-first"/)
    refused((value) => (value.pairs = []), /^pairs: /)
  })

  it('refuses pairs that contradict each other about one market', () => {
    refused((value) => (value.pairs[1].id = 'one'), /the id one is taken/)
    refused((value) => (value.pairs[0].polymarket.no_token = '11'), /are the same/)
    // The second pair names the other outcome of the first pair's market: one book cannot have both orientations.
    refused((value) => {
      value.pairs[1].polymarket = { yes_token: '12', no_token: '11', tick: '.01' }
    }, /two says other things of 12 than a pair before it/)
    refused((value) => {
      value.pairs[1].polymarket = { ...value.pairs[0].polymarket, neg_risk: true }
    }, /two says other things of 11/)
  })

  it('lets two pairs share a market when they agree on it', () => {
    const value = file()
    value.pairs[1].polymarket = value.pairs[0].polymarket
    assert.equal(readMapping(value, 'pairs.json').mapping.pairs.length, 2)
  })

  it('reads every pairs file of the reference whole', { skip: skipWithoutReference() }, () => {
    for (const path of referenceFiles('data/tapes', /\.pairs\.json$/)) {
      const { ignored } = readMapping(JSON.parse(readFileSync(path, 'utf8')), path)
      assert.deepEqual(ignored, [], path)
    }
  })
})

describe('the fees of a pair', () => {
  const { mapping } = readMapping(file(), 'pairs.json')
  const [one, two] = mapping.pairs
  const of = (from: Mapping, pair = one, name?: string) => feesOf(from, pair, name, 'pairs.json')

  it('are those of the set that is named, and of the only one where none is', () => {
    assert.equal(of(mapping, one, 'today').polymarket.rate, 0.05)
    assert.deepEqual(of(mapping), of(mapping, one, 'today'))
    assert.deepEqual(of(mapping).kalshi, { feeType: 'quadratic', feeMultiplier: 0.5 })
  })

  it('are its own where the file gives them', () => {
    assert.equal(of(mapping, two).polymarket.rate, 0.04)
    assert.equal(of(mapping, two).kalshi.feeMultiplier, 0.5)
  })

  it('are never guessed', () => {
    const unknown = { name: 'Failure', code: 'FEES_UNKNOWN' }
    assert.throws(() => of(mapping, one, 'tomorrow'), {
      ...unknown,
      message: /called tomorrow.*name one of: today/,
    })
    assert.throws(() => of(mapping, two, 'tomorrow'), unknown)
    const { today } = mapping.fees
    assert.throws(() => of({ ...mapping, fees: { today, recorded: today } }), {
      ...unknown,
      message: /today, recorded/,
    })
    assert.throws(() => of({ ...mapping, fees: {} }), { ...unknown, message: /add them to the file/ })
  })
})
