import type { privateKeyToAccount } from 'viem/accounts'
import type { dispatcherTo } from '../dispatcher.ts'

// Orders and credentials as the venue's client makes them, by viem: what our own encoders are not judged by.

type Account = ReturnType<typeof privateKeyToAccount>

/** The API's credentials, derived from the key: Polymarket fact sheet, section 7. */
export async function credentials(
  dispatcher: ReturnType<typeof dispatcherTo>,
  account: Account,
): Promise<{ apiKey: string; secret: string; passphrase: string }> {
  const timestamp = String(Math.floor(Date.now() / 1_000))
  const signature = await account.signTypedData({
    domain: { name: 'ClobAuthDomain', version: '1', chainId: 137 },
    types: {
      ClobAuth: [
        { name: 'address', type: 'address' },
        { name: 'timestamp', type: 'string' },
        { name: 'nonce', type: 'uint256' },
        { name: 'message', type: 'string' },
      ],
    },
    primaryType: 'ClobAuth',
    message: {
      address: account.address,
      timestamp,
      nonce: 0n,
      message: 'This message attests that I control the given wallet',
    },
  })
  const headers = {
    POLY_ADDRESS: account.address,
    POLY_SIGNATURE: signature,
    POLY_TIMESTAMP: timestamp,
    POLY_NONCE: '0',
  }
  const create = await dispatcher.request({ method: 'POST', path: '/auth/api-key', headers })
  return (await create.body.json()) as Awaited<ReturnType<typeof credentials>>
}

interface Exchange {
  readonly version: string
  readonly verifyingContract: `0x${string}`
}

/** Polymarket fact sheet, sections 8.1 and 8.2. */
export function exchangeOf(version: string, negRisk: boolean): Exchange {
  if (version === 'v2')
    return { version: '3', verifyingContract: '0xe3333700cA9d93003F00f0F71f8515005F6c00Aa' }
  const verifyingContract = negRisk
    ? '0xe2222d279d744050d28e00520010520000310F59'
    : '0xE111180000d2663C0091e4f400237545B87B996B'
  return { version: '2', verifyingContract }
}

export function typedOrder(
  maker: `0x${string}`,
  token: string,
  makerAmount: number,
  takerAmount: number,
  salt: number,
  timestampMs: number,
  exchange: Exchange,
  side: 0 | 1 = 0,
) {
  const fields = [
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
  ]
  const zero = `0x${'0'.repeat(64)}` as const
  return {
    domain: { name: 'Polymarket CTF Exchange', chainId: 137, ...exchange },
    types: { Order: fields.map(([type, name]) => ({ type, name })) },
    primaryType: 'Order',
    message: {
      salt: BigInt(salt),
      maker,
      signer: maker,
      tokenId: BigInt(token),
      makerAmount: BigInt(makerAmount),
      takerAmount: BigInt(takerAmount),
      side,
      signatureType: 0,
      timestamp: BigInt(timestampMs),
      metadata: zero,
      builder: zero,
    },
  } as const
}
