import type { OrderLine } from '@tandem/colo/operator.ts'
import type { Register } from './command.ts'
import { ask } from './control/ask.ts'
import { dollars } from './replay/lines.ts'
import { table } from './table.ts'

// `tandem orders`: the orders whose end is not known.

export const register: Register = (program, io) => {
  program
    .command('orders')
    .description('list the orders whose end is not known')
    .option('--run <folder>', 'the run’s directory; without it the newest run')
    .option('--json', 'one JSON document')
    .action(async ({ run, json }: { run?: string; json?: boolean }) => {
      const orders = await ask<OrderLine[]>(run, { command: 'orders' })
      if (json) io.stdout(`${JSON.stringify(orders)}\n`)
      else io.stdout(orders.length === 0 ? 'no order is under way\n' : orderTable(orders))
    })
}

function orderTable(orders: readonly OrderLine[]): string {
  return table(
    ['order', 'pair', 'venue', 'kind', 'state', 'age ms', 'reserved'],
    orders.map(({ order, pair, venue, kind, state, age_ms: age, reserved_micro_usd: reserved }) => [
      String(order),
      pair,
      venue,
      kind,
      state,
      age === null ? '' : String(age),
      dollars(reserved),
    ]),
  )
}
