import { CostLadder } from '@tandem/colo/detector/cost-ladder.ts'
import {
  DIRECTION_NAMES,
  kalshiBuysYes,
  kalshiSide,
  polymarketBuysOutcome,
  polymarketSide,
} from '@tandem/colo/detector/direction.ts'
import { EDGE_NONE_MICRO_USD } from '@tandem/colo/detector/edge.ts'
import { decimalFromScaled } from '@tandem/shared/decimal.ts'
import { kalshiContractFeeScaled } from '@tandem/shared/fees/kalshi.ts'
import { polymarketContractFeeScaled } from '@tandem/shared/fees/polymarket.ts'
import { microUsdFloor } from '@tandem/shared/fees/scale.ts'
import { LOTS_MAX, MICRO_USD_PER_CENT, PRICE_ONE, type Price } from '@tandem/shared/units.ts'
import { contracts, dollars, type Explanation, type Look } from './explain.ts'
import type { Question } from './question.ts'

/** Levels shown of a side; the rest is counted. */
const LEVELS_SHOWN = 6
const COLUMN = 30

const price = (value: number): string => decimalFromScaled(value, 4, 2)

/** The explanation for a reader: what each direction buys, what it costs and nets, what would be sent, and why. */
export function explanationText(question: Question, { looks, depth, plan, why }: Explanation): string {
  return [
    ...looks.flatMap((look) => [...lookLines(question, look), '']),
    ...(depth === undefined
      ? ['depth   nothing that both venues would take nets the minimum']
      : depthLines(depth)),
    '',
    ...(plan === undefined ? ['plan    none'] : planLines(plan)),
    `why     ${why}`,
    '',
  ].join('\n')
}

function lookLines({ bundle, polymarketBook, kalshiBook }: Question, look: Look): string[] {
  const { direction } = look
  const token = polymarketBuysOutcome(direction) ? 'YES' : 'NO'
  const outcome = kalshiBuysYes(direction, bundle.inverse) ? 'YES' : 'NO'
  const left = new CostLadder()
  const right = new CostLadder()
  const costMax = (PRICE_ONE - 1) as Price
  left.fill(polymarketSide(polymarketBook, direction), costMax, LOTS_MAX)
  right.fill(kalshiSide(kalshiBook, direction, bundle.inverse), costMax, LOTS_MAX)
  const leftLines = ladderLines(left)
  const rightLines = ladderLines(right)
  const rows = Array.from({ length: Math.max(leftLines.length, rightLines.length) }, (_, at) =>
    `  ${(leftLines[at] ?? '').padEnd(COLUMN)}${rightLines[at] ?? ''}`.trimEnd(),
  )
  return [
    DIRECTION_NAMES[direction],
    `  ${`a ${token} share on Polymarket`.padEnd(COLUMN)}a ${outcome} contract on Kalshi`,
    ...rows,
    `  ${topLine(look, bundle, left, right)}`,
  ]
}

function ladderLines({ count, cost, lots }: CostLadder): string[] {
  if (count === 0) return ['(nothing offered)']
  const shown = Array.from(
    { length: Math.min(count, LEVELS_SHOWN) },
    (_, at) => `${price(cost[at]).padEnd(6)} x ${contracts(lots[at])}`,
  )
  return count > LEVELS_SHOWN ? [...shown, `and ${count - LEVELS_SHOWN} more`] : shown
}

function topLine(
  look: Look,
  { polymarketFees, kalshiFees }: Question['bundle'],
  left: CostLadder,
  right: CostLadder,
): string {
  if (look.grossMicroUsd === EDGE_NONE_MICRO_USD || left.count === 0 || right.count === 0)
    return 'no pair to buy'
  const polymarketFee = microUsdFloor(polymarketContractFeeScaled(polymarketFees, left.cost[0] as Price))
  const kalshiFee = microUsdFloor(kalshiContractFeeScaled(kalshiFees, right.cost[0] as Price))
  return (
    `a contract of each: pays 1.00, leaves ${dollars(look.grossMicroUsd)}; ` +
    `fees about ${dollars(polymarketFee)} and ${dollars(kalshiFee)}; nets ${dollars(look.netMicroUsd)}`
  )
}

function depthLines({ direction, depth }: Look): string[] {
  const { lots, polymarketCostMicroUsd, kalshiCostMicroUsd, feeMicroUsd, edgeMicroUsd } = depth!
  return [
    `depth   ${DIRECTION_NAMES[direction]}: ${contracts(lots)} contracts whose every level nets the minimum`,
    `        Polymarket ${dollars(polymarketCostMicroUsd)} + Kalshi ${dollars(kalshiCostMicroUsd)} + fees ${dollars(feeMicroUsd)}, pays ${contracts(lots)}: edge ${dollars(edgeMicroUsd)}`,
  ]
}

function planLines({ plan }: Look): string[] {
  const {
    direction,
    polymarketCents,
    polymarketLimit,
    polymarketFeeMicroUsd,
    expectedMicroShares,
    overfillBandMicroShares,
    kalshiLots,
    kalshiBuysYes: buysYes,
    kalshiPrice,
    kalshiLimitCost,
    kalshiCostMicroUsd,
    kalshiFeeMicroUsd,
    netEdgeMicroUsd,
  } = plan!
  const shares = (microShares: number): string => decimalFromScaled(microShares, 6)
  const spent = dollars(polymarketCents * MICRO_USD_PER_CENT)
  return [
    `plan    ${DIRECTION_NAMES[direction]}`,
    `        Polymarket: buy ${spent} dollars of the ${polymarketBuysOutcome(direction) ? 'yes' : 'no'} token, at most ${price(polymarketLimit)} a share`,
    `          expected ${shares(expectedMicroShares)} shares, ${shares(overfillBandMicroShares)} more if all filled at the touch; fee ${dollars(polymarketFeeMicroUsd)}`,
    `        Kalshi: ${buysYes ? 'bid' : 'ask'} ${contracts(kalshiLots)} at ${decimalFromScaled(kalshiPrice, 4, 4)}, which buys ${buysYes ? 'YES' : 'NO'} at up to ${price(kalshiLimitCost)}`,
    `          cost ${dollars(kalshiCostMicroUsd)}; fee ${dollars(kalshiFeeMicroUsd)}, a step of balance rounding included`,
    `        nets ${dollars(netEdgeMicroUsd)} dollars, the shares beyond whole lots counted for nothing`,
  ]
}
