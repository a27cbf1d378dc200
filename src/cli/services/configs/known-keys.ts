import { nearestName } from '../../../base/edit-distance.ts'
import { KcliError } from '../../../base/errors.ts'
import { type ExplainedConfig, explainConfigs } from '../../../broker/index.ts'
import type { ConfigResource } from '../../../client/index.ts'

/** Brokers keep settings for a listener under this and its name; plugins may have settings of any name. */
const LISTENER_PREFIX = /^listener\.name\.[^.]+\./

/** Throws for a name that no topic or broker has. Settings of listeners are taken as they are. */
export function requireKnownKeys(type: ConfigResource['type'], keys: readonly string[]): void {
  const known = explainConfigs()
    .filter(({ of }) => of === type)
    .map(({ name }) => name)
  const unknown = keys.find((key) => !known.includes(key) && !LISTENER_PREFIX.test(key))
  if (unknown !== undefined) throw unknownKey(`${type}s`, unknown, known)
}

export function definitionOf(type: ConfigResource['type'], key: string): ExplainedConfig | undefined {
  return explainConfigs().find(({ of, name }) => of === type && name === key)
}

/** The definitions of this name, of topics first. Throws when there is none. */
export function explainedConfigs(key: string): ExplainedConfig[] {
  const all = explainConfigs()
  const found = all.filter(({ name }) => name === key)
  if (found.length > 0) return found
  throw unknownKey(
    'topics and brokers',
    key,
    all.map(({ name }) => name),
  )
}

function unknownKey(whose: string, key: string, known: readonly string[]): KcliError {
  const meant = nearestName(key, known)
  return new KcliError('KCLI_UNKNOWN_CONFIG', `${whose} have no setting '${key}'`, {
    hint: meant === undefined ? 'See which there are with: kcli configs explain' : `Did you mean ${meant}?`,
  })
}
