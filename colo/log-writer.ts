// The log's thread, as pino's transport: takes secrets out of each line and writes it. A full disk or a closed pipe
// costs lines, never the process; the first line written after a loss says how many there were.
import { openSync, writeSync } from 'node:fs'
import { Writable } from 'node:stream'
import { CounterCells, Counters } from '@tandem/shared/counters.ts'

export interface LogOrder {
  readonly file: string | undefined
  readonly memory: SharedArrayBuffer
}

const STDERR = 2
const CENSORED = '[redacted]'
/** Whatever is kept under such a key. A signed order is money in its bearer's hand, so its body counts as a secret. */
const SECRET_KEY =
  /secret|passphrase|signature$|private.?key|api.?key|access.?key|authorization|mnemonic|^(auth|body)$/i
/** Whatever looks like one anywhere else: PEM; a signature in hex; 32 bytes or more in padded base64. */
const SECRET_SHAPE =
  /-----BEGIN [^-]+-----[^-]*(-----END [^-]+-----)?|(?:0x)?[0-9a-fA-F]{128,}|[A-Za-z0-9+/_-]{43,}={1,2}/g
/** A pipe whose reader is behind says "again": this often it is asked, this long apart. */
const AGAIN_TIMES = 20
const AGAIN_MS = 10

/** One line of the log without secrets, at whatever depth; what is no JSON is not let through. */
export function redacted(line: string): string {
  try {
    const clean = JSON.parse(line, (key, value) => {
      if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value
      if (SECRET_KEY.test(key)) return CENSORED
      return typeof value === 'string' ? value.replace(SECRET_SHAPE, CENSORED) : value
    })
    return JSON.stringify(clean)
  } catch {
    return JSON.stringify({ level: 50, msg: 'a line that was no JSON is left out' })
  }
}

/** Cuts what comes into lines and writes each whole, or loses it whole. */
export class LogWriter {
  readonly #write: (bytes: Uint8Array) => number
  readonly #onLost: () => void
  #rest = ''
  #lost = 0
  /** Bytes of a line whose end was not written: the next one begins on a new line. */
  #torn = false

  /** @param write as writeSync: may write a part, may throw */
  constructor(write: (bytes: Uint8Array) => number, onLost: () => void) {
    this.#write = write
    this.#onLost = onLost
  }

  take(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#line(redacted(line))
  }

  #line(line: string): void {
    const gap =
      this.#lost === 0
        ? ''
        : `${JSON.stringify({ level: 40, msg: 'lines of the log were lost', lost: this.#lost })}\n`
    let bytes = Buffer.from(`${this.#torn ? '\n' : ''}${gap}${line}\n`)
    const all = bytes.length
    try {
      while (bytes.length > 0) bytes = bytes.subarray(this.#write(bytes))
      this.#lost = 0
      this.#torn = false
    } catch {
      if (bytes.length < all) this.#torn = true
      this.#lost++
      this.#onLost()
    }
  }
}

function writer(file: number): (bytes: Uint8Array) => number {
  const sleep = new Int32Array(new SharedArrayBuffer(4))
  return (bytes) => {
    for (let times = 1; ; times++) {
      try {
        return writeSync(file, bytes)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || times === AGAIN_TIMES) throw error
        Atomics.wait(sleep, 0, 0, AGAIN_MS)
      }
    }
  }
}

/** What pino's transport calls in the thread. */
export default function logWriter({ file, memory }: LogOrder): Writable {
  const cells = new CounterCells(memory)
  let write: ((bytes: Uint8Array) => number) | undefined
  const lines = new LogWriter(
    (bytes) => {
      // Again and again until it opens: a folder that is not there yet may come.
      write ??= writer(file === undefined ? STDERR : openSync(file, 'a', 0o600))
      return write(bytes)
    },
    () => cells.add(Counters.logUnwritten),
  )
  return new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      lines.take(text)
      done()
    },
  })
}
