import { assert } from './assert.ts'

// What the executor counts, each declared here once. The cells lie in shared memory: the thread that trades adds to
// them with one store and never waits, and whoever looks (Prometheus, health, a terminal) reads them from its own
// thread. Every cell has one writer.

/** One quantity, in one cell or in a row of cells that a label tells apart. */
export interface Counter {
  /** Its first cell. */
  readonly id: number
  /** As Prometheus knows it; a counter's ends in `_total`, a gauge's does not. */
  readonly name: string
  /** One line for whoever reads the number. */
  readonly doc: string
  /** What tells the row's cells apart; '' where there is one cell. */
  readonly label: string
  /** The label's values, one a cell. */
  readonly values: readonly string[]
}

const VENUES = ['polymarket', 'kalshi']
/** By copy, then venue. */
const FEEDS = ['polymarket_1', 'kalshi_1', 'polymarket_2', 'kalshi_2']
/** By venue, then result. */
const AUDITS = ['polymarket_agreed', 'polymarket_disagreed', 'kalshi_agreed', 'kalshi_disagreed']
/** By BookState. */
const BOOK_STATES = ['empty', 'live', 'unsettled', 'suspect', 'stale', 'closed', 'polled']
/** By TurnOutcome. */
const TURNS = ['quiet', 'sent', 'not_planned', 'refused', 'missed', 'signing', 'not_live', 'dry']
/** By Lag. */
const LAGS = ['polymarket', 'kalshi', 'neither', 'unknown']
/** By TradeState; parked counts the times that one could not be closed in time. */
const TRADES = ['entering', 'exposed', 'parked', 'hedged', 'completed', 'sold_back', 'nothing', 'settled']

let cells = 0
function row(name: string, doc: string, label = '', values: readonly string[] = ['']): Counter {
  const id = cells
  cells += values.length
  return { id, name, doc, label, values }
}

export const Counters = {
  beats: row(
    'tandem_loop_beats_total',
    'Rounds of the loop that trades; when it stands still the loop does.',
  ),
  pauses: row('tandem_loop_pauses_total', 'Pauses of the loop, by the limit that they exceeded.', 'over', [
    '5ms',
    '50ms',
  ]),
  halted: row('tandem_halted', '1 while no new intent is allowed.'),
  frames: row('tandem_frames_total', 'Market frames handed to the executor.', 'venue', VENUES),
  framesBad: row('tandem_frames_bad_total', 'Frames that could not be read.', 'venue', VENUES),
  gaps: row('tandem_sequence_gaps_total', 'Gaps in a socket’s sequence.', 'venue', VENUES),
  connects: row('tandem_feed_connects_total', 'Market sockets that opened.', 'venue', VENUES),
  losses: row('tandem_feed_losses_total', 'Market sockets that were lost.', 'venue', VENUES),
  feedFirst: row(
    'tandem_feed_first_total',
    'Timed messages that this copy of a feed told before the other did.',
    'feed',
    FEEDS,
  ),
  feedFronts: row(
    'tandem_feed_fronts_taken_total',
    'Times that this copy’s book took the front from the other’s.',
    'feed',
    FEEDS,
  ),
  feedLead: row(
    'tandem_feed_lead_us',
    'How much sooner this copy was where it was first, at the 99th percentile.',
    'feed',
    FEEDS,
  ),
  audits: row(
    'tandem_feed_audits_total',
    'Live books that were held against the venue’s answer of the same moment, by whether all levels were the same.',
    'result',
    AUDITS,
  ),
  polls: row('tandem_feed_polls_total', 'Questions by REST for books that no feed had.', 'venue', VENUES),
  pollsFailed: row('tandem_feed_polls_failed_total', 'Those without an answer.', 'venue', VENUES),
  polymarketBooks: row('tandem_polymarket_books', 'Polymarket books now, by state.', 'state', BOOK_STATES),
  kalshiBooks: row('tandem_kalshi_books', 'Kalshi books now, by state.', 'state', BOOK_STATES),
  turns: row('tandem_turns_total', 'Decisions, by what became of them.', 'outcome', TURNS),
  fairs: row(
    'tandem_ensemble_fair_total',
    'Fair values computed anew, by the venue that lags; unknown where there is none any more.',
    'lags',
    LAGS,
  ),
  trades: row('tandem_trades_total', 'Trades, by how they ended.', 'outcome', TRADES),
  legsUnknown: row('tandem_legs_unknown_total', 'Orders that had to be looked up.', 'venue', VENUES),
  legsCorrected: row(
    'tandem_legs_corrected_total',
    'Fills that the venue took back, or told after the order was thought to be over.',
    'venue',
    VENUES,
  ),
  mismatches: row(
    'tandem_position_mismatches_total',
    'Looks that found a venue’s position otherwise than our books, twice in a row.',
    'venue',
    VENUES,
  ),
  divergences: row(
    'tandem_settled_divergent_total',
    'Pairs whose two markets paid differently: their mapping was wrong, or a venue erred.',
  ),
  moneyMoves: row(
    'tandem_money_moves_total',
    'Money that came or went without an order of ours.',
    'venue',
    VENUES,
  ),
  poolApproved: row('tandem_pool_approved_total', 'Approved decisions that asked the pool for an order.'),
  poolHits: row('tandem_pool_hits_total', 'Approved decisions that the pool served.'),
  clockAhead: row(
    'tandem_clock_ahead_ms',
    'Our wall clock less a venue’s, by its answers’ Date.',
    'venue',
    VENUES,
  ),
  journalBlocked: row(
    'tandem_journal_blocked',
    '1 while the disk takes no record: no new intent is allowed.',
  ),
  journalOmitted: row(
    'tandem_journal_turns_omitted_total',
    'Turns without an order that found no room in the journal’s ring.',
  ),
  leaseHeld: row('tandem_lease_held', '1 while this executor is the one of its name that may trade.'),
  mirrorUp: row('tandem_mirror_up', '1 while the mirror is connected to its Redis.'),
  mirrorWritten: row('tandem_mirror_written_total', 'Prices that Redis took as the newest.'),
  mirrorOlder: row('tandem_mirror_older_total', 'Prices of which Redis had a newer one.'),
  mirrorFailed: row('tandem_mirror_failed_total', 'Prices that Redis did not answer, to be written again.'),
  streamUp: row('tandem_stream_up', '1 while the journal is streamed to Redis.'),
  streamWritten: row('tandem_stream_written_total', 'Entries that Redis took into a stream.'),
  streamBehind: row('tandem_stream_behind', 'Durable records of the journal that are not streamed yet.'),
  streamDropped: row('tandem_stream_signals_dropped_total', 'Signals that found no room on their way.'),
  logDropped: row('tandem_log_dropped_total', 'Log lines given up because the log’s thread lagged behind.'),
  logUnwritten: row('tandem_log_unwritten_total', 'Log lines that the disk or the pipe refused.'),
} as const

/** All of them, in the order of their cells. */
export const COUNTERS: readonly Counter[] = Object.values(Counters)

const BYTES = cells * Float64Array.BYTES_PER_ELEMENT

/** The cells, by either side: made by the one who counts, opened on the same memory by the one who reads. */
export class CounterCells {
  readonly memory: SharedArrayBuffer
  // Doubles count to 2^53 and need no carry. The language would let a reader in another thread see half a store; on
  // the 64-bit machines that we run on, an aligned store of 8 bytes is whole.
  readonly #cells: Float64Array

  constructor(memory = new SharedArrayBuffer(BYTES)) {
    assert(memory.byteLength === BYTES, 'COUNTERS_OF_ANOTHER_VERSION')
    this.memory = memory
    this.#cells = new Float64Array(memory)
  }

  /** @param place of the label's value in the row: a venue, a state, an outcome */
  add(counter: Counter, place = 0, by = 1): void {
    assert(place < counter.values.length, 'COUNTER_PLACE')
    this.#cells[counter.id + place] += by
  }

  set(counter: Counter, value: number, place = 0): void {
    assert(place < counter.values.length, 'COUNTER_PLACE')
    this.#cells[counter.id + place] = value
  }

  read(counter: Counter, place = 0): number {
    return this.#cells[counter.id + place]
  }
}
