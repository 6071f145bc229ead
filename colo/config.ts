import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Failure } from '@tandem/shared/failure.ts'
import { unreadable } from '@tandem/shared/file.ts'
import { checked } from '@tandem/shared/schema.ts'
import { LIMIT_NAMES, readSettings, type Settings } from '@tandem/shared/settings.ts'
import { MICRO_USD_PER_CENT, MICRO_USD_PER_USD } from '@tandem/shared/units.ts'
import { parse as parseToml } from 'smol-toml'
import { z } from 'zod'

// What this host adds to the shared settings: the mode, where the venues are, where the keys lie, and ceilings that no
// setting can exceed. Read once, checked, frozen. The only reader of the environment.

export const MODES = ['sandbox', 'replay', 'paper', 'live'] as const
type Mode = (typeof MODES)[number]

/**
 * Variables that let someone else's code or certificates into the process. Live does not start with one of them.
 */
const DANGEROUS_VARIABLES = [
  'NODE_OPTIONS',
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'NODE_EXTRA_CA_CERTS',
  'LD_PRELOAD',
] as const

/** Where a live host starts until its owner says otherwise: a bad day costs less than the day's work of finding out. */
const LIVE_CEILINGS_USD = {
  orderMicroUsd: 20,
  marketMicroUsd: 50,
  eventMicroUsd: 50,
  venueMicroUsd: 100,
  totalMicroUsd: 200,
  dayMicroUsd: 200,
} as const satisfies Record<(typeof LIMIT_NAMES)[number], number>

const secureUrl = (schemes: string) =>
  z
    .url()
    .refine(
      (text) => schemes.split(' ').includes(new URL(text).protocol),
      `must be ${schemes.replace(' ', ' or ')}`,
    )

const Host = z.strictObject({
  mode: z.enum(MODES).default('sandbox'),
  polymarket: z
    .strictObject({
      restUrl: secureUrl('https:').default('https://clob.polymarket.com'),
      socketUrl: secureUrl('wss:').default('wss://ws-subscriptions-clob.polymarket.com'),
      /** A file that holds the key which signs orders; the signer opens it, the executor never does. */
      keyFile: z.string().min(1).optional(),
    })
    .prefault({}),
  kalshi: z
    .strictObject({
      restUrl: secureUrl('https:').default('https://external-api.kalshi.com/trade-api/v2'),
      socketUrl: secureUrl('wss:').default('wss://external-api-ws.kalshi.com/trade-api/ws/v2'),
      keyId: z.guid().optional(),
      keyFile: z.string().min(1).optional(),
    })
    .prefault({}),
  ceilings: z.partialRecord(z.enum(LIMIT_NAMES), z.int().nonnegative()).default({}),
  settings: z.unknown().default({}),
})
type Host = z.output<typeof Host>

export interface Config {
  readonly mode: Mode
  /** The file it was read from; undefined when there is none and everything is a default. */
  readonly file: string | undefined
  /** Where the venue is and the keys lie, in modes `paper` and `live`; the other modes' venues are not out there. */
  readonly polymarket: Host['polymarket']
  readonly kalshi: Host['kalshi']
  /** Ceilings applied. */
  readonly settings: Settings
  /** What the ceilings changed, one sentence each, for `config check` and the start's first lines. */
  readonly capped: readonly string[]
}

export interface ConfigSource {
  /** A TOML file; TANDEM_CONFIG names it when this is undefined. Without either, defaults are in force. */
  file: string | undefined
  /** The mode given on the command line. It may make the file's mode safer, and must repeat `live`. */
  mode: string | undefined
  env?: NodeJS.ProcessEnv
}

/** Reads, checks and freezes the configuration. Throws a Failure that names the key, the file, and what to do. */
export function readConfig({ file: given, mode: asked, env = process.env }: ConfigSource): Config {
  const file = given ?? (env.TANDEM_CONFIG || undefined)
  const where = file ?? 'defaults'
  const host = checked(Host, file === undefined ? {} : readToml(file), { code: 'CONFIG_BAD', where })
  const mode = agreedMode(host.mode, asked, where)
  if (mode === 'live') refuseDangers(env)

  const { settings, capped } = applyCeilings(
    readSettings(host.settings, `${where}, [settings]`),
    mode === 'live' ? { ...liveCeilings(), ...host.ceilings } : host.ceilings,
    where,
  )
  const { polymarket, kalshi } = host
  if (mode === 'live') requireKey(polymarket.keyFile, 'polymarket.keyFile', mode, where)
  if (mode === 'live' || mode === 'paper') {
    requireKey(kalshi.keyFile, 'kalshi.keyFile', mode, where)
    requireKey(kalshi.keyId, 'kalshi.keyId', mode, where)
  }
  return deepFreeze({
    mode,
    file,
    polymarket: { ...polymarket, keyFile: keyPath(polymarket.keyFile, file, env) },
    kalshi: { ...kalshi, keyFile: keyPath(kalshi.keyFile, file, env) },
    settings,
    capped,
  })
}

function readToml(file: string): unknown {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw unreadable(resolve(file), cause)
  }
  try {
    return parseToml(text)
  } catch (cause) {
    const { line, column, message } = cause as { line?: number; column?: number; message: string }
    throw new Failure({
      code: 'CONFIG_NOT_TOML',
      what: message.split('\n')[0],
      where: line === undefined ? file : `${file}:${line}:${column}`,
      todo: 'correct that line',
      cause,
    })
  }
}

function agreedMode(inFile: Mode, asked: string | undefined, where: string): Mode {
  const mode = asked === undefined ? inFile : MODES.find((known) => known === asked)
  if (mode === undefined) {
    throw new Failure({
      code: 'MODE_UNKNOWN',
      what: `there is no mode ${asked}`,
      where: '--mode',
      todo: `use one of ${MODES.join(', ')}`,
    })
  }
  // Live takes two hands: neither a copied file nor a command out of the shell's history is enough.
  if (mode === 'live' && (inFile !== 'live' || asked !== 'live')) {
    throw new Failure({
      code: 'LIVE_SAID_ONCE',
      what:
        inFile === 'live'
          ? 'the file says live and the command line does not'
          : 'only the command line says live',
      where,
      todo:
        inFile === 'live'
          ? 'add --mode live, or a safer mode'
          : 'set mode = "live" in the file too, if you mean it',
    })
  }
  return mode
}

function refuseDangers(env: NodeJS.ProcessEnv): void {
  const set = DANGEROUS_VARIABLES.filter((name) => env[name] !== undefined && env[name] !== '')
  if (set.length === 0) return
  throw new Failure({
    code: 'LIVE_ENVIRONMENT',
    what: `live does not start with ${set.join(', ')} set`,
    where: 'environment',
    todo: 'unset it: it can put other code or certificates into the process',
  })
}

function liveCeilings(): Host['ceilings'] {
  return Object.fromEntries(LIMIT_NAMES.map((name) => [name, LIVE_CEILINGS_USD[name] * MICRO_USD_PER_USD]))
}

/** The settings cut down to the ceilings: a ceiling is the host owner's last word, so it changes and does not refuse. */
function applyCeilings(
  settings: Settings,
  ceilings: Host['ceilings'],
  where: string,
): { settings: Settings; capped: string[] } {
  const capped: string[] = []
  const limits = { ...settings.limits }
  for (const name of LIMIT_NAMES) {
    const ceiling = ceilings[name]
    if (ceiling === undefined || limits[name] <= ceiling) continue
    capped.push(`limits.${name} ${limits[name]} is cut to this host's ceiling, ${ceiling}`)
    limits[name] = ceiling
  }
  const sizesCents = settings.pool.sizesCents.filter(
    (cents) => cents * MICRO_USD_PER_CENT <= limits.orderMicroUsd,
  )
  if (sizesCents.length < settings.pool.sizesCents.length) {
    capped.push(`pool.sizesCents keeps ${sizesCents.join(', ')}: more is over limits.orderMicroUsd`)
  }
  const cut = { ...settings, limits, pool: { ...settings.pool, sizesCents } }
  return {
    settings: capped.length === 0 ? settings : readSettings(cut, `${where}, [settings] under [ceilings]`),
    capped,
  }
}

/** systemd hands credentials over in a folder of their own; elsewhere a relative path starts at the file that says it. */
function keyPath(
  keyFile: string | undefined,
  file: string | undefined,
  env: NodeJS.ProcessEnv,
): string | undefined {
  if (keyFile === undefined || file === undefined) return undefined
  return resolve(env.CREDENTIALS_DIRECTORY || dirname(file), keyFile)
}

function requireKey(value: string | undefined, key: string, mode: Mode, where: string): void {
  if (value !== undefined) return
  throw new Failure({
    code: 'CONFIG_KEY_MISSING',
    what: `${key} is needed in mode ${mode}`,
    where,
    todo: 'add it (of a private key the path, never the key)',
  })
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    Object.values(value).forEach(deepFreeze)
  }
  return value
}
