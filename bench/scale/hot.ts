import { Replay } from '@tandem/cli/replay/run.ts'
import type { Tape, TapeFrame } from '@tandem/cli/replay/tape.ts'
import type { PairWithFees } from '@tandem/colo/listing.ts'
import { feesOf, readMapping } from '@tandem/shared/mapping.ts'
import { readSettings } from '@tandem/shared/settings.ts'
import { kalshiDelta, kalshiSnapshot, polymarketBook, polymarketChange } from '../../test/frames.ts'
import { PathTimes, percentilesUs } from '../path/times.ts'

// Frames one right after the other, as a tape: what few markets need is then always in the cache, what many need is not.
// The worst case of a ratio, and one that does not ask how busy the machine is.

/** A prime: the tape goes through all markets with a stride that no cache foresees. */
const STRIDE = 7_919
const CHANGES = 20_000
const ROUNDS = 3
const GAP_NS = 10_000
const ZERO_MS = 1_790_000_000_000
const FEES = {
  polymarket: { rate: 0.04, exponent: 1 },
  kalshi: { fee_type: 'quadratic', fee_multiplier: 1 },
}

/** Not of the snapshots that come first. */
class ChangeTimes extends PathTimes {
  #snapshots: number

  constructor(snapshots: number) {
    super()
    this.#snapshots = snapshots
  }

  override done(): void {
    if (this.#snapshots-- <= 0) super.done()
  }
}

/** The path of a frame behind the top, by number of markets, in turns; the last round counts. */
export async function hotUs(markets: readonly number[]): Promise<ReturnType<typeof percentilesUs>[]> {
  const scenes = markets.map((count) => {
    const pairs = pairsOf(count)
    return { pairs, tape: tapeOf(pairs), times: new ChangeTimes(0) }
  })
  for (let round = 0; round < ROUNDS; round++)
    for (const scene of scenes) {
      scene.times = new ChangeTimes(2 * scene.pairs.length)
      await Replay.run(scene.tape, scene.pairs, readSettings({}, 'bench'), { stopwatch: scene.times })
    }
  return scenes.map(({ times }) => percentilesUs(times.frameNs))
}

function pairsOf(count: number): PairWithFees[] {
  const listed = Array.from({ length: count }, (_, at) => ({
    id: `pair-${at}`,
    polarity: 'same',
    kalshi: { ticker: `KXSCALE-${String(at).padStart(5, '0')}` },
    polymarket: { yes_token: tokenOf(2 * at), no_token: tokenOf(2 * at + 1), tick: '0.01' },
  }))
  const { mapping } = readMapping({ pairs: listed, fees: { bench: FEES } }, 'bench')
  return mapping.pairs.map((pair) => ({ pair, fees: feesOf(mapping, pair, 'bench', 'bench') }))
}

/** As long as real ones. */
function tokenOf(place: number): string {
  return `7${String(place * STRIDE).padStart(76, '3')}`
}

function tapeOf(pairs: readonly PairWithFees[]): Tape {
  const frames: TapeFrame[] = []
  const add = (venue: TapeFrame['venue'], bytes: Uint8Array): void => {
    const line = frames.length + 1
    frames.push({ line, recvTsNs: '0', atNs: line * GAP_NS, venue, socket: 0, bytes })
  }
  let seq = 0
  for (const { pair } of pairs) {
    add('polymarket', polymarketBook(pair.polymarket.yesToken, [['0.45', '900']], [['0.57', '900']], ZERO_MS))
    add('kalshi', kalshiSnapshot(pair.kalshi.ticker, ++seq, [['0.4500', '500.00']], [['0.4300', '500.00']]))
  }
  for (let change = 0; change < CHANGES; change += 2) {
    const { polymarket, kalshi } = pairs[((change / 2) * STRIDE) % pairs.length].pair
    const size = String(100 + (change % 50))
    add(
      'polymarket',
      polymarketChange(polymarket.yesToken, 'BUY', '0.44', size, ['0.45', '0.57'], ZERO_MS + change),
    )
    add('kalshi', kalshiDelta(kalshi.ticker, ++seq, 'yes', '0.1000', '1.00', ZERO_MS + change))
  }
  return { zeroNs: BigInt(ZERO_MS) * 1_000_000n, frames, changes: [], lines: frames.length, faults: [] }
}
