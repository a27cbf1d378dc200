import type { GlobalFlags } from '../base-command.ts'

/** Flags that say which cluster is meant, with their short forms. */
const TARGET_FLAGS = {
  'bootstrap-server': /^(--bootstrap-server|--broker-list|-b)$/,
  'data-dir': /^--data-dir$/,
  'command-config': /^--command-config$/,
  profile: /^(--profile|-P)$/,
  'command-property': /^(--command-property|-X)$/,
} as const

/** What a line that is not complete yet says of its target. */
export function targetFlags(words: readonly string[]): GlobalFlags {
  const flags: { -readonly [name in keyof typeof TARGET_FLAGS]?: string } = {}
  const properties: string[] = []
  for (const [i, word] of words.slice(0, -1).entries()) {
    if (word === '--') break
    const [, name = word, inline] = /^(--[\w-]+)=(.*)$/s.exec(word) ?? []
    for (const [flag, pattern] of Object.entries(TARGET_FLAGS)) {
      const value = inline ?? (i + 2 < words.length ? words[i + 1] : undefined)
      if (!pattern.test(name) || value === undefined) continue
      if (flag === 'command-property') properties.push(value)
      else flags[flag as keyof typeof TARGET_FLAGS] = value
    }
  }
  const { 'command-property': _, ...others } = flags
  return { ...others, ...(properties.length > 0 && { 'command-property': properties }) }
}
