import type { Candidate } from './candidates.ts'
import type { ConfigFacts } from './source.ts'

/** `KEY=`, and behind it the values that there are. Several may stand with commas between, as Kafka's tools take them. */
export function configEntries(configs: readonly ConfigFacts[], typed: string): Candidate[] {
  const at = typed.indexOf('=')
  if (at === -1)
    return configs.map((config) => ({ text: `${config.name}=`, note: noteOf(config), isOpen: true }))
  const config = configs.find(({ name }) => name === typed.slice(0, at))
  if (config === undefined) return []
  const isList = config.type === 'LIST'
  const before = isList ? typed.slice(0, Math.max(at, typed.lastIndexOf(',')) + 1) : typed.slice(0, at + 1)
  const taken = new Set(before.slice(at + 1).split(','))
  return valuesOf(config)
    .filter((value) => !taken.has(value))
    .map((value) => ({
      text: `${before}${value}`,
      label: value,
      ...(value === config.defaultText && { note: 'default' }),
    }))
}

export function configKeys(configs: readonly ConfigFacts[]): Candidate[] {
  return configs.map((config) => ({ text: config.name, note: noteOf(config) }))
}

/** The values there are; of a number only the one that holds without it. */
function valuesOf({ type, valid, defaultText }: ConfigFacts): readonly string[] {
  if (type === 'BOOLEAN') return ['true', 'false']
  const [, inside] = /^\[([\w.,\s-]+)\]$/.exec(valid) ?? []
  if (inside !== undefined && !/\.\.\./.test(inside)) return inside.split(',').map((value) => value.trim())
  return defaultText === null || defaultText === '' ? [] : [defaultText]
}

function noteOf({ type, valid, defaultText, meaning }: ConfigFacts): string {
  if (meaning) return meaning
  const standard = defaultText === null || defaultText === '' ? 'none' : defaultText
  return `${type.toLowerCase()}, default ${standard}${valid === '' ? '' : `, ${valid}`}`
}
