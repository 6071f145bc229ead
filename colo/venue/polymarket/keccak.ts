import { assert } from '@tandem/shared/assert.ts'
import { ascii } from '../ascii.ts'

// Keccak-256 as Ethereum uses it (padding 0x01, not SHA3's 0x06), over bytes that already lie in place. Node's OpenSSL
// has SHA-3 but no Keccak, and JavaScript has no 64-bit integers that are quick: so the permutation is a thousand bytes
// of WebAssembly, written out below. Measured in `bench sign`; the slower ways are in bench/alternatives/keccak.ts.
//
// One instance has one memory. Preimages are written there once, and only what varies is patched before each hash:
//
//   0 ......... 192 ............................ KECCAK_MEMORY_BYTES
//   | round      | preimages and digests, laid out by the instance's owner
//   | constants  |

/** A preimage is absorbed in blocks of this many bytes. */
export const KECCAK_BLOCK_BYTES = 136
export const KECCAK_DIGEST_BYTES = 32
/** First free byte: the permutation's 24 round constants lie before it. */
export const KECCAK_FREE_AT = 192
const KECCAK_MEMORY_BYTES = 65_536

const LANES = 25
const ROUNDS = 24
const BLOCK_LANES = KECCAK_BLOCK_BYTES / 8
assert(ROUNDS * 8 === KECCAK_FREE_AT, 'KECCAK_CONSTANTS_FIT')

export class Keccak {
  readonly memory: Uint8Array<ArrayBuffer>
  /** Hashes `blocks` padded blocks at `from` and stores the digest at `to`. */
  readonly hash: (from: number, blocks: number, to: number) => void

  constructor() {
    const { memory, hash } = new WebAssembly.Instance(compiled).exports as KeccakExports
    roundConstants().forEach((constant, round) => {
      new BigUint64Array(memory.buffer)[round] = constant
    })
    this.memory = new Uint8Array(memory.buffer)
    this.hash = hash
  }

  /**
   * Pads the `length` bytes at `from`, for a preimage whose length never changes.
   *
   * @returns how many blocks it has.
   */
  pad(from: number, length: number): number {
    const blocks = Math.floor(length / KECCAK_BLOCK_BYTES) + 1
    const end = from + blocks * KECCAK_BLOCK_BYTES
    assert(from >= KECCAK_FREE_AT && end <= KECCAK_MEMORY_BYTES, 'KECCAK_PREIMAGE_FITS')
    this.memory.fill(0, from + length, end)
    this.memory[from + length] = 0x01
    this.memory[end - 1] |= 0x80
    return blocks
  }
}

// Node has it; the types of neither Node nor the language say so.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

interface KeccakExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly hash: (from: number, blocks: number, to: number) => void
}

/** Off the hot path: the digest of any bytes, as a new array. */
export function keccak256(...parts: readonly Uint8Array[]): Uint8Array {
  let end = SCRATCH_AT
  for (const part of parts) {
    assert(end + part.length < KECCAK_MEMORY_BYTES, 'KECCAK_PREIMAGE_FITS')
    shared.memory.set(part, end)
    end += part.length
  }
  shared.hash(SCRATCH_AT, shared.pad(SCRATCH_AT, end - SCRATCH_AT), KECCAK_FREE_AT)
  return shared.memory.slice(KECCAK_FREE_AT, SCRATCH_AT)
}

const SCRATCH_AT = KECCAK_FREE_AT + KECCAK_DIGEST_BYTES

/** FIPS 202, section 3.2.5: bit 2^j - 1 of a round's constant is the next bit of a shift register. */
function roundConstants(): bigint[] {
  let register = 1
  return Array.from({ length: ROUNDS }, () => {
    let constant = 0n
    for (let j = 0; j < 7; j++) {
      if (register & 1) constant |= 1n << BigInt(2 ** j - 1)
      register = register & 0x80 ? (register << 1) ^ 0x171 : register << 1
    }
    return constant
  })
}

/** FIPS 202, section 3.2.2: how far each lane x + 5y is rotated. */
function rotations(): number[] {
  const rotation = new Array<number>(LANES).fill(0)
  for (let t = 0, x = 1, y = 0; t < ROUNDS; t++) {
    rotation[x + 5 * y] = (((t + 1) * (t + 2)) / 2) % 64
    ;[x, y] = [y, (2 * x + 3 * y) % 5]
  }
  return rotation
}

/**
 * The module: `hash(from, blocks, to)`, all lanes in locals, one round unrolled in a loop of 24 in a loop of blocks.
 */
function assemble(): Uint8Array<ArrayBuffer> {
  const [FROM, BLOCKS, TO, ROUND] = [0, 1, 2, 3]
  const lane = (i: number) => 4 + i
  const column = (x: number) => lane(LANES) + (x % 5)
  const mixed = (x: number) => column(0) + 5 + x
  const moved = (i: number) => mixed(0) + 5 + i
  const locals = LANES + 5 + 5 + LANES

  const get = (local: number) => [0x20, local]
  const set = (local: number) => [0x21, local]
  const tee = (local: number) => [0x22, local]
  const i32 = (value: number) => [0x41, ...signed(value)]
  const i64 = (value: number) => [0x42, ...signed(value)]
  // The 3 is the alignment's exponent, a hint only: a struct hash is stored at byte 34 of its envelope.
  const load = (offset: number) => [0x29, 3, ...unsigned(offset)]
  const store = (offset: number) => [0x37, 3, ...unsigned(offset)]
  const [LOOP, END, AGAIN_IF] = [[0x03, 0x40], [0x0b], [0x0d, 0]]
  const [ADD, SUB, LESS] = [[0x6a], [0x6b], [0x48]]
  const [AND, XOR, ROTL] = [[0x83], [0x85], [0x89]]

  const rotation = rotations()
  const xs = [0, 1, 2, 3, 4]
  const lanes = Array.from({ length: LANES }, (_, i) => i)
  const code = [
    [LOOP],
    lanes.slice(0, BLOCK_LANES).map((i) => [get(lane(i)), get(FROM), load(8 * i), XOR, set(lane(i))]),
    [i32(0), set(ROUND), LOOP],
    // Theta, in three steps; the third is done together with rho and pi.
    xs.map((x) => [
      get(lane(x)),
      ...[5, 10, 15, 20].flatMap((row) => [get(lane(x + row)), XOR]),
      set(column(x)),
    ]),
    xs.map((x) => [get(column(x + 4)), get(column(x + 1)), i64(1), ROTL, XOR, set(mixed(x))]),
    lanes.map((i) => {
      const [x, y] = [i % 5, Math.floor(i / 5)]
      const to = y + 5 * ((2 * x + 3 * y) % 5)
      return [get(lane(i)), get(mixed(x)), XOR, i64(rotation[i]), ROTL, set(moved(to))]
    }),
    // Chi: a lane and what its two right neighbours say.
    lanes.map((i) => {
      const right = (by: number) => get(moved(i - (i % 5) + ((i + by) % 5)))
      return [get(moved(i)), right(1), i64(-1), XOR, right(2), AND, XOR, set(lane(i))]
    }),
    // Iota.
    [get(lane(0)), get(ROUND), load(0), XOR, set(lane(0))],
    [get(ROUND), i32(8), ADD, tee(ROUND), i32(ROUNDS * 8), LESS, AGAIN_IF, END],
    [get(FROM), i32(KECCAK_BLOCK_BYTES), ADD, set(FROM)],
    [get(BLOCKS), i32(1), SUB, tee(BLOCKS), AGAIN_IF, END],
    xs.slice(0, KECCAK_DIGEST_BYTES / 8).map((i) => [get(TO), get(lane(i)), store(8 * i)]),
    END,
  ].flat(9) as number[]

  const [I32, I64] = [0x7f, 0x7e]
  const body = [2, 1, I32, locals, I64, ...code]
  const text = (name: string) => [name.length, ...ascii(name)]
  const section = (id: number, content: number[]) => [id, ...unsigned(content.length), ...content]
  return new Uint8Array([
    ...[0x00, ...ascii('asm'), 1, 0, 0, 0],
    ...section(1, [1, 0x60, 3, I32, I32, I32, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [2, ...text('memory'), 2, 0, ...text('hash'), 0, 0]),
    ...section(10, [1, ...unsigned(body.length), ...body]),
  ])
}

/** LEB128, seven bits a byte, lowest first. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]
}

function signed(value: number): number[] {
  return value >= -0x40 && value < 0x40 ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)]
}

const compiled = new WebAssembly.Module(assemble())
const shared = new Keccak()
