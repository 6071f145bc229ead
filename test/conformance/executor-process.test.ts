import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import type { LiveOrder, LiveSaying } from '@tandem/cli/live/order.ts'
import { type Certificate, makeCertificate } from '@tandem/sandbox/certificate.ts'

// The executor's process against a venue that is not to be trusted, or that says what time it is.

const root = resolve(import.meta.dirname, '../..')
const DAY_MS = 86_400_000
const RUN_MS = 3_000
/** In three seconds 12 connections for orders and 4 sockets back off to a handful of attempts each. A storm makes thousands. */
const ATTEMPTS_MAX = 16 * 10
const SECRET = Buffer.alloc(32, 7).toString('base64url')

interface Venue {
  server: Server
  port: number
  attempts: number
}

/** Answers every request, upgrades too, with 404; `aheadMs` is how far its clock is ahead of ours. */
async function openVenue({ key, cert }: Certificate, address: string, aheadMs = 0): Promise<Venue> {
  const server = createServer({ key, cert }, (_request, response) => {
    response.setHeader('date', new Date(Date.now() + aheadMs).toUTCString())
    response.writeHead(404).end('{}')
  })
  const venue = { server, port: 0, attempts: 0 }
  server.on('connection', () => venue.attempts++).on('tlsClientError', () => {})
  server.listen(0, address)
  await once(server, 'listening')
  venue.port = (server.address() as AddressInfo).port
  return venue
}

function orderOf(host: string, ca: string, folder: string): LiveOrder {
  const urls = { restUrl: `https://${host}`, socketUrl: `wss://${host}`, host }
  return {
    access: {
      polymarket: { ...urls, apiKey: 'an-api-key', passphrase: 'a-passphrase', secret: SECRET },
      kalshi: { ...urls, useYesPrice: true },
      ca,
    },
    mapping: JSON.parse(readFileSync(join(root, 'examples/pairs.json'), 'utf8')),
    fees: 'today',
    settings: {},
    signer: { ephemeral: 'ed25519' },
    apiKeyNonce: 0,
    balanceMicroUsd: [1_000_000_000, 1_000_000_000],
    journal: join(folder, 'journal'),
    runDirectory: join(folder, 'run'),
    redis: undefined,
    redisName: 'main',
    leases: false,
    watched: false,
    vitals: false,
  }
}

/** Lets the executor run for a few seconds. */
async function run(venue: Venue, ca: string, host = `localhost:${venue.port}`) {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-executor-'))
  let child: ChildProcess | undefined
  try {
    child = spawn(process.execPath, [join(root, 'cli/live/main.ts')], {
      env: { PATH: process.env.PATH, TMPDIR: folder },
    })
    let stderr = ''
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk
    })
    const closed = once(child, 'close')
    child.stdin?.write(`${JSON.stringify(orderOf(host, ca, folder))}\n`)
    let report: Extract<LiveSaying, { kind: 'report' }>['report'] | undefined
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const said = JSON.parse(line) as LiveSaying
      if (said.kind === 'ready') {
        child?.stdin?.write('go\n')
        setTimeout(() => child?.stdin?.write('stop\n'), RUN_MS)
      } else if (said.kind === 'report') report = said.report
    })
    const [code] = await closed
    return { code, stderr, report, lines: stderr.split('\n').filter((line) => line !== '') }
  } finally {
    child?.kill('SIGKILL')
    venue.server.closeAllConnections()
    venue.server.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

describe('an executor whose venue shows a certificate that does not hold', { timeout: 60_000 }, () => {
  const cases = [
    {
      name: 'of another authority',
      open: async () => {
        const [shown, trusted] = [await makeCertificate(Date.now()), await makeCertificate(Date.now())]
        return { venue: await openVenue(shown, '127.0.0.1'), ca: trusted.ca, host: undefined }
      },
      reason: /UNABLE_TO_VERIFY|CERT_SIGNATURE_FAILURE|SELF_SIGNED/,
    },
    {
      name: 'that has expired',
      open: async () => {
        const shown = await makeCertificate(Date.now() - 3 * DAY_MS)
        return { venue: await openVenue(shown, '127.0.0.1'), ca: shown.ca, host: undefined }
      },
      reason: /CERT_HAS_EXPIRED/,
    },
    {
      name: 'of another host',
      open: async () => {
        const shown = await makeCertificate(Date.now())
        const venue = await openVenue(shown, '127.0.0.2')
        return { venue, ca: shown.ca, host: `127.0.0.2:${venue.port}` }
      },
      reason: /ERR_TLS_CERT_ALTNAME_INVALID/,
    },
  ]
  for (const { name, open, reason } of cases)
    it(`says which venue and why, tries ever more slowly and fails: ${name}`, async () => {
      const { venue, ca, host } = await open()
      const { code, stderr, lines, report } = await run(venue, ca, host)
      assert.equal(code, 2, stderr)
      assert.equal(report?.decisions.sent, 0)
      for (const what of ["polymarket's market feed", "polymarket's order entry", "kalshi's market feed"])
        assert.equal(
          lines.filter((line) => line.startsWith(`tandem: ${what} shows a cert`)).length,
          1,
          stderr,
        )
      assert.equal(lines.length, 4, stderr)
      assert.match(stderr, reason)
      assert.ok(venue.attempts > 4 && venue.attempts < ATTEMPTS_MAX, `${venue.attempts} attempts`)
      assert.ok(!/an-api-key|a-passphrase/.test(stderr) && !stderr.includes(SECRET))
    })
})

describe('an executor whose clock is not the venue’s', { timeout: 60_000 }, () => {
  for (const aheadMs of [10_000, -60_000])
    it(`says so in one line when it is ${-aheadMs / 1_000} s off`, async () => {
      const certificate = await makeCertificate(Date.now())
      const venue = await openVenue(certificate, '127.0.0.1', aheadMs)
      const { code, stderr, lines } = await run(venue, certificate.ca)
      const [line, ...more] = lines
      assert.match(
        line,
        aheadMs > 0
          ? /our clock is (9|10|11) s behind that of polymarket and kalshi, .*CLOCK_SKEWED/
          : /our clock is (59|60|61) s ahead of that of polymarket and kalshi, .*CLOCK_SKEWED/,
      )
      assert.deepEqual(more, [], stderr)
      assert.equal(code, 2)
    })

  it('says nothing of a clock that is right', async () => {
    const certificate = await makeCertificate(Date.now())
    const { stderr } = await run(await openVenue(certificate, '127.0.0.1'), certificate.ca)
    assert.ok(!stderr.includes('clock'), stderr)
    assert.match(stderr, /kalshi's market feed does not come about \(HTTP 404\)/)
  })
})
