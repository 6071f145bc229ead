import { dirname, join } from 'node:path/posix'
import type { Source } from './source.ts'

// Who may import whom: design of the units and of the folders of colo, as tables.

export type Unit = 'shared' | 'colo' | 'edge' | 'infra' | 'sandbox' | 'cli' | 'test' | 'bench'

/** Units that each unit may import, beside itself. Nothing but tests and benches imports test, bench or cli. */
const unitsAllowed: Record<Unit, readonly Unit[]> = {
  shared: [],
  colo: ['shared'],
  edge: ['shared'],
  infra: ['shared'],
  // It judges how we read the venues; whatever it shared with colo it would only confirm.
  sandbox: ['shared'],
  cli: ['shared', 'colo', 'edge', 'sandbox'],
  bench: ['shared', 'colo', 'edge', 'sandbox', 'cli', 'test'],
  test: ['shared', 'colo', 'edge', 'infra', 'sandbox', 'cli', 'bench'],
}

/** No node:*, no async, no clock, no random, no logger; folders of colo that each may import beside itself. */
export const pureFolders = ['book', 'detector', 'risk', 'state']
const foldersAllowed: Record<string, readonly string[]> = {
  book: [],
  detector: ['book'],
  risk: ['detector', 'state'],
  state: ['venue'],
  venue: [],
  feed: ['book', 'venue'],
  // Refills are planned around the limits at which the detector would buy.
  pool: ['detector', 'venue', 'signer'],
  signer: ['venue'],
  journal: [],
  control: [],
  cache: ['book'],
  // It brings the one to the other, in a thread of its own.
  stream: ['journal', 'cache'],
}
/** Values that every folder of colo speaks in. They import nothing of colo but each other. */
const leaves = ['colo/turn.ts', 'colo/clock.ts', 'colo/token.ts', 'colo/venue/venue.ts']
/** A venue's sockets and requests: main alone brings them in, everyone else knows the interface. */
const venueShell = /^colo\/venue\/[^/]+\/(gateway|rest)\.ts$/
/** A venue's gateway acts on approved intents and, on paper, against a book. */
const shellAllowed = ['venue', 'risk', 'book']

export function unitOf(path: string): Unit | undefined {
  const [unit] = path.split('/')
  return unit in unitsAllowed ? (unit as Unit) : undefined
}

/** The file of ours that an import means, from the project's root; undefined for packages and node's own modules. */
function target(path: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return join(dirname(path), specifier)
  return specifier.startsWith('@tandem/') ? specifier.slice('@tandem/'.length) : undefined
}

/** What is wrong with an import by the tables above, or undefined. */
export function forbidden(path: string, specifier: string, typeOnly: boolean): string | undefined {
  const from = unitOf(path)
  const to = target(path, specifier)
  if (from === undefined || to === undefined) return undefined
  const toUnit = unitOf(to)
  if (toUnit === undefined) return `${specifier} is banned, use what a unit exports`
  if (from !== toUnit) {
    if (!unitsAllowed[from].includes(toUnit)) {
      return `importing ${toUnit} from ${from} is banned, use ${unitsAllowed[from].join(' or ') || 'values passed in'}`
    }
    if (specifier.startsWith('.') && toUnit !== 'test' && toUnit !== 'bench') {
      return `${specifier} is banned across units, use @tandem/${to}`
    }
  }
  // The paper venue is one of ours, made to be put together by whoever replays.
  if (
    venueShell.test(to) &&
    from !== 'test' &&
    !typeOnly &&
    !/\/(main|live|replay|paper)\.ts$|^cli\//.test(path)
  ) {
    return `${to} is banned, use colo/venue/gateway.ts and let main bring the gateway in`
  }
  return from === 'colo' && toUnit === 'colo' ? insideColo(path, to) : undefined
}

function insideColo(path: string, to: string): string | undefined {
  if (leaves.includes(to)) return undefined
  if (leaves.includes(path)) return `${to} is banned in a leaf, use shared or another leaf`
  const folder = folderOf(path)
  const toFolder = folderOf(to)
  // Files at colo's top (main, executor) put the folders together.
  if (folder === undefined || folder === toFolder) return undefined
  const shell =
    venueShell.test(path) || path === 'colo/venue/gateway.ts' || path.startsWith('colo/venue/paper/')
  const allowed = shell ? shellAllowed : (foldersAllowed[folder] ?? [])
  if (toFolder !== undefined && allowed.includes(toFolder)) return undefined
  return `importing ${toFolder ?? to} from ${folder} is banned, use ${allowed.join(' or ') || 'values passed in'}`
}

function folderOf(path: string): string | undefined {
  const parts = path.split('/')
  return parts.length > 2 ? parts[1] : undefined
}

/** Files that something else than an import starts, types of packages, and parts that wait for their caller. */
const entries = [
  /(^|\/)main\.ts$/,
  /\.d\.ts$/,
  // The third venue keeps its slot: its facts are held by the vectors until its gateway comes.
  /(^|\/)polymarket-us(\/|\.ts$)/,
  // The same file names for each venue; main brings in who sends, asks by REST and subscribes.
  /^colo\/venue\/[^/]+\/(urls|messages|error|gateway|rest)\.ts$/,
]
const testEntries = [...entries, /^(bench|bench\/alternatives)\/[^/]+\.ts$/, /\.test\.ts$/]

/** Files that no chain of imports reaches; what only tests and benches reach is dead in the product. */
export function deadFiles(sources: readonly Source[]): string[] {
  const harness = (path: string): boolean => /^(test|bench)\//.test(path)
  const files = sources.filter(({ path }) => path.endsWith('.ts'))
  const product = reached(
    files.filter(({ path }) => !harness(path)),
    entries,
  )
  const all = reached(files, testEntries)
  return files.map(({ path }) => path).filter((path) => !(harness(path) ? all : product).has(path))
}

function reached(files: readonly Source[], from: readonly RegExp[]): Set<string> {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const seen = new Set<string>()
  const open = [...byPath.keys()].filter((path) => from.some((entry) => entry.test(path)))
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (seen.has(path)) continue
    seen.add(path)
    for (const { specifier } of byPath.get(path)?.imports ?? []) {
      const to = target(path, specifier)
      if (to !== undefined && byPath.has(to)) open.push(to)
    }
  }
  return seen
}
