// The executor's process: told on stdin where the venues are and what to trade, it says on stdout what it sees, and
// what became of it. It ends when told to stop, or when its stdin does.
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { Worker } from 'node:worker_threads'
import { Control } from '@tandem/colo/control/control.ts'
import { Counting } from '@tandem/colo/counting.ts'
import { ConnectionState } from '@tandem/colo/feed/connection.ts'
import { Journal } from '@tandem/colo/journal/journal.ts'
import { Listing } from '@tandem/colo/listing.ts'
import { Live } from '@tandem/colo/live.ts'
import { openLog } from '@tandem/colo/log.ts'
import { startMetrics } from '@tandem/colo/metrics/metrics.ts'
import { Operator } from '@tandem/colo/operator.ts'
import { SALT_MAX, SALT_MIN } from '@tandem/colo/pool/pool.ts'
import { HaltReason, haltNames } from '@tandem/colo/risk/halt.ts'
import { spawnSigner } from '@tandem/colo/signer/spawn.ts'
import { TurnCell, TurnOutcome } from '@tandem/colo/turn.ts'
import { KALSHI, POLYMARKET } from '@tandem/colo/venue/venue.ts'
import { assert } from '@tandem/shared/assert.ts'
import { CounterCells, Counters } from '@tandem/shared/counters.ts'
import { feesOf, readMapping } from '@tandem/shared/mapping.ts'
import { nameOf } from '@tandem/shared/named-integer.ts'
import { readSettings } from '@tandem/shared/settings.ts'
import WebSocket from 'ws'
import { exitCodeOf, failureLine } from '../failure.ts'
import { RunRecord } from '../replay/report.ts'
import { snapshotOf } from '../snapshot.ts'
import type { LiveCommand, LiveOrder, LiveSaying } from './order.ts'
import { liveReport, Times } from './report.ts'

/** Within randomInt's limit: a salt need only not be one that was used before. */
const SALT_SPREAD = 2 ** 47
assert(SALT_MIN + SALT_SPREAD <= SALT_MAX, 'LIVE_SALT_IN_RANGE')
const SNAPSHOT_MS = 100
/** Counters that somebody else keeps are taken over so often. */
const SAMPLE_MS = 1_000
/** Answers that are still out when the run ends: both venues are given this long. */
const STOP_WAIT_MS = 5_000
/** Any timer keeps a process alive; this one need not do more. */
const AWAKE_MS = 60_000

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
  const runId = `tandem-${startMs.toString(36)}-`
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
  const cells = new CounterCells()
  const log = openLog({ file: undefined, level: 'warn', cells })
  record.halted = (halts) => {
    // That we are ending, and what ends with us, is no news to whoever ended us.
    if ((halts & HaltReason.Stopping) === 0)
      log.logger.warn({ halts: haltNames(halts) }, halts === 0 ? 'resumed' : 'halted')
  }
  const metrics = await startMetrics({
    cells,
    port: 0,
    newWorker: (file, options) => new Worker(file, options),
    onLost: (error) => log.logger.error({ error: error.message }, 'the metrics thread ended'),
  })
  const observer = new Counting(
    cells,
    listing.books.map(({ length }) => length),
    record,
  )
  const live = new Live({
    listing,
    settings,
    access: order.access,
    signer: signer.client,
    journal,
    runId,
    balanceMicroUsd: order.balanceMicroUsd,
    saltStart: SALT_MIN + randomInt(SALT_SPREAD),
    random: Math.random,
    makeSocket: (url, options) => new WebSocket(url, options),
    afterReads: (then) => void setImmediate(then),
    observer,
  })
  const control = await Control.open({
    directory: order.runDirectory,
    newServer: (serve) => createServer(serve),
    operated: new Operator({
      mode: 'sandbox',
      runId,
      clock: live.clock,
      assembly: live.assembly,
      journal: journal.ring,
      feeds: () => live.feeds(),
      gateways: live.gateways,
      told: (command) => log.logger.warn(command, 'an operator commands'),
    }),
  })
  const { owner, kalshi } = signer.client.facts
  say({
    kind: 'ready',
    metricsUrl: metrics.url,
    owner,
    kalshiKeyId: kalshi.keyId,
    kalshiPublicKeyPem: pemOf(kalshi.publicKey),
  })

  let snapshots: NodeJS.Timeout | undefined
  let sampling: NodeJS.Timeout | undefined
  for (let line = await lines.next(); !line.done; line = await lines.next()) {
    const command = line.value as LiveCommand
    if (command === 'stop') break
    live.start()
    sampling = setInterval(() => {
      observer.sample(live.assembly.intakes, live.assembly.pool)
      sample(cells, live)
    }, SAMPLE_MS)
    snapshots = setInterval(
      () => say({ kind: 'snapshot', snapshot: snapshotOf(live.assembly, record, feedLines(live)) }),
      SNAPSHOT_MS,
    )
  }
  clearInterval(snapshots)
  clearInterval(sampling)
  await control.close()
  await live.stop(STOP_WAIT_MS)
  say({ kind: 'report', report: liveReport(live, record, times) })
  await journal.close()
  await signer.stop()
  await metrics.close()
  await log.close()
}

/** What the live parts count themselves. */
function sample(cells: CounterCells, live: Live): void {
  cells.add(Counters.beats)
  cells.set(Counters.pauses, live.pauses.count, 0)
  cells.set(Counters.pauses, live.pauses.long, 1)
  for (const [venue, { sockets, reconnects }] of Object.values(live.feeds()).entries()) {
    cells.set(
      Counters.connects,
      sockets.reduce((sum, { opens }) => sum + opens, 0),
      venue,
    )
    cells.set(Counters.losses, reconnects, venue)
    cells.set(Counters.frames, live.frames[venue], venue)
  }
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
  // At the end only threads are waited for that do not keep a process alive.
  setInterval(() => {}, AWAKE_MS)
  try {
    await run(lines)
    process.exit(0)
  } catch (error) {
    process.stderr.write(failureLine(error, true))
    process.exit(exitCodeOf(error))
  }
}
