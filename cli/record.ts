import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { VENUE_NAMES } from '@tandem/colo/venue/venue.ts'
import { Failure } from '@tandem/shared/failure.ts'
import { unreadable } from '@tandem/shared/file.ts'
import { readMapping } from '@tandem/shared/mapping.ts'
import { WebSocket } from 'ws'
import type { Register } from './command.ts'
import { readJson } from './input.ts'
import { type KalshiHeaders, openKalshiHeaders } from './record/kalshi-headers.ts'
import type { VenueName } from './record/line.ts'
import { Recorder } from './record/recorder.ts'
import { kalshiSubjects, polymarketSubjects } from './record/subject.ts'
import { TapeFiles } from './record/tape-files.ts'

// `tandem record`: what the venues' market channels say, frame by frame, into files that `replay` reads.

interface Options {
  venue: string
  out: string
  pairs?: string
  markets?: string[]
  url?: string[]
  ca?: string
  kalshiKey?: string
  kalshiKeyId?: string
  rotateMb: string
  rotateMinutes: string
  seconds?: string
  json?: boolean
}

const BYTES_PER_MB = 1_000_000
const MS_PER_MINUTE = 60_000
/** Timers of Node hold 2^31 ms: 24 days. */
const SECONDS_MAX = 2_000_000

export const register: Register = (program, io) => {
  program
    .command('record')
    .description('write what the venues’ market channels say into files that replay reads')
    .requiredOption('--venue <name>', 'polymarket, kalshi or both')
    .requiredOption('--out <folder>', 'where the tapes go')
    .option('--pairs <file>', 'the markets of a pairs file')
    .option('--markets <ids...>', 'or by name: Polymarket’s token ids, Kalshi’s tickers')
    .option('--url <url...>', 'another address: wss://host, or venue=wss://host when both are recorded')
    .option('--ca <file>', 'the authority that a sandbox’s certificate is signed by')
    .option('--kalshi-key <file>', 'the key that the signer opens; Kalshi lets nobody in without one')
    .option('--kalshi-key-id <id>', 'its id')
    .option('--rotate-mb <number>', 'begin a new file at this size on the disk', '256')
    .option('--rotate-minutes <number>', 'and after this time', '60')
    .option('--seconds <number>', 'end after this time; otherwise Ctrl-C does')
    .option('--json', 'one JSON document at the end')
    .action(async (options: Options) => {
      const { polymarket: markets, kalshi: tickers } = marketsOf(options)
      const urls = urlsOf(options)
      const ca = options.ca === undefined ? undefined : readText(options.ca)
      const rotation = {
        bytesMax: positive(options.rotateMb, '--rotate-mb') * BYTES_PER_MB,
        msMax: positive(options.rotateMinutes, '--rotate-minutes') * MS_PER_MINUTE,
      }
      const seconds = options.seconds === undefined ? undefined : positive(options.seconds, '--seconds')
      const stop = new AbortController()
      const onSignal = () => stop.abort()
      process.once('SIGINT', onSignal).once('SIGTERM', onSignal)

      let recorder: Recorder | undefined
      let keys: KalshiHeaders | undefined
      let timer: NodeJS.Timeout | undefined
      const folder = resolve(options.out)
      try {
        if (tickers.length > 0)
          keys = await openKalshiHeaders(...kalshiKey(options), (gone) => recorder?.fail(gone))
        const headers = keys?.headers ?? (async () => ({}))
        recorder = new Recorder({
          subjects: [
            ...polymarketSubjects(markets, urls.polymarket),
            ...kalshiSubjects(tickers, headers, urls.kalshi),
          ],
          makeSocket: (url, socketOptions) => new WebSocket(url, socketOptions),
          ca,
          onNote: (text) => io.stderr(`tandem: ${text}\n`),
        })
        const files = new TapeFiles(folder, rotation, Date.now(), (failure) => recorder?.fail(failure))
        io.stderr(
          `tandem: recording ${markets.length} markets of Polymarket and ${tickers.length} of Kalshi into ${folder}; Ctrl-C ends it\n`,
        )
        if (seconds !== undefined) timer = setTimeout(() => stop.abort(), seconds * 1_000)
        try {
          await recorder.run(files, stop.signal)
        } finally {
          await files.close()
          const { frames, reconnects } = recorder
          const summary = { frames, bytes: files.bytes, reconnects, folder, files: files.names }
          io.stdout(
            options.json
              ? `${JSON.stringify(summary)}\n`
              : `${frames} frames, ${files.bytes} bytes in ${files.names.length} files, ${reconnects} reconnects\n`,
          )
        }
      } finally {
        clearTimeout(timer)
        process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
        await keys?.stop()
      }
    })
}

interface Markets {
  /** Each by both of its tokens, or the one that was named. */
  polymarket: string[][]
  /** Tickers. */
  kalshi: string[]
}

/** What is recorded of each venue; nothing of one that was not asked for. */
function marketsOf({ venue, pairs, markets = [] }: Options): Markets {
  if (venue !== 'both' && !VENUE_NAMES.some((name) => name === venue))
    throw bad('--venue', `there is no venue ${venue}`, 'name polymarket, kalshi or both')
  const mapped = pairs === undefined ? [] : readMapping(readJson(pairs), pairs).mapping.pairs
  // By the first token, so that pairs which share a market subscribe to it once.
  const tokens = new Map(
    mapped.map(({ polymarket: { yesToken, noToken } }) => [yesToken, [yesToken, noToken]]),
  )
  const tickers = new Set(mapped.map(({ kalshi }) => kalshi.ticker))
  for (const id of markets)
    if (!/^\d+$/.test(id)) tickers.add(id)
    else if (![...tokens.values()].flat().includes(id)) tokens.set(id, [id])
  const chosen = {
    polymarket: venue === 'kalshi' ? [] : [...tokens.values()],
    kalshi: venue === 'polymarket' ? [] : [...tickers],
  }
  for (const name of VENUE_NAMES)
    if (chosen[name].length === 0 && (venue === name || venue === 'both'))
      throw bad('--markets', `no market of ${name} is named`, 'name them there, or give a file with --pairs')
  return chosen
}

function urlsOf({ venue, url: given = [] }: Options): Partial<Record<VenueName, string>> {
  const urls: Partial<Record<VenueName, string>> = {}
  for (const text of given) {
    const [, name = venue, url] = /^(?:(\w+)=)?(wss:\/\/.+)$/.exec(text) ?? []
    const known = VENUE_NAMES.find((each) => each === name)
    if (known === undefined || !URL.canParse(url))
      throw bad('--url', `${text} is no address of a venue`, 'give wss://host, or kalshi=wss://host')
    urls[known] = url
  }
  return urls
}

function kalshiKey({ kalshiKey: file, kalshiKeyId: id }: Options): [file: string, id: string] {
  if (file !== undefined && id !== undefined) return [resolve(file), id]
  throw bad(
    file === undefined ? '--kalshi-key' : '--kalshi-key-id',
    'Kalshi lets nobody listen without a key',
    'give the key’s file and its id, or record polymarket alone',
  )
}

function readText(path: string): string {
  const file = resolve(path)
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw unreadable(file, cause)
  }
}

function positive(text: string, option: string): number {
  const value = Number(text)
  if (value > 0 && value <= SECONDS_MAX) return value
  throw bad(option, `${text} is no number from 0 to ${SECONDS_MAX}`, 'give one')
}

function bad(where: string, what: string, todo: string): Failure {
  return new Failure({ code: 'OPTION_BAD', what, where, todo })
}
