import { ended, SandboxRun } from '@tandem/cli/live/sandbox.ts'
import { wholeOption } from '@tandem/cli/option.ts'
import { hotUs } from './scale/hot.ts'
import { childOf, memoryOf } from './scale/memory.ts'
import type { Probed } from './scale/probe.ts'

// What thousands of markets cost: two executors as `npm start` runs them, each on venues of its own, one with few markets
// and one with many. Both venues make as many changes a second, one by one and evenly over their markets, and take turns,
// so that a busy machine slows both alike:
//
//   few    ====      ====      ====      changes come
//   many        ====      ====      ====
//
//   path_us     decode, apply and decide of a frame, by the clock. The ratio is that of its p50: whoever else wants our
//               cores interrupts us, and that is in a mean (which is told too, without its slowest hundredth)
//   thread_us   a frame's share of all that the trading thread did while changes came (sockets, TLS, upkeep, stock,
//               garbage), by its processor time; quiet is what it does while none comes, in cores
//   hot_us      the path without sockets, one frame right after the other (scale/hot.ts): all that few markets need is in
//               the cache then, as on a core that nobody else has; the worst case of the ratio

export const options = {
  markets: { type: 'string', default: '5000' },
  few: { type: 'string', default: '50' },
  rate: { type: 'string', default: '1000' },
  seconds: { type: 'string', default: '20' },
} as const

const MARKETS_MAX = 5_000
/** The venues make one change a millisecond at most. */
const RATE_MAX = 1_000
const SECONDS_MAX = 3_600
const SEED = 7
const TURN_MS = 2_000
/** Until the last changes of a turn are read. */
const REST_MS = 200
/** Connecting, and signing the first stock. */
const READY_MS_MAX = 300_000
const LOOK_MS = 100
const US_PER_TENTH = 100_000

export async function run(given: Record<keyof typeof options, string>): Promise<object> {
  const many = wholeOption(given.markets, '--markets', MARKETS_MAX, 1)
  const few = wholeOption(given.few, '--few', MARKETS_MAX, 1)
  const rate = wholeOption(given.rate, '--rate', RATE_MAX, 1)
  const seconds = wholeOption(given.seconds, '--seconds', SECONDS_MAX, 1)
  const [fewHot, manyHot] = await hotUs([few, many])
  const sides: Side[] = []
  try {
    for (const markets of [few, many]) sides.push(await Side.start(markets))
    const takeTurns = async (turns: number): Promise<void> => {
      for (let turn = 0; turn < turns; turn++) for (const side of sides) await side.stir(rate)
    }
    // The first is for code and caches.
    await takeTurns(1)
    for (const side of sides) side.begin()
    await takeTurns(Math.ceil((seconds * 1_000) / TURN_MS))
    const [one, other] = await Promise.all(sides.map((side) => side.figures()))
    return {
      seconds,
      rate,
      [`markets_${few}`]: { ...one, hot_us: fewHot },
      [`markets_${many}`]: { ...other, hot_us: manyHot },
      ratio: {
        [`update_cost_${many}_over_${few}`]: other.path_us.p50 / one.path_us.p50,
        path_mean: other.path_us.mean / one.path_us.mean,
        thread: other.thread_us / one.thread_us,
        hot_p50: manyHot.p50 / fewHot.p50,
      },
      rss_mib: other.rss_mib.executor,
    }
  } finally {
    for (const side of sides) await side.close()
  }
}

/** One executor and its venues. */
class Side {
  readonly #markets: number
  readonly #run: SandboxRun
  #probed: Probed | undefined
  #hasEnded = false

  private constructor(markets: number, run: SandboxRun) {
    this.#markets = markets
    this.#run = run
    void this.#listen()
  }

  /** Fulfilled when every book has its snapshot and the pool has all that it has room for. */
  static async start(markets: number): Promise<Side> {
    const run = await SandboxRun.start(
      {
        markets,
        seed: SEED,
        faults: '',
        steady: true,
        preload: new URL('./scale/probe.ts', import.meta.url).href,
        // Of 5,000 markets there is no second one: on both sides the same work.
        settings: { feeds: { copies: 1 } },
      },
      new AbortController().signal,
    )
    const side = new Side(markets, run)
    const untilMs = performance.now() + READY_MS_MAX
    while (side.#probed?.stockedMs === undefined) {
      if (side.#hasEnded || performance.now() > untilMs) {
        await side.close()
        throw ended(`the executor of ${markets} markets did not become ready`)
      }
      await sleep(LOOK_MS)
    }
    return side
  }

  /** One turn. */
  async stir(perSecond: number): Promise<void> {
    await this.#run.stir(perSecond)
    await sleep(TURN_MS)
    await this.#run.stir(0)
    await sleep(REST_MS)
  }

  /** Forgets what was measured. */
  begin(): void {
    process.kill(this.#told.pid, 'SIGUSR2')
  }

  async figures() {
    const before = this.#told
    while (this.#told === before) await sleep(LOOK_MS)
    const { pathUs, frames, reads, tenths, sockets, pool, wholeMs, stockedMs, pid } = this.#told
    // Not those in which a turn began or ended.
    const amid = (isBusy: boolean) =>
      tenths.filter((_, at) =>
        tenths.slice(Math.max(at - 1, 0), at + 2).every((near) => near.frames > 0 === isBusy),
      )
    const [busy, quiet] = [amid(true), amid(false)]
    const memory = memoryOf(pid)
    return {
      path_us: pathUs,
      thread_us: sum(busy, 'cpuUs') / sum(busy, 'frames'),
      thread_cores: { busy: coresOf(busy), quiet: coresOf(quiet) },
      frames,
      frames_a_read: frames / reads,
      subscribe_ms: wholeMs,
      stocked_ms: stockedMs,
      sockets: { polymarket: sockets[0], kalshi: sockets[1] },
      pool,
      rss_mib: {
        executor: memory.mib,
        executor_peak: memory.peakMib,
        signer: memoryOf(childOf(pid, 'signer/main.ts')).mib,
        sandbox: memoryOf(this.#run.sandboxPid).mib,
      },
    }
  }

  async close(): Promise<void> {
    await this.#run.close()
  }

  get #told(): Probed {
    if (this.#probed === undefined || this.#hasEnded)
      throw ended(`the executor of ${this.#markets} markets ended by itself`)
    return this.#probed
  }

  async #listen(): Promise<void> {
    for (let said = await this.#run.next(); said !== undefined; said = await this.#run.next()) {
      const probed = said as typeof said | Probed
      if (probed.kind === 'probe') this.#probed = probed
    }
    this.#hasEnded = true
  }
}

function sum(tenths: Probed['tenths'], key: 'frames' | 'cpuUs'): number {
  return tenths.reduce((total, tenth) => total + tenth[key], 0)
}

function coresOf(tenths: Probed['tenths']): number {
  return sum(tenths, 'cpuUs') / (tenths.length * US_PER_TENTH)
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
