// The executor's process: told on stdin where the venues are and what to trade, it says on stdout what it sees, and
// what became of it. It ends when told to stop, or when its stdin does.
import { createInterface } from 'node:readline'
import { ConnectionState } from '@tandem/colo/feed/connection.ts'
import { Journal } from '@tandem/colo/journal/journal.ts'
import { Listing } from '@tandem/colo/listing.ts'
import { Live } from '@tandem/colo/live.ts'
import { spawnSigner } from '@tandem/colo/signer/spawn.ts'
import { TurnCell, TurnOutcome } from '@tandem/colo/turn.ts'
import { KALSHI, POLYMARKET } from '@tandem/colo/venue/venue.ts'
import { feesOf, readMapping } from '@tandem/shared/mapping.ts'
import { readSettings } from '@tandem/shared/settings.ts'
import { exitCodeOf, failureLine } from '../failure.ts'
import { nameOf, RunRecord } from '../replay/report.ts'
import { snapshotOf } from '../snapshot.ts'
import type { LiveCommand, LiveOrder, LiveSaying } from './order.ts'
import { liveReport, Times } from './report.ts'

const SNAPSHOT_MS = 100
/** Answers that are still out when the run ends: both venues are given this long. */
const STOP_WAIT_MS = 5_000

async function run(lines: AsyncIterator<string>): Promise<void> {
  const order = JSON.parse((await lines.next()).value) as LiveOrder
  const settings = readSettings(order.settings, 'settings')
  const { mapping } = readMapping(order.mapping, 'pairs')
  const listing = new Listing(
    mapping.pairs.map((pair) => ({ pair, fees: feesOf(mapping, pair, order.fees, 'pairs') })),
  )
  const signer = await spawnSigner(order.signer)
  const journal = new Journal(order.journalPath, Date.now(), 'each')
  const startMs = Date.now()
  const record = new RunRecord(
    listing.pairs.map(({ pair }) => pair.id),
    [listing.marketIds(POLYMARKET), listing.marketIds(KALSHI)],
    () => String(BigInt(startMs) * 1_000_000n + BigInt(live.clock.nowNs())),
  )
  const times = new Times()
  const noteTurn = record.turn.bind(record)
  record.turn = (cells) => {
    noteTurn(cells)
    if (cells[TurnCell.outcome] !== TurnOutcome.Sent) return
    times.turn(cells[TurnCell.t0Ns], cells[TurnCell.t1Ns], cells[TurnCell.t2Ns])
  }
  const live = new Live({
    listing,
    settings,
    access: order.access,
    signer: signer.client,
    journal,
    runId: `tandem-${startMs.toString(36)}-`,
    balanceMicroUsd: order.balanceMicroUsd,
    observer: record,
  })
  const { owner, kalshi } = signer.client.facts
  say({
    kind: 'ready',
    owner,
    kalshiKeyId: kalshi.keyId,
    kalshiPublicKeyPem: pemOf(kalshi.publicKey),
  })

  let snapshots: NodeJS.Timeout | undefined
  for (let line = await lines.next(); !line.done; line = await lines.next()) {
    const command = line.value as LiveCommand
    if (command === 'stop') break
    live.start()
    snapshots = setInterval(
      () => say({ kind: 'snapshot', snapshot: snapshotOf(live.assembly, record, feedLines(live)) }),
      SNAPSHOT_MS,
    )
  }
  clearInterval(snapshots)
  await live.stop(STOP_WAIT_MS)
  say({ kind: 'report', report: liveReport(live, record, times) })
  await journal.close()
  await signer.stop()
}

function say(saying: LiveSaying): void {
  process.stdout.write(`${JSON.stringify(saying)}\n`)
}

/** A line a venue: sockets by state, books by state. */
function feedLines(live: Live): string[] {
  return Object.entries(live.feeds()).map(([venue, { sockets, books, reconnects }]) => {
    const states = sockets.map(({ state }) => nameOf(ConnectionState, state).toLowerCase()).join(', ')
    const counts = Object.entries(books)
      .filter(([, count]) => count > 0)
      .map(([state, count]) => `${count} ${state.toUpperCase()}`)
    return `${venue.padEnd(11)}socket ${states}; books ${counts.join(', ')}; reconnects ${reconnects}`
  })
}

function pemOf(spki: Uint8Array): string {
  const body = Buffer.from(spki)
    .toString('base64')
    .match(/.{1,64}/g) as string[]
  return `-----BEGIN PUBLIC KEY-----\n${body.join('\n')}\n-----END PUBLIC KEY-----\n`
}

if (import.meta.main) {
  // Ctrl-C goes to the whole group: whoever started us says `stop`, so that the end is an orderly one.
  process.on('SIGINT', () => {})
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
  try {
    await run(lines)
    process.exit(0)
  } catch (error) {
    process.stderr.write(failureLine(error, true))
    process.exit(exitCodeOf(error))
  }
}
