import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, it } from 'node:test'
import { BookState } from '@tandem/colo/book/integrity.ts'
import { PlanOutcome } from '@tandem/colo/detector/plan.ts'
import { PoolMiss } from '@tandem/colo/pool/miss.ts'
import { Refusal } from '@tandem/colo/risk/check.ts'
import { HaltReason } from '@tandem/colo/risk/halt.ts'
import { OrderState } from '@tandem/colo/state/order.ts'
import { TradeState } from '@tandem/colo/state/trade.ts'
import { TurnOutcome } from '@tandem/colo/turn.ts'
import { UnknownReason } from '@tandem/colo/venue/leg.ts'

// Whatever word an operator meets is in docs/OPERATING.md, with what to do about it.

const root = resolve(import.meta.dirname, '../../..')
const text = readFileSync(resolve(root, 'docs/OPERATING.md'), 'utf8')

/** The names in the first column of the table below a heading, and the rows' last cells. */
function tableOf(heading: string): { names: string[]; todos: string[] } {
  const section = text.split(`### \`${heading}\`\n`)[1]?.split(/^#/m)[0] ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| `'))
  return {
    names: rows.flatMap((row) =>
      [...(row.split('|')[1] as string).matchAll(/`(\w+)`/g)].map(([, name]) => name!),
    ),
    todos: rows.map((row) => row.split('|').at(-2)!.trim()),
  }
}

/** Codes that the files say, but for those of bugs, which no reader can put right. */
function codesOf(...files: string[]): string[] {
  return files.flatMap((file) =>
    [...readFileSync(resolve(root, file), 'utf8').matchAll(/'([A-Z]+(?:_[A-Z]+)+)'/g)].map(
      ([, code]) => code!,
    ),
  )
}

describe('docs/OPERATING.md', () => {
  const tables = {
    BookState,
    HaltReason,
    OrderState,
    PlanOutcome,
    PoolMiss,
    Refusal,
    TradeState,
    TurnOutcome,
    UnknownReason,
  }
  for (const [heading, table] of Object.entries(tables)) {
    it(`says what each ${heading} means and what to do`, () => {
      const { names, todos } = tableOf(heading)
      assert.deepEqual(names.toSorted(), Object.keys(table).toSorted())
      assert.ok(todos.every((todo) => todo.length > 0))
    })
  }

  it('lists every code with which a command to the executor may fail', () => {
    const codes = codesOf(
      'colo/control/control.ts',
      'colo/control/line-server.ts',
      'colo/control/runtime-directory.ts',
      'colo/operator.ts',
      'colo/unwind.ts',
      'cli/control/ask.ts',
      'cli/unwind.ts',
    ).filter((code) => code !== 'OPTION_BAD')
    assert.ok(codes.length > 15)
    for (const code of codes) assert.ok(text.includes(`\`${code}\``), code)
  })
})
