import { lstatSync, mkdirSync, rmdirSync, rmSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '@tandem/shared/failure.ts'

/** What lies in the directory of a run. */
export const CONTROL_SOCKET = 'control.sock'
export const HALT_SOCKET = 'halt.sock'

/** Of a Unix socket's path: `sun_path` has 108 on Linux with its zero, and 104 elsewhere. */
const SOCKET_PATH_BYTES_MAX = 103
const OTHERS = 0o077

/**
 * Makes the directory, or takes one that is there, if it is ours and closed to everyone else: who can reach the sockets
 * in it can trade.
 *
 * @throws Failure RUN_DIRECTORY_LONG, RUN_DIRECTORY_UNMADE, RUN_DIRECTORY_OPEN
 */
export function openRuntimeDirectory(path: string): void {
  if (Buffer.byteLength(join(path, CONTROL_SOCKET)) > SOCKET_PATH_BYTES_MAX)
    throw new Failure({
      code: 'RUN_DIRECTORY_LONG',
      what: `a socket in it would have a path of more than ${SOCKET_PATH_BYTES_MAX} bytes`,
      where: path,
      todo: 'give a shorter one with --run',
    })
  let status: Stats
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    status = lstatSync(path)
  } catch (cause) {
    throw new Failure({
      code: 'RUN_DIRECTORY_UNMADE',
      what: `the run’s directory cannot be made, ${(cause as NodeJS.ErrnoException).code}`,
      where: path,
      todo: 'give another with --run',
      cause,
    })
  }
  if (status.isDirectory() && status.uid === process.getuid?.() && (status.mode & OTHERS) === 0) return
  const mode = (status.mode & 0o777).toString(8).padStart(4, '0')
  throw new Failure({
    code: 'RUN_DIRECTORY_OPEN',
    what: `it is not ours alone: mode ${mode}, owner ${status.uid}`,
    where: path,
    todo: 'make it a directory of this user with mode 0700, or give another with --run',
  })
}

/** Removes the sockets of a run that is over, and the directory, if nothing else is in it. */
export function clearRuntimeDirectory(path: string): void {
  for (const name of [CONTROL_SOCKET, HALT_SOCKET]) rmSync(join(path, name), { force: true })
  try {
    rmdirSync(path)
  } catch {
    // Something of somebody else is in it, or it is gone already.
  }
}
