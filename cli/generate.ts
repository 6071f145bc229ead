import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Failure } from '@tandem/shared/failure.ts'
import type { Register } from './command.ts'
import { makeTape, PAIRS_MAX, SECONDS_MAX } from './generate/tape.ts'

// `tandem generate`: writes tape.ndjson.gz and pairs.json. The same options give the same tape, everywhere.

interface Options {
  seed: string
  seconds: string
  pairs: string
  out: string
}

export const register: Register = (program, io) => {
  program
    .command('generate')
    .description('make a tape of two venues from a seed')
    .option('--seed <number>', 'which tape', '7')
    .option('--seconds <number>', 'how long it is', '120')
    .option('--pairs <number>', 'how many questions it follows', '6')
    .requiredOption('--out <folder>', 'where tape.ndjson.gz and pairs.json go')
    .action((options: Options) => {
      const tape = makeTape(
        whole(options.seed, '--seed', 0xffff_ffff),
        whole(options.seconds, '--seconds', SECONDS_MAX),
        whole(options.pairs, '--pairs', PAIRS_MAX),
      )
      const folder = resolve(options.out)
      try {
        mkdirSync(folder, { recursive: true })
        writeFileSync(join(folder, 'tape.ndjson.gz'), gzipSync(`${tape.lines.join('\n')}\n`, { level: 9 }))
        writeFileSync(join(folder, 'pairs.json'), `${JSON.stringify(tape.pairs, null, 2)}\n`)
      } catch (cause) {
        throw new Failure({
          code: 'OUT_UNWRITABLE',
          what: (cause as Error).message,
          where: '--out',
          todo: 'name a folder that you may write to',
          cause,
        })
      }
      io.stderr(`${tape.lines.length} frames in ${join(folder, 'tape.ndjson.gz')}\n`)
    })
}

function whole(text: string, option: string, max: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1 && value <= max) return value
  throw new Failure({
    code: 'OPTION_BAD',
    what: `${text} is no whole number from 1 to ${max}`,
    where: option,
    todo: 'give one',
  })
}
