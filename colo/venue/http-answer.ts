// Answers of one HTTP/1.1 connection, read from bytes as they come (RFC 9112). Strict where two readers could disagree
// about where an answer ends: then the connection is given up, and with it what the answer would have said.

/** Venues answer an order in a few hundred bytes; a proxy's page of regret has some thousand. */
const HEAD_BYTES_MAX = 16_384
const BODY_BYTES_MAX = 262_144
/** Of a chunk's size line, with whatever extension: nobody uses them. */
const CHUNK_LINE_BYTES_MAX = 256

export const AnswerState = {
  /** More bytes are to come. */
  Reading: 0,
  /** The answer is whole. */
  Done: 1,
  /** No answer that two readers would understand alike, or longer than any of ours. */
  Broken: 2,
} as const
export type AnswerState = (typeof AnswerState)[keyof typeof AnswerState]

const Part = {
  Head: 0,
  Counted: 1,
  ChunkSize: 2,
  ChunkData: 3,
  ChunkEnd: 4,
  Trailers: 5,
  UntilClose: 6,
} as const
type Part = (typeof Part)[keyof typeof Part]

/** One answer after another: `reset` before each. */
export class HttpAnswer {
  state: AnswerState = AnswerState.Reading
  status = 0
  /** Whether the connection may carry another request. */
  keepAlive = false
  /** Seconds that the venue asks to wait; 0 when it names none. */
  retryAfterS = 0
  /** Its Date, ms since 1970; NaN where it has none. */
  dateMs = Number.NaN
  #part: Part = Part.Head
  #bytes: Buffer = Buffer.alloc(4_096)
  /** Bytes [#read, #filled) wait to be read. */
  #read = 0
  #filled = 0
  #body: Buffer = Buffer.alloc(4_096)
  #bodyBytes = 0
  /** What is still to come of a counted body, or of a chunk. */
  #left = 0

  reset(): void {
    this.state = AnswerState.Reading
    this.status = 0
    this.keepAlive = false
    this.retryAfterS = 0
    this.dateMs = Number.NaN
    this.#part = Part.Head
    this.#read = 0
    this.#filled = 0
    this.#bodyBytes = 0
    this.#left = 0
  }

  /** The body so far, as text. */
  get body(): string {
    return this.#body.toString('utf8', 0, this.#bodyBytes)
  }

  /** Bytes off the wire. Whatever comes after a whole answer, unasked, breaks it. */
  feed(bytes: Uint8Array): AnswerState {
    if (this.state !== AnswerState.Reading) {
      if (bytes.length > 0) this.state = AnswerState.Broken
      return this.state
    }
    this.#bytes = appended(this.#bytes, this.#filled, bytes)
    this.#filled += bytes.length
    while (this.#step());
    this.#compact()
    return this.state
  }

  /** The peer has closed: some answers end so, most are cut. */
  end(): AnswerState {
    if (this.state === AnswerState.Reading)
      this.state = this.#part === Part.UntilClose ? AnswerState.Done : AnswerState.Broken
    return this.state
  }

  #compact(): void {
    if (this.#read < this.#filled) {
      if (this.state === AnswerState.Done) this.state = AnswerState.Broken
    } else {
      this.#read = 0
      this.#filled = 0
    }
  }

  /** @returns whether it got anywhere: else the answer has ended, or more bytes are needed. */
  #step(): boolean {
    if (this.state !== AnswerState.Reading) return false
    switch (this.#part) {
      case Part.Head:
        return this.#readHead()
      case Part.Counted:
        return this.#readData(AnswerState.Done, Part.Counted)
      case Part.ChunkData:
        return this.#readData(AnswerState.Reading, Part.ChunkEnd)
      case Part.UntilClose:
        this.#left = this.#filled - this.#read
        return this.#left > 0 && this.#readData(AnswerState.Reading, Part.UntilClose)
      default:
        return this.#readLine()
    }
  }

  #readHead(): boolean {
    const end = this.#bytes.subarray(0, this.#filled).indexOf('\r\n\r\n', this.#read)
    if ((end === -1 ? this.#filled : end) - this.#read > HEAD_BYTES_MAX) return this.#break()
    if (end === -1) return false
    const lines = this.#bytes.toString('latin1', this.#read, end).split('\r\n')
    this.#read = end + 4
    const start = /^HTTP\/1\.([01]) (\d{3})(?: |$)/.exec(lines[0])
    if (start === null) return this.#break()
    this.status = Number(start[2])
    // Interim answers come before the real one; 101 would make this another protocol.
    if (this.status < 200) return this.status !== 101 || this.#break()
    return this.#readFields(lines, start[1] === '1') || this.#break()
  }

  /** Takes from the head what decides where the answer ends. */
  #readFields(lines: readonly string[], keepsByDefault: boolean): boolean {
    let length = -1
    let chunked = false
    this.keepAlive = keepsByDefault
    for (let i = 1; i < lines.length; i++) {
      const field = /^([!#$%&'*+\-.^_`|~\w]+):[ \t]*(.*?)[ \t]*$/.exec(lines[i])
      if (field === null) return false
      const value = field[2].toLowerCase()
      switch (field[1].toLowerCase()) {
        case 'content-length':
          if (!/^\d{1,9}$/.test(value) || (length !== -1 && length !== Number(value))) return false
          length = Number(value)
          break
        case 'transfer-encoding':
          if (value !== 'chunked' || chunked) return false
          chunked = true
          break
        case 'content-encoding':
          // None was asked for: the requests name no encoding that they accept.
          if (value !== 'identity') return false
          break
        case 'connection':
          this.keepAlive = !value.includes('close') && (keepsByDefault || value.includes('keep-alive'))
          break
        case 'date':
          this.dateMs = Date.parse(value)
          break
        case 'retry-after':
          if (/^\d{1,6}$/.test(value)) this.retryAfterS = Number(value)
          break
      }
    }
    // Both together are how requests are smuggled; a venue sends neither so.
    if ((chunked && length !== -1) || length > BODY_BYTES_MAX) return false
    if (this.status === 204 || this.status === 304 || length === 0) this.state = AnswerState.Done
    else if (chunked) this.#part = Part.ChunkSize
    else if (length > 0) this.#expect(Part.Counted, length)
    else {
      this.keepAlive = false
      this.#part = Part.UntilClose
    }
    return true
  }

  #expect(part: Part, left: number): void {
    this.#part = part
    this.#left = left
  }

  #readData(state: AnswerState, next: Part): boolean {
    const taken = Math.min(this.#left, this.#filled - this.#read)
    if (taken === 0) return false
    if (this.#bodyBytes + taken > BODY_BYTES_MAX) return this.#break()
    this.#body = appended(this.#body, this.#bodyBytes, this.#bytes.subarray(this.#read, this.#read + taken))
    this.#bodyBytes += taken
    this.#read += taken
    this.#left -= taken
    if (this.#left > 0) return true
    this.state = state
    this.#part = next
    return true
  }

  /** A line of the chunked framing: a chunk's size, the end of its data, a trailer. */
  #readLine(): boolean {
    const end = this.#bytes.subarray(0, this.#filled).indexOf('\r\n', this.#read)
    if (end === -1) return this.#filled - this.#read > CHUNK_LINE_BYTES_MAX && this.#break()
    const line = this.#bytes.toString('latin1', this.#read, end)
    this.#read = end + 2
    if (this.#part === Part.ChunkEnd) {
      this.#part = Part.ChunkSize
      return line === '' || this.#break()
    }
    if (this.#part === Part.Trailers) {
      if (line === '') this.state = AnswerState.Done
      return true
    }
    const size = /^([0-9a-f]{1,6})[ \t]*(?:;.*)?$/i.exec(line)
    if (size === null) return this.#break()
    const left = Number.parseInt(size[1], 16)
    this.#expect(left === 0 ? Part.Trailers : Part.ChunkData, left)
    return true
  }

  #break(): false {
    this.state = AnswerState.Broken
    return false
  }
}

/** `bytes` copied into `target` at `at`, or into a larger one with the same beginning. */
function appended(target: Buffer, at: number, bytes: Uint8Array): Buffer {
  let into = target
  if (at + bytes.length > target.length) {
    into = Buffer.alloc(2 ** Math.ceil(Math.log2(at + bytes.length)))
    target.copy(into, 0, 0, at)
  }
  into.set(bytes, at)
  return into
}
