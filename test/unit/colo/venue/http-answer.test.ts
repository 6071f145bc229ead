import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AnswerState, HttpAnswer } from '@tandem/colo/venue/http-answer.ts'
import fc from 'fast-check'

const { Reading, Done, Broken } = AnswerState

const LF = (text: string): string => text.replaceAll('\n', '\r\n')

function read(text: string): HttpAnswer {
  const answer = new HttpAnswer()
  answer.feed(Buffer.from(text, 'latin1'))
  return answer
}

const WHOLE: [name: string, text: string, status: number, body: string, keepAlive: boolean][] = [
  ['a counted body', 'HTTP/1.1 200 OK\nContent-Length: 5\n\nhello', 200, 'hello', true],
  ['no reason phrase', 'HTTP/1.1 201 \ncontent-length:2\n\n{}', 201, '{}', true],
  ['an empty body', 'HTTP/1.1 400 Bad Request\nContent-Length: 0\n\n', 400, '', true],
  ['no content', 'HTTP/1.1 204 No Content\n\n', 204, '', true],
  ['chunks', 'HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n3\nhel\n2;x="y"\nlo\n0\n\n', 200, 'hello', true],
  ['trailers', 'HTTP/1.1 200 OK\nTransfer-Encoding: Chunked\n\n1\na\n0\nX-Y: z\n\n', 200, 'a', true],
  ['a closing venue', 'HTTP/1.1 200 OK\nConnection: Close\nContent-Length: 1\n\na', 200, 'a', false],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\nContent-Length: 1\n\na', 200, 'a', false],
  ['HTTP/1.0 that stays', 'HTTP/1.0 200 OK\nConnection: keep-alive\nContent-Length: 1\n\na', 200, 'a', true],
  [
    'interim answers before it',
    'HTTP/1.1 100 Continue\n\nHTTP/1.1 103 Early Hints\nLink: x\n\nHTTP/1.1 200 OK\nContent-Length: 1\n\na',
    200,
    'a',
    true,
  ],
]

for (const [name, text, status, body, keepAlive] of WHOLE) {
  test(`reads an answer with ${name}`, () => {
    const answer = read(LF(text))
    assert.deepEqual(
      [answer.state, answer.status, answer.body, answer.keepAlive],
      [Done, status, body, keepAlive],
    )
  })
}

test('reads the same however the bytes are split', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...WHOLE),
      fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 200 }),
      ([, text, status, body, keepAlive], sizes) => {
        const bytes = Buffer.from(LF(text), 'latin1')
        const answer = new HttpAnswer()
        let at = 0
        for (let i = 0; at < bytes.length; i++) {
          assert.equal(answer.state, Reading)
          const end = Math.min(bytes.length, at + sizes[i % sizes.length])
          answer.feed(bytes.subarray(at, end))
          at = end
        }
        assert.deepEqual(
          [answer.state, answer.status, answer.body, answer.keepAlive],
          [Done, status, body, keepAlive],
        )
      },
    ),
    { seed: 7, numRuns: 500 },
  )
})

test('reads bodies longer than its first buffers, and the next answer after a reset', () => {
  const body = 'x'.repeat(100_000)
  const answer = read(LF(`HTTP/1.1 200 OK\nContent-Length: ${body.length}\n\n${body}`))
  assert.deepEqual([answer.state, answer.body.length], [Done, body.length])
  answer.reset()
  answer.feed(Buffer.from(LF('HTTP/1.1 404 Not Found\nContent-Length: 2\n\nno')))
  assert.deepEqual([answer.state, answer.status, answer.body], [Done, 404, 'no'])
})

test('ends an answer without a length where the venue closes, and then keeps no connection', () => {
  const answer = read(LF('HTTP/1.1 200 OK\n\nhel'))
  answer.feed(Buffer.from('lo'))
  assert.equal(answer.state, Reading)
  assert.deepEqual([answer.end(), answer.body, answer.keepAlive], [Done, 'hello', false])
})

test('takes a counted or chunked answer that is cut off for none', () => {
  for (const text of [
    '',
    'HTTP/1.1 200 OK\nContent-Le',
    'HTTP/1.1 200 OK\nContent-Length: 9\n\nhello',
    'HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\nhello\n',
  ]) {
    const answer = read(LF(text))
    assert.deepEqual([answer.state, answer.end()], [Reading, Broken], text)
  }
})

test('breaks on what two readers could read differently', () => {
  for (const head of [
    'HTTP/2 200 OK\nContent-Length: 0',
    'HTTP/1.1 20 OK\nContent-Length: 0',
    'HTTP/1.1 101 Switching Protocols\nUpgrade: x',
    'HTTP/1.1 200 OK\nContent-Length: 1\nContent-Length: 2',
    'HTTP/1.1 200 OK\nContent-Length: +1',
    'HTTP/1.1 200 OK\nContent-Length: 0x1',
    'HTTP/1.1 200 OK\nContent-Length: 999999999',
    'HTTP/1.1 200 OK\nContent-Length: 1\nTransfer-Encoding: chunked',
    'HTTP/1.1 200 OK\nTransfer-Encoding: gzip, chunked',
    'HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: 1',
    'HTTP/1.1 200 OK\nContent-Length: 1\n folded',
    'HTTP/1.1 200 OK\nContent-Length : 1',
  ]) {
    assert.equal(read(`${LF(head)}\r\n\r\n`).state, Broken, head)
  }
  for (const chunks of ['g\n', '-1\n', '5\nhelloX\n', '1000000\n', `${'0'.repeat(300)}`]) {
    assert.equal(read(LF(`HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n${chunks}`)).state, Broken, chunks)
  }
})

test('breaks on bytes that nobody asked for', () => {
  const together = LF('HTTP/1.1 200 OK\nContent-Length: 1\n\nab')
  assert.equal(read(together).state, Broken)
  const apart = read(together.slice(0, -1))
  assert.equal(apart.state, Done)
  assert.equal(apart.feed(Buffer.from('b')), Broken)
})

test('breaks on a head or a body without end', () => {
  assert.equal(read(`HTTP/1.1 200 OK\r\nX: ${'y'.repeat(20_000)}`).state, Broken)
  const answer = read(LF('HTTP/1.1 200 OK\n\n'))
  for (let i = 0; i < 10; i++) answer.feed(Buffer.alloc(60_000))
  assert.equal(answer.state, Broken)
})

test('knows when it was stamped, each answer anew', () => {
  const answer = read(LF('HTTP/1.1 204 X\nDate: Wed, 21 Oct 2026 07:28:00 GMT\n\n'))
  assert.equal(answer.dateMs, Date.UTC(2026, 9, 21, 7, 28))
  answer.reset()
  answer.feed(Buffer.from(LF('HTTP/1.1 204 X\nDate: soon\n\n')))
  assert.ok(Number.isNaN(answer.dateMs))
})

test('knows how long the venue asks to wait, where it says so in seconds', () => {
  const wait = (value: string) => read(LF(`HTTP/1.1 503 X\nRetry-After: ${value}\nContent-Length: 0\n\n`))
  assert.equal(wait('120').retryAfterS, 120)
  assert.equal(wait('Wed, 21 Oct 2026 07:28:00 GMT').retryAfterS, 0)
})
