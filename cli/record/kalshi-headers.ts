import type { SignerListener } from '@tandem/colo/signer/signer.ts'
import { spawnSigner } from '@tandem/colo/signer/spawn.ts'
import {
  KEY_HEADER,
  SIGNATURE_HEADER,
  SignedRequest,
  TIMESTAMP_HEADER,
} from '@tandem/colo/venue/kalshi/auth.ts'
import { Failure } from '@tandem/shared/failure.ts'

export interface KalshiHeaders {
  /** What one upgrade carries. Kalshi wants it for public channels too (Kalshi fact sheet, section 2). */
  headers(): Promise<Record<string, string>>
  stop(): Promise<void>
}

/** Starts a signer on the key; it alone opens the file. @param onGone the signer ended by itself */
export async function openKalshiHeaders(
  keyFile: string,
  keyId: string,
  onGone: (failure: Failure) => void,
): Promise<KalshiHeaders> {
  // It wants a key for orders too; one is made up, and nothing is ever signed with it.
  const signer = await spawnSigner({ kalshiKeyFile: keyFile, kalshiKeyId: keyId, ephemeral: 'ed25519' })
  const { client } = signer
  const waiting = new Map<number, PromiseWithResolvers<string>>()
  let tickets = 0
  let isStopped = false
  const gone = new Failure({
    code: 'RECORD_SIGNER_GONE',
    what: 'the signer has ended, and Kalshi cannot be connected to without it',
    todo: 'start again; if it happens again, report it',
  })
  const listener: SignerListener = {
    orderSigned() {},
    headerSigned: (ticket, signature) => waiting.get(ticket)?.resolve(Buffer.from(signature).toString()),
    refused: (ticket, refusal) => waiting.get(ticket)?.reject(new Error(`the signer refused, ${refusal}`)),
    closed() {
      for (const { reject } of waiting.values()) reject(gone)
      if (!isStopped) onGone(gone)
    },
  }
  client.listener = listener
  return {
    async headers() {
      const ticket = ++tickets
      const timestampMs = Date.now()
      const signed = Promise.withResolvers<string>()
      if (!client.header(ticket, SignedRequest.Socket, timestampMs)) throw gone
      waiting.set(ticket, signed)
      try {
        return {
          [KEY_HEADER]: client.facts.kalshi.keyId,
          [TIMESTAMP_HEADER]: String(timestampMs),
          [SIGNATURE_HEADER]: await signed.promise,
        }
      } finally {
        waiting.delete(ticket)
      }
    },
    async stop() {
      isStopped = true
      await signer.stop()
    },
  }
}
