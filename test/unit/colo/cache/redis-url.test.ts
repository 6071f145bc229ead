import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRedisUrl } from '@tandem/colo/cache/redis-url.ts'
import { Failure } from '@tandem/shared/failure.ts'

const read = (url: string) => readRedisUrl(url, 'hush', '--redis')

test('one line names a server, a master behind sentinels, or a cluster', () => {
  const single = {
    kind: 'single',
    nodes: [{ host: '10.0.0.1', port: 7_000 }],
    master: '',
    username: undefined,
  }
  assert.deepEqual(read('redis://10.0.0.1:7000'), { ...single, password: 'hush', tls: false })
  assert.equal(read('rediss://cache.example').tls, true)
  assert.deepEqual(read('rediss://cache.example/').nodes, [{ host: 'cache.example', port: 6_379 }])
  assert.deepEqual(read('redis://[::1]:7000').nodes, [{ host: '::1', port: 7_000 }])
  const { kind, nodes, master } = read('redis+sentinel://a,b:26380/prices')
  assert.deepEqual([kind, master], ['sentinel', 'prices'])
  assert.deepEqual(nodes, [
    { host: 'a', port: 26_379 },
    { host: 'b', port: 26_380 },
  ])
  assert.deepEqual(
    [read('redis+cluster://a:1,b:2').kind, read('redis+cluster://a:1,b:2').nodes.length],
    ['cluster', 2],
  )
})

test('what names none is refused, and never repeated: it may hold a password', () => {
  for (const url of [
    '',
    'http://a:1',
    'redis://',
    'redis://a:0',
    'redis://a:65536',
    'redis://a,b',
    'redis://user:s3cret@a:1',
    'redis+sentinel://a',
    'redis+cluster://a/s3cret',
    'redis://a b',
  ])
    assert.throws(
      () => read(url),
      (error) =>
        error instanceof Failure && error.code === 'REDIS_URL_BAD' && !error.message.includes('s3cret'),
      url,
    )
})
