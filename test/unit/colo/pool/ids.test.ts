import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClientOrderIds, ID_BLOCK, ID_BLOCK_AHEAD, ID_NONE } from '@tandem/colo/pool/ids.ts'

function stand() {
  const reservations: [number, number][] = []
  const journal = { room: true }
  const ids = new ClientOrderIds('tandem-7Qx:', (first, count) => {
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

test('an id is written in fixed width with characters that Kalshi takes', () => {
  const { ids } = stand()
  ids.replenish()
  ids.onDurable(1)
  const hole = Buffer.from('"client_order_id":"-----------------------"')
  for (let i = 0; i < 308; i++) ids.next()
  ids.write(307, hole, 19)
  assert.equal(hole.toString(), '"client_order_id":"tandem-7Qx:0000000307--"')
  assert.equal(ids.length, 21)
  assert.match(hole.toString('latin1', 19, 19 + ids.length), /^[-\w:+=/]*$/)
})

test('an id that was not reserved is not written, nor a prefix taken that Kalshi refuses', () => {
  const { ids } = stand()
  ids.replenish()
  ids.onDurable(1)
  assert.throws(() => ids.write(ID_BLOCK, Buffer.alloc(64), 0), { code: 'IDS_COUNTER_RESERVED' })
  assert.throws(() => new ClientOrderIds('a b', () => 0), { code: 'IDS_PREFIX_CHARACTERS' })
  assert.throws(() => new ClientOrderIds('a'.repeat(55), () => 0), { code: 'IDS_LENGTH' })
})
