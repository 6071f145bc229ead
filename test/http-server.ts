import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'

/** What a strict HTTP parser made of raw request bytes. */
export interface ParsedRequest {
  readonly line: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** Sends bytes over loopback to node's HTTP server, in its strict mode, and returns each request that it understood. */
export async function parsedByHttp(bytes: Uint8Array): Promise<ParsedRequest[]> {
  const requests: ParsedRequest[] = []
  const server = createServer({ insecureHTTPParser: false }, (request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString('latin1')
    })
    request.on('end', () => {
      requests.push({ line: `${request.method} ${request.url}`, headers: request.headers, body })
      response.end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.end(bytes)
  socket.resume()
  await once(socket, 'close')
  server.close()
  return requests
}
