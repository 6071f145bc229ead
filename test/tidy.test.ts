import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { deadFiles } from './tidy/layout.ts'
import { rules } from './tidy/rules.ts'
import { projectFiles, readSource } from './tidy/source.ts'

// The project's own rules, as a test: who imports whom, what is ambient, what is left over. Every rule shows that it
// bites. Exceptions stand beside the rules, each with its reason.

describe('tidy', () => {
  const sources = projectFiles().map((path) => readSource(path))

  for (const rule of rules) {
    describe(rule.name, () => {
      it('holds everywhere', () => {
        const findings = sources.flatMap((source) =>
          rule.check(source).map(({ line, message }) => `${source.path}:${line}: error: ${message}`),
        )
        assert.deepEqual(findings, [])
      })

      it('bites', () => {
        for (const [path, text] of rule.bites) {
          const [finding] = rule.check(readSource(path, text))
          assert.match(finding?.message ?? `nothing found in ${text}`, /.+ (is|are) banned.*, use .+/)
        }
      })

      it('spares what is allowed', () => {
        for (const [path, text] of rule.spares) {
          assert.deepEqual(rule.check(readSource(path, text)), [], text)
        }
      })
    })
  }

  it('has no file that nobody imports and nothing starts', () => {
    assert.deepEqual(
      deadFiles(sources).map((path) => `${path}:1: error: a dead file is banned, use it or delete it`),
      [],
    )
  })

  it('sees that what only a test reaches is dead, and that a thread’s file is not', () => {
    const files = {
      'colo/main.ts': "import { Journal } from './journal.ts'",
      'colo/journal.ts': "new Worker(new URL('./writer.ts', import.meta.url))",
      'colo/writer.ts': '',
      'colo/orphan.ts': '',
      'test/unit/colo/orphan.test.ts': "import '@tandem/colo/orphan.ts'\nimport '../../made.ts'",
      'test/made.ts': '',
      'test/unmade.ts': '',
    }
    const dead = deadFiles(Object.entries(files).map(([path, text]) => readSource(path, text)))
    assert.deepEqual(dead, ['colo/orphan.ts', 'test/unmade.ts'])
  })

  it('reads imports as the compiler does', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source code
    const template = 'const made = `import("./template.ts") ${await import(\'./inside.ts\')} `'
    const text = [
      "import type { A } from './a.ts'",
      "export { b } from './b.ts'",
      "// import './comment.ts'",
      'const quoted = "import \'./string.ts\'"',
      template,
      "const pattern = /import '.\\/regex.ts'/",
      "import {\n  c,\n} from './c.ts'",
      "import './effect.ts'",
    ].join('\n')
    assert.deepEqual(
      readSource('colo/x.ts', text).imports.map(({ specifier, line, typeOnly }) => [
        specifier,
        line,
        typeOnly,
      ]),
      [
        ['./a.ts', 1, true],
        ['./b.ts', 2, false],
        ['./inside.ts', 5, false],
        ['./c.ts', 7, false],
        ['./effect.ts', 10, false],
      ],
    )
  })
})
