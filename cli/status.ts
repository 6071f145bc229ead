import type { Status } from '@tandem/colo/operator.ts'
import type { Register } from './command.ts'
import { ask } from './control/ask.ts'
import { dollars } from './replay/lines.ts'
import { table } from './table.ts'

// `tandem status`: how a running executor is.

export const register: Register = (program, io) => {
  program
    .command('status')
    .description(
      'say how a running executor is: mode, halts, feeds, gateways, money, trades, orders, journal',
    )
    .option('--run <folder>', 'the run’s directory; without it the newest run')
    .option('--json', 'one JSON document')
    .action(async ({ run, json }: { run?: string; json?: boolean }) => {
      const status = await ask<Status>(run, { command: 'status' })
      io.stdout(json ? `${JSON.stringify(status)}\n` : lines(status))
    })
}

function lines(status: Status): string {
  const { mode, run, pid, up_ms: up, halts, lease, pool, trades, orders, journal } = status
  const { lagging, feeds, gateways, money_micro_usd: money } = status
  const lag = journal.appended - journal.durable
  return [
    `mode     ${mode}; run ${run}, process ${pid}, up ${Math.floor(up / 1_000)} s`,
    `entries  ${halts.length === 0 ? 'allowed' : `HALTED by ${halts.join(', ')}`}`,
    ...(lease === 'none' ? [] : [`lease    ${lease}`]),
    `trades   ${trades.open} open, ${trades.exposed} exposed, ${trades.parked} parked`,
    `orders   ${orders.under_way} under way, ${orders.unknown} unknown`,
    `pool     ${pool.held} orders held, ${pool.hits} of ${pool.approved} decisions served`,
    `journal  ${journal.blocked_errno === 0 ? 'writes' : `BLOCKED (errno ${journal.blocked_errno})`}, ${journal.durable} records durable, ${lag} on their way`,
    '',
    table(
      [
        'venue',
        'sockets',
        'books',
        'reconnects',
        'order connections',
        'in flight',
        'clock ahead ms',
        'balance',
        'reserved',
      ],
      (['polymarket', 'kalshi'] as const).map((venue) => [
        venue,
        feeds[venue].sockets.join(', '),
        Object.entries(feeds[venue].books)
          .filter(([, count]) => count > 0)
          .map(([state, count]) => `${count} ${state.toUpperCase()}`)
          .join(', '),
        String(feeds[venue].reconnects),
        `${gateways[venue].open} of ${gateways[venue].total}${gateways[venue].trouble && `, ${gateways[venue].trouble}`}`,
        String(gateways[venue].in_flight),
        String(gateways[venue].clock_ahead_ms ?? ''),
        dollars(money[venue].balance),
        dollars(money[venue].reserved),
      ]),
    ),
    ...(lagging.length === 0 ? [] : [laggingTable(lagging)]),
  ].join('\n')
}

/** Of no bearing on whether it trades: docs/ENSEMBLE.md. */
function laggingTable(lagging: Status['lagging']): string {
  return table(
    ['pair', 'lags', 'fair value', 'sureness'],
    lagging.map(({ pair, venue, fair, sureness }) => [pair, venue, fair, sureness.toFixed(2)]),
  )
}
