import { quotedWord } from '../../base/shell-word.ts'
import type { CommandContext } from '../context.ts'
import { UsageError } from '../exit-codes.ts'
import { type CommandLine, isMet, type Need } from './need.ts'
import { QUESTIONS } from './questions.ts'

export interface TypedCommand<T extends CommandLine> {
  /** `topics create` */
  readonly name: string
  readonly argv: readonly string[]
  readonly line: T
  readonly parse: (argv: readonly string[]) => Promise<T>
}

/**
 * Asks for what the command line lacks, one need after the other, and shows the line that would have needed no question.
 * Where nobody can be asked it is a usage error.
 */
export async function askForMissing<T extends CommandLine>(
  context: CommandContext,
  needs: readonly Need[],
  { name, argv, line, parse }: TypedCommand<T>,
): Promise<T> {
  let words = argv
  let known = line
  for (const need of needs) {
    if (isMet(need, known)) continue
    if (!context.terminal.canPrompt) throw new UsageError(need.message, need.hint)
    words = withWords(words, await QUESTIONS[need.ask](context, known))
    known = await parse(words)
  }
  if (words !== argv) context.out.note(`$ kcli ${[name, ...words.map(quotedWord)].join(' ')}`)
  return known
}

/** Behind what was typed; words behind `--` are arguments, so flags go before it. */
function withWords(argv: readonly string[], more: readonly string[]): string[] {
  const end = argv.indexOf('--')
  return end === -1 ? [...argv, ...more] : [...argv.slice(0, end), ...more, ...argv.slice(end)]
}
