import type { ConfigFacts, ConfigOwner } from './source.ts'

/** Settings as kcli's own definitions have them; the room they are in is loaded only when somebody asks. */
export async function knownConfigs(of: ConfigOwner): Promise<readonly ConfigFacts[]> {
  if (of !== 'any' && of !== 'topic' && of !== 'broker') return []
  const { explainConfigs } = await import('../../broker/index.ts')
  return explainConfigs().filter((config) => of === 'any' || config.of === of)
}
