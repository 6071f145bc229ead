import type { Register } from './command.ts'
import { askHalt } from './control/ask.ts'

// `tandem halt`: no new entry until `tandem resume`.

export const register: Register = (program, io) => {
  program
    .command('halt')
    .description('stop new entries at once; what is open is finished, or closed')
    .option('--run <folder>', 'the run’s directory; without it the newest run')
    .option('--json', 'one JSON document')
    .action(async ({ run, json }: { run?: string; json?: boolean }) => {
      const answer = await askHalt(run)
      io.stdout(json ? `${JSON.stringify(answer)}\n` : `halted by ${answer.halts.join(', ')}\n`)
    })
}
