/** Who stopped new entries. Bits, since several may at once: each takes back its own alone. */
export const HaltReason = {
  /** An operator said so; an operator's resume takes it back. */
  Operator: 1,
  /** The process is ending. */
  Stopping: 2,
  /** The signer is gone: nothing could be unwound. */
  Signer: 4,
  // Breakers (breakers.ts), until an operator takes them back by name:
  /** Trades lost more today than a day may. */
  DayLoss: 8,
  /** Too many of the last entry orders were refused. */
  Refusals: 16,
  /** Too many of the last entries filled on one side alone. */
  LegFailures: 32,
  /** Our own loop stood still for long. */
  Stall: 64,
  /** Kalshi stopped our entries, by the limit of their order group. */
  OrderGroup: 128,
} as const
export type HaltReason = (typeof HaltReason)[keyof typeof HaltReason]

/** Those of the breakers. */
export const TRIPS =
  HaltReason.DayLoss | HaltReason.Refusals | HaltReason.LegFailures | HaltReason.Stall | HaltReason.OrderGroup

/** Those that the next process stands under as well: nobody has taken them back. */
export const LASTING_HALTS = HaltReason.Operator | TRIPS

/** The names of the reasons that are set. */
export function haltNames(halts: number): string[] {
  return Object.entries(HaltReason)
    .filter(([, reason]) => (halts & reason) !== 0)
    .map(([name]) => name)
}
