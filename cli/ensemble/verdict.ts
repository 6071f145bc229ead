import type { Judge } from './judge.ts'

export type HorizonReport = ReturnType<Judge['report']>[number]

/** What the whole of it comes to, in a sentence that promises no more than was seen. */
export function verdictText(horizons: readonly HorizonReport[]): string {
  if (horizons.every(({ ensemble }) => ensemble.moved === 0))
    return 'nothing to judge on this tape: no venue that was said to lag has moved by the time it was looked at'
  const of = (verdict: string): string =>
    horizons
      .filter((horizon) => horizon.verdict === verdict)
      .map(({ seconds }) => `${seconds} s`)
      .join(', ')
  const [better, worse, undecided] = [of('better'), of('worse'), of('undecided')]
  const open = undecided === '' ? '' : `; undecided after ${undecided}: the intervals overlap`
  if (better !== '' && worse === '') return `better than the plain mid on this tape after ${better}${open}`
  if (worse === '') return `not shown to be better than the plain mid on this tape${open}`
  const mixed = better === '' ? '' : `, better after ${better}`
  return `worse than the plain mid on this tape after ${worse}${mixed}${open}`
}
