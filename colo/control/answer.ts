import type { Failure } from '@tandem/shared/failure.ts'

/** What a request gets: its result, or why there is none. */
export type Answer = { readonly result: unknown } | { readonly problem: Problem }

/** A Failure as it travels: the operator's command shows it as its own. */
export interface Problem {
  readonly code: string
  readonly what: string
  readonly where?: string
  readonly todo: string
  readonly retry: boolean
}

export function problemOf({ code, what, where, todo, retry }: Failure): Answer {
  return { problem: { code, what, ...(where === undefined ? {} : { where }), todo, retry } }
}
