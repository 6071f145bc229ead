import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { requirePart } from './required.ts'

// Recorded data and the venues' vectors live beside the project, not in it: tests read their place here, take every
// file of a kind that they find there, and skip by name where it is absent.
//
//   TANDEM_REFERENCE   where it is; default ../shared, relative to the project's root

const projectRoot = resolve(import.meta.dirname, '..')

/** The folder of recorded data and vectors, or undefined where it is absent. */
export function referenceRoot(): string | undefined {
  const root = resolve(projectRoot, process.env.TANDEM_REFERENCE ?? '../shared')
  // A folder that happens to be called so is not it.
  return existsSync(join(root, 'data')) || existsSync(join(root, 'venues')) ? root : undefined
}

/** Absolute path of one reference file; undefined where the file or the whole reference is absent. */
function referenceFile(path: string): string | undefined {
  const root = referenceRoot()
  if (root === undefined) return undefined
  const file = join(root, path)
  return existsSync(file) ? file : undefined
}

/** Absolute paths of the files in `folder` whose name matches, sorted; none where the reference is absent. */
export function referenceFiles(folder: string, pattern: RegExp): string[] {
  const path = referenceFile(folder)
  if (path === undefined) return []
  return readdirSync(path)
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => join(path, name))
}

/** For `skip` of node:test: false when the reference is there, else the reason. Throws when it is required. */
export function skipWithoutReference(): string | false {
  return requirePart('reference', referenceRoot() !== undefined)
}

/** A file of vectors: the reference's own where it is there, so that a newer one is tried, else our copy. */
export function vectorFile(name: string): string {
  return referenceFile(join('venues', name)) ?? join(projectRoot, 'test', 'vectors', name)
}
