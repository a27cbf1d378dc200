import { type ConfigType, configText } from '../../base/config-def.ts'
import { ADMIN_PROPERTIES } from './admin-properties.ts'
import { COMMON_PROPERTIES } from './common-properties.ts'
import { CONSUMER_PROPERTIES } from './consumer-properties.ts'
import { PRODUCER_PROPERTIES } from './producer-properties.ts'
import type { PropertyTable } from './property.ts'

export type ClientKind = 'producer' | 'consumer' | 'admin'

/** One configuration by Kafka's name, whichever clients know it. */
export interface KnownProperty {
  readonly name: string
  readonly clients: readonly ClientKind[]
  readonly type: ConfigType
  /** As text, of the first of the clients; null when there is none. */
  readonly defaultText: string | null
  /** As Kafka prints it; '' for any. */
  readonly valid: string
  /** Why no value but the default is taken. */
  readonly refused: string | undefined
  /** Why nothing comes of it, in programs or at all. */
  readonly unused: string | undefined
}

const TABLES: Readonly<Record<ClientKind, PropertyTable>> = {
  producer: PRODUCER_PROPERTIES,
  consumer: CONSUMER_PROPERTIES,
  admin: ADMIN_PROPERTIES,
}

/** Every configuration of the clients, by name in alphabetical order. */
export function knownProperties(): Map<string, KnownProperty> {
  const found = new Map<string, KnownProperty>()
  for (const kind of ['producer', 'consumer', 'admin'] as const) {
    for (const [name, property] of Object.entries(TABLES[kind])) {
      const earlier = found.get(name)
      const { type, valid = '', refused, unused, library } = property
      found.set(name, {
        name,
        clients: [...(earlier?.clients ?? []), kind],
        type,
        defaultText:
          earlier === undefined
            ? property.default === null
              ? null
              : configText(type, property.default)
            : earlier.defaultText,
        valid,
        refused,
        unused: unused ?? (library === true ? 'it names objects of a program' : undefined),
      })
    }
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** What only this kind of client knows, beside connections, metadata and times. */
export function ownPropertyNames(kind: 'producer' | 'consumer'): ReadonlySet<string> {
  return new Set(
    Object.entries(TABLES[kind])
      .filter(([name, { library }]) => !Object.hasOwn(COMMON_PROPERTIES, name) && library !== true)
      .map(([name]) => name),
  )
}
