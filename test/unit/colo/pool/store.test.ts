import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OrderStore, SlotState } from '@tandem/colo/pool/store.ts'

const usable = (store: OrderStore) => {
  const slot = store.allocate()
  store.move(slot, SlotState.Signed)
  store.move(slot, SlotState.Usable)
  return slot
}

test('an order goes from request to taken one way only', () => {
  const store = new OrderStore(4, 100)
  const slot = usable(store)
  store.move(slot, SlotState.Taken)
  for (const back of [SlotState.Requested, SlotState.Signed, SlotState.Usable, SlotState.Taken]) {
    assert.throws(() => store.move(slot, back), { code: 'POOL_SLOT_LIFE' })
  }
})

test('an order whose hash is not durable cannot be handed out', () => {
  const store = new OrderStore(4, 100)
  const slot = store.allocate()
  assert.throws(() => store.move(slot, SlotState.Taken), { code: 'POOL_SLOT_LIFE' })
  store.move(slot, SlotState.Signed)
  assert.throws(() => store.move(slot, SlotState.Taken), { code: 'POOL_SLOT_LIFE' })
})

test('a freed slot forgets its order: nothing of the signature stays in memory', () => {
  const store = new OrderStore(4, 100)
  const slot = usable(store)
  const start = store.bodyStart(slot)
  store.bodies.fill(0x7b, start, start + 60)
  store.bodyLength[slot] = 60
  store.free(slot)
  assert.ok(store.bodies.every((byte) => byte === 0))
  assert.throws(() => store.free(slot), { code: 'POOL_SLOT_LIFE' })
})

test('every slot is given out once, and again only after it was freed, as another generation', () => {
  const store = new OrderStore(4, 100)
  const slots = [store.allocate(), store.allocate(), store.allocate(), store.allocate()]
  assert.deepEqual(slots, [0, 1, 2, 3])
  assert.equal(store.allocate(), -1)
  const before = store.generation[2]
  store.free(2)
  assert.equal(store.allocate(), 2)
  assert.notEqual(store.generation[2], before)
})
