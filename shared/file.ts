import { Failure } from './failure.ts'

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a folder, not a file',
  EACCES: 'it may not be read',
  EPERM: 'it may not be read',
}

/** The Failure for a file that could not be opened or read. `path` as a person can find it: absolute. */
export function unreadable(path: string, cause: unknown): Failure {
  const code = String((cause as { code?: unknown }).code ?? cause)
  return new Failure({
    code: 'FILE_UNREADABLE',
    what: reasons[code] ?? `it cannot be read, ${code}`,
    where: path,
    todo: 'check the path',
    cause,
  })
}
