import { assert } from '@tandem/shared/assert.ts'
import { ORDER_GROUP_ID_LENGTH_MAX } from '../venue/kalshi/auth.ts'
import type { Lane, OrderSide, Refusal, SignerFacts } from './signer.ts'

// What goes over the signer's socket, little-endian. Every frame begins with its own length and its kind:
//
//   byte  0        2      3    4        8
//        | length | kind | a  | ticket | ...
//
//   Register   48   a version   token     8 negRisk   10 tick   16 token id, 32 bytes
//   Order      48   a lane      ticket    8 token     12 side   16 maker   24 taker   32 salt   40 ms
//   Header  16..   a request   ticket    8 ms       16 the id in the request's path, in ASCII to the frame's end, if it has one
//
//   Hello           a PROTOCOL_VERSION    8 the facts, as JSON: sent once, to each client
//   OrderSigned                 ticket    8 order hash, 32 bytes   40 signature
//   HeaderSigned                ticket    8 base64 in ASCII
//   Refused     8   a refusal   ticket

export const PROTOCOL_VERSION = 2

export const RequestKind = { Register: 1, Order: 2, Header: 3 } as const
export const AnswerKind = { Hello: 1, OrderSigned: 2, HeaderSigned: 3, Refused: 4 } as const

export const FRAME_HEAD_BYTES = 8
export const REGISTER_BYTES = 48
export const ORDER_BYTES = 48
/** Without an id. */
export const HEADER_BYTES = 16
const HEADER_ID_BYTES_MAX = ORDER_GROUP_ID_LENGTH_MAX
export const REQUEST_BYTES_MAX = 80
export const ORDER_HASH_BYTES = 32
export const ORDER_SIGNATURE_AT = FRAME_HEAD_BYTES + ORDER_HASH_BYTES
/** A hello with a public key of RSA-8192, the longest answer, has 2,000. */
export const ANSWER_BYTES_MAX = 4_096
assert(
  Math.max(REGISTER_BYTES, ORDER_BYTES, HEADER_BYTES + HEADER_ID_BYTES_MAX) <= REQUEST_BYTES_MAX,
  'SIGNER_REQUEST_FITS',
)

/** Tokens that may be registered: both of 5,000 markets, and room. */
export const TOKENS_MAX = 16_384
/** Requests that may wait for an answer. A lane of the signer holds as many, so it never has to say Busy to our client. */
export const WAITING_MAX = 8_192

/** Whether a request of this kind may be so long. */
export function isRequest(kind: number, length: number): boolean {
  if (kind === RequestKind.Order) return length === ORDER_BYTES
  if (kind === RequestKind.Header)
    return length >= HEADER_BYTES && length <= HEADER_BYTES + HEADER_ID_BYTES_MAX
  return kind === RequestKind.Register && length === REGISTER_BYTES
}

export function writeFrameHead(
  frame: Buffer,
  at: number,
  length: number,
  kind: number,
  a: number,
  ticket: number,
): void {
  frame.writeUInt16LE(length, at)
  frame[at + 2] = kind
  frame[at + 3] = a
  frame.writeUInt32LE(ticket, at + 4)
}

export function ticketOf(frame: Buffer, at: number): number {
  return frame.readUInt32LE(at + 4)
}

/** `version` is the domain version's digit, 0 for what is no digit. `tokenId` has 32 bytes. */
export function writeRegister(
  frame: Buffer,
  at: number,
  token: number,
  version: number,
  negRisk: boolean,
  tick: number,
  tokenId: Uint8Array,
): void {
  writeFrameHead(frame, at, REGISTER_BYTES, RequestKind.Register, version, token)
  frame.fill(0, at + 8, at + 16)
  frame[at + 8] = negRisk ? 1 : 0
  frame.writeUInt16LE(tick, at + 10)
  frame.set(tokenId, at + 16)
}

export function writeOrder(
  frame: Buffer,
  at: number,
  lane: Lane,
  ticket: number,
  token: number,
  side: OrderSide,
  makerAmount: number,
  takerAmount: number,
  salt: number,
  timestampMs: number,
): void {
  writeFrameHead(frame, at, ORDER_BYTES, RequestKind.Order, lane, ticket)
  frame.writeUInt32LE(token, at + 8)
  frame.writeUInt32LE(side, at + 12)
  frame.writeDoubleLE(makerAmount, at + 16)
  frame.writeDoubleLE(takerAmount, at + 24)
  frame.writeDoubleLE(salt, at + 32)
  frame.writeDoubleLE(timestampMs, at + 40)
}

/** `id` is empty for most requests. */
export function writeHeader(
  frame: Buffer,
  at: number,
  ticket: number,
  request: number,
  timestampMs: number,
  id: string,
): void {
  writeFrameHead(frame, at, HEADER_BYTES + id.length, RequestKind.Header, request, ticket)
  frame.writeDoubleLE(timestampMs, at + 8)
  if (id === '') return
  assert(id.length <= HEADER_ID_BYTES_MAX, 'SIGNER_ID_FITS')
  frame.write(id, at + HEADER_BYTES, 'latin1')
}

/** The id of a Header frame; empty when it has none. */
export function headerId(frame: Buffer, at: number): string {
  const length = frame.readUInt16LE(at)
  return length === HEADER_BYTES ? '' : frame.toString('latin1', at + HEADER_BYTES, at + length)
}

/** Writes a refusal and returns the offset after it. */
export function writeRefused(frame: Buffer, at: number, ticket: number, refusal: Refusal): number {
  writeFrameHead(frame, at, FRAME_HEAD_BYTES, AnswerKind.Refused, refusal, ticket)
  return at + FRAME_HEAD_BYTES
}

/** Off the hot path: the first frame of a connection. */
export function helloFrame(facts: SignerFacts): Buffer {
  const publicKey = Buffer.from(facts.kalshi.publicKey).toString('base64')
  const text = Buffer.from(JSON.stringify({ ...facts, kalshi: { ...facts.kalshi, publicKey } }))
  const frame = Buffer.alloc(FRAME_HEAD_BYTES + text.length)
  assert(frame.length <= ANSWER_BYTES_MAX, 'SIGNER_HELLO_FITS')
  writeFrameHead(frame, 0, frame.length, AnswerKind.Hello, PROTOCOL_VERSION, 0)
  frame.set(text, FRAME_HEAD_BYTES)
  return frame
}

/** The facts of a hello, or undefined when the frame is none or speaks another version. */
export function readHello(frame: Buffer, at: number, length: number): SignerFacts | undefined {
  if (frame[at + 2] !== AnswerKind.Hello || frame[at + 3] !== PROTOCOL_VERSION) return undefined
  try {
    const facts = JSON.parse(frame.toString('utf8', at + FRAME_HEAD_BYTES, at + length))
    facts.kalshi.publicKey = Buffer.from(facts.kalshi.publicKey, 'base64')
    return facts
  } catch {
    return undefined
  }
}

/**
 * Cuts a stream of chunks into frames. A frame that lies within one chunk is told where it lies; one that is spread
 * over several is put together first.
 */
export class FrameReader {
  readonly #onFrame: (bytes: Buffer, at: number, length: number) => boolean
  readonly #part: Buffer
  #partBytes = 0

  /** @param onFrame called with each frame, which is valid only during the call; false ends the reading */
  constructor(bytesMax: number, onFrame: (bytes: Buffer, at: number, length: number) => boolean) {
    this.#part = Buffer.alloc(bytesMax)
    this.#onFrame = onFrame
  }

  /** Reads a chunk. False when it holds what is no frame, or `onFrame` wants no more: the connection is of no use. */
  read(chunk: Buffer): boolean {
    let at = 0
    while (at < chunk.length) {
      if (this.#partBytes === 0 && chunk.length - at >= FRAME_HEAD_BYTES) {
        const length = this.#lengthAt(chunk, at)
        if (length === 0) return false
        if (chunk.length - at >= length) {
          if (!this.#onFrame(chunk, at, length)) return false
          at += length
          continue
        }
      }
      // First the head, which says how much of the rest is missing.
      const wanted = this.#partBytes < FRAME_HEAD_BYTES ? FRAME_HEAD_BYTES : this.#lengthAt(this.#part, 0)
      const taken = Math.min(wanted - this.#partBytes, chunk.length - at)
      chunk.copy(this.#part, this.#partBytes, at, at + taken)
      this.#partBytes += taken
      at += taken
      if (this.#partBytes < FRAME_HEAD_BYTES) return true
      const length = this.#lengthAt(this.#part, 0)
      if (length === 0) return false
      if (this.#partBytes < length) continue
      this.#partBytes = 0
      if (!this.#onFrame(this.#part, 0, length)) return false
    }
    return true
  }

  /** 0 when no frame has such a length. */
  #lengthAt(bytes: Buffer, at: number): number {
    const length = bytes.readUInt16LE(at)
    return length >= FRAME_HEAD_BYTES && length <= this.#part.length ? length : 0
  }
}
