import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { readConfig } from '@tandem/colo/config.ts'
import { feesOf, readMapping } from '@tandem/shared/mapping.ts'
import { NS_PER_MS, NS_PER_S } from '@tandem/shared/units.ts'
import type { Register } from './command.ts'
import { readJson } from './input.ts'
import { summaryLines } from './replay/lines.ts'
import { Replay } from './replay/run.ts'
import type { TapeFrame } from './replay/tape.ts'
import { readTape } from './replay/tape.ts'
import { snapshotOf } from './snapshot.ts'
import { HOME_AND_CLEAR, screen } from './view.ts'

// `tandem start`: until the sandbox is there, the example tape with the terminal view.

const EXAMPLE_TAPE = fileURLToPath(new URL('../examples/tape.ndjson.gz', import.meta.url))
const EXAMPLE_PAIRS = fileURLToPath(new URL('../examples/pairs.json', import.meta.url))
/** Times faster than the tape: two minutes of market in twelve seconds. */
const SPEED = 10
const REDRAW_MS = 100

export const register: Register = (program, io) => {
  program
    .command('start')
    .description('replay the example tape with the terminal view')
    .option('--json', 'no view, no waiting: one JSON document at the end')
    .action(async (options: { json?: boolean }) => {
      const { settings } = readConfig({ file: undefined, mode: 'replay' })
      const { mapping } = readMapping(readJson(EXAMPLE_PAIRS), EXAMPLE_PAIRS)
      const pairs = mapping.pairs.map((pair) => ({
        pair,
        fees: feesOf(mapping, pair, undefined, EXAMPLE_PAIRS),
      }))
      const tape = await readTape(EXAMPLE_TAPE)
      const stop = new AbortController()
      process.once('SIGINT', () => stop.abort())
      process.once('SIGTERM', () => stop.abort())
      const watched = !options.json && process.stdout.isTTY
      if (!watched && !options.json)
        io.stderr('tandem: replaying the example tape (in a terminal you see it live) ...\n')
      const replay = await Replay.run(tape, pairs, settings, {
        signal: stop.signal,
        ...(watched ? { afterFrame: pacedView(io.stdout, stop.signal) } : {}),
      })
      const report = replay.report()
      if (watched) io.stdout(`${picture(replay, replay.clock.nowNs())}\n`)
      io.stdout(options.json ? `${JSON.stringify(report)}\n` : summaryLines(report))
    })
}

function picture(replay: Replay, atNs: number): string {
  const title = `Tandem: a recorded market at ${(atNs / NS_PER_S).toFixed(1)} s of its time. Paper only: nothing is sent anywhere.`
  return `${HOME_AND_CLEAR}${screen(title, snapshotOf(replay.assembly, replay.record, []))}\n`
}

/** Holds the tape to SPEED times its own time, and draws on the way. */
function pacedView(draw: (text: string) => void, signal: AbortSignal) {
  const beganMs = performance.now()
  let drawnMs = Number.NEGATIVE_INFINITY
  return async (replay: Replay, frame: TapeFrame): Promise<void> => {
    const dueMs = beganMs + frame.atNs / NS_PER_MS / SPEED
    let nowMs = performance.now()
    if (nowMs - drawnMs >= REDRAW_MS) {
      draw(picture(replay, frame.atNs))
      drawnMs = nowMs
    }
    while (dueMs > nowMs && !signal.aborted) {
      await sleep(Math.min(dueMs - nowMs, REDRAW_MS))
      nowMs = performance.now()
    }
  }
}
