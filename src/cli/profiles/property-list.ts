import { type KnownProperty, knownProperties } from '../../client/index.ts'
import type { CommandContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { librdkafkaNames } from './librdkafka-names.ts'
import { MEANINGS } from './property-meanings.ts'

/** `-X list`: what there is, with default and meaning. */
export async function listProperties(context: CommandContext): Promise<number> {
  const otherNames = new Map<string, string[]>()
  for (const { name, kafkaName } of librdkafkaNames())
    otherNames.set(kafkaName, [...(otherNames.get(kafkaName) ?? []), name])
  const namesOf = ({ name }: KnownProperty) => otherNames.get(name) ?? []
  await context.out.view({
    rows: [...knownProperties().values()].filter(({ name }) => !name.startsWith('internal.')),
    columns: [
      { header: 'KEY', value: ({ name }) => name },
      { header: 'OF', value: ({ clients }) => (clients.length === 3 ? 'all' : clients.join(',')) },
      { header: 'TYPE', value: ({ type }) => type, wide: true },
      { header: 'DEFAULT', value: ({ defaultText }) => shortClass(defaultText) },
      { header: 'VALID', value: ({ valid }) => valid, wide: true },
      { header: 'LIBRDKAFKA', value: (property) => namesOf(property).join(','), wide: true },
      { header: 'MEANING', value: meaningOf },
    ],
    data: (property) => ({
      name: property.name,
      clients: property.clients,
      type: property.type,
      default: property.defaultText,
      valid: property.valid || null,
      librdkafka: namesOf(property),
      supported: property.refused === undefined && property.unused === undefined,
      meaning: meaningOf(property),
    }),
    name: ({ name }) => name,
  })
  return EXIT.done
}

export function meaningOf({ name, refused, unused }: KnownProperty): string {
  if (refused !== undefined) return `Not here: ${refused}.`
  if (unused !== undefined) return `Taken, without effect: ${unused}.`
  return MEANINGS[name] ?? ''
}

function shortClass(text: string | null): string {
  return (text ?? '').replace(/org\.apache\.kafka\.[\w.]*\.(\w+)/g, '$1')
}
