import type { IncomingMessage } from 'node:http'
import type { Answer } from './errors.ts'
import type { Headers } from './keys.ts'

export interface Request {
  readonly method: string
  /** Without the query: what is signed. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Headers
  readonly body: string
  /** Where it came from. */
  readonly address: string
  /** When its last byte had been read. */
  readonly readNs: number
}

export type Handler = (request: Request) => Answer | Promise<Answer>
/** By `METHOD /path`; a path that ends in a slash stands for all that have one more part. */
export type Routes = Readonly<Record<string, Handler>>

/** Bodies beyond it are dropped: a batch of 15 orders has 15 KB, a thousand order ids 70. */
const BODY_MOST_BYTES = 1_000_000

/** Reads a request to its end; undefined for one that broke off or is too long. */
export async function readRequest(
  incoming: IncomingMessage,
  now: () => number,
): Promise<Request | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of incoming) {
      length += chunk.length
      if (length > BODY_MOST_BYTES) return undefined
      chunks.push(chunk)
    }
  } catch {
    return undefined
  }
  const readNs = now()
  const url = new URL(incoming.url ?? '/', 'https://localhost')
  return {
    method: incoming.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: incoming.headers,
    body: Buffer.concat(chunks).toString('utf8'),
    address: incoming.socket.remoteAddress ?? '',
    readNs,
  }
}

/** The route that takes a request, or undefined. */
export function routeOf(routes: Routes, { method, path }: Request): string | undefined {
  const exact = `${method} ${path}`
  if (exact in routes) return exact
  const prefix = exact.slice(0, exact.lastIndexOf('/') + 1)
  return prefix.endsWith(' /') || !(prefix in routes) ? undefined : prefix
}

/** The last part of a path. */
export function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

export function ok(body: unknown): Answer {
  return { status: 200, body }
}

// Pages: a cursor is the offset in base64, "LTE=" (-1) the end.

const END = 'LTE='

/** One page of documents, as the venue wraps them. */
export function pageOf(documents: readonly object[], query: URLSearchParams, limit: number): Answer {
  const offset = Number(Buffer.from(query.get('next_cursor') ?? '', 'base64').toString('latin1') || '0')
  const start = Number.isInteger(offset) && offset >= 0 ? offset : documents.length
  const data = documents.slice(start, start + limit)
  const reached = start + data.length
  const next_cursor = reached >= documents.length ? END : Buffer.from(String(reached)).toString('base64')
  return ok({ limit, count: data.length, next_cursor, data })
}
