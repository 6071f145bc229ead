// The executor as a process of its own: replays the example tape with the key files that it is given, then tells what
// it did and waits, signer and all, until its input ends.
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { readJson } from '@tandem/cli/input.ts'
import { Replay } from '@tandem/cli/replay/run.ts'
import { readTape } from '@tandem/cli/replay/tape.ts'
import { LIMITS_EPHEMERAL } from '@tandem/colo/signer/bounds.ts'
import { feesOf, readMapping } from '@tandem/shared/mapping.ts'
import { readSettings } from '@tandem/shared/settings.ts'

const example = (name: string): string => fileURLToPath(new URL(`../../../examples/${name}`, import.meta.url))
const [orderKeyFile, kalshiKeyFile] = process.argv.slice(2) as [string, string]
const path = example('pairs.json')
const { mapping } = readMapping(readJson(path), path)
const pairs = mapping.pairs.map((pair) => ({ pair, fees: feesOf(mapping, pair, undefined, path) }))
const tape = await readTape(example('tape.ndjson.gz'))
const last = tape.frames.at(-1)

await Replay.run(tape, pairs, readSettings({}, 'test'), {
  signer: {
    orderKeyFile,
    kalshiKeyFile,
    kalshiKeyId: '00000000-1111-4222-8333-444444444444',
    // A tape is run much faster than it was recorded, and lies in another time.
    limits: { ...LIMITS_EPHEMERAL, refillPercent: 100 },
  },
  async afterFrame(replay, frame) {
    if (frame !== last) return
    const { pool } = replay.assembly
    const told = { sent: replay.record.decisions.sent, signed: pool.counters.signed, report: replay.report() }
    process.stdout.write(`${JSON.stringify(told)}\n`)
    process.stdin.resume()
    await once(process.stdin, 'end')
  },
})
