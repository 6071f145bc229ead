/** Two-sided, 95 %. */
const Z = 1.959964

/** Wilson's interval of a share: honest where few were counted, and within 0..1 always. */
export function wilson(successes: number, of: number): { low: number; high: number } {
  if (of === 0) return { low: 0, high: 1 }
  const share = successes / of
  const shrink = 1 + (Z * Z) / of
  const centre = (share + (Z * Z) / (2 * of)) / shrink
  const half = (Z / shrink) * Math.sqrt((share * (1 - share)) / of + (Z * Z) / (4 * of * of))
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) }
}
