import type { ConfigEntry, ConfigOperation, DescribedConfig } from '../../../client/index.ts'
import { sizeText, spanText } from '../../output/text.ts'
import { definitionOf } from './known-keys.ts'
import { isOwn, resourceText } from './resources.ts'

/**
 * What brokers would delete when these changes are made, in sentences: records become too old or too many, or the log is
 * compacted from then on. Nothing where the changes keep what there is.
 */
export function lossesOf(
  { resource, entries }: Pick<DescribedConfig, 'resource' | 'entries'>,
  operations: readonly ConfigOperation[],
): string[] {
  return operations.flatMap((operation) => {
    const { name } = operation
    const entry = entries.find((each) => each.name === name)
    const before = entry?.value ?? fallbackOf(resource.type, name, entry)
    const after = valueAfter(resource.type, operation, before, entry)
    const loss = before === undefined || after === undefined ? undefined : lossOf(name, before, after)
    return loss === undefined ? [] : `${resourceText(resource)}: ${loss}`
  })
}

function lossOf(name: string, before: string, after: string): string | undefined {
  switch (name.replace(/^log\./, '')) {
    case 'retention.ms':
      return isLess(after, before) ? `records older than ${spanText(Number(after))} are deleted` : undefined
    case 'retention.bytes':
      return isLess(after, before)
        ? `of each partition all but the last ${sizeText(Number(after))} are deleted`
        : undefined
    case 'cleanup.policy': {
      const [was, is] = [before, after].map((text) => text.split(',').map((word) => word.trim())) as [
        string[],
        string[],
      ]
      if (is.includes('compact') && !was.includes('compact'))
        return 'of each key all but the last record are deleted, and records without a key are refused'
      return is.includes('delete') && !was.includes('delete') ? 'old records are deleted' : undefined
    }
    default:
      return undefined
  }
}

/** -1 is no limit. */
function isLess(after: string, before: string): boolean {
  const limit = (text: string) => (Number(text) < 0 ? Number.POSITIVE_INFINITY : Number(text))
  return limit(after) < limit(before)
}

/** Undefined when that cannot be told, or when a broker would refuse it. */
function valueAfter(
  type: DescribedConfig['resource']['type'],
  operation: ConfigOperation,
  before: string | undefined,
  entry: ConfigEntry | undefined,
): string | undefined {
  switch (operation.op) {
    case 'set':
      return operation.value
    case 'append':
      return [before, operation.value].filter(Boolean).join(',')
    case 'subtract': {
      const gone = operation.value.split(',')
      return before
        ?.split(',')
        .filter((word) => !gone.includes(word))
        .join(',')
    }
    default:
      return fallbackOf(type, operation.name, entry)
  }
}

/** What counts without the resource's own value: what brokers say, else the default of Kafka 3.9; in the setting's own unit. */
function fallbackOf(
  type: DescribedConfig['resource']['type'],
  name: string,
  entry: ConfigEntry | undefined,
): string | undefined {
  const known = definitionOf(type, name)
  const factors = new Map(known?.fallsBackTo.map((each) => [each.name, each.factor]))
  // The first one is the resource's own value, where it has one.
  const others = entry === undefined ? [] : entry.synonyms.slice(isOwn(entry) ? 1 : 0)
  const synonym = others.find(({ value }) => value !== null)
  if (synonym?.value != null) return inUnit(synonym.value, factors.get(synonym.name) ?? 1)
  if (known?.defaultText != null) return known.defaultText
  for (const { name: other, factor } of known?.fallsBackTo ?? []) {
    const text = definitionOf('broker', other)?.defaultText
    if (text != null) return inUnit(text, factor)
  }
  return undefined
}

function inUnit(value: string, factor: number): string {
  return factor === 1 ? value : String(Number(value) * factor)
}
