import type { Builtin } from './builtins.ts'
import type { CommandSet } from './command-set.ts'

/** The shell's own help: its builtins and all commands, a line each; or one builtin. */
export function helpText(commands: CommandSet, builtins: readonly Builtin[], name?: string): string {
  const one = builtins.find((builtin) => builtin.name === name)
  if (one !== undefined) return `${one.usage}\n  ${one.summary}\n`
  const facts = [...commands.facts.values()].filter(({ id }) => !id.startsWith('kafka-') && id !== 'shell')
  const tools = [...commands.facts.keys()].filter((id) => id.startsWith('kafka-'))
  return [
    'Commands (help COMMAND tells more):',
    ...rows(facts.map(({ id, summary }) => [id.replaceAll(':', ' '), summary])),
    '',
    `Kafka's own tools: ${tools.join(', ')}`,
    '',
    'In this shell:',
    ...rows(builtins.map(({ usage, summary }) => [usage, summary])),
    '',
    'COMMAND | PROGRAM, COMMAND > FILE, COMMAND < FILE, COMMAND <<END, A; B, A && B work as in sh.',
    '',
  ].join('\n')
}

function rows(entries: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...entries.map(([name]) => name.length))
  return entries.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`)
}
