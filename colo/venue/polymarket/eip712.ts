import { assert } from '@tandem/shared/assert.ts'
import { ascii, writeHex } from '../ascii.ts'
import { KECCAK_BLOCK_BYTES, KECCAK_DIGEST_BYTES, KECCAK_FREE_AT, Keccak, keccak256 } from './keccak.ts'

// What an order's signature covers: Polymarket fact sheet, sections 8.1 to 8.4. viem says what the bytes must be, and the
// tests compare with it; here one preimage lies ready for an account, and an order patches the words that vary:
//
//   word   0         1     2      3       4        5            6            7     8              9          10        11
//        | typehash | salt | maker | signer | tokenId | makerAmount | takerAmount | side | signatureType | timestamp | metadata | builder |
//
//   struct hash = keccak(12 words)        order hash = keccak(0x1901 | domain separator | struct hash)
//
// The order's hash is the id by which the venue knows it. It is also what is signed, except for type 3.

export const SIGNATURE_EOA = 0
export const SIGNATURE_POLY_1271 = 3
/** r, s, v. */
export const ECDSA_SIGNATURE_BYTES = 65
const ADDRESS_BYTES = 20
const WORD = 32

const ORDER_TYPE = ascii(
  'Order(uint256 salt,address maker,address signer,uint256 tokenId,uint256 makerAmount,uint256 takerAmount,uint8 side,uint8 signatureType,uint256 timestamp,bytes32 metadata,bytes32 builder)',
)
/** Type 3: the wallet contract is asked whether its owner signed this, so the owner signs the order and the wallet. */
const TYPED_DATA_SIGN_TYPE = ascii(
  `TypedDataSign(Order contents,string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)${Buffer.from(ORDER_TYPE).toString()}`,
)
/** Of type 3, and the longest there is: see `OrderHash.writeSignature`. */
export const WRAPPED_SIGNATURE_BYTES = ECDSA_SIGNATURE_BYTES + 2 * WORD + ORDER_TYPE.length + 2
assert(WRAPPED_SIGNATURE_BYTES === 317, 'EIP712_WRAPPED_LENGTH')

/** An exchange contract: the verifying contract of an order's domain. */
interface Exchange {
  readonly version: string
  readonly contract: string
}
const STANDARD_V2 = 0
const NEG_RISK_V2 = 1
const V3 = 2

const EXCHANGES: ReadonlyMap<number, readonly Exchange[]> = new Map(
  [
    // Polygon, and its test network Amoy.
    { chainId: 137, v3: '0xe3333700cA9d93003F00f0F71f8515005F6c00Aa' },
    { chainId: 80_002, v3: '0x9fE6e61422AdB6F610d8597F9684b16912D50C3D' },
  ].map(({ chainId, v3 }) => [
    chainId,
    [
      { version: '2', contract: '0xE111180000d2663C0091e4f400237545B87B996B' },
      { version: '2', contract: '0xe2222d279d744050d28e00520010520000310F59' },
      { version: '3', contract: v3 },
    ],
  ]),
)

export function isKnownChain(chainId: number): boolean {
  return EXCHANGES.has(chainId)
}

/**
 * Which exchange a market trades on, as `OrderHash.hash` takes it.
 *
 * @param version of the EIP-712 domain. "1" died in April 2026; of others we know nothing, so they are not traded.
 * @returns -1 for an unknown version.
 */
export function exchangeOf(version: string, negRisk: boolean): number {
  if (version === '2') return negRisk ? NEG_RISK_V2 : STANDARD_V2
  // One contract for both kinds of market.
  return version === '3' ? V3 : -1
}

/** Who an account's orders come from. Addresses of 20 bytes, `metadata` and `builder` of 32. */
export interface OrderAccount {
  readonly chainId: number
  readonly signatureType: number
  readonly maker: Uint8Array
  readonly signer: Uint8Array
  readonly metadata?: Uint8Array
  readonly builder?: Uint8Array
}

const ORDER_AT = KECCAK_FREE_AT
const ORDER_WORDS = 12
const ORDER_BLOCKS = 3
/** One envelope for each exchange: 0x1901, its domain separator, and room for the struct hash. */
const ENVELOPE_AT = ORDER_AT + ORDER_BLOCKS * KECCAK_BLOCK_BYTES
const ENVELOPE_BYTES = 2 + 2 * WORD
const STRUCT_HASH_IN_ENVELOPE = 2 + WORD
const ENVELOPES = 3
const WRAPPED_AT = ENVELOPE_AT + ENVELOPES * KECCAK_BLOCK_BYTES
const WRAPPED_WORDS = 7
const WRAPPED_BLOCKS = 2
const ORDER_HASH_AT = WRAPPED_AT + WRAPPED_BLOCKS * KECCAK_BLOCK_BYTES
const SIGNED_HASH_AT = ORDER_HASH_AT + KECCAK_DIGEST_BYTES

/** The orders of one account, hashed one at a time. Nothing is allocated per order. */
export class OrderHash {
  /** The last order's hash: 32 bytes, overwritten by the next. */
  readonly orderHash: Uint8Array
  /** What the key signs: the order's hash, or for type 3 that of its wrapping. */
  readonly signedHash: Uint8Array
  /** How long `writeSignature` writes. */
  readonly signatureBytes: number
  readonly #keccak = new Keccak()
  readonly #words: DataView
  #envelope = ENVELOPE_AT

  constructor(account: OrderAccount) {
    const exchanges = EXCHANGES.get(account.chainId)
    assert(exchanges !== undefined, 'EIP712_CHAIN_KNOWN')
    assert(exchanges.length === ENVELOPES, 'EIP712_ENVELOPE_PER_EXCHANGE')
    assert(account.maker.length === ADDRESS_BYTES, 'EIP712_MAKER_LENGTH')
    assert(account.signer.length === ADDRESS_BYTES, 'EIP712_SIGNER_LENGTH')
    const { memory } = this.#keccak
    this.#words = new DataView(memory.buffer)
    memory.set(keccak256(ORDER_TYPE), ORDER_AT)
    memory.set(leftPadded(account.maker), ORDER_AT + 2 * WORD)
    memory.set(leftPadded(account.signer), ORDER_AT + 3 * WORD)
    memory[ORDER_AT + 9 * WORD - 1] = account.signatureType
    if (account.metadata !== undefined) memory.set(account.metadata, ORDER_AT + 10 * WORD)
    if (account.builder !== undefined) memory.set(account.builder, ORDER_AT + 11 * WORD)
    assert(this.#keccak.pad(ORDER_AT, ORDER_WORDS * WORD) === ORDER_BLOCKS, 'EIP712_ORDER_BLOCKS')

    exchanges.forEach(({ version, contract }, exchange) => {
      const at = ENVELOPE_AT + exchange * KECCAK_BLOCK_BYTES
      const name = 'Polymarket CTF Exchange'
      memory.set([0x19, 0x01], at)
      memory.set(domainSeparator(name, version, account.chainId, addressBytes(contract)), at + 2)
      assert(this.#keccak.pad(at, ENVELOPE_BYTES) === 1, 'EIP712_ENVELOPE_BLOCK')
    })

    const isWrapped = account.signatureType === SIGNATURE_POLY_1271
    if (isWrapped) {
      const wallet = [keccak256(ascii('DepositWallet')), keccak256(ascii('1'))]
      memory.set(keccak256(TYPED_DATA_SIGN_TYPE), WRAPPED_AT)
      memory.set(wallet[0], WRAPPED_AT + 2 * WORD)
      memory.set(wallet[1], WRAPPED_AT + 3 * WORD)
      memory.set(integerWord(account.chainId), WRAPPED_AT + 4 * WORD)
      memory.set(leftPadded(account.signer), WRAPPED_AT + 5 * WORD)
      assert(this.#keccak.pad(WRAPPED_AT, WRAPPED_WORDS * WORD) === WRAPPED_BLOCKS, 'EIP712_WRAPPED_BLOCKS')
    }
    this.orderHash = memory.subarray(ORDER_HASH_AT, ORDER_HASH_AT + KECCAK_DIGEST_BYTES)
    this.signedHash = isWrapped
      ? memory.subarray(SIGNED_HASH_AT, SIGNED_HASH_AT + KECCAK_DIGEST_BYTES)
      : this.orderHash
    this.signatureBytes = isWrapped ? WRAPPED_SIGNATURE_BYTES : ECDSA_SIGNATURE_BYTES
  }

  /**
   * Hashes an order; `orderHash` and `signedHash` hold the result.
   *
   * @param exchange from `exchangeOf`, not -1
   * @param tokenId 32 bytes, big-endian
   * @param side 0 BUY, 1 SELL
   */
  hash(
    exchange: number,
    tokenId: Uint8Array,
    side: number,
    makerAmount: number,
    takerAmount: number,
    salt: number,
    timestampMs: number,
  ): void {
    const { memory, hash } = this.#keccak
    this.#setWord(1, salt)
    memory.set(tokenId, ORDER_AT + 4 * WORD)
    this.#setWord(5, makerAmount)
    this.#setWord(6, takerAmount)
    memory[ORDER_AT + 8 * WORD - 1] = side
    this.#setWord(9, timestampMs)

    this.#envelope = ENVELOPE_AT + exchange * KECCAK_BLOCK_BYTES
    const structHashAt = this.#envelope + STRUCT_HASH_IN_ENVELOPE
    hash(ORDER_AT, ORDER_BLOCKS, structHashAt)
    hash(this.#envelope, 1, ORDER_HASH_AT)
    if (this.signedHash === this.orderHash) return
    memory.copyWithin(WRAPPED_AT + WORD, structHashAt, structHashAt + WORD)
    hash(WRAPPED_AT, WRAPPED_BLOCKS, structHashAt)
    hash(this.#envelope, 1, SIGNED_HASH_AT)
  }

  /**
   * Writes the last order's signature as the venue takes it, `signatureBytes` long:
   *
   *   r, s, v                                                                        types 0, 1, 2
   *   r, s, v | domain separator | struct hash | ORDER_TYPE | its length, 2 bytes    type 3
   *
   * @param compact r and s of the signature over `signedHash`
   * @param recovery 0 or 1, as libsecp256k1 gives it
   */
  writeSignature(target: Uint8Array, at: number, compact: Uint8Array, recovery: number): void {
    target.set(compact, at)
    target[at + ECDSA_SIGNATURE_BYTES - 1] = 27 + recovery
    if (this.signatureBytes === ECDSA_SIGNATURE_BYTES) return
    const { memory } = this.#keccak
    let end = at + ECDSA_SIGNATURE_BYTES
    target.set(memory.subarray(this.#envelope + 2, this.#envelope + 2 + WORD), end)
    end += WORD
    target.set(memory.subarray(WRAPPED_AT + WORD, WRAPPED_AT + 2 * WORD), end)
    end += WORD
    target.set(ORDER_TYPE, end)
    end += ORDER_TYPE.length
    target[end] = ORDER_TYPE.length >> 8
    target[end + 1] = ORDER_TYPE.length & 0xff
  }

  /** A safe integer fills the low 8 of a word's 32 bytes; the others stay zero. */
  #setWord(word: number, value: number): void {
    const end = ORDER_AT + (word + 1) * WORD
    this.#words.setUint32(end - 8, Math.floor(value / 0x1_0000_0000))
    this.#words.setUint32(end - 4, value >>> 0)
  }
}

const CLOB_AUTH_TYPE = ascii('ClobAuth(address address,string timestamp,uint256 nonce,string message)')
const CLOB_AUTH_MESSAGE = ascii('This message attests that I control the given wallet')

/**
 * What the key signs to create or derive API credentials (L1): Polymarket fact sheet, section 7. Off the hot path.
 *
 * @param timestampS unix seconds
 */
export function clobAuthHash(
  chainId: number,
  address: Uint8Array,
  timestampS: number,
  nonce: number,
): Uint8Array {
  const structHash = keccak256(
    keccak256(CLOB_AUTH_TYPE),
    leftPadded(address),
    keccak256(ascii(String(timestampS))),
    integerWord(nonce),
    keccak256(CLOB_AUTH_MESSAGE),
  )
  return keccak256(
    Uint8Array.of(0x19, 0x01),
    domainSeparator('ClobAuthDomain', '1', chainId, undefined),
    structHash,
  )
}

function domainSeparator(
  name: string,
  version: string,
  chainId: number,
  contract: Uint8Array | undefined,
): Uint8Array {
  const fields = 'string name,string version,uint256 chainId'
  return keccak256(
    keccak256(ascii(`EIP712Domain(${fields}${contract === undefined ? '' : ',address verifyingContract'})`)),
    keccak256(ascii(name)),
    keccak256(ascii(version)),
    integerWord(chainId),
    ...(contract === undefined ? [] : [leftPadded(contract)]),
  )
}

/** The 32 bytes of a token id, or of any unsigned integer in decimal. Off the hot path. */
export function wordOfDecimal(decimal: string): Uint8Array {
  return Buffer.from(
    BigInt(decimal)
      .toString(16)
      .padStart(2 * WORD, '0'),
    'hex',
  )
}

/** The 20 bytes of an address in hex, or undefined when it is none. Its checksum is not looked at. */
export function readAddress(text: string): Uint8Array | undefined {
  return /^0x[0-9a-fA-F]{40}$/.test(text) ? addressBytes(text) : undefined
}

/** An address as text, with the checksum of EIP-55: a letter is upper case where the hash's digit is 8 or more. */
export function addressText(address: Uint8Array): string {
  const digits = Buffer.alloc(2 * ADDRESS_BYTES)
  writeHex(digits, 0, address)
  const hash = keccak256(digits)
  const text = [...digits.toString()].map((digit, i) => {
    const nibble = i % 2 === 0 ? hash[i >> 1] >> 4 : hash[i >> 1] & 15
    return nibble >= 8 ? digit.toUpperCase() : digit
  })
  return `0x${text.join('')}`
}

/** The address of a public key: 65 bytes, uncompressed. */
export function addressOfPublicKey(publicKey: Uint8Array): Uint8Array {
  assert(publicKey.length === 65, 'EIP712_PUBLIC_KEY_LENGTH')
  return keccak256(publicKey.subarray(1)).subarray(KECCAK_DIGEST_BYTES - ADDRESS_BYTES)
}

function addressBytes(text: string): Uint8Array {
  return Buffer.from(text.slice(2), 'hex')
}

function integerWord(value: number): Uint8Array {
  return wordOfDecimal(String(value))
}

function leftPadded(bytes: Uint8Array): Uint8Array {
  const word = new Uint8Array(WORD)
  word.set(bytes, WORD - bytes.length)
  return word
}
