// The executor's process: told on stdin where the venues are and what to trade, it says on stdout what it sees, and
// what became of it. It ends when told to stop, or when its stdin does.
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { Worker } from 'node:worker_threads'
import { startMirror } from '@tandem/colo/cache/mirror.ts'
import { LiveClock } from '@tandem/colo/clock.ts'
import { Control } from '@tandem/colo/control/control.ts'
import { Counting } from '@tandem/colo/counting.ts'
import { EXIT_NS_MAX } from '@tandem/colo/exit-desk.ts'
import { ConnectionState } from '@tandem/colo/feed/connection.ts'
import { Journal } from '@tandem/colo/journal/journal.ts'
import { Listing } from '@tandem/colo/listing.ts'
import { Live, type Standing } from '@tandem/colo/live.ts'
import { openLog } from '@tandem/colo/log.ts'
import { startMetrics } from '@tandem/colo/metrics/metrics.ts'
import { tlsNetwork } from '@tandem/colo/network.ts'
import { Operator } from '@tandem/colo/operator.ts'
import { SALT_MAX, SALT_MIN } from '@tandem/colo/pool/pool.ts'
import { DIGEST_BYTES } from '@tandem/colo/pool/store.ts'
import { quoteKeysOf } from '@tandem/colo/quote-keys.ts'
import { recover } from '@tandem/colo/recovery.ts'
import { HaltReason } from '@tandem/colo/risk/halt.ts'
import { spawnSigner } from '@tandem/colo/signer/spawn.ts'
import { type Streams, startStreams } from '@tandem/colo/stream/streams.ts'
import { troublesOf } from '@tandem/colo/trouble.ts'
import { TurnCell, TurnOutcome } from '@tandem/colo/turn.ts'
import { ANSWER_NS_MAX } from '@tandem/colo/venue/connection.ts'
import { clientOrderId } from '@tandem/colo/venue/kalshi/encode.ts'
import { KALSHI, POLYMARKET, VENUE_NAMES, VENUES } from '@tandem/colo/venue/venue.ts'
import { assert } from '@tandem/shared/assert.ts'
import { CounterCells, Counters } from '@tandem/shared/counters.ts'
import { feesOf, readMapping } from '@tandem/shared/mapping.ts'
import { readSettings } from '@tandem/shared/settings.ts'
import { NS_PER_MS, NS_PER_S } from '@tandem/shared/units.ts'
import WebSocket from 'ws'
import { EXIT_FAILURE, exitCodeOf, failureLine } from '../failure.ts'
import { readWhole } from '../journal/summary.ts'
import { RunRecord } from '../replay/report.ts'
import { snapshotOf } from '../snapshot.ts'
import { ExposureWatch } from './exposure.ts'
import { answered, Heard } from './heard.ts'
import type { LiveCommand, LiveOrder, LiveSaying } from './order.ts'
import { liveReport, Times } from './report.ts'
import { newSuccession } from './succession.ts'
import { VitalSigns } from './vitals.ts'
import { limitThreads } from './young-generation.ts'

/** Within randomInt's limit: a salt need only not be one that was used before. */
const SALT_SPREAD = 2 ** 47
assert(SALT_MIN + SALT_SPREAD <= SALT_MAX, 'LIVE_SALT_IN_RANGE')
const SNAPSHOT_MS = 100
/** Counters that somebody else keeps are taken over so often. */
const SAMPLE_MS = 1_000
/** Trades that the report lists, the newest: a run without an end must not keep all. */
const LISTED_MAX = 1_000
/** Answers that are still out when the run ends: both venues are given this long. */
const STOP_WAIT_MS = 5_000
/** The longest that the sandbox holds a taker's order back: its fault taker-delay. */
const TAKER_DELAY_NS_MAX = NS_PER_S
/** Any timer keeps a process alive; this one need not do more. */
const AWAKE_MS = 60_000

/** @returns the exit code: what was wrong is said by then. */
async function run(lines: AsyncIterator<string>): Promise<number> {
  const order = JSON.parse((await lines.next()).value) as LiveOrder
  const settings = readSettings(order.settings, 'settings')
  const { mapping } = readMapping(order.mapping, 'pairs')
  const listing = new Listing(
    mapping.pairs.map((pair) => ({ pair, fees: feesOf(mapping, pair, order.fees, 'pairs') })),
  )
  const signer = await spawnSigner(order.signer)
  const startMs = Date.now()
  const runId = `tandem-${startMs.toString(36)}-`
  const record = new RunRecord(
    listing.pairs.map(({ pair }) => pair.id),
    [listing.marketIds(POLYMARKET), listing.marketIds(KALSHI)],
    () => String(BigInt(startMs) * 1_000_000n + BigInt(live.clock.nowNs())),
    LISTED_MAX,
  )
  const times = new Times()
  const vitals = order.vitals ? new VitalSigns() : undefined
  const noteTurn = record.turn.bind(record)
  record.turn = (cells) => {
    noteTurn(cells)
    if (cells[TurnCell.outcome] !== TurnOutcome.Sent) return
    exposure.sent(cells[TurnCell.trade])
    times.turn(cells[TurnCell.t0Ns], cells[TurnCell.t1Ns], cells[TurnCell.t2Ns])
    const digestAt = cells[TurnCell.poolSlot] * DIGEST_BYTES
    unsaid.push({
      frames: heard.since(cells[TurnCell.t0Ns]),
      bundle: cells[TurnCell.bundle],
      digest: live.assembly.pool.store.digests.slice(digestAt, digestAt + DIGEST_BYTES),
      counter: cells[TurnCell.clientOrderId],
    })
  }
  // It lists the end of a run: a pause alone moves thousands of books at once.
  record.bookMoved = () => {}
  const noteLeg = record.leg.bind(record)
  record.leg = (cells) => {
    noteLeg(cells)
    exposure.leg(cells)
  }
  const noteEnd = record.tradeEnded.bind(record)
  record.tradeEnded = (trade, state) => {
    noteEnd(trade, state)
    exposure.ended(trade)
  }
  let troubles: string[] = []
  const said = new Set<string>()
  const sayOnce = (trouble: string): void => {
    const kind = kindOf(trouble)
    if (said.has(kind)) return
    said.add(kind)
    process.stderr.write(`tandem: ${trouble}\n`)
  }
  // Without its signer it cannot even leave a trade: what is open is settled, and that is the end.
  let giveUp: (() => void) | undefined
  const gaveUp = new Promise<IteratorReturnResult<undefined>>((resolve) => {
    giveUp = () => resolve({ done: true, value: undefined })
    process.once('SIGTERM', giveUp)
  })
  const lookAround = (): Standing => {
    const standing = live.standing()
    const before = new Set(troubles.map(kindOf))
    troubles = troublesOf(standing)
    // A connection that is back by the next look is no trouble.
    for (const trouble of troubles)
      if (!trouble.includes('[VENUE_') || before.has(kindOf(trouble))) sayOnce(trouble)
    if (standing.isSignerGone) giveUp?.()
    return standing
  }
  const heard = new Heard()
  let unsaid: { frames: Buffer[]; bundle: number; digest: Uint8Array; counter: number }[] = []
  const saySent = (): void => {
    for (const { frames, bundle, digest, counter } of unsaid) {
      const { polymarket, kalshi } = listing.pairs[bundle].pair
      const tokens = [polymarket.yesToken, polymarket.noToken]
      const frame = answered(frames, { ticker: kalshi.ticker, tokens })
      if (frame === undefined) continue
      const orders = {
        polymarket: `0x${Buffer.from(digest).toString('hex')}`,
        kalshi: clientOrderId(runId, counter),
      }
      say({ kind: 'sent', sent: { frame, orders } })
    }
    unsaid = []
  }
  limitThreads()
  const cells = new CounterCells()
  const log = openLog({ file: undefined, level: 'warn', cells })
  const metrics = await startMetrics({
    cells,
    port: 0,
    newWorker: (file, options) => new Worker(file, options),
    onLost: (error) => log.logger.error({ error: error.message }, 'the metrics thread ended'),
  })
  const mirror =
    order.redis === undefined
      ? undefined
      : startMirror({
          keys: quoteKeysOf(listing),
          place: order.redis,
          epoch: startMs,
          cells,
          newWorker: (file, options) => new Worker(file, options),
          onLost: (error) => log.logger.error({ error: error.message }, 'the mirror’s thread ended'),
        })
  const alarm = (what: string, fields: object): void => log.logger.warn(fields, what)
  const { pairs } = listing
  record.tradeParked = (trade) => {
    record.parked++
    exposure.over(trade)
    alarm('a trade could not be closed in time: its pair stands still', { pair: pairOf(live, trade) })
  }
  record.mismatch = (bundle, venue, ours, told) => {
    record.mismatches++
    alarm('a venue shows another position than our books: its pair stands still', {
      pair: pairs[bundle].pair.id,
      venue: VENUE_NAMES[venue],
      oursMicroShares: ours,
      toldMicroShares: told,
    })
  }
  record.resolved = (bundle, venue, paysNamedMicroUsd) => {
    const { id, polymarket } = pairs[bundle].pair
    alarm(
      venue === KALSHI
        ? 'Kalshi has settled a market, and paid what was held there'
        : 'Polymarket has resolved a market: redeem what is held there by hand, its money counts once it is there',
      { pair: id, condition: polymarket.conditionId, namedPaysMicroUsd: paysNamedMicroUsd },
    )
  }
  record.diverged = (bundle, polymarketMicroUsd, kalshiMicroUsd) =>
    alarm(
      'the two markets of a pair paid differently [SETTLED_DIVERGENT]: look at its mapping before any like it',
      {
        pair: pairs[bundle].pair.id,
        namedPaysMicroUsd: { polymarket: polymarketMicroUsd, kalshi: kalshiMicroUsd },
      },
    )
  record.moneyMoved = (venue, _purse, microUsd) => {
    record.moneyMoves++
    alarm('money came or went without an order of ours', { venue: VENUE_NAMES[venue], microUsd })
  }
  const observer = new Counting(
    cells,
    listing.books.map(({ length }) => length),
    record,
  )
  // Read before it is gone on with.
  const recovered = recover(order.journal, Date.now())
  if ((recovered.halts & HaltReason.Operator) !== 0)
    alarm('an operator halted a run before this one, and it stands: `tandem resume` takes it back', {})
  let streams: Streams | undefined
  let isOutdated = false
  const succession =
    order.redis === undefined || !order.leases
      ? undefined
      : newSuccession({
          place: order.redis,
          name: order.redisName,
          runId,
          apiKeyNonce: order.apiKeyNonce,
          signer: order.signer,
          own: recovered,
          onTaken: (atMs) => stream(atMs),
          onOutdated() {
            isOutdated = true
            sayOnce('another executor has traded since this one did: start again, to stand by [LEASE_TAKEN]')
            giveUp?.()
          },
          log: alarm,
        })
  // Last, so that its wall clock is that of the executor's ns 0.
  const wallAtZeroMs = Date.now()
  const journal = new Journal({ directory: order.journal, wallAtZeroMs, runId, sync: 'always' })
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
    makeClock: (onTick, onLate) => new LiveClock(onTick, onLate),
    network: tlsNetwork(order.access.ca, {
      makeSocket(url, options) {
        const socket = new WebSocket(url, options)
        // Before the feed's own listener, so that a decision finds its frames here.
        return socket.on('message', (bytes: Buffer) => heard.note(bytes, live.clock.nowNs()))
      },
      afterReads: (then) => void setImmediate(then),
    }),
    warm: true,
    quotes: mirror?.quotes,
    succession: succession?.succession,
    observer,
    recovered,
    onUnlisted: (pairs) =>
      alarm('the journal holds something of pairs that are not listed: look at the venues by hand', {
        pairs,
      }),
    onClosing: (bundle, lots, bringsMicroUsd) =>
      log.logger.info(
        { pair: pairs[bundle].pair.id, lots, bringsMicroUsd },
        'a held pair is sold before its resolution',
      ),
  })
  /** Who stands by streams nothing: of one name one run follows the other. */
  const stream = (takenMs: number | undefined): void => {
    if (order.redis === undefined) return
    streams = startStreams({
      name: order.redisName,
      place: order.redis,
      directory: journal.directory,
      durability: journal.durability,
      runId,
      wallAtZeroMs,
      takenMs,
      pairs: pairs.map(({ pair }) => pair.id),
      cells,
      newWorker: (file, options) => new Worker(file, options),
      onSuperseded: () =>
        log.logger.error(
          { name: order.redisName },
          'an executor of this name began later, or its clock is ahead: this run is not streamed to Redis',
        ),
      onLost: (error) => log.logger.error({ error: error.message }, 'the streams’ thread ended'),
    })
  }
  if (succession === undefined) stream(undefined)
  const noteSignal = record.signal.bind(record)
  record.signal = (bundle, direction, change, grossMicroUsd, ...when) => {
    noteSignal(bundle, direction, change, grossMicroUsd, ...when)
    streams?.signals.write(bundle, direction, change, grossMicroUsd, live.clock.nowNs())
  }
  const exposure = new ExposureWatch(
    live.assembly.trades,
    live.assembly.ledger,
    () => live.clock.nowNs(),
    EXIT_NS_MAX + ANSWER_NS_MAX + TAKER_DELAY_NS_MAX + settings.polymarket.absenceMs * NS_PER_MS,
  )
  const control = await Control.open({
    directory: order.runDirectory,
    newServer: (serve) => createServer(serve),
    operated: new Operator({
      mode: 'sandbox',
      runId,
      clock: live.clock,
      assembly: live.assembly,
      journal: journal.ring,
      lease: () => live.lease(),
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

  let blocked: string | undefined
  /** Says once that the disk refuses, and once that it takes what is written again. */
  const sampleJournal = (): void => {
    cells.set(Counters.journalOmitted, journal.ring.omittedTotal)
    if (journal.blocked === blocked) return
    blocked = journal.blocked
    cells.set(Counters.journalBlocked, blocked === undefined ? 0 : 1)
    const facts = { error: blocked, directory: journal.directory }
    if (blocked === undefined) log.logger.warn(facts, 'the journal is written again: entries go on')
    else log.logger.error(facts, 'the journal cannot be written: no entry until it can, nothing is lost')
  }

  let snapshots: NodeJS.Timeout | undefined
  let sampling: NodeJS.Timeout | undefined
  const next = () => Promise.race([lines.next(), gaveUp])
  for (let line = await next(); !line.done; line = await next()) {
    const command = line.value as LiveCommand
    if (command === 'stop') break
    if (command === 'collect') {
      if (vitals !== undefined) say({ kind: 'vitals', vitals: vitals.collect(live.frames) })
      continue
    }
    live.start()
    sampling = setInterval(() => {
      observer.sample(live.assembly.copies, live.assembly.pool)
      sample(cells, live)
      if (vitals !== undefined) say({ kind: 'vitals', vitals: vitals.take(live.frames) })
      saySent()
      lookAround()
      sampleJournal()
    }, SAMPLE_MS)
    if (order.watched)
      snapshots = setInterval(
        () =>
          say({
            kind: 'snapshot',
            snapshot: snapshotOf(live.assembly, record, [...feedLines(live), ...troubles]),
          }),
        SNAPSHOT_MS,
      )
  }
  clearInterval(snapshots)
  clearInterval(sampling)
  const { isSignerGone, isJournalBlocked, venues } = lookAround()
  await control.close()
  await live.stop(STOP_WAIT_MS)
  saySent()
  const unwritten = await journal.close().catch((error: unknown) => error)
  const kept = { ...readWhole(order.journal), omitted_turns: journal.ring.omittedTotal }
  say({ kind: 'report', report: liveReport(live, record, times, exposure, kept) })
  if (unwritten !== undefined) throw unwritten
  await signer.stop()
  await mirror?.close()
  await streams?.close()
  // Its successor reads what was streamed.
  await succession?.release()
  await metrics.close()
  await log.close()
  const isBarred = isSignerGone || isJournalBlocked || venues.some(({ isSkewed }) => isSkewed)
  const feeds = Object.values(live.feeds())
  const isNowhere = venues.some(
    ({ feedLoss }, venue) => feedLoss !== '' && feeds[venue].sockets.every(({ opens }) => opens === 0),
  )
  if (isNowhere) troubles.forEach(sayOnce)
  return isBarred || isNowhere || isOutdated ? EXIT_FAILURE : 0
}

/** The same trouble with another number in it is no news. */
function kindOf(trouble: string): string {
  return trouble.replace(/\d+/g, '')
}

/** What the live parts count themselves. */
function sample(cells: CounterCells, live: Live): void {
  cells.add(Counters.beats)
  cells.set(Counters.leaseHeld, live.lease() === 'standing by' ? 0 : 1)
  for (const [venue, { aheadMs }] of live.standing().venues.entries())
    if (!Number.isNaN(aheadMs)) cells.set(Counters.clockAhead, Math.round(aheadMs), venue)
  cells.set(Counters.pauses, live.pauses.count, 0)
  cells.set(Counters.pauses, live.pauses.long, 1)
  for (const [venue, { sockets, reconnects, copies = [], audits, polls }] of Object.values(
    live.feeds(),
  ).entries()) {
    cells.set(
      Counters.connects,
      sockets.reduce((sum, { opens }) => sum + opens, 0),
      venue,
    )
    cells.set(Counters.losses, reconnects, venue)
    cells.set(Counters.frames, live.frames[venue], venue)
    cells.set(Counters.audits, audits.agreed, 2 * venue)
    cells.set(Counters.audits, audits.disagreed, 2 * venue + 1)
    cells.set(Counters.polls, polls.asked, venue)
    cells.set(Counters.pollsFailed, polls.failed, venue)
    for (const [copy, { firsts, taken, leadUs }] of copies.entries()) {
      const feed = copy * VENUES + venue
      cells.set(Counters.feedFirst, firsts, feed)
      cells.set(Counters.feedFronts, taken, feed)
      cells.set(Counters.feedLead, leadUs.p99, feed)
    }
  }
}

/** The pair of an open trade. */
function pairOf(live: Live, trade: number): string {
  const { trades, listing } = live.assembly
  return listing.pairs[trades.bundle[trade]].pair.id
}

function say(saying: LiveSaying): void {
  process.stdout.write(`${JSON.stringify(saying)}\n`)
}

/** A line a venue: sockets by state, books by state. */
function feedLines(live: Live): string[] {
  return Object.entries(live.feeds()).map(([venue, { sockets, books, reconnects }]) => {
    const states = Object.entries(ConnectionState)
      .map(([name, state]) => ({ name, count: sockets.filter((socket) => socket.state === state).length }))
      .filter(({ count }) => count > 0)
      .map(({ name, count }) => `${count} ${name.toLowerCase()}`)
      .join(', ')
    const counts = Object.entries(books)
      .filter(([, count]) => count > 0)
      .map(([state, count]) => `${count} ${state.toUpperCase()}`)
    return `${venue.padEnd(11)}sockets ${states}; books ${counts.join(', ')}; reconnects ${reconnects}`
  })
}

function pemOf(spki: Uint8Array): string {
  const body = Buffer.from(spki)
    .toString('base64')
    .match(/.{1,64}/g) as string[]
  return `-----BEGIN PUBLIC KEY-----\n${body.join('\n')}\n-----END PUBLIC KEY-----\n`
}

if (import.meta.main) {
  // Who started us hears the terminal's signals and says `stop`, so that the end is an orderly one.
  process.on('SIGINT', () => {})
  // Nobody listens any more: the end of stdin says so too, and that end is in order.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
  // At the end only threads are waited for that do not keep a process alive.
  setInterval(() => {}, AWAKE_MS)
  const fail = (error: unknown): void => {
    process.stderr.write(failureLine(error, true))
    process.exit(exitCodeOf(error))
  }
  process.on('uncaughtException', fail)
  run(lines).then((code) => process.exit(code), fail)
}
