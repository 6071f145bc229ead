import { generate } from 'selfsigned'

export interface Certificate {
  /** What clients must trust: the authority that signed the servers' certificate. */
  readonly ca: string
  readonly key: string
  readonly cert: string
}

const DAY_MS = 24 * 3_600_000
/** Clocks of client and server are the same here, but a certificate of this very second has been refused before. */
const BEFORE_MS = 3_600_000

/** A certificate authority of one run, and what it signed for servers on loopback. */
export async function makeCertificate(nowMs: number): Promise<Certificate> {
  const life = {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(nowMs - BEFORE_MS),
    notAfterDate: new Date(nowMs + DAY_MS),
  } as const
  const authority = await generate([{ name: 'commonName', value: 'Tandem sandbox authority' }], {
    ...life,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  })
  const server = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...life,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  })
  return { ca: authority.cert, key: server.private, cert: server.cert }
}
