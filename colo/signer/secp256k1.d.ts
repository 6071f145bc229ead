// The package has no types of its own; this is the part of it that the signer uses.
declare module 'secp256k1' {
  interface Secp256k1 {
    contextRandomize(seed: Uint8Array): void
    privateKeyVerify(key: Uint8Array): boolean
    publicKeyCreate(key: Uint8Array, compressed: boolean): Uint8Array
    /** Deterministic (RFC 6979), low s. `output` receives r and s, 64 bytes. */
    ecdsaSign(
      hash: Uint8Array,
      key: Uint8Array,
      options: object,
      output: Uint8Array,
    ): { signature: Uint8Array; recid: number }
  }
  const secp256k1: Secp256k1
  export default secp256k1
}
