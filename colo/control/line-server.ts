import { chmodSync } from 'node:fs'
import type { Server, Socket } from 'node:net'
import { Failure } from '@tandem/shared/failure.ts'
import { type Answer, problemOf } from './answer.ts'

// Lines over a Unix socket: one request a line, one answer a line, in order.
//
// Nothing here grows: a line has a most; while an answer has not been taken, nothing more is read of that connection;
// and of too many connections the oldest is dropped, so that those who hang keep nobody out.

/** A request is a few words. */
export const LINE_CHARACTERS_MAX = 4_096
export const CONNECTIONS_MAX = 16

/** Makes a server that is not listening yet: main brings it. */
export type NewServer = (serve: (socket: Socket) => void) => Server

export interface LineService {
  /** The whole of a line, without its end. Must not throw. */
  answer(line: string): Answer
  /** Sees what has come before anything else is done with it. @returns the last answer of the connection, if that says it all */
  glance?(text: string): Answer | undefined
}

export interface LineServer {
  /** Ends every connection, and removes the socket. */
  close(): Promise<void>
}

/** Listens at `path`, for this user only. @throws Failure CONTROL_SOCKET */
export async function serveLines(
  path: string,
  service: LineService,
  newServer: NewServer,
): Promise<LineServer> {
  const connections = new Set<Socket>()
  const server = newServer((socket) => {
    const [oldest] = connections
    if (connections.size >= CONNECTIONS_MAX) {
      connections.delete(oldest)
      oldest.destroy()
    }
    connections.add(socket)
    socket.on('close', () => connections.delete(socket))
    // A reader that goes away is its own business.
    socket.on('error', () => {})
    converse(socket, service)
  })
  const listening = new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(path, done)
  })
  await listening.catch((cause) => {
    throw notListening(path, cause)
  })
  chmodSync(path, 0o600)
  return {
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        for (const socket of connections) socket.destroy()
      }),
  }
}

function converse(socket: Socket, { answer, glance }: LineService): void {
  let text = ''
  let isBlocked = false
  const say = (told: Answer): void => {
    isBlocked = !socket.write(`${JSON.stringify(told)}\n`)
    if (isBlocked) socket.pause()
  }
  const end = (told: Answer): void => {
    socket.removeAllListeners('data')
    socket.removeAllListeners('drain')
    socket.end(`${JSON.stringify(told)}\n`, () => socket.destroy())
  }
  const goOn = (): void => {
    for (let at = text.indexOf('\n'); at !== -1 && at <= LINE_CHARACTERS_MAX; at = text.indexOf('\n')) {
      if (isBlocked) return
      const line = text.slice(0, at)
      text = text.slice(at + 1)
      say(answer(line))
    }
    if (text.length > LINE_CHARACTERS_MAX) end(TOO_LONG)
  }
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    text += chunk
    const atOnce = glance?.(text)
    if (atOnce === undefined) goOn()
    else end(atOnce)
  })
  socket.on('drain', () => {
    isBlocked = false
    socket.resume()
    goOn()
  })
}

const TOO_LONG = problemOf(
  new Failure({
    code: 'CONTROL_LINE_LONG',
    what: `a line has at most ${LINE_CHARACTERS_MAX} characters`,
    todo: 'send one request a line',
  }),
)

function notListening(path: string, cause: NodeJS.ErrnoException): Failure {
  const isTaken = cause.code === 'EADDRINUSE'
  return new Failure({
    code: 'CONTROL_SOCKET',
    what: isTaken
      ? 'an executor listens there, or one that was killed has left its socket'
      : `nobody can listen there, ${cause.code}`,
    where: path,
    todo: 'give another directory with --run, or remove this one if nothing runs in it',
    cause,
  })
}
