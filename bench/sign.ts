import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HeaderKey, OrderKey } from '@tandem/colo/signer/keys.ts'
import { ORDER_BUY } from '@tandem/colo/signer/signer.ts'
import { SIGNED_MESSAGE_MAX, SignedRequest, writeSignedMessage } from '@tandem/colo/venue/kalshi/auth.ts'
import { SEAL_LENGTH, Seal } from '@tandem/colo/venue/polymarket/auth.ts'
import { exchangeOf, OrderHash, wordOfDecimal } from '@tandem/colo/venue/polymarket/eip712.ts'
import { KECCAK_FREE_AT, Keccak } from '@tandem/colo/venue/polymarket/keccak.ts'
import { type Hex, toHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { nodeHmac } from './alternatives/hmac.ts'
import { hashPair, noble, unrolled } from './alternatives/keccak.ts'

// What one signature costs, alone on its thread: an order from its numbers to its 65 bytes, ours and viem's, and the parts.
// Medians over rounds that take turns, so that a busy machine slows all of them alike.

const ROUNDS = 15
const SECRET: Hex = '0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318'
const TOKEN = '71321045679252212594626385532706912750332728571942532289631379312455583992563'
const NOW_MS = 1_790_000_000_000
const ORDER_BLOCKS = 3
/** A body as POST /order sends it. */
const BODY_BYTES = 920
const COMPARED_ORDERS = 200

const types = {
  Order: [
    ['uint256', 'salt'],
    ['address', 'maker'],
    ['address', 'signer'],
    ['uint256', 'tokenId'],
    ['uint256', 'makerAmount'],
    ['uint256', 'takerAmount'],
    ['uint8', 'side'],
    ['uint8', 'signatureType'],
    ['uint256', 'timestamp'],
    ['bytes32', 'metadata'],
    ['bytes32', 'builder'],
  ].map(([type, name]) => ({ type, name })),
}

function readKey(): OrderKey {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-bench-'))
  try {
    writeFileSync(join(folder, 'key'), SECRET, { mode: 0o600 })
    return OrderKey.read(join(folder, 'key'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

interface Case {
  readonly times: number
  readonly once: (i: number) => unknown
  readonly roundsUs: number[]
}

export async function run(): Promise<object> {
  const key = readKey()
  const account = privateKeyToAccount(SECRET)
  const hash = new OrderHash({ chainId: 137, signatureType: 0, maker: key.address, signer: key.address })
  const exchange = exchangeOf('2', false)
  const token = wordOfDecimal(TOKEN)
  const compact = new Uint8Array(64)
  const signature = new Uint8Array(65)
  const zero: Hex = `0x${'0'.repeat(64)}`

  const ours = (i: number): Uint8Array => {
    hash.hash(exchange, token, ORDER_BUY, 5_000_000 + i, 10_000_000 + i, 1 + i, NOW_MS + i)
    hash.writeSignature(signature, 0, compact, key.sign(hash.signedHash, compact))
    return signature
  }
  const viem = (i: number): Promise<Hex> =>
    account.signTypedData({
      domain: {
        name: 'Polymarket CTF Exchange',
        version: '2',
        chainId: 137,
        verifyingContract: '0xE111180000d2663C0091e4f400237545B87B996B',
      },
      types,
      primaryType: 'Order',
      message: {
        salt: BigInt(1 + i),
        maker: account.address,
        signer: account.address,
        tokenId: BigInt(TOKEN),
        makerAmount: BigInt(5_000_000 + i),
        takerAmount: BigInt(10_000_000 + i),
        side: ORDER_BUY,
        signatureType: 0,
        timestamp: BigInt(NOW_MS + i),
        metadata: zero,
        builder: zero,
      },
    })

  let sameBytes = true
  for (let i = 0; i < COMPARED_ORDERS; i++) sameBytes &&= toHex(ours(i)) === (await viem(i))

  const keccak = new Keccak()
  const envelopeAt = KECCAK_FREE_AT + ORDER_BLOCKS * 136
  const pair = hashPair()
  const body = Buffer.alloc(BODY_BYTES, 0x61)
  const sealed = Buffer.alloc(SEAL_LENGTH)
  const request = Buffer.from('POST/order')
  const seal = new Seal(Buffer.alloc(32, 7).toString('base64url'))
  const hmac = nodeHmac(Buffer.alloc(32, 7))
  const message = Buffer.alloc(SIGNED_MESSAGE_MAX)
  const messageBytes = writeSignedMessage(message, SignedRequest.CreateOrder, NOW_MS)
  const signed = message.subarray(0, messageBytes)
  const [rsa, ed25519] = (['rsa', 'ed25519'] as const).map((type) => HeaderKey.generate(type, 'bench'))

  const of = (times: number, once: Case['once']): Case => ({ times, once, roundsUs: [] })
  const cases = {
    ours_us: of(500, ours),
    viem_us: of(50, viem),
    keccak_us: of(2_000, () => {
      keccak.hash(KECCAK_FREE_AT, ORDER_BLOCKS, envelopeAt + 34)
      keccak.hash(envelopeAt, 1, KECCAK_FREE_AT)
    }),
    keccak_unrolled_us: of(500, () => unrolled(pair)),
    keccak_noble_us: of(200, () => noble(pair)),
    ecdsa_us: of(500, () => key.sign(hash.signedHash, compact)),
    hmac_us: of(1_000, () => seal.write(sealed, 0, 1_790_000_000, request, body, 0, body.length)),
    hmac_node_us: of(500, () => hmac(1_790_000_000, request, body)),
    header_rsa_us: of(30, () => rsa.sign(signed)),
    header_ed25519_us: of(300, () => ed25519.sign(signed)),
  }
  // One round more than counts: the first compiles.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const each of Object.values(cases)) {
      const startMs = performance.now()
      for (let i = 0; i < each.times; i++) {
        const answer = each.once(i)
        if (answer instanceof Promise) await answer
      }
      if (round > 0) each.roundsUs.push(((performance.now() - startMs) * 1_000) / each.times)
    }
  }
  const median = ({ roundsUs }: Case) => roundsUs.toSorted((a, b) => a - b)[roundsUs.length >> 1]
  const figures = Object.fromEntries(Object.entries(cases).map(([name, each]) => [name, median(each)]))
  const ratio = figures.viem_us / figures.ours_us
  return { ours_us: figures.ours_us, viem_us: figures.viem_us, ratio, same_bytes: sameBytes, ...figures }
}
