import type { Position } from '@tandem/colo/operator.ts'
import type { Register } from './command.ts'
import { ask } from './control/ask.ts'
import { dollars, shares } from './replay/lines.ts'
import { table } from './table.ts'

// `tandem positions`: what is held, by pair and venue.

export const register: Register = (program, io) => {
  program
    .command('positions')
    .description('list what is held, by pair and venue, and what of it is not covered by its other side')
    .option('--run <folder>', 'the run’s directory; without it the newest run')
    .option('--json', 'one JSON document')
    .action(async ({ run, json }: { run?: string; json?: boolean }) => {
      const positions = await ask<Position[]>(run, { command: 'positions' })
      if (json) io.stdout(`${JSON.stringify(positions)}\n`)
      else io.stdout(positions.length === 0 ? 'nothing is held\n' : positionTable(positions))
    })
}

type StateOf = Pick<Position, 'trades' | 'blocked' | 'divergent' | 'named_pays_micro_usd'>

function positionTable(positions: readonly Position[]): string {
  return table(
    [
      'pair',
      'Polymarket yes',
      'no',
      'Kalshi yes',
      'no',
      'cost',
      'pays at least',
      'not covered',
      'reserved',
      'state',
    ],
    positions.map(({ pair, polymarket, kalshi, ...position }) => [
      pair,
      shares(polymarket.yes_micro_shares),
      shares(polymarket.no_micro_shares),
      shares(kalshi.yes_micro_shares),
      shares(kalshi.no_micro_shares),
      dollars(position.cost_micro_usd),
      dollars(position.covered_micro_usd),
      shares(position.excess_micro_shares),
      dollars(position.reserved_micro_usd),
      stateOf(position),
    ]),
  )
}

function stateOf({ trades, blocked, divergent, named_pays_micro_usd: pays }: StateOf): string {
  const paid = Object.entries(pays).flatMap(([venue, microUsd]) =>
    microUsd === null ? [] : `${venue} pays ${dollars(microUsd)}`,
  )
  return [...trades, ...(blocked ? ['BLOCKED'] : []), ...paid, ...(divergent ? ['DIVERGENT'] : [])].join(', ')
}
