import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { troublesOf } from '@tandem/colo/trouble.ts'

const well = { feedLoss: '', orderLoss: '', aheadMs: 3, isSkewed: false }
const venues = [
  { name: 'polymarket', ...well },
  { name: 'kalshi', ...well },
] as const
const standing = { trips: [] as string[], isSignerGone: false, isJournalBlocked: false, venues }
const codes = (given: Partial<typeof standing>): (string | undefined)[] =>
  troublesOf({ ...standing, ...given }).map((line) => /\[(\w+)\]$/.exec(line)?.[1])

describe('what keeps it from trading', () => {
  it('is nothing while all is well', () => {
    assert.deepEqual(codes({}), [])
  })

  it('is one line each, with its code', () => {
    assert.deepEqual(codes({ trips: ['DayLoss'], isSignerGone: true, isJournalBlocked: true }), [
      'BREAKER_TRIPPED',
      'SIGNER_GONE',
      'JOURNAL_BLOCKED',
    ])
  })

  it('tells a certificate, a refusal and a dead host apart, by venue and purpose', () => {
    const of = (feedLoss: string) =>
      troublesOf({ ...standing, venues: [venues[0], { ...venues[1], feedLoss }] })
    for (const code of [
      'SELF_SIGNED_CERT_IN_CHAIN',
      'CERT_HAS_EXPIRED',
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    ])
      assert.match(
        of(code)[0],
        new RegExp(`^kalshi's market feed .*certificate.*\\(${code}\\).*VENUE_CERTIFICATE`),
      )
    assert.match(of('HTTP 401')[0], /refuses us.*VENUE_REFUSED/)
    assert.match(of('ECONNREFUSED')[0], /VENUE_UNREACHABLE/)
  })

  it('says once by how much a clock is off, and not what follows from it', () => {
    const skewed = venues.map((venue) => ({
      ...venue,
      aheadMs: -59_700,
      isSkewed: true,
      feedLoss: 'HTTP 401',
    }))
    const lines = troublesOf({ ...standing, venues: skewed })
    assert.equal(lines.length, 1)
    assert.match(lines[0], /^our clock is 60 s behind that of polymarket and kalshi,/)
  })
})
