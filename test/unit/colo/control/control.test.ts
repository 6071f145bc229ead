import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, test } from 'node:test'
import { Control, type Operated } from '@tandem/colo/control/control.ts'
import { CONNECTIONS_MAX, LINE_CHARACTERS_MAX } from '@tandem/colo/control/line-server.ts'
import { CONTROL_SOCKET, HALT_SOCKET, openRuntimeDirectory } from '@tandem/colo/control/runtime-directory.ts'
import { Failure } from '@tandem/shared/failure.ts'

// Real Unix sockets, and somebody behind them who writes down what was asked of him.

let folder: string
let control: Control
let asked: string[]
const sockets: Socket[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-control-'))
  asked = []
  const operated: Operated = {
    status: () => ({ long: 'x'.repeat(1_000_000), asked: asked.push('status') }),
    positions: () => asked.push('positions'),
    orders() {
      throw new TypeError('not foreseen')
    },
    halt: () => asked.push('halt'),
    resume: () => asked.push('resume'),
    unwind({ pair }) {
      throw new Failure({ code: 'UNWIND_PAIR', what: 'there is no such pair', where: pair, todo: 'look' })
    },
  }
  control = await Control.open({
    directory: join(folder, 'run'),
    newServer: (serve) => createServer(serve),
    operated,
  })
})

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await control.close()
  rmSync(folder, { recursive: true, force: true })
})

function open(name: string): Socket {
  const socket = connect(join(folder, 'run', name))
  socket.on('error', () => {})
  sockets.push(socket)
  return socket
}

/** What is answered to a text, line by line, until the other side hangs up or as many have come. */
async function answers(name: string, text: string, count: number): Promise<unknown[]> {
  const socket = open(name)
  socket.write(text)
  const lines: unknown[] = []
  for await (const line of createInterface({ input: socket })) {
    lines.push(JSON.parse(line))
    if (lines.length === count) break
  }
  return lines
}

const say = async (text: string) => (await answers(CONTROL_SOCKET, text, 1))[0] as { problem?: Failure }

test('a request a line is answered in order, and halts have a socket of their own', async () => {
  const [first, second] = await answers(CONTROL_SOCKET, '{"command":"positions"}\n{"command":"resume"}\n', 2)
  assert.deepEqual([first, second], [{ result: 1 }, { result: 2 }])
  assert.deepEqual(await answers(HALT_SOCKET, 'halt\n', 1), [{ result: 3 }])
  assert.deepEqual(asked, ['positions', 'resume', 'halt'])
})

test('a halt needs no end of its line, and may come in parts', async () => {
  const socket = open(HALT_SOCKET)
  socket.setNoDelay()
  socket.write('{"command":"ha')
  await new Promise((done) => setTimeout(done, 20))
  socket.write('lt"}')
  await new Promise((done) => socket.once('data', done))
  assert.deepEqual(asked, ['halt'])
})

test('the halt socket does nothing else, and the other one does not halt', async () => {
  const [answer] = (await answers(HALT_SOCKET, '{"command":"resume"}\n', 1)) as { problem: Failure }[]
  assert.equal(answer?.problem.code, 'CONTROL_ONLY_HALT')
  assert.equal((await say('{"command":"halt"}\n')).problem?.code, 'CONTROL_REQUEST_BAD')
  assert.deepEqual(asked, [])
})

test('what is no request is answered with its problem, and nothing happens', async () => {
  for (const bad of [
    'status',
    '[]',
    'null',
    '{"command":"stop"}',
    '{"command":"resume","now":true}',
    '{"command":"constructor"}',
    '{"command":"unwind","pair":"a","send":true}',
    '{"command":"unwind","pair":"a","send":true,"max_loss_micro_usd":-1}',
    '{"command":"unwind","pair":"a","send":true,"max_loss_micro_usd":0,"lots":0.5}',
    '',
  ]) {
    const { problem } = await say(`${bad}\n`)
    assert.equal(problem?.code, 'CONTROL_REQUEST_BAD', bad)
  }
  assert.deepEqual(asked, [])
})

test('a refusal keeps its code, and what was not foreseen is an answer too', async () => {
  const { problem } = await say('{"command":"unwind","pair":"a","send":true,"max_loss_micro_usd":0}\n')
  assert.deepEqual([problem?.code, problem?.where, problem?.todo], ['UNWIND_PAIR', 'a', 'look'])
  assert.equal((await say('{"command":"orders"}\n')).problem?.code, 'CONTROL_FAILED')
})

test('a line without an end is given up', async () => {
  const told = await answers(CONTROL_SOCKET, 'x'.repeat(LINE_CHARACTERS_MAX + 1), 2)
  assert.equal(told.length, 1)
  assert.equal((told[0] as { problem: Failure }).problem.code, 'CONTROL_LINE_LONG')
})

test('who does not read his answers is not asked for more requests', async () => {
  const socket = open(CONTROL_SOCKET)
  socket.pause()
  socket.write('{"command":"status"}\n'.repeat(200))
  await new Promise((done) => setTimeout(done, 100))
  // One answer of a megabyte fills the socket.
  assert.ok(asked.length < 5, String(asked.length))
  assert.deepEqual(await answers(HALT_SOCKET, 'halt', 1), [{ result: asked.length }])
})

test('those who hang keep nobody out', async () => {
  for (let count = 0; count < CONNECTIONS_MAX + 5; count++) {
    open(CONTROL_SOCKET)
    open(HALT_SOCKET)
  }
  assert.deepEqual(await say('{"command":"positions"}\n'), { result: 1 })
  assert.deepEqual(await answers(HALT_SOCKET, 'halt', 1), [{ result: 2 }])
})

test('directory and sockets are ours alone, and gone at the end', async () => {
  const directory = join(folder, 'run')
  assert.equal(statSync(directory).mode & 0o777, 0o700)
  for (const name of [CONTROL_SOCKET, HALT_SOCKET])
    assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600)
  await control.close()
  assert.equal(existsSync(directory), false)
})

test('a directory that others can enter, a link, a file or too long a path is refused', () => {
  const openToAll = join(folder, 'open')
  mkdirSync(openToAll)
  chmodSync(openToAll, 0o755)
  const linked = join(folder, 'linked')
  symlinkSync(join(folder, 'run'), linked)
  for (const path of [openToAll, linked])
    assert.throws(() => openRuntimeDirectory(path), { code: 'RUN_DIRECTORY_OPEN' })
  assert.throws(() => openRuntimeDirectory(join(openToAll, 'x'.repeat(100))), { code: 'RUN_DIRECTORY_LONG' })
  assert.throws(() => openRuntimeDirectory('/dev/null/run'), { code: 'RUN_DIRECTORY_UNMADE' })
})

test('a second executor does not take the first one’s directory', async () => {
  const second = Control.open({
    directory: join(folder, 'run'),
    newServer: (serve) => createServer(serve),
    operated: {} as Operated,
  })
  await assert.rejects(second, { code: 'CONTROL_SOCKET' })
  assert.deepEqual(await say('{"command":"positions"}\n'), { result: 1 })
})
