/** Whether the same request can be sent again after an answer that is no success. */
export const Retry = {
  /** It was refused, and would be again: something must change first. */
  Never: 0,
  /** It was refused, and may succeed later. */
  Later: 1,
  /** Whether it was carried out is not known: look it up, reckon with the worst until then, and never send it again first. */
  AfterLookUp: 2,
} as const
export type Retry = (typeof Retry)[keyof typeof Retry]

/** What one kind of answer means: a sentence for people, and what can be done. */
export interface Meaning {
  readonly sentence: string
  readonly retry: Retry
}

export function never(sentence: string): Meaning {
  return { sentence, retry: Retry.Never }
}

export function later(sentence: string): Meaning {
  return { sentence, retry: Retry.Later }
}

export function afterLookUp(sentence: string): Meaning {
  return { sentence, retry: Retry.AfterLookUp }
}

/** The JSON object of a body, or an empty one: a proxy's page and a cut-off answer say nothing that can be trusted. */
export function fieldsOf(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
