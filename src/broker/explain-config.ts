import type { ConfigKey } from '../base/config-def.ts'
import { brokerConfigDef, brokerConfigSynonyms } from './broker-config.ts'
import { type BrokerSynonym, TOPIC_CONFIG_SYNONYMS, topicConfigDef } from './config-def.ts'
import {
  DYNAMIC_CONFIGS,
  INTERNAL_CONFIGS,
  PER_BROKER_CONFIGS,
  REPLICATION_QUOTAS,
} from './dynamic-config-names.ts'

/**
 * What is known of a configuration without asking a broker. `update` is what Kafka's documentation calls Update Mode:
 * `read-only` needs a restart, `per-broker` and `cluster-wide` do not; topics take all of theirs at once.
 */
export interface ExplainedConfig extends ConfigKey {
  readonly of: 'topic' | 'broker'
  readonly update: 'topic' | 'read-only' | 'per-broker' | 'cluster-wide'
  /** Configurations of the broker that count when this one is not set, the strongest first. */
  readonly fallsBackTo: readonly BrokerSynonym[]
}

let explained: readonly ExplainedConfig[] | undefined

/** All configurations of topics and of brokers, each kind in alphabetical order. */
export function explainConfigs(): readonly ExplainedConfig[] {
  explained ??= explainAll()
  return explained
}

function explainAll(): ExplainedConfig[] {
  const topics = topicConfigDef.names().flatMap((name) => topicConfigDef.key(name) ?? [])
  const brokers = brokerConfigDef.names().flatMap((name) => brokerConfigDef.key(name) ?? [])
  return [
    ...topics.map(
      (key): ExplainedConfig => ({
        ...key,
        of: 'topic',
        update: 'topic',
        fallsBackTo: TOPIC_CONFIG_SYNONYMS.get(key.name) ?? [],
      }),
    ),
    ...[...brokers.filter(({ name }) => !INTERNAL_CONFIGS.has(name)), ...replicationQuotas()]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((key): ExplainedConfig => ({ ...key, of: 'broker', ...brokerFacts(key.name) })),
  ]
}

function replicationQuotas(): ConfigKey[] {
  const defaultText = String(2n ** 63n - 1n)
  return REPLICATION_QUOTAS.filter((name) => brokerConfigDef.key(name) === undefined).map((name) => ({
    name,
    type: 'LONG',
    defaultText,
    valid: '[0,...]',
  }))
}

function brokerFacts(name: string): Pick<ExplainedConfig, 'update' | 'fallsBackTo'> {
  const names = brokerConfigSynonyms(name)
  const isDynamic = DYNAMIC_CONFIGS.has(name) || REPLICATION_QUOTAS.includes(name)
  const isOfOne = PER_BROKER_CONFIGS.has(name) || REPLICATION_QUOTAS.includes(name)
  return {
    update: !isDynamic ? 'read-only' : isOfOne ? 'per-broker' : 'cluster-wide',
    fallsBackTo: names.slice(names.indexOf(name) + 1).map((each) => ({ name: each, factor: unitOf(each) })),
  }
}

/** Milliseconds in the unit that ends the name. */
function unitOf(name: string): number {
  if (name.endsWith('.hours')) return 3_600_000
  return name.endsWith('.minutes') ? 60_000 : 1
}
