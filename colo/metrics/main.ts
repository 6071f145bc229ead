// The metrics thread: GET /metrics for Prometheus and GET /health for a supervisor, on loopback. It reads shared memory
// and nothing else, so a scrape costs the thread that trades nothing.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import { CounterCells } from '@tandem/shared/counters.ts'
import { Pulse, STALL_MS } from './health.ts'
import type { MetricsOrder, MetricsWord } from './metrics.ts'
import { registryOf } from './registry.ts'

/** A scraper, a supervisor, a person or two. */
const CONNECTIONS_MAX = 16
/** A loop that stands still is known to within a fifth. */
const LOOK_MS = STALL_MS / 5

const { memory, port } = workerData as MetricsOrder
const cells = new CounterCells(memory)
const registry = registryOf(cells)
const pulse = new Pulse(cells)

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type }).end(body)
}

async function answerMetrics(response: ServerResponse): Promise<void> {
  answer(response, 200, registry.contentType, await registry.metrics())
}

function answerHealth(response: ServerResponse): void {
  const health = pulse.health(performance.now())
  // A halted executor is well: whoever restarts what is unwell must leave it alone.
  const well = health.status === 'ok' || health.status === 'halted'
  answer(response, well ? 200 : 503, 'application/json', `${JSON.stringify(health)}\n`)
}

function tell(word: MetricsWord): void {
  parentPort?.postMessage(word)
}

const server = createServer(({ method, url }, response) => {
  if (method !== 'GET') answer(response, 405, 'text/plain', 'only GET\n')
  else if (url === '/metrics') void answerMetrics(response)
  else if (url === '/health') answerHealth(response)
  else answer(response, 404, 'text/plain', 'here are /metrics and /health\n')
})
server.maxConnections = CONNECTIONS_MAX
server.on('error', (error: NodeJS.ErrnoException) => tell({ failed: error.code ?? error.message }))
server.listen(port, '127.0.0.1', () => tell({ port: (server.address() as AddressInfo).port }))
setInterval(() => pulse.look(performance.now()), LOOK_MS)
