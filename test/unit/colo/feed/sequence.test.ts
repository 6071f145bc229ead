import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  endsSubscription,
  isRepairOverdue,
  SequenceOutcome,
  Sequences,
  SNAPSHOT_REPLY_NS_MAX,
} from '@tandem/colo/feed/sequence.ts'
import fc from 'fast-check'

const { First, InOrder, Duplicate, Gap, Regression, NoRoom } = SequenceOutcome

function outcomes(...messages: [sid: number, seq: number][]): SequenceOutcome[] {
  const sequences = new Sequences(2)
  return messages.map(([sid, seq]) => sequences.next(sid, seq))
}

describe('the numbering of a Kalshi connection', () => {
  test('starts where the first message of a sid stands, and goes on by one', () => {
    assert.deepEqual(outcomes([1, 17], [1, 18], [1, 19]), [First, InOrder, InOrder])
  })
  test('counts each sid for itself', () => {
    assert.deepEqual(outcomes([1, 1], [456, 1], [1, 2], [456, 2]), [First, First, InOrder, InOrder])
  })
  test('has a gap once for each hole, and goes on after it', () => {
    assert.deepEqual(outcomes([1, 1], [1, 3], [1, 4], [1, 9]), [First, Gap, InOrder, Gap])
  })
  test('names a repeat, and the message after it is in order', () => {
    assert.deepEqual(outcomes([1, 1], [1, 1], [1, 2]), [First, Duplicate, InOrder])
  })
  test('names a step back, and goes on from there: the venue may have started anew', () => {
    assert.deepEqual(outcomes([1, 8], [1, 1], [1, 2]), [First, Regression, InOrder])
  })
  test('proves nothing about a sid for which it has no room', () => {
    assert.deepEqual(outcomes([1, 1], [2, 1], [3, 1], [3, 2], [2, 2]), [
      First,
      First,
      NoRoom,
      NoRoom,
      InOrder,
    ])
  })
  test('starts again with a connection, and forgets an unsubscribed sid', () => {
    const sequences = new Sequences(2)
    sequences.next(1, 5)
    sequences.next(2, 7)
    sequences.forget(1)
    sequences.forget(9)
    assert.equal(sequences.next(2, 8), InOrder)
    assert.equal(sequences.next(3, 1), First)
    sequences.clear()
    assert.equal(sequences.next(2, 7), First)
  })
  test('counts beyond 32 bits', () => {
    assert.deepEqual(outcomes([2 ** 33, 2 ** 32], [2 ** 33, 2 ** 32 + 1]), [First, InOrder])
  })
  test('finds every message that is missing from a stream of several sids', () => {
    const message = fc.record({ sid: fc.integer({ min: 1, max: 3 }), lost: fc.integer({ min: 0, max: 9 }) })
    fc.assert(
      fc.property(fc.array(message, { maxLength: 200 }), (messages) => {
        const sequences = new Sequences(3)
        const sent = new Map<number, number>()
        let unseen = new Set<number>()
        for (const { sid, lost } of messages) {
          const seq = (sent.get(sid) ?? 0) + 1
          sent.set(sid, seq)
          if (lost === 0) {
            unseen.add(sid)
            continue
          }
          const outcome = sequences.next(sid, seq)
          if (outcome !== First) assert.equal(outcome, unseen.has(sid) ? Gap : InOrder)
          unseen = new Set([...unseen].filter((other) => other !== sid))
        }
      }),
      { numRuns: 500, seed: 20261122 },
    )
  })
})

describe('a sid after a gap is subscribed anew', () => {
  const ASKED_NS = 5_000_000_000
  test('when two seconds passed without a reply', () => {
    assert.equal(SNAPSHOT_REPLY_NS_MAX, 2_000_000_000)
    assert.equal(isRepairOverdue(3, ASKED_NS, ASKED_NS + 1_999_999_999), false)
    assert.equal(isRepairOverdue(3, ASKED_NS, ASKED_NS + 2_000_000_000), true)
  })
  test('but not once all its books have healed', () => {
    assert.equal(isRepairOverdue(0, ASKED_NS, ASKED_NS + 9_000_000_000), false)
  })
  test('and at once at error 10 or 25, which end the subscription', () => {
    assert.deepEqual(
      [...Array(30).keys()].filter((code) => endsSubscription(code)),
      [10, 25],
    )
  })
})
