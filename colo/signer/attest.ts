import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { Failure } from '@tandem/shared/failure.ts'
import { fieldsOf } from '../venue/answer.ts'
import type { AttestedHeaders } from '../venue/polymarket/api-key.ts'
import type { SignerOptions } from './spawn.ts'

/** The program reads one file and signs once. */
const ATTEST_MS_MAX = 10_000

/**
 * Has the signer's program sign for the wallet: the way to the API key of a nonce. What comes back is as good as that key
 * for a minute; it goes to the venue and nowhere else. Only for who may start a signer on the key (spawn.ts).
 *
 * @throws Failure SIGNER_DID_NOT_ATTEST with what the signer said, which never quotes a key
 */
export function attest(
  { orderKeyFile, chainId }: Pick<SignerOptions, 'orderKeyFile' | 'chainId'>,
  nonce: number,
): Promise<AttestedHeaders> {
  const given = { attest: nonce, 'order-key': orderKeyFile, chain: chainId }
  const options = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  )
  return new Promise((done, fail) => {
    execFile(
      process.execPath,
      ['--disable-sigusr1', join(import.meta.dirname, 'main.ts'), ...options],
      { env: {}, timeout: ATTEST_MS_MAX },
      (error, stdout, stderr) => {
        // A signature that the venue refuses, where it printed something else.
        if (error === null) return done(fieldsOf(stdout) as unknown as AttestedHeaders)
        fail(
          new Failure({
            code: 'SIGNER_DID_NOT_ATTEST',
            what: stderr.trim().split('\n')[0] || 'the signer ended without a word',
            todo: 'correct what it names',
          }),
        )
      },
    )
  })
}
