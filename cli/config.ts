import { type Config, MODES, readConfig } from '@tandem/colo/config.ts'
import type { Register } from './command.ts'

// `tandem config check [FILE]`: what would be in force, or the one thing that is wrong.

export const register: Register = (program, io) => {
  const config = program.command('config').description('check a configuration and show what is in force')
  config
    .command('check')
    .description('read a configuration as a start would, and print what it comes to')
    .argument('[file]', 'a TOML file; without one TANDEM_CONFIG, else the defaults')
    .option('--mode <mode>', `the mode as on the command line of a start: ${MODES.join(', ')}`)
    .option('--json', 'one JSON document')
    .action((file: string | undefined, options: { mode?: string; json?: boolean }) => {
      const inForce = readConfig({ file, mode: options.mode })
      io.stdout(options.json ? `${JSON.stringify(inForce)}\n` : table(inForce))
    })
}

/** Two columns: the key as the file would say it, and its value. */
function table({ settings, capped, file, mode, ...venues }: Config): string {
  // In the other modes the venues are not out there: their addresses and keys are not in force.
  const outThere = mode === 'paper' || mode === 'live' ? venues : {}
  const rows = [...flat({ mode, ...outThere }, ''), ...flat(settings, 'settings.')]
  const width = Math.max(...rows.map(([key]) => key.length))
  const lines = rows.map(([key, value]) => `${key.padEnd(width)}  ${value}`)
  return [`in force from ${file ?? 'defaults (no file)'}:`, ...lines, ...capped, ''].join('\n')
}

function flat(value: object, prefix: string): [key: string, value: string][] {
  return Object.entries(value).flatMap(([key, item]): [string, string][] => {
    if (item === undefined) return []
    if (typeof item === 'object' && !Array.isArray(item)) return flat(item, `${prefix}${key}.`)
    return [[prefix + key, Array.isArray(item) ? item.join(', ') : String(item)]]
  })
}
