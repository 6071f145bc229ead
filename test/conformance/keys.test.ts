import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { privateKeyToAccount } from 'viem/accounts'
import { KeyFolder } from '../key-file.ts'
import { type Needle, pemNeedles, searchBytes, searchProcess, secretNeedles } from '../memory-search.ts'

// Keys never leave the signer: a process works with it as the executor does, and afterwards nothing of the keys is in
// that process's output, arguments, environment or memory. The signer's own memory is searched too, and must hold them:
// that is how we know that the search can find.

const main = fileURLToPath(import.meta.resolve('./signing-client/main.ts'))
const replayMain = fileURLToPath(import.meta.resolve('./replay-client/main.ts'))

/** Whether this machine lets us read another process's memory at all. */
function skipWithoutProc(): string | false {
  if (process.platform !== 'linux') return 'memory is searched through /proc, which only Linux has'
  const scope = '/proc/sys/kernel/yama/ptrace_scope'
  try {
    if (process.getuid?.() !== 0 && Number(readFileSync(scope, 'utf8')) > 1) return `${scope} forbids it`
  } catch {
    // Without Yama, processes of the same user may be read.
  }
  return false
}

for (const keyType of ['rsa', 'ed25519'] as const) {
  test(`keys stay in the signer: ${keyType}`, { skip: skipWithoutProc(), timeout: 60_000 }, async () => {
    using folder = new KeyFolder()
    const orderKey = randomBytes(32)
    const pair =
      keyType === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength: 2_048 })
        : generateKeyPairSync('ed25519')
    const pem = String(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }))
    const jwk = pair.privateKey.export({ format: 'jwk' })
    const parts = Object.entries({ d: jwk.d, p: jwk.p, q: jwk.q }).filter(([, value]) => value !== undefined)
    const orderNeedles = secretNeedles('order key', orderKey)
    const kalshiNeedles: Needle[] = [
      ...pemNeedles('Kalshi key', pem),
      ...parts.flatMap(([part, value]) =>
        secretNeedles(`Kalshi key’s ${part}`, Buffer.from(value!, 'base64url').subarray(-32)),
      ),
    ]
    const needles = [...orderNeedles, ...kalshiNeedles]

    const client = spawn(
      process.execPath,
      [main, folder.file('order', orderKey.toString('hex')), folder.file('kalshi', pem)],
      { env: {}, stdio: ['pipe', 'pipe', 'pipe'] },
    )
    const output: Buffer[] = []
    client.stdout.on('data', (chunk: Buffer) => output.push(chunk))
    client.stderr.on('data', (chunk: Buffer) => output.push(chunk))
    try {
      await Promise.race([once(client.stdout, 'data'), once(client, 'close')])
      const told = Buffer.concat(output).toString()
      assert.match(told, /^\{/, told)
      const { signerPid, owner, answers, signature } = JSON.parse(told)
      assert.equal(answers, 450)
      assert.equal(owner, privateKeyToAccount(`0x${orderKey.toString('hex')}`).address)

      // What the client does hold is found there, so its memory was really read.
      const held: Needle = { name: 'a signature that it got', bytes: Buffer.from(signature) }
      const inClient = searchProcess(client.pid!, [...needles, held])
      assert.deepEqual([...inClient.keys()], [held.name], [...inClient.values()].join(', '))

      const inSigner = searchProcess(signerPid, needles)
      const isIn = (some: readonly Needle[]) => some.some(({ name }) => inSigner.has(name))
      assert.ok(isIn(orderNeedles), 'the search finds the order key where it is')
      assert.ok(isIn(kalshiNeedles), 'the search finds Kalshi’s key where it is')
      // Not even there are they text: files were wiped after they were read, and nothing was made of them for a log.
      const texts = [...inSigner.keys()].filter(
        (name) => name.startsWith('order key') && name.endsWith('text'),
      )
      assert.deepEqual(texts, [])
    } finally {
      client.stdin.end()
      await once(client, 'close')
    }
    assert.deepEqual([...searchBytes(Buffer.concat(output), needles)], [])
  })
}

test('the signer ends with the process that started it, however that ends', { timeout: 60_000 }, async () => {
  using folder = new KeyFolder()
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })
  const files = [folder.file('order', randomBytes(32).toString('hex')), folder.file('kalshi', String(pem))]
  using runtime = new KeyFolder()
  const client = spawn(process.execPath, [main, ...files], {
    env: { TMPDIR: runtime.path },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [told] = await once(client.stdout, 'data')
  const { signerPid } = JSON.parse(String(told))
  process.kill(signerPid, 0)
  client.kill('SIGKILL')
  await once(client, 'close')
  const isThere = () => {
    try {
      return process.kill(signerPid, 0)
    } catch {
      return false
    }
  }
  for (let i = 0; i < 200 && isThere(); i++) await new Promise((resume) => setTimeout(resume, 50))
  assert.ok(!isThere())
  assert.deepEqual(readdirSync(runtime.path), [])
})

test(
  'keys stay in the signer through a whole replay',
  { skip: skipWithoutProc(), timeout: 120_000 },
  async () => {
    using folder = new KeyFolder()
    const orderKey = randomBytes(32)
    const pair = generateKeyPairSync('ed25519')
    const pem = String(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }))
    const jwk = pair.privateKey.export({ format: 'jwk' })
    const needles = [
      ...secretNeedles('order key', orderKey),
      ...pemNeedles('Kalshi key', pem),
      ...secretNeedles('Kalshi key’s d', Buffer.from(jwk.d!, 'base64url')),
    ]
    const executor = spawn(
      process.execPath,
      [replayMain, folder.file('order', orderKey.toString('hex')), folder.file('kalshi', pem)],
      { env: {}, stdio: ['pipe', 'pipe', 'pipe'] },
    )
    const output: Buffer[] = []
    executor.stderr.on('data', (chunk: Buffer) => output.push(chunk))
    const told = new Promise<string>((done) => {
      executor.stdout.on('data', (chunk: Buffer) => {
        output.push(chunk)
        if (chunk.includes('\n')) done(Buffer.concat(output).toString())
      })
    })
    try {
      const text = await Promise.race([
        told,
        once(executor, 'close').then(() => Buffer.concat(output).toString()),
      ])
      assert.match(text, /^\{/, text)
      const { sent, signed } = JSON.parse(text)
      assert.ok(sent > 0)
      assert.ok(signed > 1_000)
      const held: Needle = { name: 'a word of its own', bytes: Buffer.from('POLY_SIGNATURE') }
      const found = searchProcess(executor.pid!, [...needles, held])
      assert.deepEqual([...found.keys()], [held.name], [...found.values()].join(', '))
    } finally {
      executor.stdin.end()
      await once(executor, 'close')
    }
    assert.deepEqual([...searchBytes(Buffer.concat(output), needles)], [])
  },
)
