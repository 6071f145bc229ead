import type { Standing } from './live.ts'

// What keeps an executor from trading, in words for a person: one line each, with a stable code at its end.

/** Node's codes for a peer that is not who it should be. */
const CERTIFICATE = /CERT|SELF_SIGNED|ISSUER|UNABLE_TO_VERIFY|CRL|^ERR_(TLS|SSL)/

/** As of a feed that is not tried again: feed/socket.ts. */
const REFUSED = /^HTTP 40[13]$/

/** Whether a connection was given up, by the code of its loss, since the peer did not prove who it is. */
export function isCertificateLoss(why: string): boolean {
  return CERTIFICATE.test(why)
}

/** One line a trouble, none when all is well. */
export function troublesOf({ trips, isSignerGone, isJournalBlocked, venues }: Standing): string[] {
  const troubles: string[] = []
  if (trips.length > 0)
    troubles.push(
      `a breaker has tripped (${trips.join(', ')}), so that nothing new is begun: see why, then \`tandem resume --tripped\` [BREAKER_TRIPPED]`,
    )
  if (isSignerGone)
    troubles.push('the signer has ended, so that nothing new is begun: start again [SIGNER_GONE]')
  if (isJournalBlocked)
    troubles.push(
      'the journal cannot be written, so that nothing new is begun: free space on its disk and start again [JOURNAL_BLOCKED]',
    )
  const skewed = venues.filter(({ isSkewed }) => isSkewed)
  if (skewed.length > 0) {
    const [{ aheadMs }] = skewed
    const off = `${Math.abs(aheadMs / 1_000).toFixed(0)} s ${aheadMs > 0 ? 'ahead of' : 'behind'}`
    troubles.push(
      `our clock is ${off} that of ${skewed.map(({ name }) => name).join(' and ')}, so that nothing new is begun: set it (NTP) and start again [CLOCK_SKEWED]`,
    )
  }
  for (const { name, feedLoss, orderLoss, isSkewed } of venues) {
    // Stamps of a wrong clock are refused: that is said already.
    if (feedLoss !== '' && !isSkewed) troubles.push(connectionTrouble(`${name}'s market feed`, feedLoss))
    if (orderLoss !== '') troubles.push(connectionTrouble(`${name}'s order entry`, orderLoss))
  }
  return troubles
}

function connectionTrouble(what: string, loss: string): string {
  if (isCertificateLoss(loss))
    return `${what} shows a certificate that does not hold (${loss}): see that host, authority and date are right; it is tried again, ever more slowly [VENUE_CERTIFICATE]`
  if (REFUSED.test(loss))
    return `${what} refuses us (${loss}): look at the key, our clock and the address that we come from, and start again [VENUE_REFUSED]`
  return `${what} does not come about (${loss}): look at the network and the configured host; it is tried again, ever more slowly [VENUE_UNREACHABLE]`
}
