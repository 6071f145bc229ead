import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '@tandem/shared/failure.ts'

// One process at a time writes a journal. Node has no flock, so a file says who holds it: process id, when that process
// began, and the boot it belongs to. Of two processes with one id only one began at that moment; a holder that is gone, or
// was one of an earlier boot, holds nothing.

const NAME = 'lock'

/** Takes the directory for this process. Throws a Failure when another one that lives has it. @returns what gives it back */
export function lockDirectory(directory: string): () => void {
  const path = join(directory, NAME)
  const own = `${path}.${process.pid}`
  const holder = identityOf(process.pid)
  writeFileSync(own, holder, { mode: 0o600 })
  try {
    // Linked, not written: whoever sees the file sees all of it.
    while (!isLinked(own, path)) takeFromTheDead(path, `${own}.taken`)
  } finally {
    rmSync(own, { force: true })
  }
  return () => {
    if (readOrEmpty(path) === holder) rmSync(path, { force: true })
  }
}

function isLinked(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Removes the lock of a process that is no more. Two that try at once may each move a file away: so it is read again. */
function takeFromTheDead(path: string, aside: string): void {
  const seen = readOrEmpty(path)
  if (isAlive(seen)) throw held(path, seen)
  try {
    renameSync(path, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  const moved = readOrEmpty(aside)
  if (moved !== seen && isAlive(moved)) isLinked(aside, path)
  unlinkSync(aside)
}

function isAlive(identity: string): boolean {
  const pid = Number(identity.split(' ')[0])
  return Number.isSafeInteger(pid) && pid > 0 && identityOf(pid) === identity
}

/** "pid start boot", or '' when there is no such process. Where there is no /proc, a process is known by its id alone. */
function identityOf(pid: number): string {
  const boot = readOrEmpty('/proc/sys/kernel/random/boot_id').trim()
  if (boot === '') return isThere(pid) ? `${pid} - -\n` : ''
  // The name before it, in parentheses, may hold anything; the 20th field after it is the start, in ticks since the boot.
  const start = readOrEmpty(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ')[19]
  return start === undefined ? '' : `${pid} ${start} ${boot}\n`
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function held(path: string, identity: string): Failure {
  return new Failure({
    code: 'JOURNAL_HELD',
    what: `process ${identity.split(' ')[0]} is writing this journal`,
    where: path,
    todo: 'end that process, or name another directory',
  })
}
