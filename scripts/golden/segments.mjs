/**
 * Partition directories written by a real broker, each with what the real consumer reads from it (expected.json) and what
 * kafka-dump-log prints for its files (dump/). Topic `none` is stored as segments/none/none-0/.
 */
import { cpSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { writeJson } from './store.mjs'

const start = 1_750_000_000_000
const text = (i) => `record ${i} of a small but repetitive, repetitive, repetitive text`

/** Keys, nulls, headers and timestamps of every kind; `from` keeps the contents of batches different. */
const mixed = (topic, from, count) =>
  Array.from({ length: count }, (_, i) => ({
    topic,
    partition: 0,
    timestamp: start + (from + i) * 1000,
    key: (from + i) % 3 === 0 ? null : `key-${(from + i) % 5}`,
    value: (from + i) % 7 === 6 ? null : text(from + i),
    headers:
      (from + i) % 4 === 0
        ? [
            ['trace', `t${from + i}`],
            ['empty', ''],
            ['null', null],
            ['trace', { base64: '/wAB' }],
          ]
        : [],
  }))

const plain = { 'enable.idempotence': 'false' }
const batches = (topic, ...counts) => {
  let from = 0
  return counts.flatMap((count) => {
    const step = { send: mixed(topic, from, count) }
    from += count
    return [step, { flush: true }]
  })
}
const transaction = (topic, from, count, end) => [
  { begin: true },
  { send: mixed(topic, from, count) },
  { [end]: true },
]

/** Topic settings, producer settings and steps. */
const cases = [
  ...['none', 'gzip', 'snappy', 'lz4', 'zstd'].map((codec) => ({
    name: codec,
    producer: { ...plain, 'compression.type': codec },
    steps: batches(codec, 1, 5, 20, 3),
  })),
  {
    name: 'append-time',
    topic: { 'message.timestamp.type': 'LogAppendTime' },
    producer: plain,
    steps: batches('append-time', 2, 3),
  },
  {
    name: 'recompressed',
    topic: { 'compression.type': 'gzip' },
    producer: { ...plain, 'compression.type': 'lz4' },
    steps: batches('recompressed', 4, 4),
  },
  {
    name: 'segments',
    topic: { 'segment.bytes': '2000', 'index.interval.bytes': '300' },
    producer: plain,
    steps: batches('segments', ...Array.from({ length: 30 }, (_, i) => (i % 4) + 1)),
  },
  {
    name: 'idempotent',
    topic: { 'segment.bytes': '1500' },
    producer: { 'enable.idempotence': 'true' },
    steps: batches('idempotent', 3, 3, 3, 3, 3, 3, 3, 3),
  },
  {
    name: 'transactions',
    topic: { 'segment.bytes': '1500' },
    producer: { 'transactional.id': 'golden-txn' },
    steps: [
      ...transaction('transactions', 0, 3, 'commit'),
      ...transaction('transactions', 3, 4, 'abort'),
      ...transaction('transactions', 7, 2, 'commit'),
      ...transaction('transactions', 9, 5, 'abort'),
      ...transaction('transactions', 14, 8, 'commit'),
    ],
  },
  {
    name: 'compacted',
    topic: { 'cleanup.policy': 'compact', 'segment.bytes': '1000', 'min.cleanable.dirty.ratio': '0.01' },
    producer: plain,
    compacted: true,
    steps: batches('compacted', 6, 6, 6, 6, 6, 6, 6, 6).map((step) =>
      step.send ? { send: step.send.map((record, i) => ({ ...record, key: `key-${i % 5}` })) } : step,
    ),
  },
  {
    name: 'trimmed',
    topic: { 'segment.bytes': '2000' },
    producer: plain,
    trimTo: 20,
    steps: batches('trimmed', 8, 8, 8, 8),
  },
]

/** An old inter-broker protocol still lets a 3.9 broker write the old message formats. */
const oldCases = [
  { name: 'format-v0', topic: { 'message.format.version': '0.9.0' }, producer: plain },
  {
    name: 'format-v0-gzip',
    topic: { 'message.format.version': '0.9.0' },
    producer: { ...plain, 'compression.type': 'gzip' },
  },
  {
    name: 'format-v0-snappy',
    topic: { 'message.format.version': '0.9.0' },
    producer: { ...plain, 'compression.type': 'snappy' },
  },
  {
    name: 'format-v0-lz4',
    topic: { 'message.format.version': '0.9.0' },
    producer: { ...plain, 'compression.type': 'lz4' },
  },
  { name: 'format-v1', topic: { 'message.format.version': '0.10.2' }, producer: plain },
  {
    name: 'format-v1-lz4',
    topic: { 'message.format.version': '0.10.2' },
    producer: { ...plain, 'compression.type': 'lz4' },
  },
].map((one) => ({
  ...one,
  steps: batches(one.name, 1, 5, 12).map((step) =>
    step.send ? { send: step.send.map((r) => ({ ...r, headers: [] })) } : step,
  ),
}))

export async function capture(tools) {
  const root = path.join(tools.golden, 'segments')
  for (const name of readdirSync(root))
    if (name !== '.gitattributes') rmSync(path.join(root, name), { recursive: true })
  await run(tools, root, cases, {}, true)
  await run(tools, root, oldCases, { 'inter.broker.protocol.version': '2.8' }, false)
  const bytes = size(root)
  console.log(`segments: ${readdirSync(root).length} directories, ${bytes} bytes`)
}

async function run({ startKafka, JavaDriver }, root, list, config, more) {
  const kafka = await startKafka({
    config: {
      'offsets.topic.num.partitions': '1',
      'transaction.state.log.num.partitions': '1',
      'log.cleaner.backoff.ms': '300',
      'log.segment.delete.delay.ms': '100',
      ...config,
    },
  })
  const driver = new JavaDriver()
  const bootstrap = { 'bootstrap.servers': kafka.bootstrap }
  const tool = async (name, args, options) => {
    const result = await driver.runTool(name, args, options)
    if (result.code !== 0) throw new Error(`${name} ${args.join(' ')}: ${result.stdout}${result.stderr}`)
    return result.stdout
  }
  const server = ['--bootstrap-server', kafka.bootstrap]
  const create = (name, topic = {}) => {
    const settings = Object.entries(topic).flatMap(([key, value]) => ['--config', `${key}=${value}`])
    return tool('kafka-topics', [...server, '--create', '--topic', name, ...settings])
  }
  const read = (name, isolation, offset = 0) =>
    driver.consume({ ...bootstrap, 'isolation.level': isolation }, [{ topic: name, partition: 0, offset }])
  try {
    for (const { name, topic, producer, steps, trimTo, compacted } of list) {
      await create(name, topic)
      const { sent } = await driver.produce({ ...bootstrap, 'linger.ms': '10000', ...producer }, steps)
      const refused = sent.find((one) => one.error)
      if (refused) throw new Error(`${name}: ${refused.error}`)
      if (trimTo)
        await driver.send({
          port: kafka.ports[0],
          apiKey: 21,
          version: 2,
          body: {
            topics: [{ name, partitions: [{ partitionIndex: 0, offset: trimTo }] }],
            timeoutMs: 10_000,
          },
        })
      if (compacted) await untilCompacted(read, name, sent.length)
      // The cleaned segments are deleted a moment later.
      if (compacted) await new Promise((resolve) => setTimeout(resolve, 2_000))
      const records = await read(name, 'read_uncommitted', trimTo ?? 0)
      const committed = producer['transactional.id'] ? await read(name, 'read_committed') : undefined
      writeJson(path.join(root, name, 'expected.json'), {
        topic: name,
        topicConfig: topic ?? {},
        producerConfig: producer,
        records,
        committed,
      })
    }
    if (more)
      await tool('kafka-console-consumer', [
        ...server,
        '--topic',
        'none',
        '--group',
        'golden',
        '--from-beginning',
        '--max-messages',
        '5',
      ])
    await kafka.stopBroker(0)
    for (const { name } of list) await keep(tool, kafka.logDir(0), `${name}-0`, path.join(root, name))
    if (!more) return
    await keep(tool, kafka.logDir(0), '__consumer_offsets-0', path.join(root, 'consumer-offsets'), [
      '--offsets-decoder',
    ])
    await keep(tool, kafka.logDir(0), '__transaction_state-0', path.join(root, 'transaction-state'), [
      '--transaction-log-decoder',
    ])
    // What stands in the log directory itself after a clean shutdown.
    for (const file of readdirSync(kafka.logDir(0))) {
      const source = path.join(kafka.logDir(0), file)
      if (statSync(source).isFile()) cpSync(source, path.join(root, 'log-dir', file))
    }
    // A killed broker leaves indexes at their full, preallocated size and no marker of a clean shutdown.
    await kafka.startBroker(0)
    await create('killed', {
      'segment.bytes': '2000',
      'segment.index.bytes': '1200',
      'index.interval.bytes': '300',
    })
    await driver.produce({ ...bootstrap, 'linger.ms': '10000' }, batches('killed', 8, 8, 8, 8, 1, 1, 1))
    const records = await read('killed', 'read_uncommitted')
    writeJson(path.join(root, 'killed', 'expected.json'), {
      topic: 'killed',
      topicConfig: {},
      producerConfig: {},
      records,
    })
    await kafka.stopBroker(0, 'SIGKILL')
    await keep(tool, kafka.logDir(0), 'killed-0', path.join(root, 'killed'))
  } finally {
    await driver.close()
    await kafka.stop()
  }
}

async function untilCompacted(read, name, sent) {
  for (let i = 0; i < 100; i++) {
    if ((await read(name, 'read_uncommitted')).length < sent / 2) return
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  throw new Error(`${name} was not compacted`)
}

/** Copies a partition directory and stores what kafka-dump-log says about its files. */
async function keep(tool, logDir, partition, target, decoder = ['--print-data-log', '--deep-iteration']) {
  const source = path.join(logDir, partition)
  if (size(source) > 100_000) throw new Error(`${partition} is too large: ${size(source)}`)
  cpSync(source, path.join(target, partition), { recursive: true })
  mkdirSync(path.join(target, 'dump'), { recursive: true })
  for (const file of readdirSync(source).sort()) {
    if (!/\.(log|index|timeindex|txnindex|snapshot)$/.test(file)) continue
    const flags = file.endsWith('.log') ? decoder : []
    const output = await tool('kafka-dump-log', ['--files', path.join(source, file), ...flags])
    writeFileSync(path.join(target, 'dump', `${file}.txt`), output.replaceAll(`${logDir}/`, ''))
  }
}

function size(dir) {
  let total = 0
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const file = path.join(dir, entry.name)
    total += entry.isDirectory() ? size(file) : statSync(file).size
  }
  return total
}
