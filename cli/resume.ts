import type { Register } from './command.ts'
import { ask } from './control/ask.ts'

// `tandem resume`: takes back what `tandem halt` did, with --tripped also what breakers did, and no other halt.

export const register: Register = (program, io) => {
  program
    .command('resume')
    .description('allow entries again after `halt`; a halt by a fault stands')
    .option('--tripped', 'after a breaker as well: only when you know why it tripped')
    .option('--run <folder>', 'the run’s directory; without it the newest run')
    .option('--json', 'one JSON document')
    .action(async ({ run, json, tripped = false }: { run?: string; json?: boolean; tripped?: boolean }) => {
      const answer = await ask<{ halts: string[] }>(run, { command: 'resume', tripped })
      const { halts } = answer
      const text = halts.length === 0 ? 'entries are allowed\n' : `still halted by ${halts.join(', ')}\n`
      io.stdout(json ? `${JSON.stringify(answer)}\n` : text)
    })
}
