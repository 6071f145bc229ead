import { NS_PER_S, type Ns } from '@tandem/shared/units.ts'

// Kalshi's own guard against us (Kalshi fact sheet, section 4.4): orders that name a group match no more than so many
// contracts within 15 seconds; then the venue cancels what the group has open, and takes no order that names it. Entries
// name the group of their market's shard, ways out name none. A group that was triggered is given up for a new one, since
// a person has to take back the trip anyway before anything is entered.
//
// A group is made, then told (`onMade`), then used: who takes over from us knows all that our entries may name (fence.ts).

/** After an attempt to make groups, or to tell of them, began. */
const AGAIN_NS = 2 * NS_PER_S

export interface OrderGroupsParts {
  readonly shards: Iterable<number>
  /** Asks the venue for a new group of a shard. @returns its id */
  readonly create: (shard: number) => Promise<string>
  /** Hears of all groups that entries may name from now on. None is used before this is fulfilled; else it is told again. */
  readonly onMade?: (ids: readonly string[]) => Promise<void>
  /** Entries of the shard name this group from now on; undefined: there are none until they can. */
  readonly use: (shard: number, groupId: string | undefined) => void
  /** The venue stopped our entries. */
  readonly onTriggered: () => void
}

export class OrderGroups {
  readonly #parts: OrderGroupsParts
  /** In use, by shard. */
  readonly #groups = new Map<number, string | undefined>()
  /** Made and not told yet, by shard. */
  readonly #untold = new Map<number, string>()
  #isMaking = false
  #dueNs = 0

  /** Nothing is entered on any of the shards before its group is there. */
  constructor(parts: OrderGroupsParts) {
    this.#parts = parts
    for (const shard of parts.shards) this.#drop(shard)
  }

  /** Makes what is missing. */
  tick(nowNs: Ns): void {
    if (this.#isMaking || nowNs < this.#dueNs) return
    const missing = [...this.#groups.keys()].filter((shard) => this.#groups.get(shard) === undefined)
    if (missing.length === 0) return
    this.#dueNs = nowNs + AGAIN_NS
    this.#isMaking = true
    void this.#make(missing).finally(() => {
      this.#isMaking = false
    })
  }

  /** The private channel says that a group was triggered, or is no more. Others than ours are of no interest. */
  triggered(groupId: string): void {
    for (const [shard, group] of [...this.#groups, ...this.#untold])
      if (group === groupId) this.#stopped(shard)
  }

  /** An entry was refused for its group: nobody told that it was triggered. */
  refused(shard: number): void {
    // Of an order that left with the group before.
    if (this.#groups.get(shard) !== undefined) this.#stopped(shard)
  }

  #stopped(shard: number): void {
    this.#drop(shard)
    this.#parts.onTriggered()
  }

  #drop(shard: number): void {
    this.#groups.set(shard, undefined)
    this.#untold.delete(shard)
    this.#parts.use(shard, undefined)
  }

  async #make(missing: readonly number[]): Promise<void> {
    const { create, onMade, use } = this.#parts
    await Promise.all(
      missing.map(async (shard) => {
        if (this.#untold.has(shard)) return
        const made = await create(shard).catch(() => undefined)
        if (made !== undefined) this.#untold.set(shard, made)
      }),
    )
    const told = [...this.#untold]
    if (told.length === 0) return
    const all = [...this.#groups.values(), ...this.#untold.values()].filter((group) => group !== undefined)
    try {
      await onMade?.(all)
    } catch {
      return
    }
    for (const [shard, group] of told) {
      // It was stopped in the meantime.
      if (this.#untold.get(shard) !== group) continue
      this.#untold.delete(shard)
      this.#groups.set(shard, group)
      use(shard, group)
    }
  }
}
