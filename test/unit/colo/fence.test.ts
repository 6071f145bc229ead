import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deleteApiKeyOf, type Fence, pullFence, readFence } from '@tandem/colo/fence.ts'
import type { Asker } from '@tandem/colo/venue/rest.ts'
import type { Failure } from '@tandem/shared/failure.ts'

const FENCE: Fence = { runId: 'tandem-1-', apiKeyNonce: 1_790_000_000, orderGroups: ['og_1', 'og-2'] }
const KEY = { apiKey: 'the-key', secret: Buffer.alloc(32, 7).toString('base64url'), passphrase: 'the-phrase' }
const ATTESTED = { POLY_ADDRESS: '0xaa', POLY_SIGNATURE: '0xbb', POLY_TIMESTAMP: '1', POLY_NONCE: '2' }

test('a fence is read as it was written, and nothing else is one', () => {
  assert.deepEqual(readFence(JSON.stringify(FENCE)), FENCE)
  for (const text of [
    '',
    '{',
    'null',
    JSON.stringify({ ...FENCE, runId: '' }),
    JSON.stringify({ ...FENCE, apiKeyNonce: -1 }),
    JSON.stringify({ ...FENCE, orderGroups: ['a/../b'] }),
    JSON.stringify({ ...FENCE, orderGroups: undefined }),
    JSON.stringify({ ...FENCE, more: 1 }),
  ])
    assert.throws(() => readFence(text), { code: 'FENCE_BAD' }, text)
})

test('what fails keeps nothing else from being stopped, and is to be tried again', async () => {
  const done: unknown[] = []
  const venues = {
    triggerOrderGroup: async (id: string) => {
      if (id === 'og_1') throw new Error('no answer')
      done.push(id)
    },
    deleteApiKey: async (nonce: number) => void done.push(nonce),
  }
  await assert.rejects(pullFence(FENCE, venues), ({ code, retry, message }: Failure) => {
    assert.deepEqual([code, retry], ['FENCE_NOT_PULLED', true])
    assert.match(message, /no answer/)
    return true
  })
  assert.deepEqual(done, [1_790_000_000, 'og-2'])
  await pullFence({ ...FENCE, orderGroups: ['og-2'] }, venues)
})

/** Answers questions in turn. */
function asker(...answers: [status: number, body: object][]) {
  const asked: string[] = []
  const one: Asker = {
    async request({ method, path }) {
      asked.push(`${method} ${path}`)
      const [statusCode, body] = answers.shift()!
      return { statusCode, body: { text: async () => JSON.stringify(body) } }
    },
  }
  return { one, asked }
}

const pull = (one: Asker) =>
  deleteApiKeyOf(
    2,
    one,
    async () => ATTESTED,
    () => 1_790_000_000_000,
  )

test('a key is deleted once it was told again, and one that there is not needs nothing', async () => {
  const there = asker([200, KEY], [200, {}])
  await pull(there.one)
  assert.deepEqual(there.asked, ['GET /auth/derive-api-key', 'DELETE /auth/api-key'])
  const gone = asker([400, { error: 'Could not derive api key!' }])
  await pull(gone.one)
  assert.equal(gone.asked.length, 1)
})

test('a key is not taken for gone where the venue says something else', async () => {
  for (const answers of [
    [[401, { error: 'Invalid L1 Request headers' }]],
    [[400, { error: 'Could not create api key' }]],
    [[200, { ...KEY, secret: '' }]],
    // Told again, and not known where it is used: a new one is so for a while.
    [
      [200, KEY],
      [401, { error: 'Unauthorized/Invalid api key' }],
    ],
  ] as [number, object][][])
    await assert.rejects(pull(asker(...answers).one), ({ code, message }: Failure) => {
      assert.match(code, /^REST_/)
      assert.doesNotMatch(message, new RegExp(`${KEY.secret}|${KEY.passphrase}|0xbb`))
      return true
    })
})
