import { type ApiHandler, handler } from '../../broker/network/index.ts'
import { describeConfigs } from '../../protocol/messages/32-describe-configs.ts'
import type { Catalog } from '../catalog.ts'

/**
 * DescribeConfigs: what the znodes have of topics and brokers, over Kafka's defaults. What stands in a broker's
 * server.properties is not to be had from its directories.
 */
export function describeConfigsHandler(catalog: Catalog, brokerId: number): ApiHandler {
  let made: Promise<ApiHandler> | undefined
  const real = () => {
    made ??= makeHandler(catalog, brokerId)
    return made
  }
  return handler(
    describeConfigs,
    { min: 0, max: 4 },
    {
      handle: async (request, context) => (await real()).handle(request as never, context) as never,
      onError: (request, errorCode) => ({
        results: request.resources.map(({ resourceType, resourceName }) => ({
          errorCode,
          resourceType,
          resourceName,
        })),
      }),
    },
  )
}

/** The tables of all settings are large: they are loaded when somebody wants to see them. */
async function makeHandler({ state, topics }: Catalog, brokerId: number): Promise<ApiHandler> {
  const {
    BrokerConfig,
    ConfigDescriber,
    describeConfigsHandler: brokersHandler,
  } = await import('../../broker/index.ts')
  const config = BrokerConfig.fromProperties({ 'broker.id': String(brokerId) }, { listeners: [] })
  if (state !== undefined) {
    config.setDynamicLayers({
      defaults: state.config('brokers', '<default>'),
      values: state.config('brokers', String(brokerId)),
    })
  }
  const describer = new ConfigDescriber({
    config,
    topicExists: (topic) => topics.has(topic),
    topicConfig: async (topic) => state?.config('topics', topic) ?? new Map(),
  })
  return brokersHandler({ describer })
}
