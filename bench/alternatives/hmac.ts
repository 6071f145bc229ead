import { createHmac } from 'node:crypto'

// The seal of a request by node's Hmac object: an object and a Buffer per request, for the same bytes.

export function nodeHmac(key: Buffer): (timestampS: number, request: Buffer, body: Buffer) => string {
  return (timestampS, request, body) =>
    createHmac('sha256', key).update(String(timestampS)).update(request).update(body).digest('base64url')
}
