/** Who stopped new entries. Bits, since several may at once: each takes back its own alone. */
export const HaltReason = {
  /** An operator said so; an operator's resume takes it back. */
  Operator: 1,
  /** The process is ending. */
  Stopping: 2,
  /** The signer is gone: nothing could be unwound. */
  Signer: 4,
} as const
export type HaltReason = (typeof HaltReason)[keyof typeof HaltReason]

/** The names of the reasons that are set. */
export function haltNames(halts: number): string[] {
  return Object.entries(HaltReason)
    .filter(([, reason]) => (halts & reason) !== 0)
    .map(([name]) => name)
}
