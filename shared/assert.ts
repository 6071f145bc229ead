/**
 * Stops on a programming error. Assertions stay on in production: a wrong book costs more than a restart.
 * The code is a constant string, so that nothing is built unless it fails.
 */
export function assert(condition: boolean, code: string): asserts condition {
  if (!condition) throw new AssertionFailed(code)
}

class AssertionFailed extends Error {
  override readonly name = 'AssertionFailed'
  readonly code: string

  constructor(code: string) {
    super(`assertion failed: ${code}`)
    this.code = code
  }
}
