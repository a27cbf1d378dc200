import { InterruptedError } from '../exit-codes.ts'
import { textWidth } from '../output/text-width.ts'

export interface Choice {
  readonly value: string
  /** Beside it in the list. */
  readonly note?: string
  /** Below the list, while it is the chosen one. */
  readonly meaning?: string
}

export interface TextOptions {
  /** Taken when nothing is typed. */
  readonly default?: string
  /** What is wrong with it; undefined when it will do. */
  readonly check?: (text: string) => string | undefined
}

/** What a person can be asked. Each of them throws an {@link InterruptedError} after Ctrl-C and Esc. */
export interface Prompts {
  /** One of a list, which what is typed filters. */
  pick(message: string, choices: readonly Choice[]): Promise<string>
  text(message: string, options?: TextOptions): Promise<string>
  agree(message: string): Promise<boolean>
}

type InquirerQuestion = Readonly<Record<string, unknown>> & {
  readonly type: 'search' | 'input' | 'confirm'
  readonly message: string
}

const PAGE_SIZE = 12

/** Prompts on stderr, so that stdout has nothing but data. Inquirer is loaded with the first one. */
export class TerminalPrompts implements Prompts {
  private readonly signal: AbortSignal
  private readonly around: <T>(ask: () => Promise<T>) => Promise<T>

  /** @param around what has to happen before and after a prompt: nothing else may move on the terminal meanwhile */
  constructor(signal: AbortSignal, around: <T>(ask: () => Promise<T>) => Promise<T> = (ask) => ask()) {
    this.signal = signal
    this.around = around
  }

  pick(message: string, choices: readonly Choice[]): Promise<string> {
    const width = Math.max(...choices.map(({ value }) => textWidth(value)))
    const source = (term: string | undefined) =>
      matching(choices, term ?? '').map(({ value, note, meaning }) => ({
        value,
        short: value,
        name: note === undefined ? value : `${value}${' '.repeat(width - textWidth(value))}  ${note}`,
        ...(meaning !== undefined && { description: meaning }),
      }))
    return this.prompt({ type: 'search', message, source, pageSize: PAGE_SIZE })
  }

  text(message: string, { default: text, check }: TextOptions = {}): Promise<string> {
    const validate = (typed: string) => check?.(typed) ?? true
    return this.prompt({ type: 'input', message, validate, ...(text !== undefined && { default: text }) })
  }

  agree(message: string): Promise<boolean> {
    return this.prompt({ type: 'confirm', message, default: false })
  }

  private prompt<T>(question: InquirerQuestion): Promise<T> {
    return this.around(async () => {
      const { createPromptModule } = await import('inquirer')
      const { stdin: input, stderr: output } = process
      const given = new AbortController()
      const onKey = (_: unknown, key?: { readonly name?: string }) => {
        if (key?.name === 'escape') given.abort()
      }
      input.on('keypress', onKey)
      try {
        const prompt = createPromptModule({
          input,
          output,
          signal: AbortSignal.any([this.signal, given.signal]),
        })
        const named = { ...question, name: 'answer' }
        return (await prompt(named)).answer
      } catch (error) {
        if (error instanceof Error && GIVEN_UP.has(error.name)) throw new InterruptedError(undefined)
        throw error
      } finally {
        input.off('keypress', onKey)
      }
    })
  }
}

/** Inquirer's errors for Ctrl-C and for an aborted signal. */
const GIVEN_UP = new Set(['ExitPromptError', 'AbortPromptError'])

/** Those that have all typed words in them, whichever case; those that begin with the first word come first. */
export function matching(choices: readonly Choice[], typed: string): Choice[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean)
  const found = choices.filter(({ value, note }) => {
    const text = `${value} ${note ?? ''}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
  const begins = ({ value }: Choice) => value.toLowerCase().startsWith(words[0] ?? '')
  return [...found.filter(begins), ...found.filter((choice) => !begins(choice))]
}
