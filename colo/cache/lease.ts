import { NS_PER_MS, type Ns } from '@tandem/shared/units.ts'
import type { RedisClient } from './redis.ts'

// Of several executors of one name, one trades: whoever holds a key that expires and is renewed long before. The others
// ask for it again and again. Redis is no proof against two owners: a failover or a restart may lose the key, and the
// venues do not know it. So each side keeps to its own clock, and the successor stops the predecessor at the venues.
//
//   owner       |--- renewed ---|--- renewed ---|--- Redis is away ---:------ entries stop ------| everything stops
//                                               |<----------------- LEASE - DRIFT ------------->|
//   successor                                   |<----------------- LEASE ----------------------->|<-DRIFT->| takes over
//
// Where it did not see the key to its end, on one connection, it may have been lost a moment ago: then the successor
// waits for a whole lease and DRIFT from when it has it itself.
//
//   lease:{NAME}    the run that holds it; expires
//   owner:{NAME}    the run that held it last
//   fences:{NAME}   by run: how the venues know it (fence.ts); until a successor has stopped it there

export interface LeaseTimes {
  readonly leaseMs: number
  readonly renewMs: number
  /** How far two machines' clocks may drift apart within a lease, and what a command may be late. */
  readonly driftMs: number
  /** How often one that stands by asks. */
  readonly lookMs: number
}

export const LEASE: LeaseTimes = { leaseMs: 8_000, renewMs: 1_000, driftMs: 500, lookMs: 100 }

/** With '1' at the end it is left to another where Redis has forgotten whose it was. */
const TAKE = `
local owner = redis.call('GET', KEYS[2])
if not owner and ARGV[4] == '1' then return {2} end
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return {0, redis.call('GET', KEYS[1])} end
redis.call('SET', KEYS[2], ARGV[1])
redis.call('HSET', KEYS[3], ARGV[1], ARGV[3])
local now = redis.call('TIME')
return {1, owner or '', redis.call('HGETALL', KEYS[3]), now[1] * 1000 + math.floor(now[2] / 1000)}
`
const RENEW = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`
/** What only the owner may do to the fences; with an empty text the entry goes. */
const FENCE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[3] == '' then redis.call('HDEL', KEYS[2], ARGV[2]) else redis.call('HSET', KEYS[2], ARGV[2], ARGV[3]) end
return 1
`
const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[2], ARGV[1])
return redis.call('DEL', KEYS[1])
`

/** What was found with the key. */
export interface Taking {
  /** The run that held it before: this one's own where nobody else has since, '' where Redis knows of none. */
  readonly owner: string
  /** Those that nobody has stopped at the venues yet. */
  readonly predecessors: readonly Predecessor[]
  /** By Redis's clock: later for each owner than for the one before. */
  readonly atMs: number
}

interface LeaseCommands {
  tandemTake(
    lease: string,
    owner: string,
    fences: string,
    run: string,
    ms: number,
    fence: string,
    yields: '0' | '1',
  ): Promise<unknown[]>
  tandemRenew(lease: string, run: string, ms: number): Promise<number>
  tandemFence(lease: string, fences: string, run: string, of: string, fence: string): Promise<number>
  tandemRelease(lease: string, fences: string, run: string): Promise<number>
}

/** Another run of this name, as it wrote itself down: what stops it at the venues. */
export interface Predecessor {
  readonly runId: string
  readonly fence: string
}

export interface LeaseParts {
  readonly client: RedisClient
  /** Executors of one name share what they trade. */
  readonly name: string
  readonly runId: string
  /** How the venues know this run, as it is now. */
  readonly fence: () => string
  /** It is ours, and nobody else's any more by any clock. */
  readonly onTaken: (taking: Taking) => void
  /** It is not ours any more: nothing is begun, and what is open is left until it is ours again, or the successor's. */
  readonly onLost: () => void
  /** It was ours, and another has it or has had it since: what we know is old. */
  readonly onOutdated: () => void
  readonly times?: LeaseTimes
}

export class Lease {
  /** Why Redis does not answer; '' while it does. */
  trouble = ''
  readonly #parts: LeaseParts
  readonly #times: LeaseTimes
  readonly #client: RedisClient & LeaseCommands
  readonly #keys: { readonly lease: string; readonly owner: string; readonly fences: string }
  #isAsking = false
  #dueNs = 0
  /** Redis keeps it for us until then, by our clock; -Infinity while it does not. */
  #heldUntilNs = Number.NEGATIVE_INFINITY
  /** When the clocks of all who held it before have come to its end. */
  #safeNs = Number.POSITIVE_INFINITY
  /** Until it is safe. */
  #found: Taking | undefined
  /** Connections that were lost. */
  #losses = 0
  /** Of the last answer that it was another's: the connection on which that was said. */
  #seenOn = -1
  #wasOurs = false
  /** Who was seen to have it. */
  #known = ''
  /** Where Redis has forgotten whose it was, it is left until then to the one that was seen to have it: that one knows its books. */
  #yieldsUntilNs = Number.POSITIVE_INFINITY
  #isOver = false

  constructor(parts: LeaseParts) {
    const { client, name } = parts
    this.#parts = parts
    this.#times = parts.times ?? LEASE
    this.#keys = { lease: `lease:{${name}}`, owner: `owner:{${name}}`, fences: `fences:{${name}}` }
    client.defineCommand('tandemTake', { numberOfKeys: 3, lua: TAKE })
    client.defineCommand('tandemRenew', { numberOfKeys: 1, lua: RENEW })
    client.defineCommand('tandemFence', { numberOfKeys: 2, lua: FENCE })
    client.defineCommand('tandemRelease', { numberOfKeys: 2, lua: RELEASE })
    this.#client = client as RedisClient & LeaseCommands
    client.on('close', () => {
      this.#losses++
    })
  }

  /** Until when we may trade, by our clock; -Infinity while we may not. */
  get untilNs(): number {
    return this.#found === undefined ? this.#heldUntilNs : Number.NEGATIVE_INFINITY
  }

  /** Asks, renews, and looks at the time. */
  tick(nowNs: Ns): void {
    if (this.#isOver) return
    const isHeld = nowNs < this.#heldUntilNs
    if (!isHeld && this.#heldUntilNs !== Number.NEGATIVE_INFINITY) this.#drop()
    if (isHeld && this.#found !== undefined && nowNs >= this.#safeNs) this.#use(this.#found)
    if (this.#isAsking || nowNs < this.#dueNs) return
    this.#isAsking = true
    const { renewMs, lookMs } = this.#times
    this.#dueNs = nowNs + (isHeld ? renewMs : lookMs) * NS_PER_MS
    const asked = isHeld ? this.#renew(nowNs) : this.#take(nowNs)
    // Redis is away: our own clock says how long it is still ours.
    void asked
      .then(
        () => {
          this.trouble = ''
        },
        (error: Error) => {
          this.trouble = error.message
        },
      )
      .finally(() => {
        this.#isAsking = false
      })
  }

  /** Writes down how the venues know this run now. @throws when that is not certain: then nothing may be sent by it */
  async refence(): Promise<void> {
    if (this.#heldUntilNs === Number.NEGATIVE_INFINITY) {
      // Asking for it brings what it was then.
      if (this.#isAsking) throw new Error('the lease is being asked for')
      return
    }
    const { runId, fence } = this.#parts
    const { lease, fences } = this.#keys
    if ((await this.#client.tandemFence(lease, fences, runId, runId, fence())) !== 1)
      throw new Error('the lease is another run’s')
  }

  /** A predecessor was stopped at the venues: nobody need do it again. */
  async stopped({ runId }: Predecessor): Promise<void> {
    const { lease, fences } = this.#keys
    await this.#client.tandemFence(lease, fences, this.#parts.runId, runId, '')
  }

  /** Gives it back: nothing of ours is under way. */
  async release(): Promise<void> {
    this.#isOver = true
    this.#heldUntilNs = Number.NEGATIVE_INFINITY
    const { lease, fences } = this.#keys
    await this.#client.tandemRelease(lease, fences, this.#parts.runId).catch(() => {})
  }

  async #take(askedNs: Ns): Promise<void> {
    const { runId, fence } = this.#parts
    const { leaseMs, driftMs } = this.#times
    const { lease, owner, fences } = this.#keys
    const connection = this.#losses
    const isYielding = this.#known !== '' && askedNs < this.#yieldsUntilNs
    const [isOurs, before, entries, atMs] = await this.#client.tandemTake(
      lease,
      owner,
      fences,
      runId,
      leaseMs,
      fence(),
      isYielding ? '1' : '0',
    )
    if (isOurs === 2) {
      this.#yieldsUntilNs = Math.min(this.#yieldsUntilNs, askedNs + leaseMs * NS_PER_MS)
      return
    }
    this.#yieldsUntilNs = Number.POSITIVE_INFINITY
    if (isOurs !== 1) {
      this.#seenOn = connection
      this.#known = before as string
      if (this.#wasOurs) this.#outdated()
      return
    }
    if (this.#wasOurs && before !== runId && before !== '') {
      this.#outdated()
      return
    }
    // On the connection on which it was seen to be held, and which was never lost, it can only have come to its end.
    const isSeenOut = this.#seenOn === this.#losses && connection === this.#losses
    const waitMs = isSeenOut ? driftMs : leaseMs + driftMs
    this.#safeNs = askedNs + waitMs * NS_PER_MS
    this.#found = {
      owner: before as string,
      predecessors: predecessorsOf(entries as string[], runId),
      atMs: atMs as number,
    }
    this.#hold(askedNs)
  }

  async #renew(askedNs: Ns): Promise<void> {
    if ((await this.#client.tandemRenew(this.#keys.lease, this.#parts.runId, this.#times.leaseMs)) === 1)
      this.#hold(askedNs)
    else this.#drop()
  }

  /** From when it was asked for: when it was given, Redis alone knows. */
  #hold(askedNs: Ns): void {
    this.#heldUntilNs = askedNs + (this.#times.leaseMs - this.#times.driftMs) * NS_PER_MS
  }

  #use(taking: Taking): void {
    this.#found = undefined
    this.#wasOurs = true
    this.#parts.onTaken(taking)
  }

  #outdated(): void {
    this.#isOver = true
    this.#parts.onOutdated()
  }

  #drop(): void {
    this.#heldUntilNs = Number.NEGATIVE_INFINITY
    this.#found = undefined
    this.#seenOn = -1
    this.#dueNs = 0
    this.#parts.onLost()
  }
}

/** @param entries runs and their fences in turn */
function predecessorsOf(entries: readonly string[], runId: string): Predecessor[] {
  const found: Predecessor[] = []
  for (let at = 0; at < entries.length; at += 2)
    if (entries[at] !== runId) found.push({ runId: entries[at], fence: entries[at + 1] })
  return found
}
