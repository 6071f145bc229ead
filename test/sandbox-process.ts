import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** The first line of the sandbox, as far as tests read it. */
export interface SandboxStarted {
  readonly polymarket: { readonly restUrl: string; readonly socketUrl: string }
  readonly kalshi: { readonly restUrl: string; readonly socketUrl: string }
  readonly ca: string
  readonly pairs: readonly {
    readonly kalshi: { readonly ticker: string; readonly exchange_index: number }
    readonly polymarket: {
      readonly yes_token: string
      readonly no_token: string
      readonly neg_risk: boolean
      readonly version: string
      readonly tick: string
    }
  }[]
  readonly fees: { readonly sandbox: { readonly polymarket: { rate: number; exponent: number } } }
  readonly accounts: {
    readonly polymarket: { readonly address: `0x${string}`; readonly privateKey: `0x${string}` }
    readonly kalshi: { readonly userId: string; readonly keyId: string; readonly privateKey: string }
  }
  readonly controlUrl: string
  readonly controlToken: string
}

/** The sandbox as a process of its own. It ends with the test at the latest: its stdin closes. */
export async function startSandbox(
  ...args: string[]
): Promise<{ started: SandboxStarted; stop: () => Promise<void> }> {
  const main = join(import.meta.dirname, '../sandbox/main.ts')
  const child = spawn(process.execPath, [main, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  return {
    started: JSON.parse(line),
    async stop() {
      child.stdin.end()
      await once(child, 'exit')
    },
  }
}
