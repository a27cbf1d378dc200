import type { ConfigEntry, ConfigResource, ConfigSource } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { definitionOf, requireKnownKeys } from './known-keys.ts'
import { requireDescribed, resourceData, resourceText } from './resources.ts'

export interface DescribeConfigsOptions {
  readonly resources: readonly ConfigResource[]
  /** Only these; all that were changed when empty. */
  readonly keys: readonly string[]
  /** Also what nobody changed. */
  readonly all: boolean
}

interface Row extends ConfigEntry {
  readonly resource: ConfigResource
}

/** Settings with their values, where these come from, and what would count without them. */
export async function describeConfigs(
  context: CommandContext,
  { resources, keys, all }: DescribeConfigsOptions,
): Promise<number> {
  for (const { type } of resources) requireKnownKeys(type, keys)
  const { admin } = await context.target()
  const described = await admin.describeConfigs(resources, {
    includeSynonyms: true,
    ...(keys.length > 0 && { names: keys }),
  })
  const rows = resources.flatMap((resource): Row[] => {
    const answer = described.find(
      ({ resource: { type, name } }) => type === resource.type && name === resource.name,
    )
    if (answer === undefined) return []
    requireDescribed(answer)
    return answer.entries
      .filter(({ source }) => all || keys.length > 0 || source !== 'DEFAULT_CONFIG')
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((entry) => ({ ...entry, resource }))
  })
  await context.out.view({
    rows,
    columns: [
      ...(resources.length > 1 ? [{ header: 'OF', value: (row: Row) => resourceText(row.resource) }] : []),
      { header: 'KEY', value: ({ name }) => name },
      { header: 'VALUE', value: valueText },
      { header: 'SOURCE', value: ({ source }) => SOURCES[source] ?? source },
      { header: 'DEFAULT', value: (row) => defaultOf(row) ?? '' },
      { header: 'CHANGEABLE', value: ({ isReadOnly }) => (isReadOnly ? 'no' : 'yes'), wide: true },
      { header: 'SYNONYMS', value: synonymsText, wide: true },
    ],
    data: (row) => ({
      resource: resourceData(row.resource),
      name: row.name,
      value: row.value,
      source: row.source,
      default: defaultOf(row),
      isReadOnly: row.isReadOnly,
      isSensitive: row.isSensitive,
      synonyms: row.synonyms,
    }),
    name: ({ name }) => name,
    empty: 'Nothing is set: all values are defaults. See them with --all.',
  })
  return EXIT.done
}

/** Kafka's ConfigSource in words. */
const SOURCES: Partial<Record<ConfigSource, string>> = {
  DYNAMIC_TOPIC_CONFIG: 'topic',
  DYNAMIC_BROKER_CONFIG: 'broker',
  DYNAMIC_DEFAULT_BROKER_CONFIG: 'all brokers',
  STATIC_BROKER_CONFIG: 'start of broker',
  DEFAULT_CONFIG: 'default',
}

function valueText({ value, isSensitive }: ConfigEntry): string {
  return value ?? (isSensitive ? '(secret)' : '')
}

/** What Kafka 3.9 comes with; what the broker says is in the unit of a synonym, if that is another. */
function defaultOf({ resource, name, source, value, synonyms }: Row): string | null {
  if (source === 'DEFAULT_CONFIG') return value
  const known = definitionOf(resource.type, name)
  if (known !== undefined) return known.defaultText
  return synonyms.find((synonym) => synonym.source === 'DEFAULT_CONFIG')?.value ?? null
}

function synonymsText({ synonyms, isSensitive }: ConfigEntry): string {
  return synonyms
    .map(
      ({ name, value, source }) =>
        `${SOURCES[source] ?? source}: ${name}=${isSensitive ? '(secret)' : value}`,
    )
    .join(', ')
}
