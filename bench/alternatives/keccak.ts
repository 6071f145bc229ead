import { keccak256 } from 'viem'

// An order's two hashes (three blocks, then one) by slower permutations than the one in WebAssembly: viem's, which is
// noble's in JavaScript, and our own in JavaScript with every lane's halves in local variables. The second is made by
// `new Function`, since as text it would be six hundred lines.

const BLOCK_BYTES = 136
const ROUNDS = 24

export interface HashPair {
  readonly struct: Uint8Array
  readonly envelope: Uint8Array
}

/** Preimages of an order's lengths. */
export function hashPair(): HashPair {
  return { struct: new Uint8Array(384).fill(3), envelope: new Uint8Array(66).fill(5) }
}

export function noble({ struct, envelope }: HashPair): Uint8Array {
  envelope.set(keccak256(struct, 'bytes'), 34)
  return keccak256(envelope, 'bytes')
}

export function unrolled({ struct, envelope }: HashPair): Uint8Array {
  envelope.set(digest(struct), 34)
  return digest(envelope)
}

const state = new Int32Array(50)
const block = new Uint8Array(BLOCK_BYTES)
const words = new Int32Array(block.buffer)

function digest(bytes: Uint8Array): Uint8Array {
  state.fill(0)
  for (let at = 0; at <= bytes.length; at += BLOCK_BYTES) {
    const part = bytes.subarray(at, at + BLOCK_BYTES)
    block.fill(0)
    block.set(part)
    if (part.length < BLOCK_BYTES) {
      block[part.length] = 0x01
      block[BLOCK_BYTES - 1] |= 0x80
    }
    for (let i = 0; i < words.length; i++) state[i] ^= words[i]
    permute(state, constants)
  }
  return new Uint8Array(state.buffer.slice(0, 32))
}

const constants = new Int32Array(2 * ROUNDS)
for (let round = 0, register = 1; round < ROUNDS; round++) {
  for (let j = 0; j < 7; j++) {
    const bit = 2 ** j - 1
    if (register & 1) constants[2 * round + (bit >> 5)] |= 1 << (bit & 31)
    register = register & 0x80 ? (register << 1) ^ 0x171 : register << 1
  }
}

const permute = compile()

/** One round, all lanes in locals: `a` the state, `c` columns, `d` what they mix in, `b` rotated and moved. */
function compile(): (state: Int32Array, constants: Int32Array) => void {
  const rotation = new Array<number>(25).fill(0)
  for (let t = 0, x = 1, y = 0; t < ROUNDS; t++) {
    rotation[x + 5 * y] = (((t + 1) * (t + 2)) / 2) % 64
    ;[x, y] = [y, (2 * x + 3 * y) % 5]
  }
  const lanes = Array.from({ length: 25 }, (_, i) => i)
  const xs = [0, 1, 2, 3, 4]
  const halves = ['l', 'h']
  const lines = [
    ...lanes.map((i) => `let a${i}l = s[${2 * i}], a${i}h = s[${2 * i + 1}]`),
    'for (let r = 0; r < 48; r += 2) {',
    ...xs.flatMap((x) =>
      halves.map(
        (h) => `const c${x}${h} = ${[0, 5, 10, 15, 20].map((row) => `a${x + row}${h}`).join(' ^ ')}`,
      ),
    ),
    ...xs.flatMap((x) => {
      const [left, right] = [(x + 4) % 5, (x + 1) % 5]
      return [
        `const d${x}l = c${left}l ^ (c${right}l << 1 | c${right}h >>> 31)`,
        `const d${x}h = c${left}h ^ (c${right}h << 1 | c${right}l >>> 31)`,
      ]
    }),
    ...lanes.flatMap((i) => {
      const [x, y] = [i % 5, Math.floor(i / 5)]
      const to = y + 5 * ((2 * x + 3 * y) % 5)
      const by = rotation[i] % 32
      const [low, high] = rotation[i] < 32 ? [`t${i}l`, `t${i}h`] : [`t${i}h`, `t${i}l`]
      const turned = (one: string, other: string) =>
        by === 0 ? one : `${one} << ${by} | ${other} >>> ${32 - by}`
      return [
        `const t${i}l = a${i}l ^ d${x}l, t${i}h = a${i}h ^ d${x}h`,
        `const b${to}l = ${turned(low, high)}, b${to}h = ${turned(high, low)}`,
      ]
    }),
    ...lanes.flatMap((i) => {
      const right = (by: number) => i - (i % 5) + ((i + by) % 5)
      return halves.map((h) => `a${i}${h} = b${i}${h} ^ (~b${right(1)}${h} & b${right(2)}${h})`)
    }),
    'a0l ^= k[r]; a0h ^= k[r + 1]',
    '}',
    ...lanes.map((i) => `s[${2 * i}] = a${i}l; s[${2 * i + 1}] = a${i}h`),
  ]
  return new Function('s', 'k', lines.join('\n')) as (state: Int32Array, constants: Int32Array) => void
}
