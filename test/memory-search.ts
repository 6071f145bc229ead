import { closeSync, openSync, readFileSync, readSync } from 'node:fs'

// Looks for secrets in what a running process holds: its arguments, its environment, and all of its memory that can be
// read. Linux only: /proc/<pid>. The reader must be root or the process's parent.

/** Bytes that must not be found, and what they are. */
export interface Needle {
  readonly name: string
  readonly bytes: Buffer
}

/** A secret as programs hold it: raw in either byte order, in hex of either case, in base64 of any alignment. */
export function secretNeedles(name: string, secret: Uint8Array): Needle[] {
  const raw = Buffer.from(secret)
  const hex = raw.toString('hex')
  const texts = [hex, hex.toUpperCase()]
  for (const skipped of [0, 1, 2]) {
    // Whole groups of three bytes have the same letters wherever the secret stands in a longer text.
    const groups = raw.subarray(skipped, skipped + Math.floor((raw.length - skipped) / 3) * 3)
    texts.push(groups.toString('base64'), groups.toString('base64url'))
  }
  return [
    { name: `${name}, raw`, bytes: raw },
    // Numbers of OpenSSL and of libsecp256k1 begin with their lowest byte.
    { name: `${name}, raw backwards`, bytes: Buffer.from(raw.toReversed()) },
    ...[...new Set(texts)].map((text) => ({ name: `${name}, as text`, bytes: Buffer.from(text) })),
  ]
}

/** The lines of a PEM's body, without the first: that one begins with the algorithm, which is no secret. */
export function pemNeedles(name: string, pem: string): Needle[] {
  const body = pem.split('\n').filter((line) => /^[A-Za-z0-9+/=]{16,}$/.test(line))
  return (body.length > 1 ? body.slice(1) : body).map((line) => ({
    name: `${name}, line of its PEM`,
    bytes: Buffer.from(line),
  }))
}

/** The names of the needles that bytes hold. */
export function searchBytes(bytes: Buffer, needles: readonly Needle[]): Set<string> {
  return new Set(needles.filter((needle) => bytes.includes(needle.bytes)).map(({ name }) => name))
}

/** The names of the needles that a process holds, each with where it was seen. */
export function searchProcess(pid: number, needles: readonly Needle[]): Map<string, string> {
  const found = new Map<string, string>()
  for (const file of ['environ', 'cmdline']) {
    for (const name of searchBytes(readFileSync(`/proc/${pid}/${file}`), needles)) found.set(name, file)
  }
  searchMemory(pid, needles, found)
  return found
}

const CHUNK_BYTES = 4 * 1_048_576
/** Most of a process's memory was never touched: pages of zeros are stepped over. */
const ZEROS = Buffer.alloc(4_096)

function searchMemory(pid: number, needles: readonly Needle[], found: Map<string, string>): void {
  const longest = Math.max(...needles.map(({ bytes }) => bytes.length))
  const overlap = longest - 1
  const starts = new Map<number, Needle[]>()
  for (const needle of needles) {
    const start = needle.bytes.readUInt16LE(0)
    starts.set(start, [...(starts.get(start) ?? []), needle])
  }
  // One pass for all needles: a table says of two bytes whether any begins so.
  const begins = new Uint8Array(65_536)
  for (const start of starts.keys()) begins[start] = 1

  const chunk = Buffer.alloc(CHUNK_BYTES)
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').trim().split('\n')) {
      const [range, access, , , , path = 'anonymous'] = line.split(/\s+/)
      if (!access.startsWith('r') || path.startsWith('[v')) continue
      const [from, to] = range.split('-').map((address) => Number.parseInt(address, 16))
      for (let at = from; at < to; at += CHUNK_BYTES - overlap) {
        const length = readMemory(memory, chunk, at, Math.min(CHUNK_BYTES, to - at))
        for (let i = 0; i + 1 < length; i++) {
          if (i % ZEROS.length === 0 && i + ZEROS.length <= length) {
            // All but its end: a needle may begin with a zero there and go on in the next page.
            if (chunk.compare(ZEROS, 0, ZEROS.length, i, i + ZEROS.length) === 0) i += ZEROS.length - longest
          }
          const start = chunk[i] | (chunk[i + 1] << 8)
          if (begins[start] === 0) continue
          for (const { name, bytes } of starts.get(start)!) {
            if (
              i + bytes.length <= length &&
              chunk.compare(bytes, 0, bytes.length, i, i + bytes.length) === 0
            ) {
              found.set(name, `memory at ${(at + i).toString(16)}, ${path}`)
            }
          }
        }
      }
    }
  } finally {
    closeSync(memory)
  }
}

/** A mapping may go while it is read, and the end of a mapped file cannot be: then there is nothing to be found. */
function readMemory(memory: number, chunk: Buffer, at: number, length: number): number {
  try {
    return readSync(memory, chunk, 0, length, at)
  } catch (error) {
    if (['EIO', 'EFAULT'].includes((error as NodeJS.ErrnoException).code ?? '')) return 0
    throw error
  }
}
