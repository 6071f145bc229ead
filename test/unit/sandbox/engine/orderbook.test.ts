import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Admission, Orderbook, opposite } from '@tandem/sandbox/engine/orderbook.ts'
import { SIDE_ASK, SIDE_BID, type Side } from '@tandem/shared/units.ts'
import fc from 'fast-check'

type Fill = readonly [maker: string, price: number, microShares: number]

interface Listed {
  id: string
  side: Side
  price: number
  microShares: number
  /** Its place in time. */
  since: number
}

/** The same book as one list, sorted anew for each question. */
class SortedList {
  orders: Listed[] = []
  #time = 0

  /** As a taker of the other side meets them. */
  inTurn(side: Side): Listed[] {
    const worse = side === SIDE_BID ? -1 : 1
    return this.orders
      .filter((order) => order.side === side)
      .sort((a, b) => (a.price - b.price) * worse || a.since - b.since)
  }

  take(side: Side, limit: number, microShares: number): Fill[] {
    const fills: Fill[] = []
    let left = microShares
    for (const maker of this.inTurn(opposite(side))) {
      const reaches = side === SIDE_BID ? maker.price <= limit : maker.price >= limit
      if (!reaches || left === 0) break
      const size = Math.min(left, maker.microShares)
      left -= size
      fills.push([maker.id, maker.price, size])
      this.reduce(maker, size)
    }
    return fills
  }

  rest(id: string, side: Side, price: number, microShares: number): void {
    this.orders.push({ id, side, price, microShares, since: this.#time++ })
  }

  reduce(order: Listed, microShares: number): void {
    order.microShares -= microShares
    if (order.microShares <= 0) this.orders.splice(this.orders.indexOf(order), 1)
  }
}

const side = fc.constantFrom<Side>(SIDE_BID, SIDE_ASK)
const price = fc.integer({ min: 1, max: 9 }).map((step) => step * 1_000)
const size = fc.integer({ min: 1, max: 30 })
const which = fc.nat({ max: 50 })
const action = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('place' as const), side, price, size }) },
  fc.record({ kind: fc.constant('cancel' as const), which }),
  fc.record({ kind: fc.constant('decrease' as const), which, size }),
  fc.record({ kind: fc.constant('amend' as const), which, price: fc.option(price), size }),
)

test('fills, places and levels are those of a list sorted by price and time', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 100, size: 'max' }), (actions) => {
      const list = new SortedList()
      const fills: Fill[] = []
      const told = new Map<string, number>()
      let left = 0
      const book = new Orderbook({
        filled: (maker, _taker, at, microShares) => {
          fills.push([maker, at, microShares])
          left -= microShares
        },
        levelChanged: (of, at, delta, microShares) => {
          assert.equal((told.get(`${of} ${at}`) ?? 0) + delta, microShares)
          told.set(`${of} ${at}`, microShares)
        },
      })
      for (const [index, step] of actions.entries()) {
        if (step.kind === 'place') {
          left = step.size
          fills.length = 0
          book.take(String(index), step.side, step.price, () => left)
          assert.deepEqual(fills, list.take(step.side, step.price, step.size))
          if (left > 0) {
            book.rest(String(index), step.side, step.price, left)
            list.rest(String(index), step.side, step.price, left)
          }
        } else if (list.orders.length > 0) {
          const order = list.orders[step.which % list.orders.length]
          const { id, microShares } = order
          if (step.kind === 'cancel') {
            assert.equal(book.cancel(id), microShares)
            list.reduce(order, microShares)
          } else if (step.kind === 'decrease') {
            assert.equal(book.decrease(id, step.size), Math.min(step.size, microShares))
            list.reduce(order, step.size)
          } else if (!book.crosses(order.side, step.price ?? order.price)) {
            const to = step.price ?? order.price
            book.amend(id, to, step.size)
            if (to === order.price && step.size <= microShares) list.reduce(order, microShares - step.size)
            else {
              list.reduce(order, microShares)
              list.rest(id, order.side, to, step.size)
            }
          }
        }
        for (const each of [SIDE_BID, SIDE_ASK] as const) {
          const inTurn = list.inTurn(each)
          const turn = [...book.orders(each)]
          assert.deepEqual(
            turn.map((order) => [order.id, order.price, order.microShares]),
            inTurn.map((order) => [order.id, order.price, order.microShares]),
          )
          assert.equal(book.best(each), inTurn[0]?.price ?? -1)
          for (const level of book.levels(each)) {
            const sum = inTurn.reduce(
              (total, order) => total + (order.price === level.price ? order.microShares : 0),
              0,
            )
            assert.equal(level.microShares, sum)
            assert.equal(told.get(`${each} ${level.price}`), sum)
          }
        }
      }
    }),
    { seed: 1, numRuns: 300 },
  )
})

test('a venue may take a maker away, or stop the taker, where they meet', () => {
  const fills: string[] = []
  const verdicts: Record<string, Admission> = {
    a: Admission.RemoveMaker,
    b: Admission.Fill,
    c: Admission.StopTaker,
  }
  const book = new Orderbook({
    filled: (maker) => fills.push(maker),
    levelChanged: () => {},
    admit: (maker) => verdicts[maker.id] ?? Admission.Fill,
  })
  for (const id of ['a', 'b', 'c', 'd']) book.rest(id, SIDE_ASK, 5_000, 10)
  book.take('taker', SIDE_BID, 5_000, () => 100)
  assert.deepEqual(fills, ['b'])
  assert.deepEqual(
    [...book.orders(SIDE_ASK)].map(({ id }) => id),
    ['c', 'd'],
  )
  assert.equal(book.sizeAt(SIDE_ASK, 5_000), 20)
})
