import { isMissing } from '@tandem/colo/book/integrity.ts'
import { Executor } from '@tandem/colo/executor.ts'
import type { Intake } from '@tandem/colo/feed/intake.ts'
import { Live } from '@tandem/colo/live.ts'
import type { Histogram } from 'hdr-histogram-js'
import { histogram } from '../path/times.ts'

// Loaded into the executor's process before its own modules: takes the time of what it does with a frame, and says each
// second on standard output what it has seen. SIGUSR2 lets it begin anew.

export interface Probed {
  readonly kind: 'probe'
  readonly pid: number
  /** From the start of connecting until every book had its snapshot, and until all that the pool has room for was signed. */
  readonly wholeMs: number | undefined
  readonly stockedMs: number | undefined
  readonly sockets: readonly number[]
  readonly pool: { readonly slots: number; readonly held: number }
  /**
   * Decode, apply and decide, a frame, of reads that change a book: the frames of one read share its decision. The mean
   * is without the slowest hundredth, which others have interrupted.
   */
  readonly pathUs: { readonly p50: number; readonly mean: number; readonly samples: number }
  readonly frames: number
  readonly reads: number
  /** The trading thread in each tenth of a second. */
  readonly tenths: readonly { readonly frames: number; readonly cpuUs: number }[]
}

const LOOK_MS = 10
const SAMPLE_MS = 100
const SAY_MS = 1_000
const NS_PER_MS = 1e6

class Probe {
  #pathNs = histogram()
  #frames = 0
  #reads = 0
  #tenths: { frames: number; cpuUs: number }[] = []
  #sampled = { frames: 0, cpuUs: 0 }
  /** Of the read in hand. */
  #readFrames = 0
  #readMs = 0
  #changes = 0
  #intakes: readonly Intake[] = []
  /** Of which the times are taken. */
  executor: Executor | undefined
  #startMs = 0
  #wholeMs: number | undefined
  #stockedMs: number | undefined

  begin(): void {
    this.#pathNs = histogram()
    this.#frames = 0
    this.#reads = 0
    this.#tenths = []
    this.#sampled = { frames: 0, cpuUs: threadCpuUs() }
  }

  applied(tookMs: number): void {
    this.#readFrames++
    this.#readMs += tookMs
  }

  /** All frames of a read are decided on: what that took is shared among them. */
  settled(tookMs: number): void {
    const frames = this.#readFrames
    if (frames === 0) return
    const changes = this.#intakes.reduce((sum, { counts }) => sum + counts.changes, 0)
    if (changes > this.#changes)
      this.#pathNs.recordValueWithCount(Math.round(((this.#readMs + tookMs) * NS_PER_MS) / frames), frames)
    this.#changes = changes
    this.#frames += frames
    this.#reads++
    this.#readFrames = 0
    this.#readMs = 0
  }

  watch(live: Live): void {
    this.executor = live.assembly.executor
    this.#intakes = live.assembly.copies[0].intakes
    this.#startMs = performance.now()
    const looking = setInterval(() => {
      const { listing, pool } = live.assembly
      // A pause of the machine puts books in doubt for a moment: that is not what is waited for.
      const isWhole = listing.books.every((books) => books.every(({ state }) => !isMissing(state)))
      if (isWhole) this.#wholeMs ??= performance.now() - this.#startMs
      if (!isWhole || pool.counters.signed === 0 || pool.outstanding > 0) return
      this.#stockedMs = performance.now() - this.#startMs
      clearInterval(looking)
    }, LOOK_MS)
    setInterval(() => this.#sample(), SAMPLE_MS)
    setInterval(() => process.stdout.write(`${JSON.stringify(this.#told(live))}\n`), SAY_MS)
  }

  #sample(): void {
    const cpuUs = threadCpuUs()
    const frames = this.#frames
    this.#tenths.push({ frames: frames - this.#sampled.frames, cpuUs: cpuUs - this.#sampled.cpuUs })
    this.#sampled = { frames, cpuUs }
  }

  #told(live: Live): Probed {
    const { pool } = live.assembly
    const { slots, freeCount } = pool.store
    return {
      kind: 'probe',
      pid: process.pid,
      wholeMs: this.#wholeMs,
      stockedMs: this.#stockedMs,
      sockets: Object.values(live.feeds()).map(({ sockets }) => sockets.length),
      pool: { slots, held: slots - freeCount },
      pathUs: {
        p50: this.#pathNs.getValueAtPercentile(50) / 1_000,
        mean: trimmedMean(this.#pathNs) / 1_000,
        samples: this.#pathNs.totalCount,
      },
      frames: this.#frames,
      reads: this.#reads,
      tenths: this.#tenths,
    }
  }
}

/** Without the slowest hundredth. */
function trimmedMean(of: Histogram): number {
  let sum = 0
  for (let hundredth = 0; hundredth < 99; hundredth++) sum += of.getValueAtPercentile(hundredth + 0.5)
  return sum / 99
}

function threadCpuUs(): number {
  const { user, system } = process.threadCpuUsage()
  return user + system
}

const probe = new Probe()
const { apply, settle } = Executor.prototype
// The warm-up has an executor of its own.
Executor.prototype.apply = function (...frame) {
  if (this !== probe.executor) return apply.apply(this, frame)
  const beganMs = performance.now()
  apply.apply(this, frame)
  probe.applied(performance.now() - beganMs)
}
Executor.prototype.settle = function (nowNs) {
  if (this !== probe.executor) return settle.call(this, nowNs)
  const beganMs = performance.now()
  const outcome = settle.call(this, nowNs)
  probe.settled(performance.now() - beganMs)
  return outcome
}
const { start } = Live.prototype
Live.prototype.start = function () {
  // Warms up, then begins to connect.
  start.call(this)
  probe.watch(this)
}
process.on('SIGUSR2', () => probe.begin())
