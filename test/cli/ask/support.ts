import type { Prompts } from '../../../src/cli/ask/prompts.ts'
import type { CommandContext } from '../../../src/cli/context.ts'

export interface Scripted {
  readonly canPrompt?: boolean
  /** By the first word of the question. An answer that a check refuses is thrown as the error that a person would see. */
  readonly answers?: Readonly<Record<string, string>>
  readonly topics?: readonly string[]
  readonly brokers?: number
}

/** A context with somebody at the terminal who answers what was agreed on, and a cluster of these topics. */
export function guided({ canPrompt = true, answers = {}, topics = [], brokers = 1 }: Scripted) {
  const notes: string[] = []
  const answerTo = (message: string) => {
    const answer = answers[message.split(' ')[0] ?? '']
    if (answer === undefined) throw new Error(`nobody expected the question '${message}'`)
    return answer
  }
  const prompts: Prompts = {
    pick: async (message, choices) => {
      const answer = answerTo(message)
      if (!choices.some(({ value }) => value === answer)) throw new Error(`'${answer}' is no choice`)
      return answer
    },
    text: async (message, { check } = {}) => {
      const answer = answerTo(message)
      const problem = check?.(answer)
      if (problem !== undefined) throw new Error(problem)
      return answer
    },
    agree: async (message) => answerTo(message) === 'yes',
  }
  const admin = {
    listTopics: async () => topics.map((name) => ({ name, isInternal: false, partitions: [] })),
    describeCluster: async () => ({ brokers: Array.from({ length: brokers }, (_, id) => ({ id })) }),
    describeConfigs: async () => [],
  }
  const context = {
    terminal: { canPrompt },
    prompts,
    out: { note: (text: string) => notes.push(text) },
    target: async () => ({ admin }),
  } as unknown as CommandContext
  return { context, notes }
}
