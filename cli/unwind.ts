import { setTimeout as pause } from 'node:timers/promises'
import type { UnwindRequest } from '@tandem/colo/control/control.ts'
import type { Position, UnwindAnswer } from '@tandem/colo/operator.ts'
import { scaledFromDecimal } from '@tandem/shared/decimal.ts'
import { Failure } from '@tandem/shared/failure.ts'
import { LOTS_ORDER_MAX, MICRO_SHARES_PER_LOT } from '@tandem/shared/units.ts'
import type { Register } from './command.ts'
import { ask } from './control/ask.ts'
import { wholeOption } from './option.ts'
import { dollars, shares } from './replay/lines.ts'
import { table } from './table.ts'

// `tandem unwind PAIR`: sells what is held of a pair. Without --yes it only says what it would send.

interface Options {
  run?: string
  lots?: string
  venue?: string
  maxLoss: string
  yes?: boolean
  json?: boolean
}

/** A sale whose legs are even ends within a moment, one that must be evened out takes seconds. */
const ENDED_MS_MAX = 10_000
const LOOK_MS = 50
const MICRO_PLACES = 6

export const register: Register = (program, io) => {
  program
    .command('unwind')
    .description('sell what is held of a pair, in equal parts on both venues; dry without --yes')
    .argument('<pair>', 'as `tandem positions` names it')
    .option('--lots <number>', 'at most so much, in hundredths of a share; without it all')
    .option('--venue <name>', 'only what polymarket or kalshi holds without its other side')
    .option('--max-loss <usd>', 'most that it may lose against what the shares cost', '0')
    .option('--yes', 'send the orders')
    .option('--run <folder>', 'the run’s directory; without it the newest run')
    .option('--json', 'one JSON document')
    .action(async (pair: string, options: Options) => {
      const { run, json, yes = false } = options
      const answer = await ask<UnwindAnswer>(run, { command: 'unwind', pair, ...wishOf(options), send: yes })
      const left = yes ? await ended(run, pair) : undefined
      if (json) io.stdout(`${JSON.stringify({ ...answer, ...(left === undefined ? {} : { left }) })}\n`)
      else io.stdout(lines(answer) + (left === undefined ? '' : leftLine(left)))
    })
}

function wishOf({ lots, venue, maxLoss }: Options): Omit<UnwindRequest, 'command' | 'pair' | 'send'> {
  const loss = scaledFromDecimal(maxLoss, MICRO_PLACES)
  if (loss === undefined || loss < 0)
    throw new Failure({
      code: 'OPTION_BAD',
      what: `${maxLoss} is no amount of dollars`,
      where: '--max-loss',
      todo: 'give one, such as 1.50',
    })
  if (venue !== undefined && venue !== 'polymarket' && venue !== 'kalshi')
    throw new Failure({
      code: 'OPTION_BAD',
      what: `${venue} is no venue`,
      where: '--venue',
      todo: 'give polymarket or kalshi',
    })
  return {
    max_loss_micro_usd: loss,
    ...(venue === undefined ? {} : { venue }),
    ...(lots === undefined ? {} : { lots: wholeOption(lots, '--lots', LOTS_ORDER_MAX) }),
  }
}

/** What is left of the pair once no trade of it is open. @throws Failure UNWIND_UNDER_WAY */
async function ended(run: string | undefined, pair: string): Promise<Position | null> {
  for (const untilMs = Date.now() + ENDED_MS_MAX; Date.now() < untilMs; await pause(LOOK_MS)) {
    const positions = await ask<Position[]>(run, { command: 'positions' })
    const position = positions.find((held) => held.pair === pair) ?? null
    if (position === null || position.trades.length === 0) return position
  }
  throw new Failure({
    code: 'UNWIND_UNDER_WAY',
    what: `the orders have left, and their trade is still open after ${ENDED_MS_MAX / 1_000} s`,
    where: pair,
    todo: 'it is evened out without you: look at `tandem positions` and `tandem orders`',
  })
}

function lines({ sent, lots, wanted_lots: wanted, legs }: UnwindAnswer): string {
  const total = (of: (leg: UnwindAnswer['legs'][number]) => number): number =>
    legs.reduce((sum, leg) => sum + of(leg), 0)
  const gain = total((leg) => leg.brings_micro_usd - leg.paid_micro_usd)
  const less = lots < wanted ? `; the books take no more of ${shares(wanted * MICRO_SHARES_PER_LOT)}` : ''
  return [
    `${sent ? 'sent' : 'would send'}: ${shares(lots * MICRO_SHARES_PER_LOT)} shares of each leg${less}`,
    table(
      ['venue', 'outcome', 'at least', 'cost', 'brings', 'at worst'],
      legs.map((leg) => [
        leg.venue,
        leg.outcome,
        leg.limit,
        dollars(leg.paid_micro_usd),
        dollars(leg.brings_micro_usd),
        dollars(leg.worst_micro_usd),
      ]),
    ).trimEnd(),
    `by the books as they stand ${dollars(gain)} against what it cost${sent ? '' : '; --yes sends it'}`,
    '',
  ].join('\n')
}

function leftLine(left: Position | null): string {
  if (left === null) return 'nothing of the pair is held any more\n'
  const { polymarket, kalshi } = left
  return `left: Polymarket ${shares(polymarket.yes_micro_shares)} yes, ${shares(polymarket.no_micro_shares)} no; Kalshi ${shares(kalshi.yes_micro_shares)} yes, ${shares(kalshi.no_micro_shares)} no\n`
}
