import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { readJson } from '@tandem/cli/input.ts'
import { Replay } from '@tandem/cli/replay/run.ts'
import { readTape } from '@tandem/cli/replay/tape.ts'
import type { PairWithFees } from '@tandem/colo/listing.ts'
import { feesOf, readMapping } from '@tandem/shared/mapping.ts'
import { readSettings } from '@tandem/shared/settings.ts'
import { referenceFiles, skipWithoutReference } from '../reference.ts'
import { type ModelEpisode, runModel } from './model.ts'

const root = resolve(import.meta.dirname, '../..')
const EXAMPLE = [join(root, 'examples/tape.ndjson.gz'), join(root, 'examples/pairs.json')] as const

function pairsOf(path: string, fees: string | undefined): PairWithFees[] {
  const { mapping } = readMapping(readJson(path), path)
  return mapping.pairs.map((pair) => ({ pair, fees: feesOf(mapping, pair, fees, path) }))
}

/** A tape with the pairs file that stands beside it: its name, or the front part of its name. */
function recordedTapes(): [tape: string, pairs: string][] {
  return referenceFiles('data/tapes', /\.ndjson\.gz$/).flatMap((tape) => {
    const name = tape.replace(/(-\d{4}-\d{2}-\d{2})?\.ndjson\.gz$/, '')
    const pairs = `${name}.pairs.json`
    return existsSync(pairs) ? [[tape, pairs] as [string, string]] : []
  })
}

const byPairAndStart = (episodes: readonly ModelEpisode[]): ModelEpisode[] =>
  episodes.toSorted((a, b) =>
    `${a.pair} ${a.direction} ${a.first_ns}` < `${b.pair} ${b.direction} ${b.first_ns}` ? -1 : 1,
  )

async function agreesWithModel(tapePath: string, pairs: PairWithFees[]): Promise<void> {
  const tape = await readTape(tapePath)
  const report = (await Replay.run(tape, pairs, readSettings({}, 'test'))).report()
  const model = runModel(tape.frames, pairs)
  assert.equal(report.frames, tape.lines)
  assert.deepEqual(report.applied, model.applied)
  assert.deepEqual(byPairAndStart(report.edges_all), byPairAndStart(model.episodes))
  const tops = Object.fromEntries(
    Object.entries(report.final).map(([pair, venues]) => [
      pair,
      Object.fromEntries(
        Object.entries(venues).map(([venue, { bid, ask }]) => [
          venue,
          { bid: bid === null ? null : Number(bid), ask: ask === null ? null : Number(ask) },
        ]),
      ),
    ]),
  )
  assert.deepEqual(tops, model.final)
}

test('the example tape gives what JSON.parse, Maps and BigInt give', async () => {
  await agreesWithModel(EXAMPLE[0], pairsOf(EXAMPLE[1], undefined))
})

test(
  'every recorded tape gives what JSON.parse, Maps and BigInt give, under each set of fees',
  { skip: skipWithoutReference() },
  async () => {
    const tapes = recordedTapes()
    assert.ok(tapes.length > 0)
    for (const [tape, pairs] of tapes)
      for (const fees of Object.keys(readMapping(readJson(pairs), pairs).mapping.fees))
        await agreesWithModel(tape, pairsOf(pairs, fees))
  },
)

test(
  'the recorded MVP tape shows its three crossings, and that the last rows of one book are wrong',
  { skip: skipWithoutReference() },
  async () => {
    const [tapePath] = referenceFiles('data/tapes', /^nba-mvp-2026-01-03\.ndjson\.gz$/)
    const [pairsPath] = referenceFiles('data/tapes', /^nba-mvp\.pairs\.json$/)
    const tape = await readTape(tapePath as string)
    const report = (
      await Replay.run(tape, pairsOf(pairsPath as string, 'recorded'), readSettings({}, 'test'))
    ).report()
    assert.equal(report.frames, 11_927)
    assert.deepEqual(report.applied, { polymarket: 9_179, kalshi: 2_741 })
    const short = ({ pair, direction, frames, edge_max }: ModelEpisode) =>
      `${pair} ${direction} ${frames} ${edge_max}`
    assert.deepEqual(report.edges_all.map(short), [
      'nba-mvp-26-jokic buy_kalshi_sell_polymarket 10421 4848',
      'nba-mvp-26-doncic buy_kalshi_sell_polymarket 807 2608',
      'nba-mvp-26-sga buy_polymarket_sell_kalshi 494 17603',
    ])
    const live = report.edges_live.filter(({ pair }) => pair === 'nba-mvp-26-sga')
    assert.deepEqual(live.map(short), ['nba-mvp-26-sga buy_polymarket_sell_kalshi 461 7603'])
    assert.equal(report.final['nba-mvp-26-sga']?.polymarket?.state, 'SUSPECT')
    assert.ok(report.decisions.not_live > 0)
  },
)

test('a replay decides the same every time', async () => {
  const tape = await readTape(EXAMPLE[0])
  const pairs = pairsOf(EXAMPLE[1], undefined)
  const run = async () => JSON.stringify((await Replay.run(tape, pairs, readSettings({}, 'test'))).report())
  assert.equal(await run(), await run())
})

test('the pool serves the decisions of a tape, traded again and again', async () => {
  const settings = readSettings({ minEdgeMicroUsd: 500 }, 'test')
  const report = (
    await Replay.run(await readTape(EXAMPLE[0]), pairsOf(EXAMPLE[1], undefined), settings, { stress: true })
  ).report()
  assert.ok(report.pool.approved > 50)
  assert.ok(
    report.pool.hit_rate >= 0.95,
    `hit rate ${report.pool.hit_rate}: ${JSON.stringify(report.pool.misses)}`,
  )
  // Without latency every plan fills as planned: legs within a lot, and a profit on each.
  assert.equal(report.trades.hedged, report.trades.count)
  for (const trade of report.trade_list) assert.ok(trade.net_micro_usd > 0, JSON.stringify(trade))
})
