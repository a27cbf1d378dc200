import type { ConfigDescriber } from '../broker/index.ts'
import type { Catalog } from './catalog.ts'

/**
 * What the znodes have of topics and brokers, over Kafka's defaults. What stands in a broker's server.properties is not to
 * be had from its directories. The tables of all settings are large: they are loaded when somebody wants to see them.
 */
export function configDescriber(catalog: Catalog, brokerId: number): Pick<ConfigDescriber, 'describe'> {
  let made: Promise<ConfigDescriber> | undefined
  return {
    async describe(type, name, options) {
      made ??= make(catalog, brokerId)
      return (await made).describe(type, name, options)
    },
  }
}

async function make({ state, topics }: Catalog, brokerId: number): Promise<ConfigDescriber> {
  const { BrokerConfig, ConfigDescriber: Describer } = await import('../broker/index.ts')
  const config = BrokerConfig.fromProperties({ 'broker.id': String(brokerId) })
  if (state !== undefined) {
    config.setDynamicLayers({
      defaults: state.config('brokers', '<default>'),
      values: state.config('brokers', String(brokerId)),
    })
  }
  return new Describer({
    config,
    topicExists: (topic) => topics.has(topic),
    topicConfig: async (topic) => state?.config('topics', topic) ?? new Map(),
  })
}
