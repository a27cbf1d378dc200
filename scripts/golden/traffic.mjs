/** What real clients and real brokers say to each other, one exchange per API, version and speaker. */
import { Kafka, logLevel } from 'kafkajs'
import { startProxy } from './proxy.mjs'
import { maxFrameBytes, writeExchange } from './store.mjs'

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Keeps, for each API and version, the exchange that says most: no errors, then the larger one. */
class Recorder {
  #best = new Map()

  add(exchange, speaker) {
    if (Math.max(exchange.requestHex.length, exchange.responseHex.length) / 2 > maxFrameBytes) return
    const key = `${exchange.apiKey} ${exchange.apiVersion} ${speaker.variant}`
    const known = this.#best.get(key)
    const size = exchange.requestHex.length + exchange.responseHex.length
    if (!known || size > known.size) this.#best.set(key, { exchange, speaker, size })
  }

  async write(driver, golden) {
    let written = 0
    for (const { exchange, speaker } of this.#best.values()) {
      const frame = await driver.decode(exchange)
      if (
        writeExchange(golden, { ...frame, ...exchange }, { source: speaker.source, variant: speaker.variant })
      )
        written++
    }
    console.log(`traffic: ${written} exchanges`)
  }
}

export async function capture({ startKafka, freePorts, run, JavaDriver, golden }) {
  const recorder = new Recorder()
  const ids = [0, 1, 2]
  const ports = await freePorts(12)
  const client = ids.map((id) => ({ real: ports[id], proxy: ports[3 + id] }))
  const internal = ids.map((id) => ({ real: ports[6 + id], proxy: ports[9 + id] }))
  const between = { source: 'kafka broker 3.9.1', variant: 'broker' }
  let speaker = between
  const proxies = []
  for (const id of ids) {
    proxies.push(
      await startProxy(client[id].proxy, client[id].real, (exchange) => recorder.add(exchange, speaker)),
    )
    proxies.push(
      await startProxy(internal[id].proxy, internal[id].real, (exchange) => recorder.add(exchange, between)),
    )
  }
  const kafka = await startKafka({
    brokers: 3,
    ports: client.map((pair) => pair.real),
    config: {
      'listener.security.protocol.map': 'CLIENT:PLAINTEXT,INTERNAL:PLAINTEXT',
      'inter.broker.listener.name': 'INTERNAL',
      'offsets.topic.num.partitions': '1',
      'transaction.state.log.num.partitions': '1',
      'replica.lag.time.max.ms': '2000',
    },
    brokerConfig: (id) => ({
      listeners: `CLIENT://127.0.0.1:${client[id].real},INTERNAL://127.0.0.1:${internal[id].real}`,
      'advertised.listeners': `CLIENT://127.0.0.1:${client[id].proxy},INTERNAL://127.0.0.1:${internal[id].proxy}`,
    }),
  })
  const driver = new JavaDriver()
  try {
    const bootstrap = client.map((pair) => `127.0.0.1:${pair.proxy}`).join(',')
    speaker = { source: 'Kafka 3.9.1 Java clients', variant: 'java' }
    await javaTools(driver, bootstrap)
    speaker = { source: 'kcat 1.7.1, librdkafka 2.0.2', variant: 'kcat' }
    await kcat(run, bootstrap)
    speaker = { source: 'kafkajs 2.2.4', variant: 'kafkajs' }
    await kafkajs(bootstrap)
    speaker = { source: 'Kafka 3.9.1 Java clients', variant: 'java' }
    await brokerTraffic(kafka, driver, bootstrap)
    await recorder.write(driver, golden)
  } finally {
    await driver.close()
    await kafka.stop()
    for (const proxy of proxies) proxy.close()
  }
}

async function javaTools(driver, bootstrap) {
  const tool = async (name, args, options) => {
    const result = await driver.runTool(name, ['--bootstrap-server', bootstrap, ...args], options)
    if (result.code !== 0) throw new Error(`${name}: ${result.stdout}${result.stderr}`)
  }
  await tool('kafka-topics', [
    '--create',
    '--topic',
    'java',
    '--partitions',
    '2',
    '--replication-factor',
    '3',
  ])
  await tool('kafka-console-producer', ['--topic', 'java'], { stdin: 'one\ntwo\nthree\n' })
  await tool('kafka-console-consumer', [
    '--topic',
    'java',
    '--group',
    'java-group',
    '--from-beginning',
    '--max-messages',
    '3',
  ])
  await tool('kafka-console-consumer', [
    '--topic',
    'java',
    '--partition',
    '0',
    '--offset',
    'earliest',
    '--timeout-ms',
    '1000',
  ])
  await tool('kafka-topics', ['--describe', '--topic', 'java'])
  await tool('kafka-topics', ['--alter', '--topic', 'java', '--partitions', '3'])
  await tool('kafka-get-offsets', ['--topic', 'java'])
  await tool('kafka-configs', ['--alter', '--topic', 'java', '--add-config', 'retention.ms=100000'])
  await tool('kafka-configs', ['--describe', '--topic', 'java'])
  await tool('kafka-log-dirs', ['--describe', '--topic-list', 'java'])
  await tool('kafka-broker-api-versions', [])
  await tool('kafka-consumer-groups', ['--describe', '--group', 'java-group'])
  await tool('kafka-consumer-groups', ['--list'])
  const config = { 'bootstrap.servers': bootstrap, 'transactional.id': 'java-txn' }
  const send = { send: [{ topic: 'java', key: 'k', value: 'v', headers: [['a', 'b']] }] }
  await driver.produce(config, [
    { begin: true },
    send,
    { commit: true },
    { begin: true },
    send,
    { abort: true },
  ])
  await driver.consume({ 'bootstrap.servers': bootstrap, 'isolation.level': 'read_committed' }, [
    { topic: 'java', partition: 0, offset: 0 },
  ])
  await tool('kafka-topics', [
    '--create',
    '--topic',
    'java-gone',
    '--replication-factor',
    '3',
    '--partitions',
    '1',
  ])
  await tool('kafka-topics', ['--delete', '--topic', 'java-gone'])
}

async function kcat(run, bootstrap) {
  for (const codec of ['none', 'zstd'])
    await run(
      'kcat',
      ['-b', bootstrap, '-P', '-t', 'kcat', '-z', codec, '-X', 'topic.metadata.refresh.interval.ms=1000'],
      { stdin: 'a\nb\nc\n' },
    )
  await run('kcat', ['-b', bootstrap, '-P', '-t', 'kcat', '-X', 'enable.idempotence=true'], { stdin: 'd\n' })
  await run('kcat', ['-b', bootstrap, '-C', '-t', 'kcat', '-o', 'beginning', '-e', '-q'])
  await run('kcat', ['-b', bootstrap, '-G', 'kcat-group', '-e', '-q', 'kcat'], { timeoutMs: 30_000 }).catch(
    () => undefined,
  )
  await run('kcat', ['-b', bootstrap, '-L'])
  await run('kcat', ['-b', bootstrap, '-Q', '-t', 'kcat:0:-1'])
}

async function kafkajs(bootstrap) {
  const kafka = new Kafka({ clientId: 'kafkajs', brokers: bootstrap.split(','), logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({
    topics: [{ topic: 'kafkajs', numPartitions: 1, replicationFactor: 3 }],
    waitForLeaders: true,
  })
  const producer = kafka.producer({ idempotent: true })
  await producer.connect()
  await producer.send({
    topic: 'kafkajs',
    messages: [{ key: 'k', value: 'v', headers: { h: 'x' } }, { value: null }],
  })
  await producer.disconnect()
  const consumer = kafka.consumer({ groupId: 'kafkajs-group' })
  await consumer.connect()
  await consumer.subscribe({ topic: 'kafkajs', fromBeginning: true })
  await new Promise((resolve, reject) => {
    consumer.run({ eachMessage: async () => resolve() }).catch(reject)
  })
  await consumer.disconnect()
  await admin.fetchTopicOffsets('kafkajs')
  await admin.fetchOffsets({ groupId: 'kafkajs-group', topics: ['kafkajs'] })
  await admin.describeCluster()
  await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: 2, name: 'kafkajs', configNames: ['retention.ms'] }],
  })
  await admin.alterConfigs({
    resources: [{ type: 2, name: 'kafkajs', configEntries: [{ name: 'retention.ms', value: '100000' }] }],
  })
  await admin.createPartitions({ topicPartitions: [{ topic: 'kafkajs', count: 2 }] })
  await admin.deleteTopicRecords({ topic: 'kafkajs', partitions: [{ partition: 0, offset: '1' }] })
  await admin.listGroups()
  await admin.describeGroups(['kafkajs-group'])
  await admin.deleteGroups(['kafkajs-group'])
  await admin.deleteTopics({ topics: ['kafkajs'] })
  await admin.disconnect()
}

/** Controlled shutdown, a crash and a return: leader and ISR changes, truncation by epoch, deletion. */
async function brokerTraffic(kafka, driver, bootstrap) {
  const send = (value) =>
    driver.produce(
      {
        'bootstrap.servers': bootstrap,
        'delivery.timeout.ms': '20000',
        'request.timeout.ms': '5000',
        'linger.ms': '0',
      },
      [{ send: [{ topic: 'java', partition: 0, value }] }],
    )
  await kafka.stopBroker(1)
  await send('while broker 1 is away')
  await kafka.startBroker(1)
  await pause(1_000)
  await kafka.stopBroker(2, 'SIGKILL')
  await pause(8_000)
  await send('while broker 2 is dead')
  await kafka.startBroker(2)
  await send('all are back')
  await pause(2_000)
  await driver.runTool('kafka-leader-election', [
    '--bootstrap-server',
    bootstrap,
    '--election-type',
    'PREFERRED',
    '--all-topic-partitions',
  ])
  await driver.runTool('kafka-topics', ['--bootstrap-server', bootstrap, '--delete', '--topic', 'java'])
  await pause(1_500)
}
