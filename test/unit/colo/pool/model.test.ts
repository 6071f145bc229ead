import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PoolMiss } from '@tandem/colo/pool/miss.ts'
import { planTargets, Targets } from '@tandem/colo/pool/targets.ts'
import { PRICE_NONE, type Price } from '@tandem/shared/units.ts'
import fc from 'fast-check'
import type { AskedOrder } from './held-signer.ts'
import { saltOfDigest } from './held-signer.ts'
import { BANDS, LIFE_MS, market, Stand } from './stand.ts'

// The pool against what a bystander writes down: every order that was asked for, by its salt, and what became of it.

const SIZES = [500, 2_000]
const LINES = 3
const MARKETS = [
  market({}),
  market({ polymarketTick: 10, kalshi: 'deci_cent' }),
  market({ kalshi: 'tapered_deci_cent' }),
]

interface Record {
  line: number
  limit: number
  cents: number
  askedNs: number
  epoch: number
  durable: boolean
  taken: boolean
}

class Bystander {
  readonly stand = new Stand(LINES, SIZES)
  readonly records = new Map<number, Record>()
  readonly urgentLimits = new Map<number, number>()
  readonly epochs = [0, 0, 0]
  readonly touches: [number, number][] = Array.from({ length: LINES }, () => [PRICE_NONE, PRICE_NONE])
  readonly taken: number[] = []
  #durable = 0
  hits = 0
  urgentHits = 0

  constructor() {
    for (let line = 0; line < LINES; line++) {
      this.open(line)
      this.touch(line, 4_600, 5_200)
    }
    this.settle()
  }

  open(line: number): void {
    this.epochs[line]++
    this.stand.open(line, MARKETS[line])
  }

  touch(line: number, polymarketCost: number, kalshiCost: number): void {
    this.touches[line] = [polymarketCost, kalshiCost]
    this.stand.touch(line, polymarketCost, kalshiCost)
  }

  tick(): void {
    const before = this.stand.signer.orders.length
    this.stand.tick()
    for (const order of this.stand.signer.orders.slice(before)) this.#write(order)
  }

  urgent(line: number, limit: number, cents: number): void {
    const before = this.stand.signer.orders.length
    this.stand.pool.requestNow(line, limit as Price, cents, this.stand.nowNs, this.stand.wallMs)
    for (const order of this.stand.signer.orders.slice(before)) this.#write(order)
  }

  durable(count: number): void {
    const until = Math.min(this.#durable + count, this.stand.journal.length)
    for (const digest of this.stand.journal.slice(this.#durable, until)) {
      this.records.get(saltOfDigest(digest, 0))!.durable = true
    }
    this.#durable = until
    const ready = this.stand.ready.length
    this.stand.durable(until)
    if (!this.stand.takesUrgent) return
    for (const { slot } of this.stand.ready.slice(ready)) {
      this.#check(slot)
      this.urgentHits++
    }
  }

  take(line: number, atLeast: number, atMost: number, cents: number): number {
    const slot = this.stand.take(line, atLeast, atMost, cents)
    if (slot < 0) {
      this.#checkMiss(slot, line, atLeast, atMost, cents)
      return slot
    }
    const record = this.#check(slot)
    assert.equal(record.line, line)
    assert.equal(record.cents, cents)
    assert.ok(record.limit >= atLeast && record.limit <= atMost)
    this.hits++
    return slot
  }

  release(): void {
    for (const slot of this.taken.splice(0)) this.stand.pool.release(slot)
  }

  /** Everything that is wanted is asked for and answered. */
  settle(): void {
    for (this.tick(); this.stand.signer.orders.length > 0; this.tick()) {
      for (const order of this.stand.signer.orders.splice(0)) this.stand.sign(order)
      this.durable(Number.POSITIVE_INFINITY)
    }
  }

  /** All that is wanted at the present touches can be taken, once everything that was asked is answered. */
  checkWishes(): void {
    this.stand.takesUrgent = false
    this.stand.isJournalFull = false
    this.stand.signer.orders = []
    // Unanswered requests are given up, refused lines swept.
    for (let i = 0; i < 30; i++) {
      this.stand.nowNs += 0.3e9
      this.tick()
      for (const order of this.stand.signer.orders.splice(0)) this.stand.sign(order)
      this.durable(Number.POSITIVE_INFINITY)
    }
    this.settle()
    const targets = new Targets()
    for (let line = 0; line < LINES; line++) {
      const [polymarket, kalshi] = this.touches[line]
      planTargets(targets, MARKETS[line], BANDS, polymarket as Price, kalshi as Price)
      for (const limit of targets.limits.slice(0, targets.count)) {
        for (const cents of SIZES) {
          // Five shares at the lowest limit of the line cost more than the smallest size: it is not held.
          const lowest = Math.min(...targets.limits.slice(0, targets.count))
          if (cents * 10_000 < 500 * lowest) continue
          assert.ok(this.take(line, limit, limit, cents) >= 0, `line ${line}, limit ${limit}, ${cents} cents`)
          this.release()
        }
      }
    }
  }

  #write(order: AskedOrder): void {
    const { salt, token, makerAmount, takerAmount, timestampMs } = order
    assert.ok(!this.records.has(salt))
    assert.ok(timestampMs <= this.stand.wallMs)
    const line = token - 7
    const cents = makerAmount / 10_000
    const tick = MARKETS[line].polymarketTick
    // The taker amount is rounded down, so the price it implies is at or just above the limit.
    const limit = Math.floor((makerAmount * 10_000) / takerAmount / tick + 1e-9) * tick
    const askedNs = this.stand.nowNs
    this.records.set(salt, {
      line,
      limit,
      cents,
      askedNs,
      epoch: this.epochs[line],
      durable: false,
      taken: false,
    })
  }

  #check(slot: number): Record {
    const { store } = this.stand.pool
    const salt = saltOfDigest(store.digests, slot)
    const record = this.records.get(salt)
    assert.ok(record !== undefined, 'an order that was never asked for')
    assert.ok(record.durable, 'its hash is not durable')
    assert.ok(!record.taken, 'handed out twice')
    assert.ok(this.stand.nowNs - record.askedNs < LIFE_MS * 1e6, 'too old')
    assert.equal(record.epoch, this.epochs[record.line], 'signed before its line was opened anew')
    assert.equal(store.limit[slot], record.limit)
    assert.match(this.stand.bodyText(slot), new RegExp(`^\\{"deferExec":false.*"salt":${salt},`))
    record.taken = true
    this.taken.push(slot)
    return record
  }

  /** A miss must be true: nothing that fits is held, or the cause that it names exists. */
  #checkMiss(miss: number, line: number, atLeast: number, atMost: number, cents: number): void {
    const fitting = [...this.records.values()].filter(
      (record) =>
        record.line === line &&
        record.cents === cents &&
        record.limit >= atLeast &&
        record.limit <= atMost &&
        record.epoch === this.epochs[line],
    )
    if (miss === PoolMiss.NotDurable) assert.ok(fitting.some(({ durable }) => !durable))
    if (miss === PoolMiss.Expired) {
      assert.ok(fitting.some(({ askedNs }) => this.stand.nowNs - askedNs >= (LIFE_MS - 1_000) * 1e6))
    }
    if (miss === PoolMiss.UnknownLine) assert.fail('every line was opened')
  }
}

const price = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 42, max: 56 }).map((cents) => cents * 100) },
  { weight: 1, arbitrary: fc.constantFrom(PRICE_NONE, 100, 9_900, 4_550) },
)
const line = fc.nat(LINES - 1)
const cents = fc.constantFrom(...SIZES)
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('touch' as const), line, p: price, k: price }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.constantFrom(0, 1, 50, 900, 15_000, 119_000),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('sign' as const), count: fc.nat(70), skip: fc.nat(9) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refuse' as const), count: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose' as const), count: fc.nat(9) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('durable' as const), count: fc.nat(90) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('take' as const),
      line,
      from: fc.integer({ min: 36, max: 56 }),
      width: fc.nat(12),
      cents,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('urgent' as const),
      line,
      limit: fc.integer({ min: 30, max: 65 }),
      cents: fc.constantFrom(500, 777),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('release', 'takes urgent', 'leaves urgent', 'journal full', 'journal free'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('reopen' as const, 'signer dies' as const), line }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

function apply(bystander: Bystander, step: Step): void {
  const { stand } = bystander
  switch (step.do) {
    case 'touch':
      bystander.touch(step.line, step.p, step.k)
      break
    case 'pass':
      stand.nowNs += step.ms * 1e6
      bystander.tick()
      break
    case 'sign': {
      // Not in the order in which they were asked: the urgent lane overtakes.
      const orders = stand.signer.orders.splice(step.skip, step.count)
      for (const order of orders) stand.sign(order)
      break
    }
    case 'refuse':
      for (const order of stand.signer.orders.splice(0, step.count)) stand.pool.refused(order.ticket, 4)
      break
    case 'lose':
      stand.signer.orders.splice(0, step.count)
      break
    case 'durable':
      bystander.durable(step.count)
      break
    case 'take':
      if (bystander.taken.length > 40) bystander.release()
      bystander.take(step.line, step.from * 100, (step.from + step.width) * 100, step.cents)
      break
    case 'urgent':
      bystander.urgent(step.line, step.limit * 100, step.cents)
      break
    case 'release':
      bystander.release()
      break
    case 'takes urgent':
      bystander.release()
      stand.takesUrgent = true
      break
    case 'leaves urgent':
      stand.takesUrgent = false
      break
    case 'journal full':
      stand.isJournalFull = true
      break
    case 'journal free':
      stand.isJournalFull = false
      break
    case 'reopen':
      bystander.open(step.line)
      break
    case 'signer dies':
      stand.signer.orders = []
      stand.pool.closed()
  }
}

test('whatever happens, an order is taken once, durable and young, and every wish is fulfilled in the end', () => {
  let hits = 0
  let urgentHits = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 40, maxLength: 160 }), (steps) => {
      const bystander = new Bystander()
      for (const each of steps) apply(bystander, each)
      hits += bystander.hits
      urgentHits += bystander.urgentHits
      bystander.release()
      bystander.checkWishes()
    }),
    { seed: 11, numRuns: 300 },
  )
  assert.ok(hits > 1_000, `only ${hits}`)
  assert.ok(urgentHits > 50, `only ${urgentHits}`)
})
