import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import { privateKeyToAccount } from 'viem/accounts'
import { Accounts } from './accounts.ts'
import { makeCertificate } from './certificate.ts'
import { Control } from './control.ts'
import { Random } from './engine/random.ts'
import { FaultRound } from './fault-round.ts'
import { FAULTS, type FaultName, Faults, isFaultName } from './faults.ts'
import { TIERS, type Tier } from './kalshi/limits.ts'
import { KalshiServer } from './kalshi/server.ts'
import { PolymarketServer } from './polymarket/server.ts'
import { Timings } from './timings.ts'
import { FEES, SHARDS, World } from './world.ts'

// Both venues on loopback: `main.ts [--markets 8] [--seed 1] [--faults gap,reset|all] [--rate 0] [--steady] [--tier advanced]`.
//
// When it listens it prints one line of JSON on stdout: where the venues are, whom to trust, what is traded, a funded
// account with made-up keys on each venue, and its own door (control.ts). It ends with SIGTERM, and with its stdin, so
// that it outlives no parent.

const TICK_MS = 5
/** A steady flow comes by itself, not in bursts. */
const STEADY_TICK_MS = 1
const MARKETS_MAX = 5_000
const RATE_MAX = 50_000
const CHAIN_ID = 137
/** How long Kalshi's portfolio reads lag behind its engine. */
const READ_LAG_MS = 200
/** Made-up money should have no end: at seven trades a second a hundred thousand dollars are gone in two minutes. */
const POLYMARKET_MICRO_USD = 100_000_000_000_000
const KALSHI_SHARD_MICRO_USD = 50_000_000_000_000

interface Options {
  readonly markets: number
  readonly seed: number
  readonly rate: number
  readonly steady: boolean
  readonly tier: Tier
  /** `all`: each in its turn. */
  readonly faults: readonly FaultName[] | 'all'
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      markets: { type: 'string', default: '8' },
      seed: { type: 'string', default: '1' },
      rate: { type: 'string', default: '0' },
      steady: { type: 'boolean', default: false },
      tier: { type: 'string', default: 'advanced' },
      faults: { type: 'string', default: '' },
    },
  })
  const { tier } = values
  if (!isTier(tier)) throw new Error(`--tier is one of ${Object.keys(TIERS).join(', ')}`)
  return {
    markets: within('markets', values.markets, 1, MARKETS_MAX),
    seed: within('seed', values.seed, 0, Number.MAX_SAFE_INTEGER),
    rate: within('rate', values.rate, 0, RATE_MAX),
    steady: values.steady,
    tier,
    faults: values.faults === 'all' ? 'all' : faultsOf(values.faults),
  }
}

function faultsOf(text: string): FaultName[] {
  const names = text.split(',').filter((name) => name !== '')
  return names.map((name) => {
    if (!isFaultName(name)) throw new Error(`--faults are among ${Object.keys(FAULTS).join(', ')}`)
    return name
  })
}

function within(name: string, value: string, low: number, high: number): number {
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN
  if (!(number >= low && number <= high)) throw new Error(`--${name} is a whole number of ${low}..${high}`)
  return number
}

function isTier(name: string): name is Tier {
  return Object.hasOwn(TIERS, name)
}

async function main(): Promise<void> {
  const options = readOptions()
  const nowMs = (): number => Date.now()
  const certificate = await makeCertificate(nowMs())
  const faults = new Faults(nowMs)
  const round = options.faults === 'all' ? new FaultRound(faults, nowMs()) : undefined
  if (options.faults !== 'all') for (const name of options.faults) faults.set(name, true)
  // The monotonic clock of the whole machine: other processes may compare their own readings with it.
  const timings = new Timings(() => Number(process.hrtime.bigint()))

  // What the venues tell while they are being stocked is heard by nobody.
  let kalshi: KalshiServer | undefined
  let polymarket: PolymarketServer | undefined
  const world = new World({
    markets: options.markets,
    seed: options.seed,
    stirsPerSecond: options.rate,
    isSteady: options.steady,
    faults,
    nowMs,
    kalshi: (told) => kalshi?.hear(told),
    polymarket: (told) => polymarket?.hear(told),
  })
  // Streams of their own: how often a client asks must not change what the other traders do.
  kalshi = new KalshiServer({
    venue: world.kalshi,
    random: new Random(options.seed, -1),
    faults,
    timings,
    tier: options.tier,
    readLagMs: READ_LAG_MS,
    certificate,
    nowMs,
  })
  polymarket = new PolymarketServer({
    venue: world.polymarket,
    random: new Random(options.seed, -2),
    faults,
    timings,
    certificate,
    chainId: CHAIN_ID,
    root: randomBytes(32).toString('hex'),
    nowMs,
  })

  const accounts = new Accounts(world.kalshi, world.polymarket)
  const token = randomBytes(16).toString('hex')
  const control = new Control({ world, accounts, kalshiKeys: kalshi.keys, faults, timings, token })
  const started = {
    polymarket: hostsOf(await polymarket.listen()),
    kalshi: hostsOf(await kalshi.listen()),
    ca: certificate.ca,
    pairs: world.pairs,
    fees: { sandbox: FEES },
    accounts: { polymarket: polymarketAccount(accounts), kalshi: kalshiAccount(accounts, kalshi) },
    controlUrl: await control.listen(),
    controlToken: token,
  }
  const ticking = setInterval(() => {
    round?.tick(nowMs())
    world.tick()
    kalshi.tick(nowMs())
    polymarket.tick(nowMs())
  }, TICK_MS)

  const trading = options.steady ? setInterval(() => world.trade(), STEADY_TICK_MS) : undefined

  let ending = false
  const end = async (): Promise<void> => {
    if (ending) return
    ending = true
    clearInterval(ticking)
    clearInterval(trading)
    await Promise.all([polymarket.close(), kalshi.close(), control.close()])
    process.exit(0)
  }
  process.on('SIGTERM', end)
  // Ctrl-C reaches the whole group; who started us by a pipe wants to end its own business first.
  process.on('SIGINT', () => process.stdin.isTTY && end())
  process.stdin.on('end', end).on('close', end).resume()
  process.stdout.write(`${JSON.stringify(started)}\n`)
}

/** Without paths: both venues have several under one port. */
function hostsOf(port: number): { restUrl: string; socketUrl: string } {
  return { restUrl: `https://localhost:${port}`, socketUrl: `wss://localhost:${port}` }
}

function polymarketAccount(accounts: Accounts): object {
  const privateKey = `0x${randomBytes(32).toString('hex')}` as const
  const { address } = privateKeyToAccount(privateKey)
  accounts.grantPolymarket(address, POLYMARKET_MICRO_USD)
  return { address, privateKey, chainId: CHAIN_ID }
}

function kalshiAccount(accounts: Accounts, server: KalshiServer): object {
  const userId = randomUUID()
  const keyId = randomUUID()
  const account = accounts.grantKalshi(userId, SHARDS, KALSHI_SHARD_MICRO_USD)
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2_048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  server.keys.register(keyId, publicKey, account)
  return { userId, keyId, privateKey }
}

main().catch((error: Error) => {
  process.stderr.write(`sandbox: ${error.message}\n`)
  process.exitCode = 2
})
