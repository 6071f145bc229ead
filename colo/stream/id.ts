/**
 * Of an entry in Redis: the start of the run that wrote it, and how many records of its journal stand up to there. Redis
 * takes only what is above what it has, so that what is written again is there once.
 */
export interface StreamId {
  readonly ms: number
  readonly sequence: number
}

const FORM = /^(\d+)-(\d+)$/

export function textOfId({ ms, sequence }: StreamId): string {
  return `${ms}-${sequence}`
}

export function idOfText(text: string): StreamId {
  const [, ms, sequence] = FORM.exec(text) ?? []
  return { ms: Number(ms), sequence: Number(sequence) }
}

/** Whether `id` is above `other`; whatever it is, it is above undefined. */
export function isAfter(id: StreamId, other: StreamId | undefined): boolean {
  if (other === undefined) return true
  return id.ms === other.ms ? id.sequence > other.sequence : id.ms > other.ms
}
