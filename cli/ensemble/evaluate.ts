import type { Book } from '@tandem/colo/book/book.ts'
import { BookState } from '@tandem/colo/book/integrity.ts'
import { Lag } from '@tandem/colo/detector/ensemble.ts'
import type { PairWithFees } from '@tandem/colo/listing.ts'
import { VENUE_NAMES } from '@tandem/colo/venue/venue.ts'
import { Failure } from '@tandem/shared/failure.ts'
import { readSettings } from '@tandem/shared/settings.ts'
import { PRICE_ONE } from '@tandem/shared/units.ts'
import { Replay } from '../replay/run.ts'
import { readTape } from '../replay/tape.ts'
import { Judge, type Mids } from './judge.ts'
import { verdictText } from './verdict.ts'

export type Evaluation = Awaited<ReturnType<typeof evaluate>>['evaluation']

/**
 * Runs a tape through the executor and judges the fair values that it tells: nothing is computed beside it.
 *
 * @throws Failure of readTape; TAPE_ONE_VENUE
 */
export async function evaluate(path: string, pairs: readonly PairWithFees[]) {
  const tape = await readTape(path)
  for (const name of VENUE_NAMES)
    if (!tape.frames.some(({ venue }) => venue === name)) throw oneVenue(path, name)

  const judge = new Judge(pairs.length)
  const told = new Uint32Array(pairs.length)
  let mids: readonly Mids[] = []
  const replay = await Replay.run(tape, pairs, readSettings({}, 'ensemble eval'), {
    afterFrame(run, { atNs }) {
      judge.judge(atNs, mids)
      mids = pairs.map((_, bundle) => midsOf(run, bundle))
      const { ensemble } = run.assembly
      for (const [bundle, times] of ensemble.told.entries()) {
        if (times === told[bundle]) continue
        told[bundle] = times
        const { fairPrice, lag, sureness } = ensemble
        judge.claim(
          {
            bundle,
            mids: mids[bundle],
            fairPrice: fairPrice[bundle],
            lag: lag[bundle] as Lag,
            sureness: sureness[bundle],
          },
          atNs,
        )
      }
    },
  })
  const horizons = judge.report()
  const evaluation = {
    tape: path,
    frames: tape.frames.length,
    /** The part that trades have in a fair value cannot be judged where there are none. */
    trades: replay.assembly.copies[0].intakes.reduce((sum, { counts }) => sum + counts.trades, 0),
    said: {
      polymarket_lags: judge.said[Lag.Polymarket],
      kalshi_lags: judge.said[Lag.Kalshi],
      neither_lags: judge.said[Lag.Neither],
      unknown: judge.said[Lag.Unknown],
    },
    horizons,
    verdict: verdictText(horizons),
  }
  return { evaluation, faults: replay.faults(path) }
}

/** In the prices of the named outcome. */
function midsOf(run: Replay, bundle: number): Mids {
  const [polymarket, kalshi] = run.booksOf(bundle)
  const kalshiPrice = midOf(kalshi)
  const { inverse } = run.assembly.listing.bundles[bundle]
  return [midOf(polymarket), inverse ? PRICE_ONE - kalshiPrice : kalshiPrice]
}

function midOf({ state, bids, asks }: Book): number {
  if (state !== BookState.Live || bids.best < 0 || asks.best < 0) return Number.NaN
  return (bids.bestPrice() + asks.bestPrice()) / 2
}

function oneVenue(path: string, venue: string): Failure {
  return new Failure({
    code: 'TAPE_ONE_VENUE',
    what: `the tape holds no frame of ${venue}, and one venue alone cannot lag`,
    where: path,
    todo: 'give a tape of both venues, or a folder with one of each',
  })
}
