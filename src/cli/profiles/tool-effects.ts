import type { Effect } from './guard.ts'

/** What Kafka's tool is told to do by its words; it reads where none of them stands there. Its options cannot be abbreviated. */
export function effectOfWords(
  argv: readonly string[],
  words: { readonly changes?: readonly string[]; readonly destroys?: readonly string[] },
): Effect {
  if (argv.includes('--help') || argv.includes('--version')) return 'reads'
  const has = (names: readonly string[] = []) => argv.some((word) => names.includes(word.split('=')[0] ?? ''))
  if (has(words.destroys)) return 'destroys'
  return has(words.changes) ? 'changes' : 'reads'
}

/** Whether a consumer of Kafka's tools may commit the offsets of a group that others know. */
export function namesGroup(argv: readonly string[]): boolean {
  return argv.some((word) => /^--(group|consumer\.config|command-config)\b|group\.id/.test(word))
}
