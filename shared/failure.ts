/** What went wrong off the hot path, as a person or a supervisor needs it. */
export interface FailureParts {
  /** Stable, greppable, documented: `TAPE_FRAME_BROKEN`. */
  code: string
  /** What happened, in one clause without a trailing full stop. */
  what: string
  /** Where: a file and line, a key of the configuration, a market. */
  where?: string
  /** What to do about it, in the imperative. */
  todo: string
  /** Whether the same call may succeed later without anything being changed. */
  retry?: boolean
  cause?: unknown
}

/** The one error type off the hot path; on it, outcomes are named integers. Never carries a secret. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly code: string
  readonly what: string
  readonly where: string | undefined
  readonly todo: string
  readonly retry: boolean

  constructor(parts: FailureParts) {
    const where = parts.where === undefined ? '' : ` (${parts.where})`
    super(`${parts.what}${where}: ${parts.todo} [${parts.code}]`, { cause: parts.cause })
    this.code = parts.code
    this.what = parts.what
    this.where = parts.where
    this.todo = parts.todo
    this.retry = parts.retry ?? false
  }
}
