import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, readdirSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { attest } from '@tandem/colo/signer/attest.ts'
import { SignerClient } from '@tandem/colo/signer/client.ts'
import { LANE_URGENT, ORDER_BUY, type SignerListener } from '@tandem/colo/signer/signer.ts'
import { spawnSigner } from '@tandem/colo/signer/spawn.ts'
import { recoverAddress, recoverTypedDataAddress, toHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { KeyFolder } from '../../../key-file.ts'

// The signer as a real process.

const main = resolve(import.meta.dirname, '../../../../colo/signer/main.ts')
const secret = '0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318'
const owner = privateKeyToAccount(secret).address
const folder = new KeyFolder()
after(() => folder[Symbol.dispose]())
chmodSync(folder.path, 0o700)
const orderKeyFile = folder.file('order', secret)
// Signers of other tests that run at the same time leave their folders elsewhere.
process.env.TMPDIR = folder.path

interface Ended {
  code: number | null
  stdout: string
  stderr: string
}
async function ended(child: ChildProcess): Promise<Ended> {
  const output = { stdout: '', stderr: '' }
  child.stdout!.on('data', (chunk) => {
    output.stdout += chunk
  })
  child.stderr!.on('data', (chunk) => {
    output.stderr += chunk
  })
  const [code] = await once(child, 'close')
  return { code, ...output }
}
const start = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })

const folders = () => readdirSync(folder.path).filter((name) => name.startsWith('tandem-signer-'))

const deaf: SignerListener = { orderSigned() {}, headerSigned() {}, refused() {}, closed() {} }

test('a signer comes up with its keys, signs, and leaves nothing behind', async () => {
  const signer = await spawnSigner({ orderKeyFile, ephemeral: 'rsa', kalshiKeyId: 'my-key' })
  try {
    const { client } = signer
    assert.equal(client.facts.owner, owner)
    assert.equal(client.facts.kalshi.keyId, 'my-key')
    assert.equal(client.facts.kalshi.signatureLength, 344)
    const token = client.registerToken('123', '2', false, 100)
    const answer = new Promise<string>((signed) => {
      const orderSigned = (_: number, digest: Uint8Array, signature: Uint8Array) =>
        signed(recoverAddress({ hash: toHex(digest), signature: toHex(signature) }))
      client.listener = { ...deaf, orderSigned }
    })
    client.order(LANE_URGENT, 1, token, ORDER_BUY, 5_000_000, 10_000_000, 1, Date.now())
    assert.equal(await answer, owner)
    assert.equal(signer.stderr(), '')
  } finally {
    await signer.stop()
  }
  assert.deepEqual(folders(), [])
})

test('a signer that cannot start says why, in one line, and leaves nothing behind', async () => {
  const wrong = [
    [{ orderKeyFile: folder.file('open', secret, 0o644), ephemeral: 'ed25519' }, 'KEY_FILE_OPEN'],
    [{ orderKeyFile: folder.file('torn', secret.slice(9)), ephemeral: 'ed25519' }, 'KEY_NOT_SECP256K1'],
    [{ orderKeyFile }, 'SIGNER_ARGUMENT'],
    [{ ephemeral: 'ed25519', signatureType: 2 }, 'SIGNER_ARGUMENT'],
    [{ ephemeral: 'ed25519', signatureType: 4 }, 'SIGNER_ARGUMENT'],
    [{ ephemeral: 'ed25519', chainId: 1 }, 'SIGNER_ARGUMENT'],
    [{ ephemeral: 'ed25519', limits: { refillPercent: 0 } }, 'SIGNER_ARGUMENT'],
  ] as const
  const each = wrong.map(([options, code]) =>
    assert.rejects(
      spawnSigner(options).then((signer) => signer.stop()),
      (error: Error & { code: string }) => {
        assert.equal(error.code, 'SIGNER_DID_NOT_START')
        assert.match(error.message, new RegExp(code))
        return !error.message.includes(secret.slice(9, 30)) && !error.message.includes('\n')
      },
    ),
  )
  await Promise.all(each)
  assert.deepEqual(folders(), [])
})

test('a signer that is waited for too long is ended', async () => {
  await assert.rejects(spawnSigner({ ephemeral: 'rsa', signal: AbortSignal.timeout(1) }), {
    code: 'SIGNER_DID_NOT_START',
    retry: true,
  })
  assert.deepEqual(folders(), [])
})

test('type 3 signs for the wallet with the owner’s key', async () => {
  const maker = '0x1111111111111111111111111111111111111111'
  const signer = await spawnSigner({
    orderKeyFile,
    ephemeral: 'ed25519',
    signatureType: 3,
    maker,
    chainId: 80_002,
  })
  const { facts } = signer.client
  await signer.stop()
  assert.deepEqual(
    [facts.maker, facts.signer, facts.owner, facts.orderSignatureBytes, facts.chainId],
    [maker, maker, owner, 317, 80_002],
  )
})

test('one client at a time; the next one finds the signer free', async () => {
  const path = join(folder.path, 'busy')
  const child = start(['--socket', path, '--ephemeral', 'ed25519'])
  try {
    await once(child.stdout!, 'data')
    const first = await SignerClient.greet(connect(path))
    await assert.rejects(SignerClient.greet(connect(path)), { code: 'SIGNER_SILENT' })
    const closed = new Promise<void>((resolved) => {
      first.listener = { ...deaf, closed: resolved }
    })
    first.close()
    await closed
    let second: SignerClient | undefined
    for (let i = 0; i < 100 && second === undefined; i++) {
      second = await SignerClient.greet(connect(path)).catch(() => undefined)
    }
    assert.equal(second?.facts.pid, child.pid)
    second?.close()
  } finally {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  // It was killed, so its socket is still there; the next signer takes the place.
  assert.ok(existsSync(path))
  const next = start(['--socket', path, '--ephemeral', 'ed25519'])
  await once(next.stdout!, 'data')
  const third = await ended(start(['--socket', path, '--ephemeral', 'ed25519']))
  assert.deepEqual([third.code, third.stdout], [2, ''])
  assert.match(third.stderr, /^signer: .*\[SIGNER_RUNNING\]\n$/)
  next.kill()
  await once(next, 'exit')
})

test('a folder that others can enter, a dangerous environment or a strange argument is refused', async () => {
  const open = new KeyFolder()
  chmodSync(open.path, 0o755)
  const keys = ['--ephemeral', 'ed25519']
  const socket = ['--socket', join(folder.path, 'new')]
  const wrong = [
    [['--socket', join(open.path, 'socket'), ...keys], {}, 'SIGNER_FOLDER_OPEN'],
    [['--socket', '/nowhere/socket', ...keys], {}, 'FILE_UNREADABLE'],
    [[...socket, ...keys], { LD_PRELOAD: '/none.so' }, 'SIGNER_ENVIRONMENT'],
    [[...socket, ...keys], { NODE_OPTIONS: '--no-warnings' }, 'SIGNER_ENVIRONMENT'],
    [[...socket, '--ephemeral', 'dsa'], {}, 'SIGNER_ARGUMENT'],
    [[...socket, ...keys, '--private-key', 'x'], {}, 'SIGNER_ARGUMENT'],
    [keys, {}, 'SIGNER_ARGUMENT'],
  ] as const
  const each = wrong.map(async ([args, env, code]) => {
    const { code: exit, stderr, stdout } = await ended(start(args, env))
    assert.deepEqual([exit, stdout], [2, ''], stderr)
    assert.match(stderr, new RegExp(`signer: [^\n]*\\[${code}\\]\n$`))
  })
  await Promise.all(each)
  open[Symbol.dispose]()
})

test('without the native library a real key is refused, and a made-up one still signs', async () => {
  // What a platform without a build of it looks like to the package.
  const without = folder.file(
    'without.cjs',
    `const Module = require('node:module')
     const load = Module._load
     Module._load = function (name, ...rest) {
       if (name === 'node-gyp-build') throw new Error('no build')
       return load.call(this, name, ...rest)
     }`,
  )
  const startWithout = (args: readonly string[]) =>
    spawn(process.execPath, ['--require', without, main, '--attest', '1', ...args], {
      env: {},
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  const real = await ended(startWithout(['--order-key', orderKeyFile]))
  assert.deepEqual([real.code, real.stdout], [2, ''])
  assert.match(real.stderr, /KEY_LIBRARY_MISSING/)
  const madeUp = await ended(startWithout(['--ephemeral', 'ed25519']))
  assert.equal(madeUp.code, 0, madeUp.stderr)
})

test('attests the wallet: headers whose signature is the owner’s', async () => {
  const { POLY_ADDRESS, POLY_SIGNATURE, POLY_TIMESTAMP, POLY_NONCE } = await attest(
    { orderKeyFile, chainId: 80_002 },
    23,
  )
  assert.equal(POLY_ADDRESS, owner)
  assert.equal(POLY_NONCE, '23')
  assert.ok(Math.abs(Number(POLY_TIMESTAMP) - Date.now() / 1_000) < 60)
  const field = (name: string, type: string) => ({ name, type })
  const signedBy = await recoverTypedDataAddress({
    domain: { name: 'ClobAuthDomain', version: '1', chainId: 80_002 },
    types: {
      ClobAuth: [
        field('address', 'address'),
        field('timestamp', 'string'),
        field('nonce', 'uint256'),
        field('message', 'string'),
      ],
    },
    primaryType: 'ClobAuth',
    message: {
      address: owner,
      timestamp: POLY_TIMESTAMP,
      nonce: 23n,
      message: 'This message attests that I control the given wallet',
    },
    signature: POLY_SIGNATURE as `0x${string}`,
  })
  assert.equal(signedBy, owner)
  await assert.rejects(attest({ orderKeyFile: 'nowhere' }, 23), {
    code: 'SIGNER_DID_NOT_ATTEST',
    what: /^signer: .*nowhere/,
  })
})

test('what answers in the signer’s place without a hello is told from a signer', async () => {
  const path = join(folder.path, 'impostor')
  const server = createServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  server.listen(path)
  await once(server, 'listening')
  await assert.rejects(SignerClient.greet(connect(path)), { code: 'SIGNER_SILENT' })
  server.close()
})
