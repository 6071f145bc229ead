// The words in which a venue's answers and private messages are told, whatever the venue.

/** What the numbers of a finished leg rest on. */
export const LegEnd = {
  /** On every fill, as the venue told it: what the venue's own ledger shows. */
  Fills: 0,
  /** On the answer alone, since not all fills were told in time: the shares are sure, the fee is reckoned. */
  Answer: 1,
  /** The venue refused the order: nothing was filled, and why is known. */
  Refused: 2,
  /** No answer came, and the venue has been asked for as long as its rule says: there is no such order. */
  Absent: 3,
} as const
export type LegEnd = (typeof LegEnd)[keyof typeof LegEnd]

/** Why it is not known what became of an order. */
export const UnknownReason = {
  /** No answer within ANSWER_NS_MAX. */
  Timeout: 0,
  /** The connection was closed or reset before the answer was whole. */
  Lost: 1,
  /** What came is no HTTP answer that can be trusted. */
  Broken: 2,
  /** The venue answered, but not what became of the order: 5xx, 425, a duplicate, another order's id. */
  Unclear: 3,
  /** The venue took the order and was to tell its fills later, and has not within FILLS_NS_MAX. */
  Untold: 4,
  /** The process that sent it died before it heard. */
  Restart: 5,
} as const
export type UnknownReason = (typeof UnknownReason)[keyof typeof UnknownReason]

export const AnswerKind = {
  /** Carried out; the amounts say how far. */
  Filled: 0,
  /** Taken; what it fills is told elsewhere. */
  Taken: 1,
  /** Not carried out. */
  Refused: 2,
  /** Nothing that proves one or the other. */
  Unclear: 3,
} as const
export type AnswerKind = (typeof AnswerKind)[keyof typeof AnswerKind]

/** An amount that an answer does not tell. */
export const UNTOLD = -1

/** What the answer to one order says. */
export interface OrderAnswer {
  readonly kind: AnswerKind
  /** The venue's own error (KalshiError, PolymarketError) when refused or unclear; else 0. */
  readonly error: number
  /** Empty when none is told. */
  readonly orderId: string
  /** Shares bought or sold, what they cost or brought before fees, the fees: UNTOLD where the answer has none. */
  readonly microShares: number
  readonly costMicroUsd: number
  readonly feeMicroUsd: number
  /** False where the cost was reckoned from an average: the fills know better. */
  readonly exact: boolean
  /** The matches that the answer names. */
  readonly tradeIds: readonly string[]
  /** Refused, but may be taken later: the account or the venue needs a pause. */
  readonly later: boolean
}

const NOTHING: OrderAnswer = {
  kind: AnswerKind.Unclear,
  error: 0,
  orderId: '',
  microShares: UNTOLD,
  costMicroUsd: UNTOLD,
  feeMicroUsd: UNTOLD,
  exact: false,
  tradeIds: [],
  later: false,
}

export function answerOf(kind: AnswerKind, told: Partial<OrderAnswer>): OrderAnswer {
  return { ...NOTHING, kind, ...told }
}

/** One fill of ours: `price` is of what was bought or sold. */
export interface Fill {
  readonly price: number
  readonly microShares: number
  /** UNTOLD where the venue does not say, and the market's schedule must. */
  readonly feeMicroUsd: number
}

/** A match that a private channel, or a REST read, tells of an order of ours. The same one may be told often. */
export interface ToldTrade {
  readonly tradeId: string
  readonly orderId: string
  /** Empty where the venue has none. */
  readonly clientOrderId: string
  readonly fills: readonly Fill[]
  /** It will never settle. */
  readonly failed: boolean
  /** It has settled: nothing takes it back any more. */
  readonly settled: boolean
}

/** What a private channel says of an order as a whole. */
export interface ToldOrder {
  readonly orderId: string
  readonly clientOrderId: string
  /** Nothing more will be filled. */
  readonly ended: boolean
  readonly filledMicroShares: number
  /** All of its matches, where the venue names them. */
  readonly tradeIds: readonly string[]
}

/** What asking a venue by REST for one order came to. */
export interface Looked {
  readonly trades: readonly ToldTrade[]
  /** The order as a whole, where the venue shows it. */
  readonly order: ToldOrder | undefined
  /** The venue does not have it open, and what was read is fresh enough: beyond `trades` nothing has become of it. */
  readonly isGone: boolean
}

/** Where private messages go. */
export interface PrivateSink {
  trade(told: ToldTrade): void
  order(told: ToldOrder): void
}

/** What reading one private frame came to. */
export const PrivateOutcome = {
  Told: 0,
  /** Nothing for us: a subscription's acknowledgement, a pong, a type that nobody here needs. */
  Other: 1,
  /** The channel refuses: look at its credentials. */
  Refused: 2,
  /** Not what the fact sheets describe. Something may have been missed. */
  Broken: 3,
} as const
export type PrivateOutcome = (typeof PrivateOutcome)[keyof typeof PrivateOutcome]
