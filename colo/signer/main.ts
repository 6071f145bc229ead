import { lstatSync, rmdirSync, rmSync, statSync, unlinkSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Failure } from '@tandem/shared/failure.ts'
import { unreadable } from '@tandem/shared/file.ts'
import {
  addressText,
  clobAuthHash,
  ECDSA_SIGNATURE_BYTES,
  isKnownChain,
  type OrderAccount,
  readAddress,
  SIGNATURE_EOA,
  SIGNATURE_POLY_1271,
} from '../venue/polymarket/eip712.ts'
import { LIMITS_DEFAULT, LIMITS_EPHEMERAL, type Limits, Throttle, withLimit } from './bounds.ts'
import { Desk } from './desk.ts'
import { HeaderKey, OrderKey } from './keys.ts'
import { Session, type SessionTime } from './session.ts'
import type { SignerFacts } from './signer.ts'

// The signer: the only process that sees a private key. It signs, within bounds, what comes in over one Unix socket, for
// one client at a time. In production it runs as its own user, with the key files as credentials and without a network.
//
//   node --disable-sigusr1 main.ts --socket PATH (--order-key FILE --kalshi-key FILE --kalshi-key-id ID | --ephemeral TYPE)
//
//   --socket PATH            in a folder of mode 0700 that is ours
//   --order-key FILE         64 hex digits: the key of the wallet's owner
//   --kalshi-key FILE        PEM, RSA or Ed25519; with --kalshi-key-id ID
//   --ephemeral TYPE         makes up the keys that are not given; Kalshi's of TYPE rsa or ed25519
//   --chain ID               137 (default) or 80002
//   --signature-type N       0 EOA (default), 1, 2, 3; all but 0 with --maker ADDRESS, the wallet that holds the money
//   --limit NAME=VALUE       one of `Limits` in bounds.ts; may be repeated
//   --with-parent            ends when stdin ends, and not by the terminal's interrupt: for a signer that was spawned
//   --attest NONCE           signs for the wallet (L1), prints the headers that create or derive API credentials, ends
//
// Once it listens it says so in one line on stdout; what goes wrong is one line on stderr and exit code 2.

/** Each lets code that is not ours into this process. */
const DANGEROUS_VARIABLES = ['NODE_OPTIONS', 'NODE_PATH', 'LD_PRELOAD', 'LD_LIBRARY_PATH']

function main(): void {
  refuseDangers()
  const given = readArguments()
  const keyType = oneOf(given.ephemeral, '--ephemeral', ['rsa', 'ed25519'])
  const orderKey = orderKeyOf(given, keyType)
  const account = accountOf(given, orderKey)
  if (given.attest !== undefined) {
    attest(account, orderKey, integer(given.attest, '--attest'))
    return
  }
  const socketPath = given.socket ?? missing('--socket', 'a path')
  const headerKey = headerKeyOf(given, keyType)
  const areAllMadeUp = given['order-key'] === undefined && given['kalshi-key'] === undefined
  const limits = limitsOf(given.limit ?? [], areAllMadeUp ? LIMITS_EPHEMERAL : LIMITS_DEFAULT)
  const desk = new Desk(account, orderKey, headerKey, limits)
  const facts: SignerFacts = {
    pid: process.pid,
    chainId: account.chainId,
    signatureType: account.signatureType,
    maker: addressText(account.maker),
    signer: addressText(account.signer),
    owner: addressText(orderKey.address),
    orderSignatureBytes: desk.orderSignatureBytes,
    kalshi: headerKey.facts,
  }
  serve(resolve(socketPath), desk, facts, new Throttle(limits.refillPercent))
  if (given['with-parent'] === true) {
    process.stdin.on('end', () => leave(resolve(socketPath))).resume()
    process.on('SIGINT', () => {})
  }
}

/** A parent that was killed could not clean up: the socket goes, and its folder if nothing else is in it. */
function leave(path: string): never {
  rmSync(path, { force: true })
  try {
    rmdirSync(dirname(path))
  } catch {
    // Somebody still uses it, or the parent was quicker.
  }
  process.exit(0)
}

function refuseDangers(): void {
  const dangers = DANGEROUS_VARIABLES.filter((name) => (process.env[name] ?? '') !== '')
  if (dangers.length === 0) return
  throw new Failure({
    code: 'SIGNER_ENVIRONMENT',
    what: `the signer does not start with ${dangers.join(', ')} set`,
    where: 'environment',
    todo: 'unset it: it can put other code into the process',
  })
}

type KeyType = 'rsa' | 'ed25519'

function orderKeyOf(given: Arguments, madeUp: KeyType | undefined): OrderKey {
  const file = given['order-key']
  if (file !== undefined) return OrderKey.read(resolve(file))
  return madeUp === undefined ? missing('--order-key', 'a file, or --ephemeral') : OrderKey.generate()
}

function headerKeyOf(given: Arguments, madeUp: KeyType | undefined): HeaderKey {
  const [file, id] = [given['kalshi-key'], given['kalshi-key-id']]
  if (file !== undefined) {
    return HeaderKey.read(resolve(file), id ?? missing('--kalshi-key-id', 'the key’s id'))
  }
  if (madeUp === undefined) return missing('--kalshi-key', 'a file, or --ephemeral')
  return HeaderKey.generate(madeUp, id ?? '00000000-0000-0000-0000-000000000000')
}

function readArguments() {
  try {
    const text = { type: 'string' } as const
    return parseArgs({
      options: {
        socket: text,
        'order-key': text,
        'kalshi-key': text,
        'kalshi-key-id': text,
        ephemeral: text,
        chain: text,
        'signature-type': text,
        maker: text,
        limit: { type: 'string', multiple: true },
        'with-parent': { type: 'boolean' },
        attest: text,
      },
    }).values
  } catch (error) {
    throw bad('arguments', (error as Error).message.split('\n')[0], 'see the top of colo/signer/main.ts')
  }
}
type Arguments = ReturnType<typeof readArguments>

/** Who the orders come from: Polymarket fact sheet, section 8.4. */
function accountOf(given: Arguments, orderKey: OrderKey): OrderAccount {
  const chainId = integer(given.chain ?? '137', '--chain')
  if (!isKnownChain(chainId))
    throw bad('--chain', `there is no exchange on chain ${chainId}`, 'use 137 or 80002')
  const signatureType = integer(given['signature-type'] ?? '0', '--signature-type')
  if (signatureType > SIGNATURE_POLY_1271) {
    throw bad('--signature-type', `there is no signature type ${signatureType}`, 'use 0, 1, 2 or 3')
  }
  const owner = orderKey.address
  if (signatureType === SIGNATURE_EOA) return { chainId, signatureType, maker: owner, signer: owner }
  const maker = readAddress(given.maker ?? missing('--maker', 'the wallet that holds the money'))
  if (maker === undefined) throw bad('--maker', 'it is no address', 'give 0x and 40 hex digits')
  const signer = signatureType === SIGNATURE_POLY_1271 ? maker : owner
  return { chainId, signatureType, maker, signer }
}

function limitsOf(settings: readonly string[], defaults: Limits): Limits {
  return settings.reduce((limits, setting) => {
    const [name, value = ''] = setting.split('=', 2)
    const changed = withLimit(limits, name, value)
    if (changed !== undefined) return changed
    const names = Object.keys(defaults).join(', ')
    throw bad(
      '--limit',
      `${setting} sets no limit`,
      `give NAME=VALUE, a positive integer within reach of ${names}`,
    )
  }, defaults)
}

/** For whoever may start the signer on the key, never for a request: what it signs is the way to API credentials. */
function attest(account: OrderAccount, orderKey: OrderKey, nonce: number): void {
  const timestampS = Math.floor(Date.now() / 1_000)
  const signature = new Uint8Array(ECDSA_SIGNATURE_BYTES)
  const hash = clobAuthHash(account.chainId, orderKey.address, timestampS, nonce)
  signature[ECDSA_SIGNATURE_BYTES - 1] = 27 + orderKey.sign(hash, signature.subarray(0, -1))
  const headers = {
    POLY_ADDRESS: addressText(orderKey.address),
    POLY_SIGNATURE: `0x${Buffer.from(signature).toString('hex')}`,
    POLY_TIMESTAMP: String(timestampS),
    POLY_NONCE: String(nonce),
  }
  process.stdout.write(`${JSON.stringify(headers)}\n`)
}

function serve(path: string, desk: Desk, facts: SignerFacts, throttle: Throttle): void {
  checkFolder(dirname(path))
  const time: SessionTime = {
    nowNs: () => Number(process.hrtime.bigint()),
    wallMs: () => Date.now(),
    soon: (run) => setImmediate(run),
    later: (run, ms) => setTimeout(run, ms),
  }
  let isBusy = false
  const server = createServer((socket) => {
    // A second executor beside the first is never right: whoever holds the lease connects again once the other is gone.
    if (isBusy) {
      socket.destroy()
      return
    }
    isBusy = true
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      isBusy = false
    })
    new Session(socket, desk, facts, throttle, time)
  })
  server.on('error', fail)
  // Only our user may connect, whatever the shell's mask was.
  process.umask(0o177)
  whenFree(path, () => server.listen(path, () => process.stdout.write(`signer listens at ${path}\n`)))
}

function checkFolder(folder: string): void {
  let status: ReturnType<typeof statSync>
  try {
    status = statSync(folder)
  } catch (error) {
    throw unreadable(folder, error)
  }
  if (status.isDirectory() && (status.mode & 0o077) === 0 && status.uid === process.getuid?.()) return
  throw new Failure({
    code: 'SIGNER_FOLDER_OPEN',
    what: 'the socket’s folder is not ours alone',
    where: folder,
    todo: 'make a folder of mode 0700 that belongs to the signer’s user',
  })
}

/** A signer that was killed leaves its socket behind. One that answers is alive, and two would have twice the bounds. */
function whenFree(path: string, listen: () => void): void {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) {
    listen()
    return
  }
  const probe = connect(path, () => {
    probe.destroy()
    fail(
      new Failure({
        code: 'SIGNER_RUNNING',
        what: 'a signer listens there already',
        where: path,
        todo: 'stop it first, or use another path',
      }),
    )
  })
  probe.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ECONNREFUSED') fail(error)
    unlinkSync(path)
    listen()
  })
}

function integer(text: string, where: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value
  throw bad(where, `${text} is no number`, 'give a whole number')
}

function oneOf<Choice extends string>(
  text: string | undefined,
  where: string,
  choices: readonly Choice[],
): Choice | undefined {
  const choice = choices.find((each) => each === text)
  if (choice !== undefined || text === undefined) return choice
  throw bad(where, `${text} is not among ${choices.join(', ')}`, 'use one of them')
}

function missing(where: string, what: string): never {
  throw bad(where, 'it is not given', `give ${what}`)
}

function bad(where: string, what: string, todo: string): Failure {
  return new Failure({ code: 'SIGNER_ARGUMENT', what, where, todo })
}

function fail(error: unknown): never {
  // Another error's message or stack may quote what was being read; a Failure's never does.
  const { name, code } = error as { name: string; code?: string }
  const text = error instanceof Failure ? error.message : `${name} ${code ?? ''} [SIGNER_BUG]`
  process.stderr.write(`signer: ${text}\n`)
  process.exit(2)
}

process.on('uncaughtException', fail)
main()
