import { join } from 'node:path'
import { Failure } from '@tandem/shared/failure.ts'
import { checked } from '@tandem/shared/schema.ts'
import { z } from 'zod'
import { type Answer, problemOf } from './answer.ts'
import { type LineServer, type NewServer, serveLines } from './line-server.ts'
import {
  CONTROL_SOCKET,
  clearRuntimeDirectory,
  HALT_SOCKET,
  openRuntimeDirectory,
} from './runtime-directory.ts'

// The executor's end of `tandem status|positions|orders|halt|resume|unwind`: two sockets in the run's directory.
//
//   control.sock   {"command":"status"}, ..., {"command":"unwind","pair":"...","max_loss_micro_usd":0,"send":false}
//   halt.sock      whatever says `halt`

const Request = z.discriminatedUnion('command', [
  z.strictObject({ command: z.literal('status') }),
  z.strictObject({ command: z.literal('positions') }),
  z.strictObject({ command: z.literal('orders') }),
  z.strictObject({
    command: z.literal('resume'),
    /** What breakers did is taken back as well. */
    tripped: z.boolean().default(false),
  }),
  z.strictObject({
    command: z.literal('unwind'),
    pair: z.string(),
    venue: z.enum(['polymarket', 'kalshi']).optional(),
    lots: z.int().positive().optional(),
    max_loss_micro_usd: z.int().nonnegative(),
    /** Without it nothing is sent: only told what would be. */
    send: z.boolean(),
  }),
])
type Request = z.output<typeof Request>
export type ResumeRequest = Extract<Request, { command: 'resume' }>
export type UnwindRequest = Extract<Request, { command: 'unwind' }>
export type ControlRequest = Request

/** Who is asked: each answers at once, with plain data, or throws a Failure. */
export interface Operated {
  status(): unknown
  positions(): unknown
  orders(): unknown
  halt(): unknown
  resume(request: ResumeRequest): unknown
  unwind(request: UnwindRequest): unknown
}

export interface ControlOptions {
  readonly directory: string
  readonly newServer: NewServer
  readonly operated: Operated
}

export class Control {
  readonly #directory: string
  readonly #servers: readonly LineServer[]

  private constructor(directory: string, servers: readonly LineServer[]) {
    this.#directory = directory
    this.#servers = servers
  }

  /** @throws Failure RUN_DIRECTORY_*, CONTROL_SOCKET */
  static async open({ directory, newServer, operated }: ControlOptions): Promise<Control> {
    openRuntimeDirectory(directory)
    const serve = (name: string, service: Parameters<typeof serveLines>[1]) =>
      serveLines(join(directory, name), service, newServer)
    const control = await serve(CONTROL_SOCKET, {
      answer: (line) => answerOf(() => asked(line, operated)),
    })
    const halt = await serve(HALT_SOCKET, {
      // Anywhere in what was said, and before its line has ended: a halt in doubt is a halt.
      glance: (text) => (text.includes('halt') ? answerOf(() => operated.halt()) : undefined),
      answer: () => ONLY_HALT,
    })
    return new Control(directory, [control, halt])
  }

  /** Closes both sockets and removes the directory. */
  async close(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.close()))
    clearRuntimeDirectory(this.#directory)
  }
}

const ONLY_HALT = problemOf(
  new Failure({ code: 'CONTROL_ONLY_HALT', what: 'this socket takes `halt` alone', todo: 'say halt' }),
)

function asked(line: string, operated: Operated): unknown {
  const request = checked(Request, parsed(line), { code: 'CONTROL_REQUEST_BAD', where: 'request' })
  if (request.command === 'unwind') return operated.unwind(request)
  return request.command === 'resume' ? operated.resume(request) : operated[request.command]()
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (cause) {
    throw new Failure({
      code: 'CONTROL_REQUEST_BAD',
      what: 'a request is one line of JSON',
      todo: 'use the commands of `tandem`',
      cause,
    })
  }
}

/** Nothing that an operator asks may end the process: what was not foreseen is an answer as well. */
function answerOf(result: () => unknown): Answer {
  try {
    return { result: result() }
  } catch (error) {
    return problemOf(
      error instanceof Failure
        ? error
        : new Failure({
            code: 'CONTROL_FAILED',
            what: `unexpected ${error}`,
            todo: 'report it; what was asked for may have been done in part: look at `tandem status`',
            cause: error,
          }),
    )
  }
}
