import { readdirSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { openRuntimeDirectory } from '@tandem/colo/control/runtime-directory.ts'

// Where runs have their sockets when nobody says where: a folder of this user, and in it one a run, named for the time
// of its start, so that the newest is the last by name.
//
//   $XDG_RUNTIME_DIR/tandem/mjqb2f0a-4711/control.sock      or  /tmp/tandem-1000/...

/** Our folder of runs, made if it is not there. @throws Failure RUN_DIRECTORY_* where somebody else has made it */
function runsFolder(): string {
  const { XDG_RUNTIME_DIR: own } = process.env
  const folder = own ? join(own, 'tandem') : join(tmpdir(), `tandem-${userInfo().uid}`)
  openRuntimeDirectory(folder)
  return folder
}

/** A directory for a run that begins now. The executor makes it. */
export function newRunDirectory(): string {
  return join(runsFolder(), `${Date.now().toString(36)}-${process.pid}`)
}

/** The directory that was named, or all that there are, the newest first. */
export function runDirectories(named: string | undefined): string[] {
  if (named !== undefined) return [resolve(named)]
  const folder = runsFolder()
  return readdirSync(folder)
    .sort()
    .reverse()
    .map((name) => join(folder, name))
}
