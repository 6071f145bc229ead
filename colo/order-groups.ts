import { NS_PER_S, type Ns } from '@tandem/shared/units.ts'

// Kalshi's own guard against us (Kalshi fact sheet, section 4.4): orders that name a group match no more than so many
// contracts within 15 seconds; then the venue cancels what the group has open, and takes no order that names it. Entries
// name the group of their market's shard, ways out name none. A group that was triggered is given up for a new one, since
// a person has to take back the trip anyway before anything is entered.

/** After an attempt to make a group failed. */
const AGAIN_NS = 2 * NS_PER_S
const PENDING = Symbol('on its way')

export interface OrderGroupsParts {
  readonly shards: Iterable<number>
  /** Asks the venue for a new group of a shard. @returns its id */
  readonly create: (shard: number) => Promise<string>
  /** Entries of the shard name this group from now on; undefined: there are none until they can. */
  readonly use: (shard: number, groupId: string | undefined) => void
  /** The venue stopped our entries. */
  readonly onTriggered: () => void
}

export class OrderGroups {
  readonly #parts: OrderGroupsParts
  /** By shard. */
  readonly #groups = new Map<number, string | typeof PENDING | undefined>()
  #dueNs = 0

  /** Nothing is entered on any of the shards before its group is there. */
  constructor(parts: OrderGroupsParts) {
    this.#parts = parts
    for (const shard of parts.shards) this.#drop(shard)
  }

  /** Makes what is missing. */
  tick(nowNs: Ns): void {
    if (nowNs < this.#dueNs) return
    for (const [shard, group] of this.#groups) {
      if (group !== undefined) continue
      this.#dueNs = nowNs + AGAIN_NS
      void this.#make(shard)
    }
  }

  /** Of those that entries may name. */
  get ids(): string[] {
    return [...this.#groups.values()].filter((group) => typeof group === 'string')
  }

  /** The private channel says that a group was triggered, or is no more. Others than ours are of no interest. */
  triggered(groupId: string): void {
    for (const [shard, group] of this.#groups) if (group === groupId) this.refused(shard)
  }

  /** An entry was refused for its group: nobody told that it was triggered. */
  refused(shard: number): void {
    // Of an order that left with the group before.
    if (typeof this.#groups.get(shard) !== 'string') return
    this.#drop(shard)
    this.#parts.onTriggered()
  }

  #drop(shard: number): void {
    this.#groups.set(shard, undefined)
    this.#parts.use(shard, undefined)
  }

  async #make(shard: number): Promise<void> {
    this.#groups.set(shard, PENDING)
    const made = await this.#parts.create(shard).catch(() => undefined)
    this.#groups.set(shard, made)
    if (made !== undefined) this.#parts.use(shard, made)
  }
}
