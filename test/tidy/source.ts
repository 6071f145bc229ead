import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'

export const root = resolve(import.meta.dirname, '../..')

export interface Import {
  specifier: string
  line: number
  typeOnly: boolean
}

/** One file of ours, as the rules see it. */
export interface Source {
  /** From the project's root, with forward slashes. */
  path: string
  text: string
  /** The text with the contents of comments, strings and regular expressions blanked; every offset stays what it was. */
  code: string
  imports: Import[]
}

const FOLDERS = [
  'shared',
  'colo',
  'edge',
  'infra',
  'sandbox',
  'cli',
  'test',
  'bench',
  'docs',
  'examples',
  '.ci',
]
const KEPT_OUT = ['node_modules']
const TEXT = /\.(ts|md|json|sh|toml|html|css|yml|service)$|(^|\/)(run|LICENSE|\.gitignore)$/

/** Every text file of the project, sorted. */
export function projectFiles(): string[] {
  const files = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
  for (const folder of FOLDERS) {
    let names: string[]
    try {
      names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    } catch {
      continue // a workspace that does not exist yet
    }
    files.push(...names.map((name) => join(folder, name)))
  }
  return (
    files
      .map((path) => relative(root, join(root, path)).split(sep).join('/'))
      .filter((path) => TEXT.test(path) && !KEPT_OUT.some((folder) => path.split('/').includes(folder)))
      // Not ours to tidy: what npm wrote, and what the venues' clients computed.
      .filter((path) => path !== 'package-lock.json' && !/^test\/vectors\/.*json$/.test(path))
      .sort()
  )
}

export function readSource(path: string, text = readFileSync(join(root, path), 'utf8')): Source {
  const code = path.endsWith('.ts') ? blanked(text) : text
  return { path, text, code, imports: path.endsWith('.ts') ? importsOf(text, code) : [] }
}

export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

/**
 * Static and dynamic imports, and files handed to a thread or process by `new URL('./x.ts', import.meta.url)`.
 * Found in the blanked code, so that a mention in a comment is none; the specifier is read at the same offset.
 */
function importsOf(text: string, code: string): Import[] {
  const found: Import[] = []
  const pattern =
    /\b(import|export)\s+(type\s)?[^'"`;=()]*?from\s*(['"])|\bimport\s*(['"])|\bimport\s*\(\s*(['"])|new URL\(\s*(['"])/g
  for (const match of code.matchAll(pattern)) {
    const start = match.index + match[0].length
    const end = code.indexOf(match[0].slice(-1), start)
    const specifier = text.slice(start, end)
    if (match[6] !== undefined && !specifier.endsWith('.ts')) continue
    found.push({ specifier, line: lineOf(text, match.index), typeOnly: match[2] !== undefined })
  }
  return found
}

/** Quotes and newlines stay, what they enclose becomes spaces; the code inside `${}` stays. */
function blanked(text: string): string {
  const out =
    [...text].length === text.length
      ? text.split('')
      : Array.from({ length: text.length }, (_, at) => text[at])
  const blank = (from: number, to: number): void => {
    for (let at = from; at < to; at++) if (out[at] !== '\n') out[at] = ' '
  }
  /** For each template literal that we are inside of, the depth of braces in its current `${}`. */
  const templates: number[] = []
  let at = 0
  const template = (from: number): void => {
    at = from
    while (at < text.length && text[at] !== '`' && !text.startsWith('${', at)) at += text[at] === '\\' ? 2 : 1
    blank(from, at)
    if (text[at] === '`') at += 1
    else {
      templates.push(0)
      at += 2
    }
  }
  while (at < text.length) {
    const char = text[at]
    if (text.startsWith('//', at)) {
      const end = text.indexOf('\n', at)
      blank(at, end === -1 ? text.length : end)
      at = end === -1 ? text.length : end
    } else if (text.startsWith('/*', at)) {
      const end = text.indexOf('*/', at + 2)
      blank(at, end + 2)
      at = end + 2
    } else if (char === "'" || char === '"') {
      const from = at + 1
      at = from
      while (at < text.length && text[at] !== char) at += text[at] === '\\' ? 2 : 1
      blank(from, at)
      at += 1
    } else if (char === '`') template(at + 1)
    else if (char === '/' && startsRegex(text, at)) {
      const from = at + 1
      let inClass = false
      at = from
      while (at < text.length && (inClass || text[at] !== '/')) {
        if (text[at] === '[') inClass = true
        if (text[at] === ']') inClass = false
        at += text[at] === '\\' ? 2 : 1
      }
      blank(from, at)
      at += 1
    } else {
      const depth = templates.length - 1
      if (depth >= 0 && char === '{') templates[depth] += 1
      if (depth >= 0 && char === '}') {
        if (templates[depth] === 0) {
          templates.pop()
          template(at + 1)
          continue
        }
        templates[depth] -= 1
      }
      at += 1
    }
  }
  return out.join('')
}

/** A slash after a value divides; after anything else it opens a regular expression. */
function startsRegex(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 40), at).trimEnd()
  return /(^|[([{,;:=!&|?+\-*%~^<>]|\b(return|typeof|case|in|of|do|else|yield|await))$/.test(before)
}
