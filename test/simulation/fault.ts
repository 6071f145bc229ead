import { FAULTS, type FaultName, type VenueName } from '@tandem/sandbox/faults.ts'

// What a seed may do wrong. Faults of the sandbox are switched on for a while; the others strike the way to a venue, the
// venue as a whole, single orders, or our own machine.

/** Whether a trade's way out may be expected while it lasts: else from which venue it may not. */
type Forbids = 'nothing' | 'its venue' | 'its venue, if that is Polymarket' | 'both venues'

interface Kind {
  readonly venues: readonly VenueName[]
  /** Shortest and longest, in milliseconds. */
  readonly lastsMs: readonly [number, number]
  readonly forbids: Forbids
  /** Until things are as before, after it is over. */
  readonly graceMs?: number
  /** Nothing undoes it. */
  readonly isForGood?: boolean
}

export const BOTH = ['polymarket', 'kalshi'] as const
const BRIEF = [1_000, 6_000] as const
const LONG = [3_000, 12_000] as const
const harmless = (venues: readonly VenueName[], lastsMs: readonly [number, number] = BRIEF): Kind => ({
  venues,
  lastsMs,
  forbids: 'nothing',
})

/** Those that the sandbox does not know. */
export const OWN_FAULTS = {
  // The way there.
  delay: { venues: BOTH, lastsMs: LONG, forbids: 'nothing' },
  loss: harmless(BOTH, LONG),
  reorder: harmless(BOTH),
  blackout: { venues: BOTH, lastsMs: BRIEF, forbids: 'its venue', graceMs: 12_000 },
  'order-reset': { venues: BOTH, lastsMs: [10, 10], forbids: 'its venue', graceMs: 1_500 },
  // Single orders.
  'lost-request': harmless(BOTH),
  'late-request': harmless(BOTH),
  'no-answer': harmless(BOTH),
  'error-shape': { venues: BOTH, lastsMs: BRIEF, forbids: 'its venue', graceMs: 2_000 },
  'wrong-answer': harmless(BOTH),
  'partial-fill': harmless(BOTH, LONG),
  overfill: harmless(['polymarket'], LONG),
  // The other venue, while an order's other leg is on its way there.
  'pause-between': harmless(BOTH),
  'close-between': { venues: BOTH, lastsMs: BRIEF, forbids: 'nothing', isForGood: true },
  // A venue as a whole.
  restart: { venues: BOTH, lastsMs: [500, 5_000], forbids: 'its venue', graceMs: 12_000 },
  'post-only': { venues: ['polymarket'], lastsMs: BRIEF, forbids: 'its venue', graceMs: 3_000 },
  close: { venues: BOTH, lastsMs: [0, 0], forbids: 'nothing', isForGood: true },
  determination: { venues: ['kalshi'], lastsMs: [0, 0], forbids: 'nothing', isForGood: true },
  'group-trigger': { venues: ['kalshi'], lastsMs: [0, 0], forbids: 'nothing', isForGood: true },
  withdrawal: { venues: BOTH, lastsMs: [0, 0], forbids: 'its venue', isForGood: true },
  // Our own machine.
  'clock-step': { venues: ['polymarket'], lastsMs: LONG, forbids: 'both venues', graceMs: 12_000 },
  stall: { venues: ['polymarket'], lastsMs: [60, 3_000], forbids: 'both venues', graceMs: 500 },
  // An order for Polymarket may not leave before its hash is durable; Kalshi's ids are already.
  'disk-full': { venues: ['polymarket'], lastsMs: [0, 0], forbids: 'its venue', isForGood: true },
} as const satisfies Record<string, Kind>

type SandboxFault = Exclude<FaultName, 'post-only-cancel'>
/** For how long from its beginning a fault may hide from us what a venue's book is; others show at once. */
export const BLIND_MS: Partial<Record<FaultKind, number>> = {
  blackout: 8_000,
  'clock-step': 40_000,
  freeze: 40_000,
  gap: 40_000,
  garbage: 40_000,
  'ghost-book': 40_000,
  // A ping every 10 s, answered within 2 s.
  'half-open': 13_000,
  // Until the first frame has come so late.
  lag: 9_000,
  reorder: 40_000,
  stall: 6_000,
}

export type FaultKind = keyof typeof OWN_FAULTS | SandboxFault

/** What is different about the sandbox's: most only blind us. */
const SANDBOX_FORBIDS: Partial<Record<SandboxFault, Pick<Kind, 'forbids' | 'graceMs'>>> = {
  // Dollars are spent on a LIVE book alone: without one they could buy far more shares than are wanted.
  freeze: { forbids: 'its venue, if that is Polymarket', graceMs: 3_000 },
  'half-open': { forbids: 'its venue, if that is Polymarket', graceMs: 3_000 },
  lag: { forbids: 'its venue, if that is Polymarket', graceMs: 3_000 },
  pause: { forbids: 'its venue', graceMs: 3_000 },
  'rate-limit': { forbids: 'its venue', graceMs: 2_000 },
  'server-error': { forbids: 'its venue', graceMs: 1_000 },
}

export const KINDS: Readonly<Record<FaultKind, Kind>> = { ...OWN_FAULTS, ...sandboxKinds() }

/** No order of ours is post-only. */
function sandboxKinds(): Record<SandboxFault, Kind> {
  const kinds = Object.entries(FAULTS).flatMap(([name, { venues }]): [string, Kind][] =>
    name === 'post-only-cancel'
      ? []
      : [[name, { venues, lastsMs: LONG, forbids: 'nothing', ...SANDBOX_FORBIDS[name as SandboxFault] }]],
  )
  return Object.fromEntries(kinds) as Record<SandboxFault, Kind>
}

/** One fault of a seed. */
export interface Injection {
  readonly kind: FaultKind
  readonly venue: VenueName
  readonly atMs: number
  readonly lastsMs: number
}
