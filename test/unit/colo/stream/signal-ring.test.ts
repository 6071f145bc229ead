import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newSignalMemory, SignalReader, SignalWriter } from '@tandem/colo/stream/signal-ring.ts'

const ROOM = 4_096

test('signals come in order, stay until they are released, and are dropped and counted without room', () => {
  const memory = newSignalMemory()
  const [writer, reader] = [new SignalWriter(memory), new SignalReader(memory)]
  assert.deepEqual(reader.look(10), [])
  // Twice around.
  for (let i = 0; i < 2 * ROOM; i++) {
    writer.write(i, 1, 2, -i, i + 0.5)
    const [signal] = reader.look(10)
    assert.deepEqual(signal, { bundle: i, direction: 1, change: 2, grossMicroUsd: -i, atNs: i + 0.5 })
    reader.release(1)
  }
  for (let i = 0; i < ROOM + 3; i++) writer.write(i, 0, 1, 0, 0)
  assert.equal(reader.dropped, 3)
  assert.deepEqual(
    reader.look(3).map(({ bundle }) => bundle),
    [0, 1, 2],
  )
  assert.equal(reader.look(2 * ROOM).length, ROOM)
})
