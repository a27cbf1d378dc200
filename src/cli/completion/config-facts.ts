import type { ConfigFacts, ConfigOwner } from './source.ts'

/** Settings as kcli's own definitions have them; the rooms they are in are loaded only when somebody asks. */
export async function knownConfigs(of: ConfigOwner): Promise<readonly ConfigFacts[]> {
  if (of === 'producer' || of === 'consumer' || of === 'client') return await clientConfigs(of)
  const { explainConfigs } = await import('../../broker/index.ts')
  return explainConfigs().filter((config) => of === 'any' || config.of === of)
}

async function clientConfigs(of: 'producer' | 'consumer' | 'client'): Promise<readonly ConfigFacts[]> {
  const { knownProperties } = await import('../../client/index.ts')
  const { meaningOf } = await import('../profiles/property-list.ts')
  return [...knownProperties().values()]
    .filter(({ name, clients }) => !name.startsWith('internal.') && (of === 'client' || clients.includes(of)))
    .map((property) => ({ ...property, meaning: meaningOf(property) }))
}
