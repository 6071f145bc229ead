import type { Register } from './command.ts'
import { answer } from './explain/answer.ts'
import { explain } from './explain/explain.ts'
import { readQuestion } from './explain/question.ts'
import { explanationText } from './explain/text.ts'
import { readJson } from './input.ts'

// `tandem explain FILE`: what one pair of books is worth, and what would be sent.

export const register: Register = (program, io) => {
  program
    .command('explain')
    .description('say what one pair of books is worth, and what would be sent')
    .argument('<file>', 'a JSON file: both books, their fees, and the rules')
    .option('--json', 'one JSON document')
    .action((file: string, options: { json?: boolean }) => {
      const question = readQuestion(readJson(file), file)
      const explanation = explain(question)
      io.stdout(
        options.json
          ? `${JSON.stringify(answer(question, explanation))}\n`
          : explanationText(question, explanation),
      )
    })
}
