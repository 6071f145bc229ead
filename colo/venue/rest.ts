import { Failure } from '@tandem/shared/failure.ts'
import { fieldsOf } from './answer.ts'

// Questions to a venue, off the path. Main brings the client, with its authorities; nothing here sends an order.

/** The venues' slowest lists take a second. */
const ANSWER_MS_MAX = 5_000
/** A list that goes on for longer is not read to its end: something is wrong with the question. */
export const PAGES_MAX = 50

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** Whoever carries questions to one venue: undici's clients do. */
export interface Asker {
  request(options: {
    method: Method
    path: string
    query: Record<string, string | string[]>
    headers: Record<string, string>
    body: string | null
    headersTimeout: number
    bodyTimeout: number
  }): Promise<{ readonly statusCode: number; readonly body: { text(): Promise<string> } }>
}

export interface Question {
  readonly method: Method
  readonly path: string
  /** Several values of a name repeat it. */
  readonly query?: Readonly<Record<string, string | string[]>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Why an answer is no success, by the venue's own errors: what a person reads, and whether to ask again. */
export type Explain = (status: number, body: string) => { readonly sentence: string; readonly retry: boolean }

/**
 * Asks once.
 *
 * @throws Failure REST_UNREACHABLE when nothing was answered, REST_REFUSED when it was no success. Neither holds
 *   anything of the question but its path.
 */
export async function ask(dispatcher: Asker, question: Question, explain: Explain): Promise<string> {
  return (await askIfThere(dispatcher, question, explain, () => false)) as string
}

/**
 * Asks once about what may be gone.
 *
 * @param isGone whether an answer says so
 * @returns undefined where it does
 * @throws Failure as `ask`
 */
export async function askIfThere(
  dispatcher: Asker,
  question: Question,
  explain: Explain,
  isGone: (status: number, body: string) => boolean,
): Promise<string | undefined> {
  const { method, path, query, headers, body } = question
  let status: number
  let text: string
  try {
    const answer = await dispatcher.request({
      method,
      path,
      query: query ?? {},
      headers: {
        accept: 'application/json',
        'user-agent': 'tandem',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body ?? null,
      headersTimeout: ANSWER_MS_MAX,
      bodyTimeout: ANSWER_MS_MAX,
    })
    status = answer.statusCode
    text = await answer.body.text()
  } catch (error) {
    // Its code alone: an error of the client may carry the request's headers.
    const code = (error as NodeJS.ErrnoException).code ?? 'no code'
    throw new Failure({
      code: 'REST_UNREACHABLE',
      what: `no answer (${code})`,
      where: `${method} ${path}`,
      todo: 'look at the network, the host in the configuration and its certificate',
      retry: true,
    })
  }
  if (status >= 200 && status < 300) return text
  if (isGone(status, text)) return undefined
  const { sentence, retry } = explain(status, text)
  throw new Failure({
    code: 'REST_REFUSED',
    what: `${sentence} (HTTP ${status})`,
    where: `${method} ${path}`,
    todo: retry ? 'ask again later' : 'look at the keys and the markets in the configuration',
    retry,
  })
}

/** The rows under one key of an answer, those that are objects. */
export function rowsOf(body: string, key: string): Record<string, unknown>[] {
  const rows = fieldsOf(body)[key]
  if (!Array.isArray(rows)) return []
  return rows.filter((row) => typeof row === 'object' && row !== null)
}

/** An answer that has not what it must have. */
export function unreadableAnswer(path: string, what: string): Failure {
  return new Failure({
    code: 'REST_UNREADABLE',
    what,
    where: path,
    todo: 'compare the answer with the fact sheet of the venue: its interface may have changed',
  })
}
