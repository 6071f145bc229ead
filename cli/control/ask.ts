import { connect } from 'node:net'
import { join } from 'node:path'
import type { Answer } from '@tandem/colo/control/answer.ts'
import type { ControlRequest } from '@tandem/colo/control/control.ts'
import { CONTROL_SOCKET, HALT_SOCKET } from '@tandem/colo/control/runtime-directory.ts'
import { Failure } from '@tandem/shared/failure.ts'
import { runDirectories } from './run-directory.ts'

/** The executor answers within a turn of its loop: one that does not is stuck. */
const ANSWER_MS_MAX = 5_000

/**
 * Asks the executor of the named run, or of the newest that is alive.
 *
 * @throws Failure NOT_RUNNING, CONTROL_SILENT, CONTROL_BROKEN, or what the executor answered
 */
export async function ask<Result>(run: string | undefined, request: ControlRequest): Promise<Result> {
  return (await exchange(run, CONTROL_SOCKET, JSON.stringify(request))) as Result
}

/** Stops new entries, by the socket that does nothing else. @throws as `ask` does */
export async function askHalt(run: string | undefined): Promise<{ halts: string[] }> {
  return (await exchange(run, HALT_SOCKET, 'halt')) as { halts: string[] }
}

async function exchange(run: string | undefined, socket: string, line: string): Promise<unknown> {
  for (const directory of runDirectories(run)) {
    const text = await answerOf(join(directory, socket), line)
    if (text !== undefined) return resultOf(text, directory)
  }
  throw new Failure({
    code: 'NOT_RUNNING',
    what: 'no executor runs',
    ...(run === undefined ? {} : { where: run }),
    todo: 'start one with `npm start`, or say where it is with --run',
  })
}

/** The line that comes back; undefined where nobody listens. */
function answerOf(path: string, line: string): Promise<string | undefined> {
  return new Promise((done, fail) => {
    let text = ''
    const socket = connect(path, () => socket.write(`${line}\n`)).setEncoding('utf8')
    const failed = (what: string): void => {
      socket.destroy()
      fail(
        new Failure({
          code: 'CONTROL_SILENT',
          what,
          where: path,
          todo: 'look at the process; `tandem halt` has a socket of its own',
          retry: true,
        }),
      )
    }
    socket.setTimeout(ANSWER_MS_MAX, () => failed(`no answer within ${ANSWER_MS_MAX} ms`))
    socket.on('data', (chunk) => {
      text += chunk
      if (!text.endsWith('\n')) return
      socket.destroy()
      done(text)
    })
    socket.on('end', () => failed('the executor hung up'))
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR') done(undefined)
      else failed(`it cannot be reached, ${code}`)
    })
  })
}

function resultOf(text: string, where: string): unknown {
  const answer = JSON.parse(text) as Answer
  if ('problem' in answer) throw new Failure({ where, ...answer.problem })
  return answer.result
}
