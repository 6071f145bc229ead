import { readSettings } from '@tandem/shared/settings.ts'

/** Few prices and sizes, so that a seed signs its first stock in no time; limits that a minute does not reach. */
export const SETTINGS = readSettings(
  {
    feeds: { copies: 1, poll: false },
    pool: { sizesCents: [500, 2_000], kalshiTicks: 1, baseLevels: 4 },
    limits: { marketMicroUsd: 4_000_000_000, nakedMicroUsd: 60_000_000, eventMicroUsd: 4_000_000_000 },
  },
  'simulation',
)
