import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RETRY_NS_MAX } from '@tandem/colo/feed/backoff.ts'
import {
  Action,
  CLOSE_NS_MAX,
  CONNECT_NS_MAX,
  Connection,
  ConnectionState,
  Loss,
  STEADY_NS_MIN,
  SUBSCRIBE_NS_MAX,
} from '@tandem/colo/feed/connection.ts'
import fc from 'fast-check'

const { Connect, Subscribe, Close, Drop, None } = Action
const { Idle, Connecting, Subscribing, Live, Closing, Waiting, Refused } = ConnectionState

function live(nowNs = 0): Connection {
  const connection = new Connection()
  connection.start(nowNs)
  connection.opened(nowNs)
  connection.ready(nowNs)
  return connection
}

describe('a connection', () => {
  test('is made, subscribes, and is Live when the first books are there', () => {
    const connection = new Connection()
    assert.equal(connection.start(0), Connect)
    assert.equal(connection.opened(1), Subscribe)
    assert.equal(connection.state, Subscribing)
    connection.ready(2)
    assert.equal(connection.state, Live)
  })

  test('gives up a handshake, and a subscription that brings nothing', () => {
    const connection = new Connection()
    connection.start(0)
    assert.equal(connection.due(CONNECT_NS_MAX - 1, 0), None)
    assert.equal(connection.due(CONNECT_NS_MAX, 0), Drop)
    assert.deepEqual([connection.state, connection.loss], [Waiting, Loss.ConnectTimeout])
    const at = connection.dueNs
    assert.equal(connection.due(at, 0), Connect)
    connection.opened(at)
    assert.equal(connection.due(at + SUBSCRIBE_NS_MAX, 0), Drop)
    assert.equal(connection.loss, Loss.SubscribeTimeout)
  })

  test('waits longer with each loss, and starts anew after it stood for a while', () => {
    const connection = live()
    const waits: number[] = []
    for (let nowNs = 0; waits.length < 3; ) {
      connection.lost(Loss.Closed, nowNs, 1)
      waits.push(connection.dueNs - nowNs)
      nowNs = connection.dueNs
      connection.due(nowNs, 1)
      connection.opened(nowNs)
      connection.ready(nowNs)
      if (waits.length === 2) connection.due(nowNs + STEADY_NS_MIN, 1)
    }
    assert.deepEqual(
      waits.map((wait) => wait / 1e6),
      [250, 500, 250],
    )
  })

  test('is not made again when it was refused, until somebody starts it', () => {
    const connection = new Connection()
    connection.start(0)
    assert.equal(connection.lost(Loss.Refused, 1, 0), Drop)
    assert.deepEqual([connection.state, connection.dueNs], [Refused, Number.POSITIVE_INFINITY])
    assert.equal(connection.start(2), Connect)
  })

  test('says goodbye, waits a moment for the answer, and is Idle', () => {
    const answered = live()
    assert.equal(answered.stop(0), Close)
    assert.equal(answered.lost(Loss.Closed, 1, 0), Drop)
    assert.equal(answered.state, Idle)
    const unanswered = live()
    unanswered.stop(0)
    assert.equal(unanswered.state, Closing)
    assert.equal(unanswered.due(CLOSE_NS_MAX, 0), Drop)
    assert.deepEqual([unanswered.state, unanswered.loss], [Idle, Loss.Stopped])
  })

  test('that never opened is dropped without a goodbye, and one that waits just stops', () => {
    const opening = new Connection()
    opening.start(0)
    assert.deepEqual([opening.stop(1), opening.state], [Drop, Idle])
    const waiting = live()
    waiting.lost(Loss.Closed, 0, 0)
    assert.deepEqual([waiting.stop(1), waiting.state], [None, Idle])
  })
})

test('whatever happens, there is one socket at most, every socket ends, and time always leads on', () => {
  type Event = (connection: Connection, nowNs: number) => Action
  const events: Event[] = [
    (connection, nowNs) => connection.start(nowNs),
    (connection, nowNs) => connection.opened(nowNs),
    (connection, nowNs) => {
      connection.ready(nowNs)
      return None
    },
    (connection, nowNs) => connection.lost(Loss.Closed, nowNs, 0.5),
    (connection, nowNs) => connection.lost(Loss.Refused, nowNs, 0.5),
    (connection, nowNs) => connection.stop(nowNs),
    (connection, nowNs) => connection.due(nowNs, 0.5),
    (connection, nowNs) => connection.due(nowNs, 0.5),
  ]
  const step = fc.tuple(fc.constantFrom(...events), fc.integer({ min: 0, max: RETRY_NS_MAX }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const connection = new Connection()
      let nowNs = 0
      let hasSocket = false
      let isOpen = false
      for (const [event, waitNs] of steps) {
        nowNs += waitNs
        switch (event(connection, nowNs)) {
          case Connect:
            assert.ok(!hasSocket)
            hasSocket = true
            isOpen = false
            break
          case Subscribe:
            assert.ok(hasSocket && !isOpen)
            isOpen = true
            break
          case Close:
            assert.ok(hasSocket && isOpen)
            break
          case Drop:
            assert.ok(hasSocket)
            hasSocket = false
            break
        }
        assert.equal(connection.hasSocket, hasSocket)
        const rests = [Idle, Refused, Live] as ConnectionState[]
        assert.ok(rests.includes(connection.state) || Number.isFinite(connection.dueNs))
        assert.ok(connection.state !== Waiting || connection.dueNs <= nowNs + RETRY_NS_MAX)
        assert.ok(connection.state !== Connecting || connection.dueNs <= nowNs + CONNECT_NS_MAX)
      }
    }),
    { seed: 3, numRuns: 2_000 },
  )
})
