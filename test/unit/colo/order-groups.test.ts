import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { OrderGroups } from '@tandem/colo/order-groups.ts'
import type { Ns } from '@tandem/shared/units.ts'

function scene(
  create: (shard: number) => Promise<string>,
  onMade?: (ids: readonly string[]) => Promise<void>,
) {
  const told: unknown[] = []
  const groups = new OrderGroups({
    shards: [0, 2],
    create,
    ...(onMade === undefined ? {} : { onMade }),
    use: (shard, id) => void told.push([shard, id]),
    onTriggered: () => void told.push('triggered'),
  })
  const tick = async (seconds: number): Promise<void> => {
    groups.tick((seconds * 1e9) as Ns)
    await setImmediate()
  }
  return { groups, tick, told: () => told.splice(0) }
}

test('no shard is entered before its group is there', async () => {
  const { tick, told } = scene(async (shard) => `og${shard}`)
  assert.deepEqual(told(), [
    [0, undefined],
    [2, undefined],
  ])
  await tick(0)
  assert.deepEqual(told(), [
    [0, 'og0'],
    [2, 'og2'],
  ])
  await tick(10)
  assert.deepEqual(told(), [])
})

test('a group that could not be made is tried again after a pause', async () => {
  let failures = 1
  const { tick, told } = scene(async (shard) => {
    if (shard === 2 && failures-- > 0) throw new Error('no')
    return `og${shard}`
  })
  await tick(0)
  told()
  await tick(1)
  assert.deepEqual(told(), [])
  await tick(2)
  assert.deepEqual(told(), [[2, 'og2']])
})

test('a triggered group stops entries at once and once, and gives way to a new one', async () => {
  let made = 0
  const { groups, tick, told } = scene(async () => `og${made++}`)
  await tick(0)
  told()
  groups.triggered('somebody else’s')
  assert.deepEqual(told(), [])
  groups.triggered('og1')
  // An entry that left before it was told.
  groups.refused(2)
  assert.deepEqual(told(), [[2, undefined], 'triggered'])
  await tick(3)
  assert.deepEqual(told(), [[2, 'og2']])
  groups.triggered('og1')
  assert.deepEqual(told(), [])
  groups.refused(0)
  assert.deepEqual(told(), [[0, undefined], 'triggered'])
})

test('a group is told before it is used, with all that are in use, and made once however often telling fails', async () => {
  let made = 0
  const hearings: { ids: readonly string[]; done: () => void; fail: () => void }[] = []
  const { groups, tick, told } = scene(
    async () => `og${made++}`,
    (ids) =>
      new Promise((done, fail) => void hearings.push({ ids, done, fail: () => fail(new Error('no')) })),
  )
  told()
  await tick(0)
  assert.deepEqual(
    hearings.map(({ ids }) => ids),
    [['og0', 'og1']],
  )
  // Whoever hears is slow: it is not told twice at the same time.
  await tick(10)
  assert.equal(hearings.length, 1)
  hearings[0].fail()
  await setImmediate()
  assert.deepEqual(told(), [])
  await tick(20)
  assert.deepEqual([made, hearings[1].ids], [2, ['og0', 'og1']])
  // The venue stopped one meanwhile.
  groups.triggered('og0')
  hearings[1].done()
  await setImmediate()
  assert.deepEqual(told(), [[0, undefined], 'triggered', [2, 'og1']])
  await tick(30)
  assert.deepEqual(hearings[2].ids, ['og1', 'og2'])
  hearings[2].done()
  await setImmediate()
  assert.deepEqual(told(), [[0, 'og2']])
})
