/** One exchange per API and version, sent by Kafka's own message classes to one real broker. */
import { administration, cluster, configs, topics } from './protocol-admin.mjs'
import { groups } from './protocol-groups.mjs'
import { records, transactions } from './protocol-records.mjs'
import { writeExchange } from './store.mjs'

const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

export async function capture({ startKafka, JavaDriver, golden }) {
  const kafka = await startKafka({
    config: {
      'broker.rack': 'rack-a',
      'auto.create.topics.enable': 'false',
      'offsets.topic.num.partitions': '1',
      'transaction.state.log.num.partitions': '1',
    },
  })
  const driver = new JavaDriver()
  let written = 0
  try {
    const port = kafka.ports[0]
    let correlationId = 100
    /** Sends and stores one version; gives the decoded response. */
    const one = async (apiKey, version, body, options = {}) => {
      const frame = await driver.send({
        port,
        apiKey,
        version,
        body,
        correlationId: ++correlationId,
        clientId: 'golden',
        ...options,
      })
      if (frame.requestTrailingBytes || frame.responseTrailingBytes)
        throw new Error(`trailing bytes in ${apiKey} v${version}`)
      if (options.store !== false) {
        if (writeExchange(golden, frame, { source: 'kafka-clients 3.9.1', variant: options.variant }))
          written++
        else console.log(`  ${apiKey} v${version}: too large, not kept`)
      }
      return frame.response
    }
    const { apiKeys } = await one(
      18,
      3,
      { clientSoftwareName: 'x', clientSoftwareVersion: '1' },
      { store: false },
    )
    const versionsOf = new Map(apiKeys.map((api) => [api.apiKey, range(api.minVersion, api.maxVersion)]))
    /** Every version the broker serves, with the body made for it. */
    const all = async (apiKey, makeBody, options = {}) => {
      for (const version of versionsOf.get(apiKey))
        await one(apiKey, version, await makeBody(version), options)
    }
    const context = { one, all, driver, port, versionsOf, golden }
    await topics(context)
    await records(context)
    await cluster(context)
    await configs(context)
    await groups(context)
    await transactions(context)
    await administration(context)
    console.log(`protocol: ${written} exchanges`)
  } finally {
    await driver.close()
    await kafka.stop()
  }
}
