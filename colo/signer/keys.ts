import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Failure } from '@tandem/shared/failure.ts'
import { unreadable } from '@tandem/shared/file.ts'
import secp256k1 from 'secp256k1'
import { addressOfPublicKey } from '../venue/polymarket/eip712.ts'
import type { KalshiFacts } from './signer.ts'

// Private keys, from the moment they are read. Nothing here is ever printed, and no Failure quotes a key's file. A key
// of 32 bytes is not turned into text on its way, since text cannot be wiped.

const KEY_BYTES = 32
/** A PEM of RSA-4096 has 3,300. */
const KEY_FILE_BYTES_MAX = 16_384
/** Anybody's access, and a group's to write. A group may read: systemd's credentials look so, by their ACL. */
const OTHERS_MAY_USE = 0o027
/** As long as the digest; the venue refuses other salts: Kalshi fact sheet, section 2. */
const PSS_SALT_BYTES = 32
/** RSA below this is broken or soon will be. */
const RSA_BITS_MIN = 2_048

// Blinds libsecp256k1's multiplications, so that their timing tells less of the key.
secp256k1.contextRandomize(randomBytes(KEY_BYTES))

/**
 * Where libsecp256k1 is not built for a platform, its package quietly signs in JavaScript: twenty times slower, and with a
 * timing that tells of the key. Good enough for a key that was made up.
 */
function isNative(): boolean {
  try {
    createRequire(import.meta.url)('secp256k1/bindings')
    return true
  } catch {
    return false
  }
}

/** The key of a wallet's owner, which signs orders. */
export class OrderKey {
  readonly address: Uint8Array
  readonly #key: Uint8Array
  readonly #options = {}

  private constructor(key: Uint8Array) {
    this.#key = key
    this.address = addressOfPublicKey(secp256k1.publicKeyCreate(key, false))
  }

  /** Reads 64 hex digits, with or without 0x. */
  static read(path: string): OrderKey {
    if (!isNative()) {
      throw new Failure({
        code: 'KEY_LIBRARY_MISSING',
        what: 'libsecp256k1 is not there for this platform, and a real key is not given to its replacement',
        where: path,
        todo: 'run the signer on linux-x64, or build the package secp256k1 here',
      })
    }
    const text = readKeyFile(path)
    try {
      const start = text[0] === 0x30 && (text[1] | 0x20) === 0x78 ? 2 : 0
      let end = text.length
      while (end > start && text[end - 1] <= 0x20) end--
      const key = new Uint8Array(KEY_BYTES)
      let isHex = end - start === 2 * KEY_BYTES
      for (let i = 0; isHex && i < 2 * KEY_BYTES; i++) {
        const digit = hexDigit(text[start + i])
        isHex = digit >= 0
        key[i >> 1] = (key[i >> 1] << 4) | digit
      }
      if (isHex && secp256k1.privateKeyVerify(key)) return new OrderKey(key)
      throw new Failure({
        code: 'KEY_NOT_SECP256K1',
        what: 'it does not hold a private key of 64 hex digits',
        where: path,
        todo: 'put the exported key of the wallet’s owner there, and nothing else',
      })
    } finally {
      text.fill(0)
    }
  }

  static generate(): OrderKey {
    let key = randomBytes(KEY_BYTES)
    while (!secp256k1.privateKeyVerify(key)) key = randomBytes(KEY_BYTES)
    return new OrderKey(Uint8Array.from(key))
  }

  /** Signs a hash: r and s into `compact` (64 bytes), the recovery bit returned. The same hash, the same signature. */
  sign(hash: Uint8Array, compact: Uint8Array): number {
    return secp256k1.ecdsaSign(hash, this.#key, this.#options, compact).recid
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

/** A key of Kalshi's API, RSA or Ed25519. */
export class HeaderKey {
  readonly facts: KalshiFacts
  readonly #key: KeyObject
  readonly #isRsa: boolean
  readonly #pss: { key: KeyObject; padding: number; saltLength: number }

  private constructor(key: KeyObject, keyId: string, path: string) {
    const keyType = key.asymmetricKeyType
    if (keyType !== 'ed25519' && !(keyType === 'rsa' && modulusBits(key) >= RSA_BITS_MIN)) {
      throw new Failure({
        code: 'KEY_NOT_KALSHI',
        what: `a key of type ${keyType}${keyType === 'rsa' ? `-${modulusBits(key)}` : ''} does not sign for Kalshi`,
        where: path,
        todo: `use RSA of at least ${RSA_BITS_MIN} bits or Ed25519`,
      })
    }
    this.#key = key
    this.#isRsa = keyType === 'rsa'
    this.#pss = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: PSS_SALT_BYTES }
    const signatureBytes = this.#isRsa ? modulusBits(key) / 8 : 64
    this.facts = {
      keyId,
      keyType,
      signatureLength: 4 * Math.ceil(signatureBytes / 3),
      publicKey: createPublicKey(key).export({ type: 'spki', format: 'der' }),
    }
  }

  /** Reads a PEM, PKCS#1 or PKCS#8. */
  static read(path: string, keyId: string): HeaderKey {
    const pem = readKeyFile(path)
    try {
      return new HeaderKey(createPrivateKey({ key: pem, format: 'pem' }), keyId, path)
    } catch (error) {
      if (error instanceof Failure) throw error
      // Without OpenSSL's own words: they are of no use to a person, and nobody promised what they quote.
      throw new Failure({
        code: 'KEY_NOT_PEM',
        what: 'it does not hold a private key in PEM form without a passphrase',
        where: path,
        todo: 'put the key there as Kalshi gave it out',
      })
    } finally {
      pem.fill(0)
    }
  }

  static generate(keyType: 'rsa' | 'ed25519', keyId: string): HeaderKey {
    const { privateKey } =
      keyType === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength: RSA_BITS_MIN })
        : generateKeyPairSync('ed25519')
    return new HeaderKey(privateKey, keyId, 'made up at start')
  }

  /** RSASSA-PSS over SHA-256, or Ed25519, by the key's type. */
  sign(message: Uint8Array): Buffer {
    return this.#isRsa ? sign('sha256', message, this.#pss) : sign(null, message, this.#key)
  }
}

function modulusBits(key: KeyObject): number {
  return key.asymmetricKeyDetails?.modulusLength ?? 0
}

/** The bytes of a key's file, which the caller wipes. Refuses a file that others may read. */
function readKeyFile(path: string): Buffer {
  try {
    const { mode, size } = statSync(path)
    if ((mode & OTHERS_MAY_USE) !== 0) {
      throw new Failure({
        code: 'KEY_FILE_OPEN',
        what: `others than its owner can use it, mode ${(mode & 0o777).toString(8)}`,
        where: path,
        todo: `chmod 600 ${path}, and think about who may have read it`,
      })
    }
    if (size > KEY_FILE_BYTES_MAX) {
      throw new Failure({
        code: 'KEY_FILE_LARGE',
        what: `${size} bytes are no key`,
        where: path,
        todo: 'check the path',
      })
    }
    return readFileSync(path)
  } catch (error) {
    throw error instanceof Failure ? error : unreadable(path, error)
  }
}
