import { bashScript } from './scripts/bash.ts'
import { fishScript } from './scripts/fish.ts'
import { zshScript } from './scripts/zsh.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type ShellName = (typeof SHELLS)[number]

/**
 * What a shell has to run once to complete kcli's command lines. It asks `kcli __complete`, see answer.ts.
 * @param tools Kafka's tools that kcli stands in for; they are completed under their own names too
 */
export function completionScript(shell: ShellName, tools: readonly string[]): string {
  const names = tools.flatMap((tool) => [tool, `${tool}.sh`])
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](names)
}
