import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Files for one test: keys are only ever read from files, and only from such as nobody else may read. */
export class KeyFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'tandem-keys-'))

  /** Writes a file and returns its path. */
  file(name: string, content: string | Uint8Array, mode = 0o600): string {
    const path = join(this.path, name)
    writeFileSync(path, content)
    chmodSync(path, mode)
    return path
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true })
  }
}
