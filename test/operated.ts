import assert from 'node:assert/strict'
import { exitCodeOf, failureLine } from '@tandem/cli/failure.ts'
import type { Ledgers, SandboxRun } from '@tandem/cli/live/sandbox.ts'
import { run } from '@tandem/cli/main.ts'
import type { Position } from '@tandem/colo/operator.ts'

// What tests do to an executor on the sandbox with `tandem status` and its like, and how they hold it to the ledgers.

/** The sandbox opens an edge every few seconds; this is for a machine that is busy. */
const WAIT_MS = 40_000
const LOOK_MS = 50

/** A pair as the sandbox lists it. */
export interface PairDocument {
  id: string
  kalshi: { ticker: string }
  polymarket: { yes_token: string; no_token: string }
}

export function pairOf(sandbox: SandboxRun, id: string): PairDocument {
  return (sandbox.started.pairs as PairDocument[]).find((pair) => pair.id === id) as PairDocument
}

/** What the executor says that it holds of a pair is what the venues' ledgers say. */
export function assertHeld(
  { polymarket, kalshi, pair }: Position,
  named: PairDocument,
  ledgers: Ledgers,
): void {
  const { tokens } = ledgers.polymarket
  assert.deepEqual(
    [
      polymarket.yes_micro_shares,
      polymarket.no_micro_shares,
      kalshi.yes_micro_shares - kalshi.no_micro_shares,
    ],
    [
      tokens[named.polymarket.yes_token] ?? 0,
      tokens[named.polymarket.no_token] ?? 0,
      ledgers.kalshi.positions[named.kalshi.ticker] ?? 0,
    ],
    pair,
  )
}

/** Decisions so far, by what became of them. */
export async function turnsOf(
  metricsUrl: string,
): Promise<{ sent: number; refused: number; halted: number }> {
  const text = await (await fetch(`${metricsUrl}/metrics`)).text()
  const read = (outcome: string): number =>
    Number(new RegExp(`^tandem_turns_total\\{outcome="${outcome}"\\} (\\d+)$`, 'm').exec(text)?.[1])
  const halted = Number(/^tandem_halted (\d)$/m.exec(text)?.[1])
  return { sent: read('sent'), refused: read('refused'), halted }
}

export async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const untilMs = Date.now() + WAIT_MS; Date.now() < untilMs; ) {
    if (await holds()) return
    await new Promise((done) => setTimeout(done, LOOK_MS))
  }
  assert.fail(`not within ${WAIT_MS} ms: ${holds}`)
}

/** A command in this process, its document. */
export async function commanded<Result>(...args: string[]): Promise<Result> {
  const { stdout, stderr, code } = await said(...args, '--json')
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout) as Result
}

/** A command that fails, and the line that it fails with. */
export async function failing(...args: string[]): Promise<string> {
  const { stdout, stderr, code } = await said(...args)
  assert.deepEqual([stdout, code], ['', 2])
  return stderr
}

async function said(...args: string[]): Promise<{ stdout: string; stderr: string; code: number }> {
  const told = { stdout: '', stderr: '', code: 0 }
  await run(args, {
    stdout(text) {
      told.stdout += text
    },
    stderr(text) {
      told.stderr += text
    },
    fail(error) {
      told.code = exitCodeOf(error)
      if (told.code !== 0) told.stderr += failureLine(error, true)
    },
  })
  return told
}
