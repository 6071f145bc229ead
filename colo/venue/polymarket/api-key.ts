import { fieldsOf, textOf } from '../answer.ts'
import { type Asker, ask, askIfThere, unreadableAnswer } from '../rest.ts'
import { Seal, sealedHeaders } from './auth.ts'
import { explainPolymarket } from './error.ts'
import { PolymarketPath } from './urls.ts'

// A wallet has API keys by nonce (Polymarket fact sheet, section 7). Who signs for the wallet (L1) makes one of them or has
// it told again; a request that the key itself seals (L2) deletes it.

export interface ApiKey {
  readonly apiKey: string
  /** base64url. */
  readonly secret: string
  readonly passphrase: string
}

/** What the signer attests (signer/attest.ts). Good for about a minute, for whoever has it. */
export interface AttestedHeaders {
  readonly POLY_ADDRESS: string
  readonly POLY_SIGNATURE: string
  readonly POLY_TIMESTAMP: string
  readonly POLY_NONCE: string
}

/** As users saw it; whatever else is said does not mean that there is no such key. */
const NO_SUCH_KEY = 'could not derive api key'

/** The key of the nonce, made if it is not there yet. */
export async function apiKeyOf(asker: Asker, attested: AttestedHeaders): Promise<ApiKey> {
  const known = await deriveApiKey(asker, attested)
  if (known !== undefined) return known
  const question = { method: 'POST', path: PolymarketPath.ApiKey, headers: { ...attested } } as const
  return readKey(PolymarketPath.ApiKey, await ask(asker, question, explainPolymarket))
}

/** @returns undefined when the nonce has no key */
export async function deriveApiKey(asker: Asker, attested: AttestedHeaders): Promise<ApiKey | undefined> {
  const path = PolymarketPath.DerivedApiKey
  const question = { method: 'GET', path, headers: { ...attested } } as const
  const answer = await askIfThere(
    asker,
    question,
    explainPolymarket,
    (status, body) => status === 400 && textOf(fieldsOf(body).error).toLowerCase().includes(NO_SUCH_KEY),
  )
  return answer === undefined ? undefined : readKey(path, answer)
}

/**
 * Has the venue forget a key: nothing is taken under it from then on.
 *
 * A key that the venue does not know is a failure: a new one is not known everywhere for a while, and nobody may take it
 * for gone. Whether there is one tells `deriveApiKey`.
 */
export async function deleteApiKey(
  asker: Asker,
  account: ApiKey & { readonly address: string },
  wallMs: () => number,
): Promise<void> {
  const [method, path] = ['DELETE', PolymarketPath.ApiKey] as const
  const headers = sealedHeaders(account, new Seal(account.secret), method, path, wallMs())
  await ask(asker, { method, path, headers }, explainPolymarket)
}

function readKey(path: string, answer: string): ApiKey {
  const fields = fieldsOf(answer)
  const [apiKey, secret, passphrase] = [fields.apiKey, fields.secret, fields.passphrase].map(textOf)
  if (apiKey === '' || secret === '' || passphrase === '')
    throw unreadableAnswer(path, 'there is no key, no secret or no passphrase')
  return { apiKey, secret, passphrase }
}
