import assert from 'node:assert/strict'
import type { VenueName } from '@tandem/sandbox/faults.ts'

/** A whole request, as a venue's server reads it: names of headers in lower case. */
export interface HttpRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface HttpReply {
  readonly status: number
  /** A text goes out as it is. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Takes an answer; undefined when the connection breaks instead. */
export type Reply = (answer: HttpReply | undefined) => void

/** The far end of requests. */
export type Receive = (venue: VenueName, request: HttpRequest, reply: Reply) => void

/** Reads one request that was written in one go. A body that is not as long as it says is a fault of ours. */
export function readRequest(bytes: Uint8Array): HttpRequest {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  const headEnd = text.indexOf('\r\n\r\n')
  assert(headEnd > 0, 'a request has a head')
  const [line, ...lines] = text.slice(0, headEnd).split('\r\n')
  const [method, url] = line.split(' ')
  const headers: Record<string, string> = {}
  for (const each of lines) {
    const colon = each.indexOf(':')
    headers[each.slice(0, colon).toLowerCase()] = each.slice(colon + 1).trim()
  }
  const body = text.slice(headEnd + 4)
  assert.equal(body.length, Number(headers['content-length'] ?? 0), 'a body is as long as its head says')
  return { method, url, headers, body }
}

export function writeAnswer({ status, body, headers = {} }: HttpReply): Buffer {
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? {})
  const more = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(
    `HTTP/1.1 ${status} X\r\n${more.join('')}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  )
}
