import { table } from '../table.ts'
import type { Evaluation } from './evaluate.ts'
import type { HorizonReport } from './verdict.ts'

type Counted = HorizonReport['ensemble']

/** An evaluation for a person. */
export function evaluationLines({ frames, trades, said, horizons, verdict }: Evaluation): string {
  return [
    `${frames} frames, ${trades} trades told; ${said.polymarket_lags + said.kalshi_lags + said.neither_lags} fair values:`,
    `  Polymarket lags ${said.polymarket_lags}, Kalshi lags ${said.kalshi_lags}, neither ${said.neither_lags}; unknown again ${said.unknown} times`,
    '',
    'of the mids that moved, how many moved towards the value that was said (95 % intervals by Wilson):',
    '',
    table(
      ['after', 'by', 'judged', 'moved', 'towards', 'share', '95 %', 'mean move, cents'],
      horizons.flatMap(({ seconds, ensemble, plain_mid, by_sureness }) => [
        row(`${seconds} s`, 'ensemble, the venue that lags', ensemble),
        row('', 'plain mid, both venues alike', plain_mid),
        ...by_sureness
          .filter(({ judged }) => judged > 0)
          .map((band) => row('', `  sureness ${band.from.toFixed(2)} to ${band.to.toFixed(2)}`, band)),
      ]),
    ),
    ...horizons.map(({ seconds, verdict: each }) => `after ${seconds} s: ${each}`),
    `verdict: ${verdict}`,
    '',
  ].join('\n')
}

function row(after: string, by: string, counted: Counted): string[] {
  const { judged, moved, towards, share, share_low, share_high, mean_move_cents } = counted
  return [
    after,
    by,
    String(judged),
    String(moved),
    String(towards),
    share === null ? '-' : percent(share),
    share === null ? '-' : `${percent(share_low)} .. ${percent(share_high)}`,
    mean_move_cents === null ? '-' : mean_move_cents.toFixed(3),
  ]
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}
