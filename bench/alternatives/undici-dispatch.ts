import { Client } from 'undici'

// Orders by undici's lowest call, `dispatch`, which builds the head of each request from its parts. One connection, one
// request at a time, as our own.

export class DispatchSender {
  readonly #client: Client
  readonly #answered: (status: number, body: string) => void

  constructor(url: string, ca: string, answered: (status: number, body: string) => void) {
    this.#client = new Client(url, { connect: { ca }, pipelining: 1, keepAliveTimeout: 60_000 })
    this.#answered = answered
  }

  send(path: string, headers: string[], body: Buffer): void {
    let status = 0
    let text = ''
    const handler = {
      onRequestStart() {},
      onResponseStart(_controller: unknown, statusCode: number) {
        status = statusCode
      },
      onResponseData(_controller: unknown, chunk: Buffer) {
        text += chunk.toString()
      },
      onResponseEnd: () => this.#answered(status, text),
      onResponseError(_controller: unknown, error: Error) {
        throw error
      },
    }
    this.#client.dispatch({ method: 'POST', path, headers, body }, handler)
  }

  close(): Promise<void> {
    return this.#client.close()
  }
}
