import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { forbidden, pureFolders, unitOf } from './layout.ts'
import { lineOf, root, type Source } from './source.ts'

export interface Finding {
  line: number
  /** `X is banned, use Y`. */
  message: string
}

export interface Rule {
  name: string
  check(source: Source): Finding[]
  /** A snippet that must be found, at a path where the rule holds: `[path, text]`. */
  bites: [path: string, text: string][]
  /** One that must not be found. */
  spares: [path: string, text: string][]
}

/** Files that may do what a rule bans, each with its reason. */
interface Exception {
  path: RegExp
  why: string
}

const HARNESS: Exception = {
  path: /^(cli|test|bench)\//,
  why: 'not on the path, and not in the process that trades',
}
const MAIN: Exception = { path: /(^|\/)main\.ts$/, why: 'puts the parts together' }

/** Finds a pattern in code; with `inText` in comments and strings too. */
function ban(
  name: string,
  pattern: RegExp,
  use: string,
  rule: {
    where?: RegExp
    except?: readonly Exception[]
    inText?: boolean
    bites: Rule['bites']
    spares: Rule['spares']
  },
): Rule {
  const where = rule.where ?? /\.ts$/
  return {
    name,
    bites: rule.bites,
    spares: rule.spares,
    check({ path, text, code }) {
      if (!where.test(path) || rule.except?.some((exception) => exception.path.test(path))) return []
      const searched = rule.inText ? text : code
      return [...searched.matchAll(new RegExp(pattern, 'g'))].map((match) => ({
        line: lineOf(searched, match.index),
        message: `${match[0].trim()} is banned, use ${use}`,
      }))
    },
  }
}

const PURE = new RegExp(
  `^(shared|colo/(${pureFolders.join('|')})|colo/venue/[^/]+/(parse|encode|auth|messages|urls|error|answer|private))(/|\\.ts$)`,
)
const HOT = /^colo\/(book|detector|risk|venue\/[^/]+\/parse\.ts)/

const manifests = new Map<string, Set<string>>()
function declared(workspace: string): Set<string> {
  let names = manifests.get(workspace)
  if (names === undefined) {
    const manifest = JSON.parse(readFileSync(join(root, workspace, 'package.json'), 'utf8'))
    names = new Set(Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }))
    manifests.set(workspace, names)
  }
  return names
}

export const rules: readonly Rule[] = [
  {
    name: 'imports follow the layout',
    check: ({ path, imports }) =>
      imports.flatMap(({ specifier, line, typeOnly }) => {
        const message = forbidden(path, specifier, typeOnly)
        return message === undefined ? [] : [{ line, message }]
      }),
    bites: [
      ['shared/fees.ts', "import { Book } from '@tandem/colo/book/book.ts'"],
      ['shared/fees.ts', "import { Book } from '../colo/book/book.ts'"],
      ['edge/app.ts', "import { Book } from '@tandem/colo/book/book.ts'"],
      ['colo/main.ts', "const server = await import('@tandem/sandbox/main.ts')"],
      ['sandbox/engine/match.ts', "import { parse } from '@tandem/colo/venue/kalshi/parse.ts'"],
      ['colo/main.ts', "import { readTape } from '@tandem/cli/replay/tape.ts'"],
      ['cli/replay.ts', "import { referenceRoot } from '../test/reference.ts'"],
      ['colo/book/ladder.ts', "import { plan } from '../detector/plan.ts'"],
      ['colo/detector/plan.ts', "import { check } from '../risk/check.ts'"],
      ['colo/feed/socket.ts', "import { Journal } from '../journal/journal.ts'"],
      ['colo/clock.ts', "import { Book } from './book/book.ts'"],
      ['colo/executor.ts', "import { Gateway } from './venue/kalshi/gateway.ts'"],
      ['cli/replay.ts', "import { Book } from '../colo/book/book.ts'"],
    ],
    spares: [
      ['colo/executor.ts', "import type { Gateway } from './venue/kalshi/gateway.ts'"],
      ['colo/risk/check.ts', "import { plan } from '../detector/plan.ts'"],
      ['cli/replay.ts', "import { Book } from '@tandem/colo/book/book.ts'"],
    ],
  },
  {
    name: 'a workspace declares what it imports',
    check({ path, imports }) {
      const unit = unitOf(path)
      if (unit === undefined) return []
      const workspace = unit === 'test' || unit === 'bench' ? '.' : unit
      return imports.flatMap(({ specifier, line }) => {
        if (/^(node:|\.)/.test(specifier)) return []
        const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
        if (declared(workspace).has(name)) return []
        return [
          {
            line,
            message: `${name} is banned, use what ${workspace}/package.json declares, or declare it there`,
          },
        ]
      })
    },
    bites: [
      ['shared/log.ts', "import pino from 'pino'"],
      ['colo/log.ts', "const { bold } = await import('picocolors')"],
    ],
    spares: [['shared/settings.ts', "import { z } from 'zod'"]],
  },
  {
    name: 'pure files know nothing of node',
    check: ({ path, imports }) =>
      PURE.test(path)
        ? imports
            .filter(
              ({ specifier }) =>
                /^node:/.test(specifier) && !(/auth\.ts$/.test(path) && specifier === 'node:crypto'),
            )
            .map(({ specifier, line }) => ({ line, message: `${specifier} is banned, use values passed in` }))
        : [],
    bites: [
      ['colo/book/ladder.ts', "import { readFileSync } from 'node:fs'"],
      ['shared/units.ts', "import { Buffer } from 'node:buffer'"],
      ['colo/venue/kalshi/encode.ts', "import { sign } from 'node:crypto'"],
    ],
    spares: [['colo/venue/kalshi/auth.ts', "import { sign } from 'node:crypto'"]],
  },
  ban('pure code does not wait', /\b(async|await|Promise)\b/, 'a function that returns at once', {
    where: PURE,
    bites: [['colo/book/ladder.ts', 'export async function load() {}']],
    spares: [
      ['colo/book/ladder.ts', '// await the next frame'],
      ['colo/feed/socket.ts', 'await opened'],
    ],
  }),
  ban('the hot path does not throw', /\bthrow\b/, 'an outcome, or assert for what cannot be', {
    where: HOT,
    bites: [['colo/detector/plan.ts', "if (lots === 0) throw new Failure('none')"]],
    spares: [['colo/detector/plan.ts', "assert(lots > 0, 'PLAN_LOTS') // does not throw"]],
  }),
  ban(
    'time and chance are passed in',
    /\b(Date\.now|performance\.now|performance\.timeOrigin|process\.hrtime|Math\.random|randomBytes|randomUUID|randomInt|getRandomValues|setTimeout|setInterval|setImmediate)\b|\bnew Date\(\)/,
    'the Clock, or a value passed in',
    {
      except: [
        HARNESS,
        MAIN,
        { path: /^colo\/clock\.ts$/, why: 'it is the clock' },
        { path: /^colo\/signer\/keys\.ts$/, why: 'keys and the blinding of signatures need real chance' },
      ],
      bites: [
        ['colo/executor.ts', 'const t0 = performance.now()'],
        ['colo/feed/socket.ts', 'setTimeout(reconnect, 250)'],
        ['shared/audit.ts', 'const at = new Date()'],
        ['colo/pool/refill.ts', 'const salt = Math.random()'],
      ],
      spares: [
        ['colo/executor.ts', "const why = 'no setTimeout here'"],
        ['shared/audit.ts', 'const at = new Date(ms)'],
        ['colo/clock.ts', 'return Date.now()'],
      ],
    },
  ),
  ban('one file reads the environment', /\bprocess\.env\b/, 'colo/config.ts', {
    except: [HARNESS, MAIN, { path: /^colo\/config\.ts$/, why: 'it is that file' }],
    bites: [['colo/feed/socket.ts', 'const url = process.env.URL']],
    spares: [['colo/config.ts', 'readConfig(process.env)']],
  }),
  ban(
    'the console belongs to the commands',
    /\b(console\.\w+|process\.std(out|err))\b/,
    'the Turn, the journal or the counters',
    {
      except: [HARNESS, MAIN],
      bites: [['colo/executor.ts', 'console.log(turn)']],
      spares: [['cli/main.ts', 'process.stdout.write(text)']],
    },
  ),
  ban(
    'threads, sockets and processes come from main',
    /\b(new (Worker|Socket|WebSocket)|createServer|createConnection|spawn|fork|execFile)\(/,
    'a factory that main passes in',
    {
      where: /^(shared|colo|edge)\//,
      except: [
        MAIN,
        { path: /^colo\/journal\/journal\.ts$/, why: 'its writer is the other half of the file' },
        { path: /^colo\/signer\/(spawn|attest)\.ts$/, why: 'it is the factory of the signer’s process' },
      ],
      bites: [['colo/feed/socket.ts', 'const socket = new WebSocket(url)']],
      spares: [['colo/signer/main.ts', 'createServer(serve).listen(path)']],
    },
  ),
  ban('only risk approves', /\bas (unknown as )?Approved\b/, 'colo/risk/check.ts', {
    except: [
      { path: /^colo\/risk\//, why: 'it is the minter' },
      { path: /^test\//, why: 'a test of a gateway stands in for risk' },
    ],
    bites: [['colo/executor.ts', 'gateway.send(intent as Approved<Intent>)']],
    spares: [['colo/risk/check.ts', 'return intent as Approved<Intent>']],
  }),
  ban(
    'TLS is never weakened',
    /\b(rejectUnauthorized|checkServerIdentity)\b/,
    'the system’s authorities, or `ca` in sandbox mode',
    {
      inText: true,
      except: [{ path: /^test\/tidy\//, why: 'names what it looks for' }],
      bites: [['colo/venue/kalshi/rest.ts', "const options = { 'rejectUnauthorized': false }"]],
      spares: [['colo/venue/kalshi/rest.ts', 'const options = { ca }']],
    },
  ),
  ban('nothing is left for later', /\b(FIXME|TODO|XXX|HACK)\b/, 'an issue, or do it', {
    where: /./,
    inText: true,
    except: [{ path: /^test\/tidy\//, why: 'names what it looks for' }],
    bites: [
      ['colo/executor.ts', '// TODO: later'],
      ['docs/TESTING.md', 'FIXME'],
    ],
    spares: [['colo/executor.ts', "failure.todo = 'look'"]],
  }),
  ban('no test is left out by hand', /\.(only|todo)\(|\bonly: true/, 'skip with a reason', {
    where: /^test\//,
    bites: [['test/unit/a.test.ts', "it.only('works', () => {})"]],
    spares: [['test/unit/a.test.ts', "it('works', { skip: skipWithoutReference() }, () => {})"]],
  }),
  ban(
    'no path of one machine',
    /(?<![\w.])\/(work|root|home\/\w+|Users)\//,
    'a path from the project’s root',
    {
      where: /./,
      inText: true,
      except: [{ path: /^test\/tidy\//, why: 'names what it looks for' }],
      bites: [['docs/TESTING.md', 'run it in /home/anna/tandem']],
      spares: [['docs/TESTING.md', 'run it in ../shared/root/']],
    },
  ),
  {
    name: 'a file is named for its one noun',
    check({ path }) {
      const name = path.split('/').at(-1) ?? ''
      const bad = /^(index|utils?|helpers?|common|misc|types|constants|stuff)\.ts$/.exec(name)
      const folder = /(^|\/)(utils?|helpers?|common|misc|lib|src)\//.exec(path)
      if (!path.endsWith('.ts') || (bad === null && folder === null)) return []
      return [{ line: 1, message: `${bad?.[0] ?? folder?.[2]} is banned, use the name of what is in it` }]
    },
    bites: [
      ['colo/book/utils.ts', ''],
      ['shared/index.ts', ''],
      ['colo/common/price.ts', ''],
    ],
    spares: [['colo/book/ladder.ts', '']],
  },
]
