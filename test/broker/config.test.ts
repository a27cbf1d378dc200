import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { configText, javaDouble } from '../../src/base/config-def.ts'
import { silentLogger } from '../../src/base/logger.ts'
import type { ApiError } from '../../src/broker/api-error.ts'
import { BrokerConfig, brokerConfigDef } from '../../src/broker/broker-config.ts'
import { topicConfigDef, validateTopicConfigs } from '../../src/broker/config-def.ts'
import { DynamicBrokerConfig } from '../../src/broker/dynamic-broker-config.ts'
import { DEFAULT_LOG_TUNING } from '../../src/storage/index.ts'

const reject = (run: () => unknown): ApiError => {
  try {
    run()
  } catch (error) {
    return error as ApiError
  }
  throw new Error('it was taken')
}
const topicError = (entries: Record<string, string | null>) =>
  reject(() => validateTopicConfigs(new Map(Object.entries(entries)))).message
const brokerConfig = (properties: Record<string, string>) =>
  BrokerConfig.fromProperties({ 'broker.id': '1', ...properties })
const brokerError = (properties: Record<string, string>) => reject(() => brokerConfig(properties)).message

describe('topic configurations', () => {
  it.each([
    ['retention.ms', 'abc', 'Invalid value abc for configuration retention.ms: Not a number of type LONG'],
    [
      'retention.ms',
      '9223372036854775808',
      'Invalid value 9223372036854775808 for configuration retention.ms: Not a number of type LONG',
    ],
    ['retention.ms', '1e3', 'Invalid value 1e3 for configuration retention.ms: Not a number of type LONG'],
    ['retention.ms', '-2', 'Invalid value -2 for configuration retention.ms: Value must be at least -1'],
    [
      'segment.bytes',
      '2147483648',
      'Invalid value 2147483648 for configuration segment.bytes: Not a number of type INT',
    ],
    [
      'preallocate',
      'yes',
      'Invalid value yes for configuration preallocate: Expected value to be either true or false',
    ],
    [
      'min.cleanable.dirty.ratio',
      '2',
      'Invalid value 2.0 for configuration min.cleanable.dirty.ratio: Value must be no more than 1',
    ],
    [
      'min.cleanable.dirty.ratio',
      'x',
      'Invalid value x for configuration min.cleanable.dirty.ratio: Not a number of type DOUBLE',
    ],
    [
      'cleanup.policy',
      'delete,shred',
      'Invalid value shred for configuration cleanup.policy: String must be one of: compact, delete',
    ],
    [
      'compression.gzip.level',
      '0',
      'Invalid value 0 for configuration compression.gzip.level: Value must be between 1 and 9 or equal to -1',
    ],
    [
      'message.format.version',
      '7',
      'Invalid value 7 for configuration message.format.version: Version 7 is not a valid version',
    ],
    ['nothing', '1', 'Unknown topic config name: nothing'],
  ])('refuse %s=%s in Kafka’s words', (name, value, message) => {
    expect(topicError({ [name]: value })).toBe(message)
  })

  it('refuse contradictions', () => {
    expect(topicError({ 'min.compaction.lag.ms': '10', 'max.compaction.lag.ms': '5' })).toBe(
      'conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (5)',
    )
  })

  it.each([
    ['retention.ms', ' +0005 '],
    ['retention.ms', '9223372036854775807'],
    ['cleanup.policy', ' compact , delete '],
    ['cleanup.policy', ''],
    ['compression.gzip.level', '-1'],
    ['message.format.version', '0.10.2'],
    ['message.format.version', '3.9.1'],
    ['min.cleanable.dirty.ratio', '.5d'],
    ['leader.replication.throttled.replicas', '0:1,2:3'],
    ['leader.replication.throttled.replicas', '*'],
  ])('take %s=%s', (name, value) => {
    validateTopicConfigs(new Map([[name, value]]))
  })

  it('have defaults that pass their own checks', () => {
    for (const def of [topicConfigDef, brokerConfigDef]) {
      for (const name of def.names()) {
        const text = def.key(name)?.defaultText
        if (text !== null && text !== undefined && !(text === '' && name.startsWith('controller.quorum'))) {
          expect(() => def.parse(name, text), name).not.toThrow()
        }
      }
    }
  })
})

describe('server.properties', () => {
  it('gives topics their defaults, in the unit of the topic configuration', () => {
    const config = brokerConfig({
      'log.retention.hours': '2',
      'log.roll.hours': '3',
      'message.max.bytes': '100',
    })
    expect(config.topicDefaultText('retention.ms')).toBe('7200000')
    expect(config.logDefaults).toMatchObject({
      retentionMs: 7_200_000,
      segmentMs: 10_800_000,
      maxMessageBytes: 100,
    })
    expect(
      brokerConfig({ 'log.retention.hours': '2', 'log.retention.ms': '5' }).logDefaults.retentionMs,
    ).toBe(5)
    expect(brokerConfig({ 'log.retention.hours': '-1' }).logDefaults.retentionMs).toBe(-1)
  })

  it('sets no timer to more than a timer can be set to', () => {
    for (const [name, value] of Object.entries(brokerConfig({}).logTuning)) {
      if (name.endsWith('Ms')) expect(value, name).toBeLessThan(2 ** 31)
    }
  })

  it('gives compaction its settings, with Kafka’s defaults', () => {
    expect(brokerConfig({}).logTuning.cleaner).toEqual(DEFAULT_LOG_TUNING.cleaner)
    const changed = brokerConfig({
      'log.cleaner.enable': 'false',
      'log.cleaner.threads': '2',
      'log.cleaner.dedupe.buffer.size': '4194304',
      'log.cleaner.io.buffer.load.factor': '0.8',
      'log.cleaner.io.buffer.size': '65536',
      'log.cleaner.io.max.bytes.per.second': '1e6',
      'log.cleaner.backoff.ms': '9223372036854775807',
    })
    expect(changed.logTuning.cleaner).toMatchObject({
      ...{ isEnabled: false, threads: 2, dedupeBufferBytes: 4_194_304, loadFactor: 0.8 },
      ...{ ioBufferBytes: 65_536, maxIoBytesPerSecond: 1_000_000 },
    })
    expect(changed.logTuning.cleaner?.backoffMs).toBeLessThan(2 ** 31)
  })

  it('names what is not Kafka’s', () => {
    expect(brokerConfig({ 'no.such': '1' }).unknownNames).toEqual(['no.such'])
  })

  it.each([
    [{ 'num.partitions': 'x' }, 'Invalid value x for configuration num.partitions: Not a number of type INT'],
    [
      { 'broker.id': '2000' },
      'broker.id must be greater than or equal to -1 and not greater than reserved.broker.max.id',
    ],
    [{ 'log.dirs': ' , ' }, 'At least one log directory must be defined via log.dirs or log.dir.'],
    [{ 'log.retention.ms': '0' }, 'log.retention.ms must be unlimited (-1) or, greater than or equal to 1'],
    [
      { 'offsets.commit.required.acks': '4' },
      'offsets.commit.required.acks must be greater or equal to -1 and less or equal to offsets.topic.replication.factor',
    ],
    [
      { listeners: 'CLIENT://:9092' },
      "Error creating broker listeners from 'CLIENT://:9092': No security protocol defined for listener CLIENT",
    ],
    [
      { listeners: 'nonsense' },
      "Error creating broker listeners from 'nonsense': Unable to parse nonsense to a broker endpoint",
    ],
    [
      { listeners: 'SSL://:9093', 'inter.broker.listener.name': 'SSL' },
      'the listener SSL uses SSL, which kcli does not serve yet',
    ],
    [
      { 'advertised.listeners': 'PLAINTEXT://0.0.0.0:9092' },
      'advertised.listeners cannot use the nonroutable meta-address 0.0.0.0. Use a routable IP address.',
    ],
    [
      { 'inter.broker.listener.name': 'OTHER' },
      'inter.broker.listener.name must be a listener name defined in advertised.listeners. The valid options based on currently configured listeners are PLAINTEXT',
    ],
    [{ 'authorizer.class.name': 'a.B' }, 'authorizer.class.name is set, but ACLs are not enforced yet'],
    [{ 'process.roles': 'broker' }, 'process.roles is set, but this broker runs in ZooKeeper mode only'],
  ])('%j is refused', (properties, message) => {
    expect(brokerError(properties)).toBe(message)
  })

  it('reads listeners', () => {
    const { listeners } = brokerConfig({
      listeners: 'PLAINTEXT://0.0.0.0:9092,INSIDE://[::1]:9093,EMPTY://:0',
      'advertised.listeners': 'PLAINTEXT://example.org:19092,INSIDE://[::1]:9093',
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,INSIDE:PLAINTEXT,EMPTY:PLAINTEXT',
    })
    expect(listeners).toEqual([
      {
        name: 'PLAINTEXT',
        securityProtocol: 'PLAINTEXT',
        bind: [{ kind: 'tcp', host: '0.0.0.0', port: 9092 }],
        advertisedHost: 'example.org',
        advertisedPort: 19092,
      },
      {
        name: 'INSIDE',
        securityProtocol: 'PLAINTEXT',
        bind: [{ kind: 'tcp', host: '::1', port: 9093 }],
        advertisedHost: '::1',
        advertisedPort: 9093,
      },
      {
        name: 'EMPTY',
        securityProtocol: 'PLAINTEXT',
        bind: [{ kind: 'tcp', host: '0.0.0.0', port: 0 }],
        advertisedHost: 'localhost',
        advertisedPort: 0,
      },
    ])
  })
})

describe('dynamic broker configuration', () => {
  const dynamic = (config: BrokerConfig) => new DynamicBrokerConfig(config, silentLogger)

  it.each([
    ['0', 'Log cleaner threads should be at least 1'],
    ['1', 'Log cleaner threads cannot be reduced to less than half the current value 4'],
    ['9', 'Log cleaner threads cannot be increased to more than double the current value 4'],
  ])('does not take %s threads of compaction in place of 4', (threads, reason) => {
    const config = brokerConfig({ 'log.cleaner.threads': '4' })
    const error = reject(() => dynamic(config).validate(new Map([['log.cleaner.threads', threads]]), false))
    expect(error.message).toBe(
      `Invalid value org.apache.kafka.common.config.ConfigException: ${reason} for configuration Invalid dynamic configuration`,
    )
    dynamic(config).validate(new Map([['log.cleaner.threads', '8']]), false)
    dynamic(config).apply('defaults', new Map([['log.cleaner.threads', '8']]))
    expect(config.logTuning.cleaner?.threads).toBe(8)
  })

  it('lies over the static one, a value of the broker over one of the cluster', () => {
    const config = brokerConfig({ 'log.retention.ms': '1000' })
    dynamic(config).apply('defaults', new Map([['log.retention.ms', '2000']]))
    expect(config.logDefaults.retentionMs).toBe(2000)
    dynamic(config).apply('values', new Map([['log.retention.ms', '3000']]))
    expect(config.logDefaults.retentionMs).toBe(3000)
    dynamic(config).apply('values', new Map())
    dynamic(config).apply('defaults', new Map())
    expect(config.logDefaults.retentionMs).toBe(1000)
  })

  it('leaves out what it cannot use, and keeps the rest', () => {
    const config = brokerConfig({})
    const stored = new Map([
      ['message.max.bytes', '500'],
      ['broker.rack', 'r'],
      ['log.cleaner.threads', 'many'],
      ['ssl.keystore.location', '/x'],
    ])
    dynamic(config).apply('values', stored)
    expect([...config.dynamicLayers.values.keys()]).toEqual(['message.max.bytes'])
    expect(config.rack).toBeNull()
  })

  it('refuses listeners, which are bound once', () => {
    const change = new Map([['listeners', 'PLAINTEXT://:1']])
    expect(reject(() => dynamic(brokerConfig({})).validate(change, true)).message).toMatch(
      /cannot be updated while/,
    )
  })
})

describe('numbers', () => {
  it.each([
    [0.5, '0.5'],
    [1, '1.0'],
    [0, '0.0'],
    [1e-5, '1.0E-5'],
    [12345678, '1.2345678E7'],
    [Number.MAX_VALUE, '1.7976931348623157E308'],
  ])('%d is printed as Java does: %s', (value, text) => {
    expect(javaDouble(value)).toBe(text)
  })

  it('keeps a LONG beyond 2^53 exact', () => {
    const value = topicConfigDef.parse('flush.messages', '9223372036854775806')
    expect(value).toBe(9223372036854775806n)
    expect(configText('LONG', value)).toBe('9223372036854775806')
  })
})

// The facts that the tables were made from are in the golden answers of a broker too.
it('knows every configuration that a broker of Apache Kafka shows', () => {
  const golden = JSON.parse(
    fs.readFileSync(path.join(import.meta.dirname, '../golden/behaviour/describe-configs.json'), 'utf8'),
  ) as { name: string; response: { results: { configs: { name: string }[] }[] } }[]
  const shown = golden.find(({ name }) => name === 'all configurations of the broker')?.response.results[0]
    ?.configs
  expect(shown?.length).toBeGreaterThan(300)
  for (const { name } of shown ?? []) expect(brokerConfigDef.key(name), name).toBeDefined()
})

it.each([
  [undefined, false],
  ['org.apache.kafka.common.replica.LeaderSelector', false],
  ['org.apache.kafka.common.replica.RackAwareReplicaSelector', true],
])('replica.selector.class %s', (name, isRackAware) => {
  const properties = name === undefined ? {} : { 'replica.selector.class': name }
  expect(BrokerConfig.fromProperties({ 'broker.id': '0', ...properties }).isRackAware).toBe(isRackAware)
})

it('refuses a replica.selector.class that only Java has', () => {
  const config = BrokerConfig.fromProperties({
    'broker.id': '0',
    'replica.selector.class': 'com.example.Mine',
  })
  expect(() => config.isRackAware).toThrow('com.example.Mine, which is not known here')
})
