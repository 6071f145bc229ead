import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClientOrderIds, ID_BLOCK, ID_BLOCK_AHEAD, ID_NONE } from '@tandem/colo/pool/ids.ts'

function stand() {
  const reservations: [number, number][] = []
  const journal = { room: true }
  const ids = new ClientOrderIds((first, count) => {
    if (!journal.room) return -1
    return reservations.push([first, count]) - 1
  })
  return { ids, reservations, journal }
}

test('no id is given out before its block is durable', () => {
  const { ids, reservations } = stand()
  assert.equal(ids.next(), ID_NONE)
  ids.replenish()
  assert.deepEqual(reservations, [[0, ID_BLOCK]])
  assert.equal(ids.next(), ID_NONE)
  ids.onDurable(0)
  assert.equal(ids.next(), ID_NONE)
  ids.onDurable(1)
  assert.equal(ids.next(), 0)
})

test('the next block is reserved ahead, once, and ids go on without a gap', () => {
  const { ids, reservations } = stand()
  ids.replenish()
  ids.onDurable(1)
  const seen: number[] = []
  for (let i = 0; i < ID_BLOCK - ID_BLOCK_AHEAD; i++) {
    ids.replenish()
    assert.equal(reservations.length, 1)
    seen.push(ids.next())
  }
  seen.push(ids.next())
  ids.replenish()
  ids.replenish()
  assert.deepEqual(reservations, [
    [0, ID_BLOCK],
    [ID_BLOCK, ID_BLOCK],
  ])
  ids.onDurable(2)
  while (ids.left > 0) seen.push(ids.next())
  assert.deepEqual(
    seen,
    seen.map((_, at) => at),
  )
  assert.equal(seen.length, 2 * ID_BLOCK)
  assert.equal(ids.next(), ID_NONE)
})

test('a full journal stops the ids, and room starts them again', () => {
  const { ids, journal } = stand()
  journal.room = false
  ids.replenish()
  ids.onDurable(9)
  assert.equal(ids.next(), ID_NONE)
  journal.room = true
  ids.replenish()
  ids.onDurable(1)
  assert.equal(ids.next(), 0)
})
