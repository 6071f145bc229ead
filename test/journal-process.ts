// A process that writes a journal until it is killed: fills whose first cell counts up. On stdout a line for each change: how
// many records are durable, and what the disk answers.
import { Journal } from '@tandem/colo/journal/journal.ts'
import { FILL_CELLS, RecordKind } from '@tandem/colo/journal/record.ts'

const PAUSE_MS = 1
const BURST = 20

if (import.meta.main) {
  const [directory] = process.argv.slice(2)
  const journal = new Journal({ directory, wallAtZeroMs: 0, runId: 'test', sync: 'always' })
  const cells = new Float64Array(FILL_CELLS)
  let said = ''
  setInterval(() => {
    for (let i = 0; i < BURST && journal.ring.hasRoom(1); i++) {
      cells[0] = journal.ring.published
      journal.ring.appendCells(RecordKind.Fill, cells, FILL_CELLS)
    }
    const line = `${journal.ring.durable} ${journal.blocked ?? 'writes'}\n`
    if (line !== said) process.stdout.write(line)
    said = line
  }, PAUSE_MS)
  process.stdin.on('end', async () => {
    await journal.close()
    process.exit(0)
  })
  process.stdin.resume()
}
